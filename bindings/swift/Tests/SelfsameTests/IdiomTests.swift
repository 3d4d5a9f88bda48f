import Foundation
import Selfsame
import SelfsameTesting
import XCTest

final class IdiomTests: XCTestCase {
    func testAStoreIsMadeLeftAloneAndOpenedAgain() async throws {
        let folder = try scratch()
        let file = folder.appendingPathComponent("accounts.selfsame")
        let key = try HostKey.generate()
        let engine = try await Engine.create(path: file, unlock: .hostKey(key))
        let step = try await engine.signUp(email: "ada@example.org", password: password, client: laptop).step
        XCTAssertEqual(step, .verifyEmail(to: "a…@example.org", canSkip: false, sendAt: nil))

        let again = try await failure { try await Engine.open(path: file, unlock: .hostKey(key)) }
        XCTAssertEqual(again, .alreadyOpen)
        try await engine.suspend()
        let other = try await Engine.open(path: file, unlock: .hostKey(key))
        let health = try await other.health()
        XCTAssertEqual(health.waitingFlows, 1)
        try await other.suspend()
        let wrong = try await failure { try await Engine.open(path: file, unlock: .hostKey(HostKey.generate())) }
        XCTAssertEqual(wrong, .wrongKey)
        let missing = folder.appendingPathComponent("nothing")
        let notFound = try await failure { try await Engine.open(path: missing, unlock: .hostKey(key)) }
        XCTAssertEqual(notFound, .notFound)
    }

    func testWhatAClosedEngineHasGivenOutRefuses() async throws {
        let (file, key) = (try scratch().appendingPathComponent("store"), try HostKey.generate())
        let world = try World(path: file)
        let (_, account) = try world.signedUp()
        let engine = world.engine()
        let desk = try await engine.support(operator: "grace")
        try await engine.close()
        try await engine.close()
        let refused = [
            try await failure { try await account.view() },
            try await failure { try await desk.find(named: "ada@example.org") },
            try await failure { try await engine.health() },
        ]
        XCTAssertEqual(refused, [.closed, .closed, .closed])
        try world.reopen()
        try world.close()
        let wrong = try await failure { try await Engine.open(path: file, unlock: .hostKey(key)) }
        XCTAssertEqual(wrong, .wrongKey)
    }

    func testCallsAndActsAreOffTheMainActor() async throws {
        let (file, keystore) = (try scratch().appendingPathComponent("store"), WatchingKeystore(key: try HostKey.generate()))
        let places = try await onTheMainActor(file, keystore)
        XCTAssertEqual(places, [true, false])
        XCTAssertEqual(keystore.places, [false])
    }

    func testAnActOfAnAccountMakesSeveralCalls() async throws {
        let (_, account) = try World().signedUp()
        let (view, sessions) = try await account.act { account in
            try account.setDisplayName(name: "Ada")
            return (try account.view(), try account.sessions())
        }
        XCTAssertEqual(view.displayName, "Ada")
        XCTAssertEqual(sessions.count, 1)
        let activity = try await account.activity()
        XCTAssertFalse(activity.isEmpty)
    }

    func testWhatIsCancelledBeforeItBeginsIsNotDone() async throws {
        let world = try World()
        let engine = world.engine()
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await engine.signUp(email: "ada@example.org", password: password, client: laptop) },
            { try await engine.act { _ = try $0.signUp(email: "ada@example.org", password: password, client: laptop) } },
        ]
        for call in calls {
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await call()
            }
            let result = await task.result
            XCTAssertThrowsError(try result.get()) { XCTAssertTrue($0 is CancellationError, "\($0)") }
        }
        XCTAssertEqual(world.hashes(), 0)
    }

    func testWhatHasBegunIsDoneToItsEnd() async throws {
        let world = try World()
        let engine = world.engine()
        let (begun, cancelled) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let task = Task {
            try await engine.act { engine in
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
        let engine = try await Engine.inMemory()
        let (acts, all) = (2 * ProcessInfo.processInfo.activeProcessorCount, DispatchSemaphore(value: 0))
        let waited = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<acts {
                group.addTask { try await engine.act { _ in all.wait(timeout: .now() + 20) == .success } }
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
        let engine = world.engine()
        let people = (0..<40).map { "person\($0)@example.org" }
        let numbers = try await withThrowingTaskGroup(of: UInt32.self) { group in
            for person in people {
                group.addTask {
                    try await engine.signUp(email: person, password: password, client: laptop).number
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(numbers, people.map { _ in 1 })
        XCTAssertEqual(Set(try world.mail().map(\.to)), Set(people))
    }

    func testTimesAndSpansComeBackTheSame() throws {
        let world = try World(starts: Date(milliseconds: 1_767_225_600_123))
        XCTAssertEqual(world.now().milliseconds, 1_767_225_600_123)
        world.later(span: .seconds(180 * 86_400) + .milliseconds(999))
        XCTAssertEqual(world.now().milliseconds, 1_767_225_600_123 + 180 * 86_400_000 + 999)
        // To the last millisecond of the year 9999.
        for milliseconds: UInt64 in [1, 999, 1_767_225_600_123, 253_402_300_799_999] + (0..<1000).map({ $0 * 253_402_300_799 }) {
            XCTAssertEqual(Date(milliseconds: milliseconds).milliseconds, milliseconds)
        }
        XCTAssertEqual(Date(timeIntervalSince1970: -1).milliseconds, 0)
        XCTAssertEqual(Date(timeIntervalSince1970: .nan).milliseconds, 0)
        XCTAssertEqual(Date(timeIntervalSince1970: .infinity).milliseconds, UInt64.max)
    }
}

private final class WatchingKeystore: Keystore, @unchecked Sendable {
    private let key: HostKey
    /// Whether each load was on the main thread.
    private(set) var places: [Bool] = []

    init(key: HostKey) { self.key = key }

    func load() -> HostKey {
        places.append(Thread.isMainThread)
        return key
    }
}

/// Whether the caller is on the main thread, and whether its act is.
@MainActor
private func onTheMainActor(_ file: URL, _ keystore: WatchingKeystore) async throws -> [Bool] {
    let isMain = { @Sendable in Thread.isMainThread }
    let engine = try await Engine.create(path: file, unlock: .keystore(keystore))
    return [isMain(), try await engine.act { _ in isMain() }]
}
