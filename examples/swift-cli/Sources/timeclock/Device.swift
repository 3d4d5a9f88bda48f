import Foundation
import Selfsame

/// The folder of the team's device: the store, its key, the session tokens, and the shifts. On a phone, the key and the
/// tokens belong in the keychain.
struct Device {
    let folder: URL
    let engine: Engine

    /// Opens the device. Creates its files the first time.
    static func open() async throws -> Device {
        let chosen = ProcessInfo.processInfo.environment["TIMECLOCK_HOME"]
        let folder = chosen.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".timeclock")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let (store, keyFile) = (folder.appendingPathComponent("accounts.selfsame"), folder.appendingPathComponent("key"))
        // The team works without a network, so members prove their addresses later.
        let policy = Policy(realm: "Time clock", emailProof: .later)
        // An existing store never gets another key.
        if !FileManager.default.fileExists(atPath: store.path) { try keep(HostKey.generate().reveal(), in: keyFile) }
        guard let key = try? HostKey(Data(contentsOf: keyFile)) else {
            throw Trouble("The key \(keyFile.path) is missing. Put it back; without it nobody can sign in.")
        }
        return Device(folder: folder, engine: try await .openOrCreate(path: store, unlock: .hostKey(key), policy: policy))
    }

    /// The session tokens of the people who are signed in on this device, by account.
    var tokens: [AccountId: String] {
        get { read("sessions.json") ?? [:] }
        nonmutating set { write(newValue, "sessions.json") }
    }

    /// Oldest first.
    var shifts: [Shift] {
        get { read("shifts.json") ?? [] }
        nonmutating set { write(newValue, "shifts.json") }
    }

    private func read<T: Decodable>(_ name: String) -> T? {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent(name)) else { return nil }
        guard let value = try? JSONDecoder().decode(T.self, from: data) else {
            end("\(name) in \(folder.path) cannot be read. Put a good copy back, or move the file away.")
        }
        return value
    }

    private func write(_ value: some Encodable, _ name: String) {
        do {
            try Self.keep(JSONEncoder().encode(value), in: folder.appendingPathComponent(name))
        } catch {
            end("\(name) in \(folder.path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// Writes a file that nobody else on the machine may read.
    private static func keep(_ data: Data, in file: URL) throws {
        try data.write(to: file, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    }
}

/// From clocking in to clocking out.
struct Shift: Codable {
    let account: AccountId
    let start: Date
    var end: Date?

    var worked: TimeInterval { (end ?? Date()).timeIntervalSince(start) }
}

/// A problem that the person can solve, with a text that says how.
struct Trouble: Error {
    let words: String
    init(_ words: String) { self.words = words }
}

func end(_ words: String) -> Never {
    FileHandle.standardError.write(Data("timeclock: \(words)\n".utf8))
    exit(1)
}
