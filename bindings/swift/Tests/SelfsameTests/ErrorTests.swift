import Foundation
import Selfsame
import SelfsameTesting
import XCTest

/// An error of the host's own code, with a text that must not leave the host.
private struct Leaky: Error, CustomStringConvertible {
    let description = "the vault's PIN is 4711"
}

private final class ThrowingKeystore: Keystore {
    private let problem: any Error

    init(_ problem: any Error) { self.problem = problem }

    func load() throws -> HostKey { throw problem }
}

private final class ThrowingAnchor: Anchor {
    func load() throws -> Data? { throw Leaky() }

    func store(value: Data) throws { throw Leaky() }
}

final class ErrorTests: XCTestCase {
    func testAnErrorSaysWhatToDo() throws {
        let world = try World()
        let engine = world.engine()
        let wrong = try failure { try engine.signIn(email: "ada@example.org", password: password, client: laptop) }
        XCTAssertEqual(wrong, .invalidCredentials)
        XCTAssertEqual(wrong.code, "InvalidCredentials")
        XCTAssertFalse(wrong.explanation.isEmpty)
        XCTAssertEqual(wrong.errorDescription, wrong.explanation)
        XCTAssertEqual((wrong as any Error).localizedDescription, wrong.explanation)
        XCTAssertTrue(wrong.isRefusal && !SelfsameError.wrongKey.isRefusal)
        XCTAssertEqual(KeystoreProblem.lost.localizedDescription, KeystoreProblem.lost.explanation)
        XCTAssertEqual(AnchorFailed.noAnswer.localizedDescription, AnchorFailed.noAnswer.explanation)
        XCTAssertThrowsError(try transcript(story: "no story")) {
            XCTAssertFalse($0.localizedDescription.contains("SelfsameTesting"), $0.localizedDescription)
        }
    }

    func testAnErrorHasItsData() throws {
        let world = try World()
        let (token, account) = try world.signedUp()
        var last: SelfsameError?
        for _ in 0..<200 where last?.code != "Throttled" {
            let wrong = Secret("no, not this one")
            last = try failure { try world.engine().signIn(email: "ada@example.org", password: wrong, client: laptop) }
        }
        guard case .throttled(let retryAt) = last else { return XCTFail("\(String(describing: last))") }
        XCTAssertGreaterThan(try XCTUnwrap(retryAt), world.now())

        world.later(span: .seconds(3600))
        let stale = try failure { try world.engine().account(token: token).export() }
        XCTAssertEqual(stale, .reauthenticationRequired(accepted: [.password]))
        let short = try failure { try account.addPassword(email: "b@example.org", password: Secret("short")) }
        XCTAssertEqual(short.code, "ReauthenticationRequired")
        let rule = try failure { try world.engine().signUp(email: "b@example.org", password: Secret("short"), client: laptop) }
        XCTAssertEqual(rule, .invalidPassword(rule: .tooShort))
        let header = Client(device: "x\r\nBcc: all@evil.example")
        let label = try failure { try world.engine().signUp(email: "b@example.org", password: password, client: header) }
        XCTAssertEqual(label, .invalidText(field: .device, reason: .character))
        let operatorless = try failure { try world.engine().support(operator: "") }
        XCTAssertEqual(operatorless, .invalidText(field: .operator, reason: .empty))
        let file = try scratch().appendingPathComponent("store")
        let empty = Unlock.passphrase(Secret(""))
        XCTAssertEqual(try failure { try Engine.create(path: file, unlock: empty) }, .invalidPassphrase)
    }

    func testWhatIsNoIdOrTokenIsToldSo() throws {
        let engine = try Engine.inMemory()
        XCTAssertEqual(try failure { try engine.removeFromPicker(account: "ada") }, .invalidId)
        XCTAssertEqual(try failure { try engine.resolve(token: SessionToken("ada")) }, .invalidToken)
        XCTAssertEqual(try failure { try engine.beginFederated(provider: "A B", client: laptop) }, .invalidShortName)
        var policy = Policy()
        policy.maxMethods = 0
        XCTAssertEqual(try failure { try Engine.inMemory(policy: policy) }, .invalidPolicy(setting: "max_methods"))
        let file = try scratch().appendingPathComponent("store")
        let key = Unlock.hostKey(HostKey(Data([1, 2, 3])))
        XCTAssertEqual(try failure { try Engine.create(path: file, unlock: key) }, .invalidHostKey)
    }

    func testWhatAHostThrowsCarriesNoTextAcross() throws {
        let file = try scratch().appendingPathComponent("store")
        let keystore = Unlock.keystore(ThrowingKeystore(Leaky()))
        let locked = try failure { try Engine.create(path: file, unlock: keystore) }
        XCTAssertEqual(locked, .keyLocked)
        let key = Unlock.hostKey(try HostKey.generate())
        let anchor = try failure { try Engine.create(path: file, unlock: key, anchor: ThrowingAnchor()) }
        XCTAssertEqual(anchor, .anchor)
        for error in [locked, anchor] {
            for shown in ["\(error)", error.localizedDescription, String(reflecting: error), error.explanation] {
                XCTAssertFalse(shown.contains("4711"), shown)
            }
        }
        XCTAssertFalse(FileManager.default.fileExists(atPath: file.path))
    }

    func testWhatAKeystoreSaysIsTheError() throws {
        let file = try scratch().appendingPathComponent("store")
        for (problem, error) in [
            (KeystoreProblem.locked, SelfsameError.keyLocked), (.lost, .keyLost), (.changed, .keyChanged),
        ] {
            let keystore = Unlock.keystore(ThrowingKeystore(problem))
            XCTAssertEqual(try failure { try Engine.create(path: file, unlock: keystore) }, error)
        }
    }
}
