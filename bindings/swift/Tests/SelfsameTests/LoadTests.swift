#if os(Linux)
import Foundation
import Selfsame
import SelfsameTesting
import XCTest

final class LoadTests: XCTestCase {
    func testTenThousandEnginesAreOpenedAndDropped() throws {
        try openAndDrop(500)
        let before = try resident()
        try openAndDrop(10_000)
        let grown = try resident() - before
        print("10,000 engines: \(grown / 1024) KiB more")
        XCTAssertLessThan(grown, 16 << 20)
    }

    func testAHundredThousandCallsFromEightThreads() throws {
        let world = try World()
        let (token, _) = try world.signedUp()
        let engine = world.engine()
        try call(engine, token, times: 1000)
        let before = try resident()
        let (count, done) = (Counter(), DispatchGroup())
        for _ in 0..<8 {
            done.enter()
            Thread.detachNewThread {
                defer { done.leave() }
                if (try? call(engine, token, times: 12_500)) != nil { count.add(12_500) }
            }
        }
        done.wait()
        let grown = try resident() - before
        print("100,000 calls: \(grown / 1024) KiB more")
        XCTAssertEqual(count.value, 100_000)
        XCTAssertLessThan(grown, 16 << 20)
    }
}

private func openAndDrop(_ times: Int) throws {
    for _ in 0..<times { _ = try Engine.inMemory().health() }
}

/// Calls that return a record, return an object, and throw an error.
private func call(_ engine: Engine, _ token: SessionToken, times: Int) throws {
    for turn in 0..<times {
        switch turn % 3 {
        case 0: _ = try engine.resolve(token: token)
        case 1: _ = try engine.account(token: token)
        default:
            guard (try? engine.removeFromPicker(account: "nobody")) == nil else { throw CancellationError() }
        }
    }
}

/// The bytes of memory that the process has now.
private func resident() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try XCTUnwrap(Int(pages[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
}

private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var counted = 0

    var value: Int { lock.withLock { counted } }

    func add(_ count: Int) { lock.withLock { counted += count } }
}
#endif
