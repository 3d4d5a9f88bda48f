import Foundation

/// An identity engine for apps that are async: each act runs on a thread of its own, never on the main actor's, nor on
/// one of those that tasks share. It can be used from any task.
public final class Selfsame: Sendable {
    /// The engine itself, for who has a thread to wait on.
    public let engine: Engine

    public init(_ engine: Engine) { self.engine = engine }

    /// Makes a new store in a file, and opens it: `Engine.create`.
    public static func create(
        at path: URL, unlock: Unlock, policy: Policy = Policy(), anchor: (any Anchor)? = nil
    ) async throws -> Selfsame {
        try await aside { Selfsame(try .create(path: path, unlock: unlock, policy: policy, anchor: anchor)) }
    }

    /// Opens the store in a file: `Engine.open`.
    public static func open(
        at path: URL, unlock: Unlock, policy: Policy = Policy(), anchor: (any Anchor)? = nil
    ) async throws -> Selfsame {
        try await aside { Selfsame(try .open(path: path, unlock: unlock, policy: policy, anchor: anchor)) }
    }

    /// An engine whose store is in memory and goes with it: `Engine.inMemory`.
    public static func inMemory(policy: Policy = Policy()) async throws -> Selfsame {
        try await aside { Selfsame(try .inMemory(policy: policy)) }
    }

    /// Does something with the engine: `try await selfsame.act { try $0.picker() }`.
    ///
    /// - Throws: `SelfsameError`, or `CancellationError` where the task was cancelled before the act began. What has
    ///   begun is done to its end.
    public func act<T: Sendable>(_ act: @escaping @Sendable (Engine) throws -> T) async throws -> T {
        let engine = engine
        return try await aside { try act(engine) }
    }
}

private let threads = DispatchQueue(label: "selfsame", attributes: .concurrent)

private func aside<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    let cancelled = Flag()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            threads.async {
                continuation.resume(with: Result {
                    guard !cancelled.isSet else { throw CancellationError() }
                    return try work()
                })
            }
        }
    } onCancel: {
        cancelled.set()
    }
}

private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }

    func set() { lock.withLock { value = true } }
}
