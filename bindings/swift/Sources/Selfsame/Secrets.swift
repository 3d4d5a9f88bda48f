import Foundation

/// A value that must not be seen: it shows nothing of itself in print, in a debugger's text, or to a mirror.
public protocol Hidden: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    associatedtype Value

    /// The value itself. Keep it out of logs.
    func reveal() -> Value
}

extension Hidden {
    public var description: String { "\(Self.self)(…)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Text that must not be seen: a password, a passphrase, a code or an ID token.
public struct Secret: Hidden {
    private let value: String

    public init(_ text: String) { value = text }

    public func reveal() -> String { value }
}

/// Holds one flow open between its steps. Whoever has it can answer the next step.
public struct FlowToken: Hidden {
    private let value: String

    public init(_ text: String) { value = text }

    public func reveal() -> String { value }
}

/// Holds one session. Whoever has it is signed in.
public struct SessionToken: Hidden {
    private let value: String

    public init(_ text: String) { value = text }

    public func reveal() -> String { value }
}

/// Shows that its holder has signed in to an account before, and opens nothing. Keep it where the person signed in.
public struct RecognitionToken: Hidden {
    private let value: String

    public init(_ text: String) { value = text }

    public func reveal() -> String { value }
}

/// The 32 bytes that the host keeps outside the file. Whoever has both reads everything.
public struct HostKey: Hidden {
    private let value: Data

    public init(_ bytes: Data) { value = bytes }

    public func reveal() -> Data { value }
}
