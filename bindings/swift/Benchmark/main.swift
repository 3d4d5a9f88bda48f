import Foundation
import Selfsame

// What a call costs: `bash bindings/swift/benchmark`.

func median(_ name: String, _ call: () throws -> Void) rethrows {
    let batch = 200
    let clock = ContinuousClock()
    let spans = try (0..<101).map { _ in try clock.measure { for _ in 0..<batch { try call() } } }
    let median = spans.sorted()[spans.count / 2] / batch
    print(name.padding(toLength: 24, withPad: " ", startingAt: 0), median.components.attoseconds / 1_000_000_000, "ns")
}

// An account at once, without a mailed code.
let engine = try Engine.inMemory(policy: Policy(emailProof: .later))
let password = Secret("correct horse battery staple")
let progress = try engine.signUp(email: "ada@example.org", password: password, client: Client(device: "laptop"))
guard case .signedIn(let signedIn) = progress.step, let token = signedIn.token else { fatalError("not signed in") }
let account = try engine.account(token: token)

median("buildId()") { _ = buildId() }
try median("resolve(token:)") { _ = try engine.resolve(token: token) }
try median("account(token:)") { _ = try engine.account(token: token) }
try median("view()") { _ = try account.view() }
median("a refused id") { _ = try? engine.forgetHere(account: "nobody") }
