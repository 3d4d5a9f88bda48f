import Foundation

extension StoryError: LocalizedError {
    /// The act, and what is wrong with it.
    public var errorDescription: String? {
        switch self {
        case .unreadable(let why), .otherThanTold(let why): why
        }
    }
}

extension WorldError: LocalizedError {
    /// What the test asked that cannot be.
    public var errorDescription: String? {
        switch self {
        case .notBase32(let message), .inThePast(let message): message
        }
    }
}
