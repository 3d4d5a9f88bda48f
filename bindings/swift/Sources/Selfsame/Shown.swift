/// A value that may contain personal data. Print, a debugger's text and `dump` show its members, but `…` in place of
/// each text, because a text may be somebody's name or address. Secrets show no value at all (`Hidden`).
package protocol Shown {
    /// All members, with their texts.
    var members: Members { get }
}

package struct Members: CustomStringConvertible {
    /// The name of the type, or of the case.
    package let name: String
    package let list: [Member]

    package init(_ name: String, _ list: [Member]) { (self.name, self.list) = (name, list) }

    package var description: String {
        let list = list.map { member in (member.label.map { "\($0): " } ?? "") + member.description }
        return list.isEmpty ? name : "\(name)(\(list.joined(separator: ", ")))"
    }

    package func mirror(of value: some Any) -> Mirror {
        Mirror(value, children: list.map { ($0.label, $0.isText ? $0.description : $0.value) })
    }
}

package struct Member: CustomStringConvertible {
    package let label: String?
    package let value: Any
    let isText: Bool

    package static func plain<T>(_ label: String?, _ value: T) -> Member { Member(label: label, value: value, isText: false) }

    package static func text<T>(_ label: String?, _ value: T) -> Member { Member(label: label, value: value, isText: true) }

    package var description: String {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .optional else { return shown(value) }
        return mirror.children.first.map { shown($0.value) } ?? "nil"
    }

    /// Prints the elements of a list by their description. A list itself would print the debug text of its elements,
    /// which contains the module's name.
    private func shown(_ value: Any) -> String {
        if isText { return "…" }
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .collection else { return "\(value)" }
        return "[\(mirror.children.map { "\($0.value)" }.joined(separator: ", "))]"
    }
}
