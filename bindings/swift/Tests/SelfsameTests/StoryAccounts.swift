import Selfsame

// The acts of a story that owners do on their accounts.
extension StoryPlayer {
    static let ofAccounts: [String: @Sendable (StoryPlayer) throws -> JSON] = [
        "account": { Rendering.members(try $0.own().view()) },
        "sessions": { Rendering.list("sessions", try $0.own().sessions()) },
        "end_session": { try $0.done($0.own().endSession(session: $0.session($0.text("ends")))) },
        "end_other_sessions": { try $0.done($0.own().endOtherSessions()) },
        "sign_out": { try $0.done($0.own().signOut()) },
        "activity": { Rendering.list("events", try $0.own().activity()) },
        "verify_audit": { .members(["holds": .text(try $0.own().verifyAudit() ? "yes" : "no")]) },
        "explain": { player in
            let all: [Planned] = [
                .enrollTotp, .recoveryCodesSaved, .regenerateRecoveryCodes, .turnOffMfa, .endOtherSessions, .signOut,
                .requestDeletion, .export,
            ]
            let planned = try player.variant(player.text("planned"), of: all)
            return Rendering.members(try player.own().explain(planned: planned))
        },
        // The second factor.
        "enroll_totp": { try $0.enrol() },
        "confirm_totp": { try $0.given($0.own().confirmTotp(code: $0.shown(by: $0.text("app")))) },
        "unsaved_recovery_codes": { Rendering.members(try $0.own().unsavedRecoveryCodes()) },
        "regenerate_recovery_codes": { try $0.given($0.own().regenerateRecoveryCodes()) },
        "recovery_codes_saved": { try $0.done($0.own().recoveryCodesSaved()) },
        "turn_off_mfa": { try $0.done($0.own().turnOffMfa()) },
        "mark_compromised": { player in
            let account = try player.own()
            let methods = try account.view().methods
            guard let method = methods.first(where: { $0.kind == .password }) ?? methods.first else {
                throw Unplayable(description: "the account has no method")
            }
            return player.done(try account.markCompromised(method: method.id))
        },
        // Sign-in methods and addresses.
        "begin_add": { try $0.arrived($0.own().beginAdd(provider: $0.text("provider"))) },
        "add_password": { Rendering.members(try $0.own().addPassword(email: $0.text("email"), password: $0.secret("password"))) },
        "remove_method": { player in
            let account = try player.own()
            let method = try player.method(player.text("method"), of: account)
            return player.done(try account.removeMethod(method: method))
        },
        "take_seen_email": { player in
            let account = try player.own()
            return player.done(try account.takeSeenEmail(method: player.method(player.text("method"), of: account)))
        },
        "change_email": { Rendering.members(try $0.own().changeEmail(newEmail: $0.text("email"))) },
        "verify_address": { Rendering.members(try $0.own().verifyAddress(email: $0.text("email"))) },
        "prove_address": { Rendering.members(try $0.own().proveAddress(code: $0.mailed($0.text("code")))) },
        "set_contact": { try $0.done($0.own().setContact(email: $0.text("email"))) },
        "confirm_protected_acts": { player in
            let account = try player.own()
            let newest = try account.view().protectedActs.last?.number ?? 0
            return player.done(try account.confirmProtectedActs(upTo: newest))
        },
        "set_display_name": { try $0.done($0.own().setDisplayName(name: $0.maybe("name"))) },
        "change_password": { try $0.done($0.own().changePassword(current: $0.secret("current"), newPassword: $0.secret("new"))) },
        "review": { player in
            let account = try player.own()
            let stays = try player.list("stays").map { try player.method($0, of: account) }
            return player.done(try account.review(
                keep: stays, keepSecondFactor: player.yes("second_factor_stays"),
                newPassword: player.maybe("new_password").map(Secret.init)))
        },
        // Data and products.
        "request_deletion": { Rendering.members(try $0.own().requestDeletion()) },
        "request_privacy": { player in
            let kind = try player.variant(player.text("kind"), of: RequestKind.allCases)
            return try player.keep(request: player.own().requestPrivacy(kind: kind))
        },
        "privacy_requests": { Rendering.list("requests", try $0.own().privacyRequests()) },
        "export": { try JSON.read($0.own().export()) },
        "open_product": { Rendering.members(try $0.own().openProduct(product: $0.text("product"))) },
        "memberships": { Rendering.list("memberships", try $0.own().memberships()) },
        "billing_destination": { Rendering.members(try $0.own().billingDestination(product: $0.text("product"))) },
        "manage_destination": { player in
            let managed = try player.maybe("product").map(Managed.product) ?? .provider(provider: player.text("provider"))
            return Rendering.members(try player.own().manageDestination(managed: managed))
        },
    ]

    /// Finds a method by its name in stories: `Password`, its provider, or its handle at the provider. If the account
    /// has none, returns an id that no account has.
    private func method(_ name: String, of account: AccountHandle) throws -> MethodId {
        let called = try account.view().methods.first { method in
            guard let provider = method.provider else { return method.kind == .password && name == "Password" }
            return provider == name || method.handle == name
        }
        return called?.id ?? "00000000-0000-7000-8000-000000000000"
    }

    private func list(_ name: String) -> [String] { (act[name]?.asList ?? []).compactMap(\.asText) }
}
