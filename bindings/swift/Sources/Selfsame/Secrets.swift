import Foundation

/// A secret. Its value does not appear in print, in a debugger's text, or in a mirror.
public protocol Hidden: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    associatedtype Value

    /// Returns the value. Keep it out of logs.
    func reveal() -> Value
}

extension Hidden {
    public var description: String { "\(Self.self)(…)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Text that must stay hidden: a password, a passphrase, a code or an ID token.
public struct Secret: Hidden {
    private let value: String

    public init(_ text: String) { value = text }

    public func reveal() -> String { value }
}

/// Holds one flow open between its steps. Anyone who has it can answer the next step.
public struct FlowToken: Hidden {
    private let value: String

    public init(_ text: String) { value = text }

    public func reveal() -> String { value }
}

/// Holds one session. Anyone who has it is signed in.
public struct SessionToken: Hidden {
    private let value: String

    public init(_ text: String) { value = text }

    public func reveal() -> String { value }
}

/// Shows that its holder has signed in to an account before. It opens nothing. Keep it on the person's device.
public struct RecognitionToken: Hidden {
    private let value: String

    public init(_ text: String) { value = text }

    public func reveal() -> String { value }
}

/// The 32 bytes that the host keeps outside the file. Anyone who has the file and this key can read everything.
public struct HostKey: Hidden {
    private let value: Data

    public init(_ bytes: Data) { value = bytes }

    public func reveal() -> Data { value }
}
