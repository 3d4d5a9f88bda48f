import Foundation
import Selfsame
import SelfsameTesting
import XCTest

let password = Secret("correct horse battery staple")
let laptop = Client(device: "laptop")

/// Returns the error that the act throws.
func failure<T>(of act: () throws -> T, file: StaticString = #filePath, line: UInt = #line) throws -> SelfsameError {
    var thrown: (any Error)?
    XCTAssertThrowsError(try act(), file: file, line: line) { thrown = $0 }
    return try XCTUnwrap(thrown as? SelfsameError, "\(String(describing: thrown))", file: file, line: line)
}

func failure<T>(
    of act: () async throws -> T, file: StaticString = #filePath, line: UInt = #line
) async throws -> SelfsameError {
    do {
        _ = try await act()
    } catch {
        return try XCTUnwrap(error as? SelfsameError, "\(error)", file: file, line: line)
    }
    XCTFail("nothing was thrown", file: file, line: line)
    throw CancellationError()
}

extension Flow {
    func signedIn(file: StaticString = #filePath, line: UInt = #line) throws -> SignedIn {
        guard case .signedIn(let signedIn) = step else {
            XCTFail("not signed in but \(step)", file: file, line: line)
            throw CancellationError()
        }
        return signedIn
    }
}

extension World {
    /// An account with a password, signed in.
    func signedUp(_ email: String = "ada@example.org") throws -> (token: SessionToken, account: AccountHandle) {
        let begun = try engine().signUp(email: email, password: password, client: laptop)
        let code = try XCTUnwrap(mailedCode(to: email))
        let token = try engine().answer(flow: begun, answer: .code(code)).signedIn().token
        return (token, try engine().account(token: token))
    }
}

extension XCTestCase {
    /// A folder that is removed after the test.
    func scratch() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("selfsame-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        addTeardownBlock { try FileManager.default.removeItem(at: folder) }
        return folder
    }
}
