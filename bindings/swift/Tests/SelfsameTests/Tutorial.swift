import Foundation
import Selfsame

struct Program {
    let folder: URL
    /// Asks a question and returns the answer.
    let ask: @Sendable (String) throws -> String
    /// Shows a line.
    let show: @Sendable (String) -> Void

    func run() async throws {
        let unlock = Unlock.passphrase(Secret(try ask("Passphrase of the store")))
        let file = folder.appendingPathComponent("accounts.selfsame")
        let engine = try await Engine.openOrCreate(path: file, unlock: unlock, policy: Policy(realm: "Field Notes"))

        let session = try await finish(engine, begin(engine))
        let account = try await engine.account(token: session.token)
        try await showPage(account)
        if try await account.view().mfa == nil, try ask("Turn on a second factor? (yes/no)") == "yes" {
            try await turnOnSecondFactor(account)
        }
        try await engine.suspend()
    }
}

extension Program {
    /// Begins a sign-up or a sign-in, and asks again if the engine refuses it.
    func begin(_ engine: Engine) async throws -> Flow {
        let client = Client(device: "my first program")
        while true {
            let email = try ask("Email")
            let password = Secret(try ask("Password, at least 15 characters"))
            do {
                if try ask("Sign up or sign in? (up/in)") == "up" {
                    return try await engine.signUp(email: email, password: password, client: client)
                }
                return try await engine.signIn(email: email, password: password, client: client)
            } catch let error as SelfsameError where error.isRefusal {
                show(error.localizedDescription)
            }
        }
    }
}

extension Program {
    /// Delivers the messages that wait in the outbox.
    func deliver(_ engine: Engine) async throws {
        for message in try await engine.messages(most: 32) {
            show("--- message to \(message.to): \(message.kind.name)")
            if let code = message.kind.mailedCode { show("--- the code is \(code.reveal())") }
            try await engine.delivered(message: message.id)
        }
    }
}

struct NoScreen: Error {
    let step: Step
}

extension Program {
    /// Asks for answers until the person is signed in.
    func finish(_ engine: Engine, _ begun: Flow) async throws -> SignedIn {
        var flow = begun
        while true {
            try await deliver(engine)
            let answer: Answer
            switch flow.step {
            case .signedIn(let session): return session
            case .verifyEmail(let to, _, _): answer = .code(Secret(try ask("Code sent to \(to)")))
            case .secondFactor: answer = .totp(Secret(try ask("Code from your authenticator app")))
            default: throw NoScreen(step: flow.step)
            }
            do {
                flow = try await engine.answer(flow: flow, answer: answer)
            } catch SelfsameError.invalidCode {
                show("This code is wrong or has expired.")
            } catch SelfsameError.throttled(let retryAt) {
                show("Wait until \(retryAt?.formatted() ?? "you have reset the password").")
            }
        }
    }
}

extension Program {
    /// Shows the account page.
    func showPage(_ account: AccountHandle) async throws {
        let view = try await account.view()
        show("account \(view.id)")
        show("  email: \(view.contact ?? "none")")
        for method in view.methods { show("  sign-in method: \(method.kind)") }
        for session in try await account.sessions() { show("  session on: \(session.client.device)") }
        show("  second factor: \(view.mfa == nil ? "off" : "on")")
    }
}

extension Program {
    /// Turns on a second factor.
    func turnOnSecondFactor(_ account: AccountHandle) async throws {
        let enrolment = try await account.enrollTotp()
        show(enrolment.qr.terminal().reveal())
        show("Scan this, or type: \(enrolment.secret.reveal())")
        let recovery = try await account.confirmTotp(code: Secret(try ask("Code from your authenticator app")))
        for code in recovery.codes { show("recovery code: \(code.reveal())") }
        if try ask("Have you saved the recovery codes? (yes/no)") == "yes" {
            try await account.recoveryCodesSaved()
            show("The second factor is on.")
        }
    }
}

struct InputEnded: Error {}

struct Terminal {
    static func main() async throws {
        let program = Program(
            folder: URL(fileURLWithPath: "."),
            ask: { question in
                print(question, terminator: ": ")
                guard let line = readLine() else { throw InputEnded() }
                return line
            },
            show: { print($0) }
        )
        try await program.run()
    }
}
