import Foundation

extension SelfsameError: LocalizedError {
    /// What happened and what to do, in English, for a log. An app has words of its own, by `code`.
    public var errorDescription: String? { explanation }
}

extension KeystoreProblem: LocalizedError {
    /// What the engine says when a keystore throws this.
    public var errorDescription: String? {
        switch self {
        case .locked: SelfsameError.keyLocked.explanation
        case .lost: SelfsameError.keyLost.explanation
        case .changed: SelfsameError.keyChanged.explanation
        }
    }
}

extension AnchorFailed: LocalizedError {
    /// What the engine says when an anchor throws this.
    public var errorDescription: String? { SelfsameError.anchor.explanation }
}
