import Foundation
import Selfsame
import SelfsameTesting
import XCTest

final class SecretTests: XCTestCase {
    func testASecretShowsNothingOfItself() throws {
        let world = try World()
        let begun = try world.engine().signUp(email: "ada@example.org", password: password, client: laptop)
        let message = try XCTUnwrap(world.mail().first)
        let (flow, code) = (try XCTUnwrap(begun.token), try XCTUnwrap(message.kind.mailedCode))
        let done = try world.engine().answer(flow: begun, answer: .code(code))
        let token = try done.signedIn().token
        let recognition = try XCTUnwrap(done.signedIn().recognition)
        let known = Client(device: "laptop", recognitions: [recognition])
        let key = HostKey(Data("an easily found key of 32 bytes!".utf8))

        let holders: [Any] = [
            password, code, flow, token, known, key, [token], ["token": token], begun, message, done, Answer.code(code),
            Unlock.hostKey(key), Unlock.passphrase(password), Optional(token) as Any,
        ]
        let shown = everyPrint(of: holders)
        for text in ["Secret(…)", "FlowToken(…)", "SessionToken(…)", "RecognitionToken(…)", "HostKey(…)"] {
            XCTAssertTrue(shown.contains(text), text)
        }
        for secret in [password.reveal(), code.reveal(), flow.reveal(), token.reveal(), recognition.reveal(), "32 bytes"] {
            XCTAssertFalse(shown.contains(secret))
        }
        XCTAssertTrue(Mirror(reflecting: password).children.isEmpty)
        XCTAssertTrue("\(done)".contains("amr: [pwd], "), "\(done)")
    }

    func testNoRecordShowsWhoItIsAbout() throws {
        let world = try World()
        let (engine, device) = (world.engine(), Client(device: "Ada's laptop"))
        let begun = try engine.signUp(email: "ada@example.org", password: password, client: device)
        let message = try XCTUnwrap(world.mail().first)
        let code = try XCTUnwrap(message.kind.mailedCode)
        let done = try engine.answer(flow: begun, answer: .code(code))
        let account = try engine.account(token: done.signedIn().token)
        try account.setDisplayName(name: "Ada Lovelace")
        let step = try account.changeEmail(newEmail: "countess@example.org")
        let identity = Identity(provider: "example", subject: "ada-1815", handle: "ada", email: "ada@example.org")
        let id = try account.view().id
        let record = ImportedAccount(
            externalId: "ada-7", createdAt: nil, displayName: "Ada", email: "ada@example.org", emailVerified: true,
            passwordHash: nil, identities: [], totp: nil)

        let holders: [Any] = [
            device, begun, begun.step, message, message.kind, done, step, identity, record, try account.view(),
            try account.sessions(), try account.activity(), try engine.picker(), Optional(message) as Any,
            try engine.support(operator: "grace").find(named: "ada@example.org"), ["device": device],
            Answer.correctAddress(email: "ada@example.org"), try engine.supportRecords(account: id),
        ]
        let shown = everyPrint(of: holders)
        for text in ["example.org", "Ada", "ada", "Lovelace", "laptop", "countess", "grace"] {
            XCTAssertFalse(shown.contains(text), "\(text) in \(shown)")
        }
        XCTAssertTrue(shown.contains(id), shown)
        XCTAssertEqual("\(device)", "Client(device: …, product: nil, remembered: true, recognitions: [], origin: nil)")
        XCTAssertEqual("\(begun.step)", "verifyEmail(to: …, canSkip: false, sendAt: nil)")
        XCTAssertEqual("\(done.step)".prefix(34), "signedIn(session: SignedIn(account")
        XCTAssertEqual("\([Accepted.password, .federated(provider: "x")])", "[password, federated(provider: x)]")
        XCTAssertEqual("\(Answer.code(Secret("1234")))", "code(Secret(…))")
    }

    func testSecretsCompareByWhatTheyHold() {
        XCTAssertEqual(Secret("one"), Secret("one"))
        XCTAssertNotEqual(Secret("one"), Secret("two"))
        XCTAssertEqual(Set([Secret("one"), Secret("one"), Secret("two")]).count, 2)
        XCTAssertEqual(Secret("one").reveal(), "one")
    }

    func testNoErrorRepeatsWhatWasGiven() throws {
        let given = "ada.lovelace.1815"
        let engine = try World().engine()
        let errors = [
            try failure { try engine.signUp(email: given, password: password, client: laptop) },
            try failure { try engine.signUp(email: "ada@example.org", password: Secret("ada.lovelace"), client: laptop) },
            try failure { try engine.signIn(email: "\(given)@example.org", password: Secret(given), client: laptop) },
            try failure { try engine.beginFederated(provider: given, client: laptop) },
            try failure { try engine.resolve(token: SessionToken(given)) },
            try failure { try engine.resume(token: FlowToken(given)) },
        ]
        for error in errors {
            XCTAssertFalse("\(error) \(String(reflecting: error)) \(error.localizedDescription)".contains("ada.lovelace"))
        }
    }
}

/// Each value as print, a debugger and `dump` show it.
private func everyPrint(of holders: [Any]) -> String {
    holders.map { holder in
        var dumped = ""
        dump(holder, to: &dumped)
        return "\(holder) \(String(reflecting: holder)) \(dumped)"
    }.joined(separator: "\n")
}
