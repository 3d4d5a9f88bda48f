import Selfsame
import SelfsameTesting
import XCTest

final class FacadeTests: XCTestCase {
    func testX() async throws {
        let world = try World()
        XCTAssertEqual(world.now(), Timestamp(milliseconds: 1_767_225_600_000))
        let s = Selfsame(world.engine())
        let p = try await s.act { try $0.signUp(email: "ada@example.org", password: Secret("correct horse battery staple"), client: Client(device: "laptop")) }
        print(p)
        print(Timestamp(milliseconds: 1_767_225_600_000))
    }
}
