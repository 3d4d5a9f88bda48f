import Foundation
import Selfsame

// A program for tests/benches/speakers.rs that uses Selfsame from Swift: `bash bindings/swift/bench`.

// Creates an account at once, without a mailed code.
let engine = try Engine.inMemory(policy: Policy(emailProof: .later))
let (password, laptop) = (Secret("correct horse battery staple"), Client(device: "laptop"))
let flow = try engine.signUp(email: "ada@example.org", password: password, client: laptop)
guard case .signedIn(let signedIn) = flow.step else { fatalError("not signed in") }
let account = try engine.account(token: signedIn.token)
// So many sign-ins exceed the limit of sessions, which ends the oldest one.
_ = try engine.signUp(email: "grace@example.org", password: password, client: laptop)

let parts: KeyValuePairs<String, () throws -> Void> = [
    "build_id": { _ = buildId() },
    "refused": {
        do {
            try account.endSession(session: "no id")
            fatalError("the engine did not refuse")
        } catch SelfsameError.invalidId {}
    },
    "resolve": { _ = try engine.resolve(token: signedIn.token) },
    "view": { _ = try account.view() },
    "rename": { try account.setDisplayName(name: "Ada") },
    "sign_in": { _ = try engine.signIn(email: "grace@example.org", password: password, client: laptop) },
]

func timed(_ call: () throws -> Void) rethrows -> Int64 {
    let span = try ContinuousClock().measure(call)
    return span.components.seconds * 1_000_000_000 + span.components.attoseconds / 1_000_000_000
}

func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

for (part, _) in parts { say("part \(part)") }
say("ready Swift, selfsame \(buildId())")
while let line = readLine() {
    let words = line.split(separator: " ")
    guard words.count == 2, let call = parts.first(where: { $0.key == words[0] })?.value, let count = Int(words[1])
    else { fatalError("unexpected request: \(line)") }
    let times = try (0..<count).map { _ in try timed(call) }
    say(times.map(String.init).joined(separator: " "))
}
