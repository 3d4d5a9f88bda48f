// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "timeclock",
    platforms: [.macOS(.v13)],
    dependencies: [.package(path: "../../bindings/swift")],
    targets: [
        .executableTarget(name: "timeclock", dependencies: [.product(name: "Selfsame", package: "swift")])
    ]
)
