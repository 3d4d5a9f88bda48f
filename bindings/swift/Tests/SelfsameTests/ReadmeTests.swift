import Foundation
import Selfsame
import SelfsameTesting
import XCTest

// The examples of README.md: what stands between the marks stands there too.
final class ReadmeTests: XCTestCase {
    func testTheFirstExample() async throws {
        let folder = try scratch()
        // begin: first
        let key = try generateHostKey()  // 32 bytes, for the keychain
        let file = folder.appendingPathComponent("accounts.selfsame")
        let selfsame = try await Selfsame.create(at: file, unlock: .hostKey(key))

        // Sign up: a code goes to the address, which the app delivers.
        let laptop = Client(device: "Ada's laptop")
        let password = Secret("correct horse battery staple")
        let signUp = try await selfsame.act { try $0.signUp(email: "ada@example.org", password: password, client: laptop) }
        let mail = try await selfsame.act { try $0.messages(most: 1) }
        guard let flow = signUp.flow, let message = mail.first, case .verifyEmail(let code) = message.kind else {
            fatalError("there is another step to show: \(signUp.step)")
        }
        let done = try await selfsame.act { engine in
            try engine.delivered(message: message.id)
            return try engine.answer(flow: flow, number: signUp.number, answer: .code(code))
        }

        // Signed in: the token opens the account.
        guard case .signedIn(let signedIn) = done.step, let token = signedIn.token else {
            fatalError("there is another step to show: \(done.step)")
        }
        let page = try await selfsame.act { try $0.account(token: token).view() }
        print("\(page.contact ?? "") since \(page.created)")

        do {
            _ = try await selfsame.act { try $0.signIn(email: "ada@example.org", password: Secret("not hers"), client: laptop) }
        } catch SelfsameError.throttled(let retryAt) {
            print("wait until", retryAt?.date as Any)
        } catch let error as SelfsameError {
            print(error.code(), error.localizedDescription)
        }
        // end: first
        XCTAssertEqual(page.contact, "ada@example.org")
    }

    func testAnExampleOfATest() throws {
        let (password, laptop) = (Secret("correct horse battery staple"), Client(device: "laptop"))
        // begin: world
        let world = try World()
        let engine = world.engine()
        let begun = try engine.signUp(email: "ada@example.org", password: password, client: laptop)
        let code = try XCTUnwrap(world.mailedCode(to: "ada@example.org"))
        world.later(span: 25 * 60 * 60)
        XCTAssertThrowsError(try engine.answer(flow: XCTUnwrap(begun.flow), number: begun.number, answer: .code(code))) {
            XCTAssertEqual($0 as? SelfsameError, .flowExpired)
        }
        // end: world
    }

    func testTheReadmeHasThem() throws {
        let readme = try String(contentsOf: repository.appendingPathComponent("bindings/swift/README.md"), encoding: .utf8)
        let here = try String(contentsOfFile: #filePath, encoding: .utf8)
        let examples = here.components(separatedBy: "// begin: ").dropFirst().dropLast()
        XCTAssertEqual(examples.count, 2)
        for example in examples {
            let lines = example.components(separatedBy: "// end: ")[0].split(separator: "\n", omittingEmptySubsequences: false)
            let source = lines.dropFirst().dropLast().map { $0.dropFirst(8) }.joined(separator: "\n")
            XCTAssertTrue(readme.contains("```swift\n\(source)\n```"), source)
        }
    }
}
