import Foundation
import Selfsame
import SelfsameTesting
import XCTest

// The examples of README.md. The lines between the marks are the same there.
final class ReadmeTests: XCTestCase {
    func testTheFirstExample() async throws {
        let folder = try scratch()
        // begin: first
        // For a trial only: the key is in a file beside the store. An app keeps it in the keychain.
        let keyFile = folder.appendingPathComponent("accounts.key")
        if !FileManager.default.fileExists(atPath: keyFile.path) { try HostKey.generate().reveal().write(to: keyFile) }
        let key = HostKey(try Data(contentsOf: keyFile))
        let file = folder.appendingPathComponent("accounts.selfsame")
        let engine = try await Engine.create(path: file, unlock: .hostKey(key))

        // Sign up: the engine makes a code, and the app delivers it to the address.
        let laptop = Client(device: "Ada's laptop")
        let password = Secret("correct horse battery staple")
        let signUp = try await engine.signUp(email: "ada@example.org", password: password, client: laptop)
        guard case .verifyEmail = signUp.step, let message = try await engine.messages(most: 1).first,
            case .verifyEmail(let code) = message.kind
        else { fatalError("another step: \(signUp.step)") }
        try await engine.delivered(message: message.id)

        // The person types the code.
        let created = try await engine.answer(flow: signUp, answer: .code(code))
        print("created:", created.step)

        // Another day: sign in. The app shows each step until there is a session.
        let signIn = try await engine.signIn(email: "ada@example.org", password: password, client: laptop)
        let session: SignedIn
        switch signIn.step {
        case .signedIn(let opened): session = opened
        case .secondFactor: fatalError("ask for the code of the authenticator app")
        default: fatalError("another step: \(signIn.step)")
        }

        // The account page: three calls in one act.
        let account = try await engine.account(token: session.token)
        let page = try await account.act { account in
            try account.setDisplayName(name: "Ada")
            return (view: try account.view(), sessions: try account.sessions())
        }
        for session in page.sessions { print(session.client.device, "since", session.createdAt.formatted()) }

        // A refusal says what to do.
        do {
            _ = try await engine.signIn(email: "ada@example.org", password: Secret("not hers"), client: laptop)
        } catch SelfsameError.throttled(let retryAt) {
            print("wait until", retryAt?.formatted() ?? "the lock is opened")
        } catch let error as SelfsameError {
            print(error.code, error.localizedDescription)
        }
        // end: first
        XCTAssertEqual(page.view.contact, "ada@example.org")
        XCTAssertEqual(page.view.displayName, "Ada")
        XCTAssertEqual(page.sessions.count, 2)
    }

    func testASessionOutlivesARestart() async throws {
        // begin: session
        /// Opens the account with the token that was kept. Returns `nil` if the person must sign in.
        func reopen(_ engine: Engine, kept: String) async throws -> AccountHandle? {
            let token = SessionToken(kept)
            do {
                try await engine.touch(token: token)
                return try await engine.account(token: token)
            } catch SelfsameError.invalidToken, SelfsameError.sessionEnded, SelfsameError.reauthenticationRequired {
                return nil
            }
        }
        // end: session
        let world = try World()
        let engine = world.engine()
        let begun = try await engine.signUp(
            email: "ada@example.org", password: Secret("correct horse battery staple"), client: Client(device: "laptop"))
        let code = try XCTUnwrap(world.mailedCode(to: "ada@example.org"))
        let kept = try await engine.answer(flow: begun, answer: .code(code)).signedIn().token.reveal()
        let reopened = try await reopen(engine, kept: kept)
        XCTAssertNotNil(reopened)
        let unknown = try await reopen(engine, kept: "no token")
        XCTAssertNil(unknown)
        world.later(span: .seconds(400 * 24 * 60 * 60))
        let ended = try await reopen(engine, kept: kept)
        XCTAssertNil(ended)
    }

    func testAnExampleOfATest() throws {
        let (password, laptop) = (Secret("correct horse battery staple"), Client(device: "laptop"))
        // begin: world
        let world = try World()
        let engine = world.engine()
        let begun = try engine.signUp(email: "ada@example.org", password: password, client: laptop)
        let code = try XCTUnwrap(world.mailedCode(to: "ada@example.org"))
        world.later(span: .seconds(25 * 60 * 60))
        XCTAssertThrowsError(try engine.answer(flow: begun, answer: .code(code))) {
            XCTAssertEqual($0 as? SelfsameError, .flowExpired)
        }
        // end: world
    }

    func testTheReadmeHasThem() throws {
        let readme = try String(contentsOf: repository.appendingPathComponent("bindings/swift/README.md"), encoding: .utf8)
        let here = try String(contentsOfFile: #filePath, encoding: .utf8)
        let examples = here.components(separatedBy: "// begin: ").dropFirst().dropLast()
        XCTAssertEqual(examples.count, 3)
        for example in examples {
            let lines = example.components(separatedBy: "// end: ")[0].split(separator: "\n", omittingEmptySubsequences: false)
            let source = lines.dropFirst().dropLast().map { $0.dropFirst(8) }.joined(separator: "\n")
            XCTAssertTrue(readme.contains("```swift\n\(source)\n```"), source)
        }
    }
}
