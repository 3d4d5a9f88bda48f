import Foundation
import Selfsame
import SelfsameTesting
import XCTest

private let ada = "ada@example.org"

/// The parts of a world besides its engine, clock and mailbox.
final class WorldGivesTests: XCTestCase {
    func testACodeIsFoundByItsKindAndTime() throws {
        let world = try World()
        _ = try world.signedUp()
        world.later(span: .seconds(60 * 60))
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
        let account = try world.signedUp().account
        let digits = try world.totp(secret: account.enrollTotp().secret)
        XCTAssertEqual(try account.confirmTotp(code: digits).codes.count, 10)
        XCTAssertThrowsError(try world.totp(secret: Secret("no base32!"))) {
            guard case WorldError.notBase32(let message)? = $0 as? WorldError else { return XCTFail("\($0)") }
            XCTAssertTrue(message.contains("not base32"), message)
            XCTAssertEqual($0.localizedDescription, message)
        }
    }

    func testAStoreOpensAgainWithAnotherPolicy() throws {
        let world = try World()
        _ = try world.signedUp()
        try world.reopen(policy: Policy(sessionIdle: .seconds(5 * 60)))
        try world.reopen()
        world.later(span: .seconds(6 * 60))
        let again = try world.engine().signIn(email: ada, password: password, client: laptop)
        XCTAssertEqual(try world.account(of: again).sessions().count, 1)
    }

    func testAWorldCanBeAFile() throws {
        let path = try scratch().appendingPathComponent("accounts.selfsame")
        let first = try World(path: path)
        _ = try first.signedUp()
        try first.engine().suspend()
        let world = try World(path: path)
        let again = try world.engine().signIn(email: ada, password: password, client: laptop)
        XCTAssertEqual(try world.account(of: again).view().contact, ada)
    }

    func testGoogleAndAppleSignIn() throws {
        let world = try World()
        let google = Identity(provider: "google", subject: "1815", email: "ada@gmail.com", emailVerified: true)
        let begun = try world.engine().beginFederated(provider: "google", client: laptop)
        let shown = try world.assertion(identity: google, flow: begun)
        let done = try world.engine().continueWith(flow: begun, assertion: shown, intent: .signUp)
        XCTAssertEqual(try world.account(of: done).view().contact, "ada@gmail.com")

        // The application fetches the keys itself.
        let apple = Identity(provider: "apple", subject: "1815", email: "ada@icloud.com", emailVerified: true)
        let other = try world.engine().beginFederated(provider: "apple", client: laptop)
        guard case .presentAssertion(_, _, let nonce, _) = other.step else { return XCTFail("\(other.step)") }
        let token = try world.idToken(identity: apple, nonce: nonce)
        try world.engine().setKeys(provider: "apple", jwks: world.jwks())
        let came = try world.engine().continueWith(flow: other, assertion: .idToken(token), intent: .signUp)
        XCTAssertEqual(try world.account(of: came).view().contact, "ada@icloud.com")
    }

    func testCommitsFailWhenTheTestSaysSo() throws {
        let world = try World()
        let account = try world.signedUp().account
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
        let deletion = try world.signedUp().account.requestDeletion()
        let receipts = try world.runHost(span: .seconds(31 * 24 * 60 * 60))
        XCTAssertEqual(receipts.map(\.purgeAt), [deletion.purgeAt])
        XCTAssertEqual(try world.mail().count, 4, "the code, the request and two reminders")
        let later = Date(milliseconds: world.now().milliseconds + 1)
        try world.laterUntil(at: later)
        XCTAssertEqual(world.now(), later)
        XCTAssertThrowsError(try world.laterUntil(at: Date(milliseconds: 0))) {
            guard case WorldError.inThePast? = $0 as? WorldError else { return XCTFail("\($0)") }
        }
    }
}

extension World {
    fileprivate func account(of done: Flow) throws -> AccountHandle {
        try engine().account(token: done.signedIn().token)
    }
}
