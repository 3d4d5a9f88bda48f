import Foundation

/// A point in time: milliseconds since 1970-01-01 00:00:00 UTC. A `Date`, being a fraction, would not come back the same.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let milliseconds: UInt64

    public init(milliseconds: UInt64) { self.milliseconds = milliseconds }

    /// The nearest millisecond; 1970 for what is before.
    public init(_ date: Date) {
        self.init(milliseconds: UInt64(max(0, (date.timeIntervalSince1970 * 1000).rounded())))
    }

    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    public var description: String { date.formatted(.iso8601) }

    public static func < (one: Self, other: Self) -> Bool { one.milliseconds < other.milliseconds }
}
