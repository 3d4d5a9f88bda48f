import Foundation
import Selfsame
import SelfsameTesting
import XCTest

// The program of docs/guide/swift.md (Tutorial.swift), and a person who answers its questions.
final class GuideTests: XCTestCase {
    func testThePageHasIt() throws {
        let page = try String(contentsOf: repository.appendingPathComponent("docs/guide/swift.md"), encoding: .utf8)
        let blocks = page.components(separatedBy: "```swift\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let tutorial = try String(contentsOf: folder.appendingPathComponent("Tutorial.swift"), encoding: .utf8)
        // The tests do not use this entry point.
        XCTAssertEqual(tutorial, blocks.joined(separator: "\n").replacingOccurrences(of: "@main\n", with: ""))
    }

    func testTheTutorialsProgramSignsAPersonUpAndIn() async throws {
        let person = Person(folder: try scratch())
        let password = "correct horse battery staple"
        let code = "Code sent to a…@example.org"
        let app = "Code from your authenticator app"
        person.begins(password: "too short", way: "up")
        person.begins(password: password, way: "up")
        person.answers += [
            (code, { _ in "00000000" }),
            (code, { shown in after("--- the code is ", shown) }),
            ("Turn on a second factor? (yes/no)", { _ in "yes" }),
            (app, { shown in try shownByApp(after("Scan this, or type: ", shown), later: 0) }),
            ("Have you saved the recovery codes? (yes/no)", { _ in "yes" }),
        ]
        try await person.runs()
        XCTAssertTrue(person.shown.contains("This code is wrong or has expired."))
        XCTAssertTrue(person.shown.contains("  session on: my first program"))
        XCTAssertEqual(person.shown.filter { $0.hasPrefix("recovery code: ") }.count, 10)
        XCTAssertEqual(person.shown.last, "The second factor is on.")

        person.begins(password: password, way: "in")
        // The engine also accepts the code of the next half minute. It accepts no code twice.
        person.answers.append((app, { shown in try shownByApp(after("Scan this, or type: ", shown), later: 1) }))
        try await person.runs()
        XCTAssertEqual(person.shown.last, "  second factor: on")
    }
}

/// Answers the questions of the program, in this order. The program asks one after the other.
private final class Person: @unchecked Sendable {
    let folder: URL
    var answers: [(question: String, answer: ([String]) throws -> String)] = []
    var shown: [String] = []

    init(folder: URL) { self.folder = folder }

    func begins(password: String, way: String) {
        answers += [
            ("Email", { _ in "ada@example.org" }),
            ("Password, at least 15 characters", { _ in password }),
            ("Sign up or sign in? (up/in)", { _ in way }),
        ]
    }

    func runs() async throws {
        answers.insert(("Passphrase of the store", { _ in "a passphrase of my own" }), at: 0)
        let program = Program(
            folder: folder,
            ask: { question in
                XCTAssertEqual(question, self.answers.first?.question)
                guard !self.answers.isEmpty else { throw CancellationError() }
                return try self.answers.removeFirst().answer(self.shown)
            },
            show: { self.shown.append($0) }
        )
        try await program.run()
        XCTAssertTrue(answers.isEmpty)
    }
}

/// Returns the rest of the last line that begins with this text.
private func after(_ beginning: String, _ shown: [String]) -> String {
    shown.last { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count)) } ?? ""
}

/// The code that an authenticator app shows the given number of steps from now.
private func shownByApp(_ secret: String, later: Int) throws -> String {
    try World(starts: Date().addingTimeInterval(Double(later) * 30)).totp(secret: Secret(secret)).reveal()
}
