import Foundation
import Selfsame

/// Renders the engine's answers as in transcripts. A member has the name of the value's own member, in snake
/// case. A variant without data is its name. Secrets and missing values are left out.
enum Rendering {
    /// The member that takes the variant's name, for types whose variants have data.
    private static let names: [ObjectIdentifier: String] = [
        ObjectIdentifier(Step.self): "step", ObjectIdentifier(Status.self): "is", ObjectIdentifier(Adding.self): "kind",
        ObjectIdentifier(AddressStep.self): "address_step", ObjectIdentifier(Destination.self): "to",
        ObjectIdentifier(MessageKind.self): "kind", ObjectIdentifier(RequestStatus.self): "is",
    ]

    /// A refusal with its code and its data, or another failure with its code.
    static func error(_ error: SelfsameError) -> JSON {
        switch error {
        case .busy(retryAfter: .some), .notFound, .alreadyExists, .alreadyOpen, .notAStore, .newerFormat, .wrongKey,
            .keyLocked, .keyLost, .keyChanged, .rolledBack, .anchorMissing, .damaged, .storage, .unknown, .broken,
            .closed, .anchor, .forkedProcess, .machine, .defect:
            return .members(["failed": .text(error.code)])
        default:
            return .members(payload(error).merging(["refused": .text(error.code)]) { _, code in code })
        }
    }

    static func done() -> JSON { .members(["done": .text("yes")]) }

    static func list(_ name: String, _ items: [Any]) -> JSON { .members([name: .list(items.compactMap(value))]) }

    static func members(_ value: Any) -> JSON { .members(fields(value)) }

    /// Returns `nil` for missing values and for secrets.
    private static func value(_ value: Any) -> JSON? {
        switch value {
        case let yes as Bool: .text(yes ? "yes" : "no")
        case let text as String: .text(text)
        case let number as UInt8: .number(UInt64(number))
        case let number as UInt16: .number(UInt64(number))
        case let number as UInt32: .number(UInt64(number))
        case let number as UInt64: .number(number)
        case let span as Duration: .number(UInt64(span / .milliseconds(1)))
        case let time as Date: .number(time.milliseconds)
        case let month as YearMonth: .text(String(format: "%04d-%02d", month.year, month.month))
        case let amr as Amr: .text(amr.value)
        case .federated(let provider) as Accepted: .text("Federated \(provider)")
        case let effect as Effect: .text(says(effect))
        case let items as [Any]: .list(items.compactMap(self.value))
        case is any Hidden, is QrCode: nil
        default: composed(value)
        }
    }

    private static func composed(_ value: Any) -> JSON? {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional { return mirror.children.first.flatMap { self.value($0.value) } }
        guard let shown = value as? any Shown else { return .text(code(value)) }
        let isRecord = shown.members.name == String(describing: type(of: value))
        return isRecord || names[ObjectIdentifier(type(of: value))] != nil ? .members(fields(value)) : .text(code(value))
    }

    /// The members of a record or of a variant.
    private static func fields(_ value: Any) -> [String: JSON] {
        let type = ObjectIdentifier(type(of: value))
        if let name = names[type] {
            return payload(value).merging([name: .text(code(value))]) { _, code in code }
        }
        var fields = shown((value as? any Shown)?.members.list.map { ($0.label, $0.value) } ?? [])
        switch value {
        case let flow as Flow:
            fields = fields["step"].map(inner) ?? [:]
            fields["in_flow"] = self.value(flow.token != nil)
            fields["number"] = self.value(flow.number)
        case let session as Session:
            fields["client"] = nil
            fields["device"] = self.value(session.client.device)
            fields["product"] = self.value(session.client.product as Any)
        case is PrivacyRequest:
            let status = fields.removeValue(forKey: "status").map(inner) ?? [:]
            fields["is"] = status["is"]
            if let at = status["at"] { fields[status["is"] == .text("Withdrawn") ? "withdrawn_at" : "closed_at"] = at }
        case let activity as Activity:
            fields.merge(fields.removeValue(forKey: "event").map(inner) ?? [:]) { _, event in event }
            fields["outcome"] = nil
            fields["done"] = self.value(activity.event.outcome == .done)
            fields["says"] = .text(activity.event.sentence)
        case let message as Message:
            fields.merge(self.fields(message.kind)) { _, kind in kind }
            // The kind of the method would have the same member name as the kind of the message.
            switch message.kind {
            case .methodAdded(let kind, _), .methodRemoved(let kind, _): fields["method"] = .text(code(kind))
            default: break
            }
            fields["id"] = nil
            fields["undo"] = nil
            fields["undo_until"] = self.value(message.undo?.until as Any)
        case let explanation as Explanation:
            fields["refusal"] = nil
            fields["would"] = explanation.refusal.map(error) ?? .members(["be": .text("done")])
        case let codes as RecoveryCodes:
            fields["codes"] = nil
            fields["recovery_codes"] = .number(UInt64(codes.codes.count))
        case let receipt as PurgeReceipt:
            let removed = receipt.removed.map { ($0.table, JSON.number(UInt64($0.rows))) }
            fields["removed"] = .members(Dictionary(uniqueKeysWithValues: removed))
        case is Health:
            fields["file_size"] = nil
            fields["has_reserve"] = nil
            fields["on_network"] = nil
        default: break
        }
        return fields
    }

    /// The data of a variant. If it is a record, its members.
    private static func payload(_ variant: Any) -> [String: JSON] {
        switch variant as? Step {
        case .signedIn(let session): return fields(session)
        case .saveRecoveryCodes(let codes): return fields(codes)
        default: break
        }
        if let variant = variant as? any Shown { return shown(variant.members.list.map { ($0.label, $0.value) }) }
        // Errors are not `Shown`.
        return Mirror(reflecting: variant).children.first.map { shown(Array(Mirror(reflecting: $0.value).children)) } ?? [:]
    }

    private static func shown(_ members: [(String?, Any)]) -> [String: JSON] {
        members.reduce(into: [:]) { shown, member in
            if let label = member.0 { shown[snake(label)] = value(member.1) }
        }
    }

    private static func inner(_ json: JSON) -> [String: JSON] {
        guard case .members(let members) = json else { return [:] }
        return members
    }

    /// A variant's name.
    static func code(_ variant: Any) -> String {
        let name = (variant as? any Shown)?.members.name
            ?? Mirror(reflecting: variant).children.first?.label ?? String(describing: variant)
        return name.prefix(1).uppercased() + name.dropFirst()
    }

    private static func snake(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }

    private static func says(_ effect: Effect) -> String {
        switch effect {
        case .account(let action): "the account changes: \(action.sentence)"
        case .thisSession: "this session goes on with other proof"
        case .sessionEnds(let session): "session \(session) ends"
        case .otherSessionsEnd: "all other sessions end"
        case .allSessionsEnd: "all sessions end"
        case .identifiers: "an identifier is taken or becomes free"
        case .message(let kind): "a message goes out: \(kind)"
        }
    }
}
