import Foundation
import Selfsame
import SelfsameTesting

/// Why a story cannot go on: an unknown name, or a missing member.
struct Unplayable: Error, CustomStringConvertible {
    let description: String
}

/// Plays a story through the public API.
final class StoryPlayer {
    private let story: JSON
    let world: World
    private var flows: [String: Flow] = [:]
    private var sessions: [String: (id: SessionId, token: SessionToken)] = [:]
    private var recognitions: [String: RecognitionToken] = [:]
    private var accounts: [String: AccountId] = [:]
    private var requests: [String: PrivacyRequest] = [:]
    private var codes: [String: Secret] = [:]
    private var undos: [String: Secret] = [:]
    private var apps: [String: Secret] = [:]
    private var recoveryCodes: [String: [Secret]] = [:]
    private var opened: SignedIn?
    /// The current act.
    private(set) var act = JSON.members([:])

    init(_ text: String) throws {
        story = try JSON.read(text)
        world = try World(
            policy: try Self.policy(story["policy"]), seed: story["seed"]?.asNumber ?? 0,
            starts: Date(milliseconds: story["starts"]?.asNumber ?? 0))
    }

    func transcript() throws -> String {
        let played = try (story["acts"]?.asList ?? []).enumerated().map { index, act in
            self.act = act
            opened = nil
            let (at, name) = (world.now(), try text("do"))
            guard let play = Self.acts[name] ?? Self.ofAccounts[name] else { throw Unplayable(description: "unknown act \(name)") }
            let answer: JSON
            do {
                answer = try play(self)
            } catch let error as SelfsameError {
                answer = Rendering.error(error)
            }
            try keep()
            return JSON.members([
                "act": .number(UInt64(index + 1)), "at": .number(at.milliseconds), "do": .text(name), "answer": answer,
            ])
        }
        return JSON.list(played).written
    }

    private static func policy(_ figures: JSON?) throws -> Policy {
        var policy = worldPolicy()
        guard case .members(let figures) = figures else { return policy }
        for (name, figure) in figures {
            let (isYes, count) = (figure.asText == "yes", figure.asNumber)
            switch name {
            case "picker": policy.picker = isYes
            case "email_proof_later": policy.emailProof = isYes ? .later : nil
            case "mfa_required": policy.mfa = isYes ? .required : nil
            case "max_accounts_per_email": policy.maxAccountsPerEmail = count.map(UInt16.init)
            case "max_methods": policy.maxMethods = count.map(UInt16.init)
            case "max_addresses": policy.maxAddresses = count.map(UInt16.init)
            case "max_sessions": policy.maxSessions = count.map(UInt16.init)
            case "max_open_sign_ups": policy.maxOpenSignUps = count.map(UInt32.init)
            case "session_idle": policy.sessionIdle = span(figure)
            case "session_absolute": policy.sessionAbsolute = span(figure)
            case "fresh_for": policy.freshFor = span(figure)
            case "hold": policy.hold = span(figure)
            default: throw Unplayable(description: "no setting of policy is called \(name)")
            }
        }
        return policy
    }

    /// The sum of its members.
    private static func span(_ span: JSON) -> Duration {
        let units: [(String, UInt64)] = [
            ("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1000), ("millis", 1),
        ]
        let milliseconds = units.map { (span[$0]?.asNumber ?? 0) * $1 }.reduce(0, +)
        return .milliseconds(milliseconds)
    }

    /// The acts of flows, of the host, of support and of the world. `ofAccounts` has those of owners.
    private static let acts: [String: @Sendable (StoryPlayer) throws -> JSON] = [
        "sign_up": { try $0.arrived($0.engine.signUp(email: $0.text("email"), password: $0.secret("password"), client: $0.client())) },
        "begin_federated": { try $0.arrived($0.engine.beginFederated(provider: $0.text("provider"), client: $0.client())) },
        "continue_with": { player in
            let assertion = try player.assertion(player.act["identity"], flow: player.maybe("made_for") ?? player.text("flow"))
            let intent: Intent = try player.text("intent") == "SignUp" ? .signUp : .signIn
            // An assertion answers the first step, even if the story gives it again later.
            let first = try player.flow(at: 1)
            return try player.arrived(player.engine.continueWith(flow: first, assertion: assertion, intent: intent))
        },
        "answer": { player in
            let (answer, number) = (try player.answer(), player.act["number"]?.asNumber.map(UInt32.init))
            return try player.arrived(player.engine.answer(flow: player.flow(at: number), answer: answer))
        },
        "resume": { player in
            guard let token = try player.flow().token else { throw Unplayable(description: "the flow has no token") }
            return try player.arrived(player.engine.resume(token: token))
        },
        "sign_in": { try $0.arrived($0.engine.signIn(email: $0.text("email"), password: $0.secret("password"), client: $0.client())) },
        "picker": { Rendering.list("accounts", try $0.engine.picker()) },
        "sign_in_to": { try $0.arrived($0.engine.signInTo(account: $0.account(), password: $0.secret("password"), client: $0.client())) },
        "remove_from_picker": { try $0.done($0.engine.removeFromPicker(account: $0.account())) },
        "reset_password": { try $0.arrived($0.engine.resetPassword(email: $0.text("email"), client: $0.client())) },
        "reauthenticate": { try $0.arrived($0.engine.reauthenticate(token: $0.token())) },
        "undo": { player in
            let undo = try player.text("undo")
            return try player.arrived(player.engine.undo(code: player.undos[undo] ?? Secret(undo), client: player.client()))
        },
        "resolve": { Rendering.members(try $0.engine.resolve(token: $0.token())) },
        "touch": { Rendering.members(try $0.engine.touch(token: $0.token())) },
        "purge_due": { Rendering.members(try $0.engine.purgeDue(limit: $0.act["limit"]?.asNumber.map(UInt32.init) ?? 100)) },
        "support_find": { player in
            let named = try player.text("named")
            return Rendering.list("accounts", try player.desk().find(named: player.accounts[named] ?? named))
        },
        "support_activity": { Rendering.list("events", try $0.desk().activity(account: $0.account())) },
        "support_delete": { Rendering.members(try $0.desk().startDeletion(account: $0.account(), ticket: $0.text("ticket"))) },
        "support_records": { Rendering.list("records", try $0.engine.supportRecords(account: $0.account())) },
        "open_requests": { Rendering.list("requests", try $0.engine.openRequests(most: 100)) },
        "close_request": { player in
            let request = try player.request()
            return Rendering.members(try player.engine.closeRequest(
                account: request.account, request: request.id, receipt: player.text("receipt")))
        },
        "announce_erasure": { player in
            let request = try player.request()
            return Rendering.members(try player.engine.announceErasure(account: request.account, request: request.id))
        },
        "erase": { player in
            let request = try player.request()
            return try player.done(player.engine.erase(account: request.account, request: request.id))
        },
        "set_billing": { try $0.done($0.engine.setBilling(account: $0.account(), product: $0.text("product"), billing: $0.billing())) },
        "mail": { try $0.mail() },
        "wait": { player in
            player.world.later(span: span(player.act))
            return player.now()
        },
        "turn_wall": { player in
            player.world.setWallForward(span: player.act["forward"].map(span) ?? .zero)
            player.world.setWallBack(span: player.act["back"].map(span) ?? .zero)
            return player.now()
        },
        "reopen": { try $0.done($0.world.reopen()) },
        "reboot": { player in
            try player.world.reboot(off: span(player.act))
            return player.now()
        },
        "rekey": { try $0.done($0.engine.rekey(unlock: $0.world.unlock())) },
        "health": { Rendering.members(try $0.engine.health()) },
    ]
}

// Helpers that acts share.
extension StoryPlayer {
    var engine: Engine { world.engine() }

    func maybe(_ name: String) -> String? { act[name]?.asText }

    func text(_ name: String) throws -> String {
        guard let text = maybe(name) else { throw Unplayable(description: "\(name) is missing") }
        return text
    }

    func yes(_ name: String) -> Bool { maybe(name) == "yes" }

    func secret(_ name: String) throws -> Secret { Secret(try text(name)) }

    /// The device of an act, with the recognitions that these sessions earned.
    func client() throws -> Client {
        let known = try (act["known"]?.asList ?? []).map { try called($0.asText ?? "", in: recognitions) }
        return Client(
            device: maybe("device") ?? "laptop", product: maybe("product"), recognitions: known,
            origin: maybe("origin"))
    }

    func done(_: Void) -> JSON { Rendering.done() }

    func called<T>(_ name: String, in things: [String: T]) throws -> T {
        guard let thing = things[name] else { throw Unplayable(description: "unknown name \(name)") }
        return thing
    }

    func account() throws -> AccountId { try called(text("account"), in: accounts) }

    func token() throws -> SessionToken { try called(text("session"), in: sessions).token }

    func session(_ name: String) throws -> SessionId { try called(name, in: sessions).id }

    /// The account of the act's session.
    func own() throws -> AccountHandle { try engine.account(token: token()) }

    func desk() throws -> SupportDesk { try engine.support(operator: text("operator")) }

    func request() throws -> PrivacyRequest { try called(text("request"), in: requests) }

    func keep(request: PrivacyRequest) throws -> JSON {
        requests[try text("request")] = request
        return Rendering.members(request)
    }

    /// The flow of the act, at its current step or at the given one.
    func flow(at number: UInt32? = nil) throws -> Flow {
        var flow = try called(text("flow"), in: flows)
        flow.number = number ?? flow.number
        return flow
    }

    func now() -> JSON { .members(["now": .number(world.now().milliseconds)]) }

    /// Remembers the step that the flow has reached, and the session that it opened.
    func arrived(_ flow: Flow) throws -> JSON {
        if case .signedIn(let signedIn) = flow.step { opened = signedIn }
        guard let name = maybe("flow") else { return Rendering.members(flow) }
        flows[name] = flow
        // An app or recovery codes that a flow enrols get the flow's name.
        if case .enrollSecondFactor(let secret, _, _) = flow.step { apps[name] = secret }
        if case .saveRecoveryCodes(let codes) = flow.step { recoveryCodes[name] = codes.codes }
        return Rendering.members(flow)
    }

    /// Names the session that the act opened, and its account.
    private func keep() throws {
        guard let opened else { return }
        if let name = act["keep"]?["account"]?.asText { accounts[name] = opened.account }
        guard let name = act["keep"]?["session"]?.asText else { return }
        sessions[name] = (opened.session, opened.token)
        if let recognition = opened.recognition { recognitions[name] = recognition }
    }

    func enrol() throws -> JSON {
        let enrolment = try own().enrollTotp()
        apps[try text("app")] = enrolment.secret
        return Rendering.members(enrolment)
    }

    /// Returns the code that the app shows now. If no app has this name, the name itself is the code.
    func shown(by app: String) throws -> Secret {
        guard let secret = apps[app] else { return Secret(app) }
        return try world.totp(secret: secret)
    }

    func given(_ codes: RecoveryCodes) throws -> JSON {
        recoveryCodes[try text("codes")] = codes.codes
        return Rendering.members(codes)
    }

    func mailed(_ code: String) -> Secret { codes[code] ?? Secret(code) }

    private func mail() throws -> JSON {
        guard let message = try world.takeMail(to: text("to")) else { return .members([:]) }
        if let name = maybe("code"), let sent = message.kind.mailedCode { codes[name] = sent }
        if let name = maybe("undo"), let offer = message.undo { undos[name] = offer.code }
        return Rendering.members(message)
    }

    private func assertion(_ identity: JSON?, flow name: String) throws -> Assertion {
        guard let provider = identity?["provider"]?.asText, let subject = identity?["subject"]?.asText else {
            throw Unplayable(description: "the identity is missing")
        }
        let person = Identity(
            provider: provider, subject: subject, handle: identity?["handle"]?.asText,
            email: identity?["email"]?.asText, emailVerified: identity?["email_verified"]?.asText == "yes")
        return try world.assertion(identity: person, flow: called(name, in: flows))
    }

    private func answer() throws -> Answer {
        let bare: [String: Answer] = [
            "Skip": .skip, "Confirm": .confirm, "CreateNew": .createNew, "Restore": .restore,
            "KeepDeleted": .keepDeleted, "EraseNow": .eraseNow, "Saved": .saved, "Resend": .resend, "Cancel": .cancel,
        ]
        let give = act["give"]
        if let name = give?.asText { return try called(name, in: bare) }
        guard case .members(let members) = give, let (name, value) = members.first else {
            throw Unplayable(description: "the answer is missing")
        }
        let text = value.asText ?? ""
        switch name {
        case "Code": return .code(try called(text, in: codes))
        case "TypedCode": return .code(Secret(text))
        case "LinkTo": return .linkTo(place: UInt8(value.asNumber ?? 0))
        case "Password": return .password(Secret(text))
        case "Assertion": return .assertion(try assertion(value, flow: self.text("flow")))
        case "CorrectAddress": return .correctAddress(email: text)
        case "Totp": return .totp(try shown(by: text))
        case "TypedTotp": return .totp(Secret(text))
        case "RecoveryCode":
            let codes = try called(value["of"]?.asText ?? "", in: recoveryCodes)
            return .recoveryCode(codes[Int(value["number"]?.asNumber ?? 0) - 1])
        case "TypedRecoveryCode": return .recoveryCode(Secret(text))
        case "NewPassword": return .newPassword(Secret(text))
        default: throw Unplayable(description: "unknown answer \(name)")
        }
    }

    private func billing() throws -> Billing {
        let told = act["billing"]
        func text(_ name: String) -> String { told?[name]?.asText ?? "" }
        return Billing(
            customer: text("customer"), plan: text("plan"),
            status: try variant(text("status"), of: BillingStatus.allCases),
            periodEnd: told?["period_end"]?.asNumber.map(Date.init(milliseconds:)),
            managedBy: try variant(text("managed_by"), of: ManagedBy.allCases))
    }

    /// Finds a variant without data by its name.
    func variant<T>(_ name: String, of all: [T]) throws -> T {
        guard let variant = all.first(where: { Rendering.code($0) == name }) else {
            throw Unplayable(description: "unknown variant \(name)")
        }
        return variant
    }
}
