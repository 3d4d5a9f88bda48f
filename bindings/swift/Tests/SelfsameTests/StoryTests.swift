import Foundation
import SelfsameTesting
import XCTest

final class StoryTests: XCTestCase {
    func testEveryStoryIsPlayedAsRustPlaysIt() throws {
        let folder = repository.appendingPathComponent("tests/stories")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let stories = files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
        XCTAssertGreaterThan(stories.count, 40)
        var played = 0
        for file in stories {
            let story = try String(contentsOf: file, encoding: .utf8)
            do {
                let (ours, theirs) = (try StoryPlayer(story).transcript(), try transcript(story: story))
                if ours == theirs {
                    played += 1
                } else {
                    let same = max(40, zip(ours, theirs).prefix { $0 == $1 }.count)
                    let (ours, theirs) = (ours.dropFirst(same - 40).prefix(80), theirs.dropFirst(same - 40).prefix(80))
                    XCTFail("\(file.lastPathComponent): \(ours) should be \(theirs)")
                }
            } catch {
                XCTFail("\(file.lastPathComponent): \(error)")
            }
        }
        XCTAssertThrowsError(try StoryPlayer(#"{"policy": {"max_shoes": 2}}"#)) {
            XCTAssertEqual("\($0)", "no setting of policy is called max_shoes")
        }
        print("\(played) of \(stories.count) stories byte for byte")
    }
}

let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../..").standardizedFileURL
