import Foundation

extension SelfsameError: LocalizedError {
    /// What happened and what to do, in English, for a log. An app has words of its own, by `code()`.
    public var errorDescription: String? { explanation() }
}
