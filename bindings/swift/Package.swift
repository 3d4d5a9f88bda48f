// swift-tools-version: 6.0
import Foundation
import PackageDescription

// A process has one native library. With SELFSAME_TESTING=1 in the environment it is the one for tests, which has all
// of the other in it and `World` besides.
let library = Context.environment["SELFSAME_TESTING"] == "1" ? "selfsame_testing" : "selfsame_ffi"
let folder = "\(Context.packageDirectory)/native/lib"
let framework = "native/Selfsame.xcframework"
let native: Target =
    if FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(framework)") {
        .binaryTarget(name: "SelfsameFFI", path: framework)
    } else {
        .target(
            name: "SelfsameFFI",
            linkerSettings: [
                .linkedLibrary(library),
                .unsafeFlags(["-L\(folder)", "-Xlinker", "-rpath", "-Xlinker", folder]),
            ])
    }

let package = Package(
    name: "selfsame",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [
        .library(name: "Selfsame", targets: ["Selfsame"]),
        .library(name: "SelfsameTesting", targets: ["SelfsameTesting"]),
    ],
    targets: [
        native,
        .target(name: "Selfsame", dependencies: ["SelfsameFFI"]),
        .target(name: "SelfsameTestingFFI"),
        .target(name: "SelfsameTesting", dependencies: ["Selfsame", "SelfsameTestingFFI"]),
        .executableTarget(name: "SelfsameBenchmark", dependencies: ["Selfsame"], path: "Benchmark"),
        .testTarget(name: "SelfsameTests", dependencies: ["Selfsame", "SelfsameTesting"]),
    ]
)
