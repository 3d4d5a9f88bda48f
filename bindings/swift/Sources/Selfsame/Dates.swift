import Foundation

// The engine counts whole milliseconds since 1970. A `Date` preserves them exactly until the year 140000.
extension Date {
    package init(milliseconds: UInt64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// The nearest millisecond: 0 for a time before 1970, and the greatest number for a time that is too
    /// late.
    package var milliseconds: UInt64 {
        let nearest = (timeIntervalSince1970 * 1000).rounded()
        return nearest > 0 ? UInt64(exactly: nearest) ?? .max : 0
    }
}
