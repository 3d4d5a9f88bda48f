import Foundation
import Selfsame
import SelfsameTesting
import XCTest

final class SecretTests: XCTestCase {
    func testASecretShowsNothingOfItself() throws {
        let world = try World()
        let begun = try world.engine().signUp(email: "ada@example.org", password: password, client: laptop)
        let message = try XCTUnwrap(world.mail().first)
        let (flow, code) = (try XCTUnwrap(begun.flow), try XCTUnwrap(mailedCode(kind: message.kind)))
        let done = try world.engine().answer(flow: flow, number: begun.number, answer: .code(code))
        let token = try XCTUnwrap(done.signedIn().token)
        let key = HostKey(Data("an easily found key of 32 bytes!".utf8))

        let holders: [Any] = [
            password, code, flow, token, key, [token], ["token": token], begun, message, done, Answer.code(code),
            Unlock.hostKey(key), Unlock.passphrase(password), Optional(token) as Any,
        ]
        let shown = holders.map { holder in
            var dumped = ""
            dump(holder, to: &dumped)
            return "\(holder) \(String(reflecting: holder)) \(dumped)"
        }.joined(separator: "\n")
        for text in ["Secret(…)", "FlowToken(…)", "SessionToken(…)", "HostKey(…)"] {
            XCTAssertTrue(shown.contains(text), text)
        }
        for secret in [password.reveal(), code.reveal(), flow.reveal(), token.reveal(), "32 bytes"] {
            XCTAssertFalse(shown.contains(secret))
        }
        XCTAssertTrue(Mirror(reflecting: password).children.isEmpty)
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
            try failure { try engine.currentStep(flow: FlowToken(given)) },
        ]
        for error in errors {
            XCTAssertFalse("\(error) \(String(reflecting: error)) \(error.localizedDescription)".contains("ada.lovelace"))
        }
    }
}
