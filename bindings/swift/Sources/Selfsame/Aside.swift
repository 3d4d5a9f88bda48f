import Foundation

private let threads = DispatchQueue(label: "selfsame", attributes: .concurrent)

/// Runs work that waits for the disk or a hash on a separate thread: neither on the main actor's thread nor on a
/// thread that tasks share.
func aside<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
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
