import Foundation

extension StoryError: LocalizedError {
    /// The act, and the problem with it.
    public var errorDescription: String? {
        switch self {
        case .unreadable(let why), .otherThanTold(let why): why
        }
    }
}

extension WorldError: LocalizedError {
    /// The reason why the world did not do what the test asked.
    public var errorDescription: String? {
        switch self {
        case .notBase32(let message), .inThePast(let message): message
        }
    }
}
