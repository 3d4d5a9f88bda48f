import Foundation

/// The JSON of stories and transcripts: texts, whole numbers, lists and members. Booleans are the words yes and no,
/// and missing values are left out.
indirect enum JSON: Decodable, Equatable {
    case text(String)
    case number(UInt64)
    case list([JSON])
    case members([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let yes = try? value.decode(Bool.self) {
            self = .text(yes ? "yes" : "no")
        } else if let number = try? value.decode(UInt64.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let items = try? value.decode([JSON].self) {
            self = .list(items)
        } else {
            self = .members(try value.decode([String: JSON?].self).compactMapValues { $0 })
        }
    }

    static func read(_ text: String) throws -> JSON {
        try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
    }

    /// Without blanks, members in the order of their names.
    var written: String {
        switch self {
        case .text(let text): return Self.quoted(text)
        case .number(let number): return String(number)
        case .list(let items): return "[" + items.map(\.written).joined(separator: ",") + "]"
        case .members(let members):
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return "{" + sorted.map { "\(Self.quoted($0.key)):\($0.value.written)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "\u{8}": "\\b", "\u{c}": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
        ]
        return "\"" + text.unicodeScalars.map { scalar in
            short[scalar] ?? (scalar.value < 0x20 ? String(format: "\\u%04x", scalar.value) : String(scalar))
        }.joined() + "\""
    }

    subscript(name: String) -> JSON? {
        guard case .members(let members) = self else { return nil }
        return members[name]
    }

    var asText: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    var asNumber: UInt64? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    var asList: [JSON] {
        guard case .list(let items) = self else { return [] }
        return items
    }
}
