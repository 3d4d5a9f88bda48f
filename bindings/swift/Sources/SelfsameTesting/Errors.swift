import Foundation

extension StoryError: LocalizedError {
    /// The act, and what is wrong with it.
    public var errorDescription: String? {
        switch self {
        case .unreadable(let why), .otherThanTold(let why): why
        }
    }
}
