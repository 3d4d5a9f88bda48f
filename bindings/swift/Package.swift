// swift-tools-version: 6.0
import PackageDescription

// A process has one native library. If SELFSAME_TESTING=1 is in the environment, it is the library for tests, which
// contains all of the other one and `World`.
let isTesting = Context.environment["SELFSAME_TESTING"] == "1"
let folder = "\(Context.packageDirectory)/native/lib"
let shared = Target.target(
    name: "SelfsameFFI",
    linkerSettings: [
        .linkedLibrary(isTesting ? "selfsame_testing" : "selfsame_ffi"),
        .unsafeFlags(["-L\(folder)", "-Xlinker", "-rpath", "-Xlinker", folder]),
    ]
)

// Apps for Apple's platforms contain the library: `bash xcframework` makes it.
#if os(macOS)
let native = isTesting ? shared : Target.binaryTarget(name: "SelfsameFFI", path: "native/Selfsame.xcframework")
#else
let native = shared
#endif

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
        .executableTarget(name: "SelfsameSpeaker", dependencies: ["Selfsame"], path: "Speaker"),
        .testTarget(name: "SelfsameTests", dependencies: ["Selfsame", "SelfsameTesting"]),
    ]
)
