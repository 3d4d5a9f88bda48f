import Foundation
import Selfsame
import SelfsameTesting
import XCTest

final class IdiomTests: XCTestCase {
    func testAStoreIsMadeLeftAloneAndOpenedAgain() async throws {
        let folder = try scratch()
        let file = folder.appendingPathComponent("accounts.selfsame")
        let key = try generateHostKey()
        let selfsame = try await Selfsame.create(at: file, unlock: .hostKey(key))
        let step = try await selfsame.act { engine in
            try engine.signUp(email: "ada@example.org", password: password, client: laptop).step
        }
        XCTAssertEqual(step, .verifyEmail(to: "a…@example.org", canSkip: false))

        let again = try await failure { try await Selfsame.open(at: file, unlock: .hostKey(key)) }
        XCTAssertEqual(again, .alreadyOpen)
        try await selfsame.act { try $0.suspend() }
        let other = try await Selfsame.open(at: file, unlock: .hostKey(key))
        let health = try await other.act { try $0.health() }
        XCTAssertEqual(health.waitingFlows, 1)
        try await other.act { try $0.suspend() }
        let wrong = try await failure { try await Selfsame.open(at: file, unlock: .hostKey(generateHostKey())) }
        XCTAssertEqual(wrong, .wrongKey)
        let missing = folder.appendingPathComponent("nothing")
        let notFound = try await failure { try await Selfsame.open(at: missing, unlock: .hostKey(key)) }
        XCTAssertEqual(notFound, .notFound)
    }

    func testActsAreOffTheMainActor() async throws {
        let places = try await onTheMainActor(Selfsame.inMemory())
        XCTAssertEqual(places, [true, false])
    }

    func testWhatIsCancelledBeforeItBeginsIsNotDone() async throws {
        let world = try World()
        let selfsame = Selfsame(world.engine())
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await selfsame.act { _ = try $0.signUp(email: "ada@example.org", password: password, client: laptop) }
        }
        let result = await task.result
        XCTAssertThrowsError(try result.get()) { XCTAssertTrue($0 is CancellationError, "\($0)") }
        XCTAssertEqual(world.hashes(), 0)
    }

    func testWhatHasBegunIsDoneToItsEnd() async throws {
        let world = try World()
        let selfsame = Selfsame(world.engine())
        let (begun, cancelled) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let task = Task {
            try await selfsame.act { engine in
                begun.signal()
                cancelled.wait()
                return try engine.signUp(email: "ada@example.org", password: password, client: laptop).number
            }
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                begun.wait()
                continuation.resume()
            }
        }
        task.cancel()
        cancelled.signal()
        let number = try await task.value
        XCTAssertEqual(number, 1)
        XCTAssertEqual(try world.mail().count, 1)
    }

    func testActsThatWaitLeaveOtherTasksTheirThreads() async throws {
        let selfsame = try await Selfsame.inMemory()
        let (acts, all) = (2 * ProcessInfo.processInfo.activeProcessorCount, DispatchSemaphore(value: 0))
        let waited = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<acts {
                group.addTask { try await selfsame.act { _ in all.wait(timeout: .now() + 20) == .success } }
            }
            group.addTask {
                for _ in 0..<acts { all.signal() }
                return true
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertFalse(waited.contains(false))
    }

    func testManyTasksShareAnEngine() async throws {
        let world = try World()
        let selfsame = Selfsame(world.engine())
        let people = (0..<40).map { "person\($0)@example.org" }
        let numbers = try await withThrowingTaskGroup(of: UInt32.self) { group in
            for person in people {
                group.addTask {
                    try await selfsame.act { try $0.signUp(email: person, password: password, client: laptop).number }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(numbers, people.map { _ in 1 })
        XCTAssertEqual(Set(try world.mail().map(\.to)), Set(people))
    }

    func testTimesComeBackTheSame() throws {
        let world = try World(starts: Timestamp(milliseconds: 1_767_225_600_123))
        XCTAssertEqual(world.now().milliseconds, 1_767_225_600_123)
        XCTAssertEqual(Timestamp(world.now().date), world.now())
        XCTAssertEqual("\(world.now())", "2026-01-01T00:00:00Z")
        world.later(span: 180 * 86_400 + 0.999)
        XCTAssertEqual(world.now().milliseconds, 1_767_225_600_123 + 180 * 86_400_000 + 999)
        XCTAssertLessThan(Timestamp(Date(timeIntervalSince1970: -1)), world.now())
    }
}

/// Whether the caller is on the main thread, and whether an act of it is.
@MainActor
private func onTheMainActor(_ selfsame: Selfsame) async throws -> [Bool] {
    let isMain = { @Sendable in Thread.isMainThread }
    return [isMain(), try await selfsame.act { _ in isMain() }]
}
