import Foundation
import Selfsame
import SelfsameTesting
import XCTest

private let ada = "ada@example.org"

/// What a world gives beside its engine, clock and mailbox.
final class WorldGivesTests: XCTestCase {
    private func account(_ done: Flow, in world: World) throws -> AccountHandle {
        guard case .signedIn(let session) = done.step else { throw Unexpected(step: done.step) }
        return try world.engine().account(token: session.token)
    }

    private func signUp(in world: World) throws -> AccountHandle {
        let begun = try world.engine().signUp(email: ada, password: password, client: laptop)
        let code = try XCTUnwrap(world.mailedCode(to: ada, kind: .verifyEmail))
        return try account(world.engine().answer(flow: begun, answer: .code(code)), in: world)
    }

    func testACodeIsFoundByItsKindAndTime() throws {
        let world = try World()
        _ = try signUp(in: world)
        world.later(span: 60 * 60)
        let since = world.now()
        XCTAssertNil(try world.mailedCode(to: ada, since: since))
        _ = try world.engine().resetPassword(email: ada, client: laptop)
        let reset = try XCTUnwrap(world.mailedCode(to: ada, kind: .resetPassword))
        XCTAssertEqual(try world.mailedCode(to: ada, since: since), reset)
        XCTAssertNotEqual(try world.mailedCode(to: ada, kind: .verifyEmail), reset)
        XCTAssertNil(try world.mailedCode(to: ada, kind: .changeEmail))
    }

    func testAnAuthenticatorAppShowsDigits() throws {
        let world = try World()
        let account = try signUp(in: world)
        let digits = try world.totp(secret: account.enrollTotp().secret)
        XCTAssertEqual(try account.confirmTotp(code: digits).codes.count, 10)
        XCTAssertThrowsError(try world.totp(secret: Secret("no base32!"))) {
            guard case WorldError.notBase32(let message)? = $0 as? WorldError else { return XCTFail("\($0)") }
            XCTAssertTrue(message.contains("not base32"), message)
        }
    }

    func testAStoreOpensAgainWithAnotherPolicy() throws {
        let world = try World()
        _ = try signUp(in: world)
        try world.reopen(policy: Policy(sessionIdle: 5 * 60))
        try world.reopen()
        world.later(span: 6 * 60)
        let again = try world.engine().signIn(email: ada, password: password, client: laptop)
        XCTAssertEqual(try account(again, in: world).sessions().count, 1)
    }

    func testAWorldCanBeAFile() throws {
        let path = try scratch().appendingPathComponent("accounts.selfsame")
        let first = try World(path: path)
        _ = try signUp(in: first)
        try first.engine().suspend()
        let world = try World(path: path)
        let again = try world.engine().signIn(email: ada, password: password, client: laptop)
        XCTAssertEqual(try account(again, in: world).view().contact, ada)
    }

    func testGoogleAndAppleSignIn() throws {
        let world = try World()
        let google = Identity(provider: "google", subject: "1815", email: "ada@gmail.com", emailVerified: true)
        let begun = try world.engine().beginFederated(provider: "google", client: laptop)
        let shown = try world.assertion(identity: google, flow: begun)
        let done = try world.engine().continueWith(flow: begun, assertion: shown, intent: .signUp)
        XCTAssertEqual(try account(done, in: world).view().contact, "ada@gmail.com")

        // The application fetches the keys itself.
        let apple = Identity(provider: "apple", subject: "1815", email: "ada@icloud.com", emailVerified: true)
        let other = try world.engine().beginFederated(provider: "apple", client: laptop)
        guard case .presentAssertion(_, _, let nonce, _) = other.step else { throw Unexpected(step: other.step) }
        let token = try world.idToken(identity: apple, nonce: nonce)
        try world.engine().setKeys(provider: "apple", jwks: world.jwks())
        let came = try world.engine().continueWith(flow: other, assertion: .idToken(token), intent: .signUp)
        XCTAssertEqual(try account(came, in: world).view().contact, "ada@icloud.com")
    }

    func testCommitsFailWhenTheTestSaysSo() throws {
        let world = try World()
        let account = try signUp(in: world)
        let before = try world.commits()
        world.failCommits(count: 1)
        XCTAssertThrowsError(try account.setDisplayName(name: "Ada")) {
            guard case .storage? = $0 as? SelfsameError else { return XCTFail("\($0)") }
        }
        try account.setDisplayName(name: "Ada")
        XCTAssertEqual(try world.commits(), before + 1)
        XCTAssertEqual(world.failedCommits(), 1)
    }

    func testAHostWorksWhileTimePasses() throws {
        let world = try World()
        let deletion = try signUp(in: world).requestDeletion()
        let receipts = try world.runHost(span: 31 * 24 * 60 * 60)
        XCTAssertEqual(receipts.map(\.purgeAt), [deletion.purgeAt])
        XCTAssertEqual(try world.mail().count, 4, "the code, the request and two reminders")
        let later = Timestamp(milliseconds: world.now().milliseconds + 1)
        try world.laterUntil(at: later)
        XCTAssertEqual(world.now(), later)
        XCTAssertThrowsError(try world.laterUntil(at: Timestamp(milliseconds: 0))) {
            guard case WorldError.inThePast? = $0 as? WorldError else { return XCTFail("\($0)") }
        }
    }
}

private struct Unexpected: Error {
    let step: Step
}
