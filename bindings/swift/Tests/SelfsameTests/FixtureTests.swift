import Foundation
import Selfsame
import SelfsameTesting
import XCTest

/// Opens a copy of the frozen file, signs in and changes it. `check` lets Rust read it back.
final class FixtureTests: XCTestCase {
    func testTheFrozenFileIsOpenedAndChanged() throws {
        let fixtures = repository.appendingPathComponent("tests/fixtures")
        let told = try JSON.read(String(contentsOf: fixtures.appendingPathComponent("accounts-1.json"), encoding: .utf8))
        let folder = repository.appendingPathComponent("bindings/swift/native/fixture")
        if FileManager.default.fileExists(atPath: folder.path) { try FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let copy = folder.appendingPathComponent("accounts-1.selfsame")
        try FileManager.default.copyItem(at: fixtures.appendingPathComponent("accounts-1.selfsame"), to: copy)

        let hex = Array(try XCTUnwrap(told["host_key"]?.asText))
        let key = stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(String(hex[$0...$0 + 1]), radix: 16) }
        let engine = try Engine.open(path: copy, unlock: .hostKey(HostKey(Data(key))))
        let today = try World(starts: Date())
        let people = told["accounts"]?.asList ?? []
        XCTAssertEqual(people.count, 2)
        for person in people {
            let (email, name) = (try XCTUnwrap(person["email"]?.asText), try XCTUnwrap(person["display_name"]?.asText))
            let password = Secret(try XCTUnwrap(person["password"]?.asText))
            var flow = try engine.signIn(email: email, password: password, client: laptop)
            if let secret = person["totp_secret"]?.asText {
                flow = try engine.answer(flow: flow, answer: .totp(today.totp(secret: Secret(secret))))
            }
            let account = try engine.account(token: flow.signedIn().token)
            XCTAssertEqual(try account.view().displayName, name)
            try account.setDisplayName(name: "\(name) from Swift")
            XCTAssertTrue(try account.verifyAudit())
        }
        try engine.suspend()
    }
}
