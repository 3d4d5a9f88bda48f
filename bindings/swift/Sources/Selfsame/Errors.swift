import Foundation

extension SelfsameError: LocalizedError {
    /// What happened and what to do, in English, for a log. For a translated text, use `code`.
    public var errorDescription: String? { explanation }
}

extension KeystoreProblem: LocalizedError {
    /// What happened, in English, for a log.
    public var errorDescription: String? { explanation }
}

extension AnchorFailed: LocalizedError {
    /// What happened, in English, for a log.
    public var errorDescription: String? { explanation }
}
