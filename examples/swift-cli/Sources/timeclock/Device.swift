import Foundation
import Selfsame

/// What the team's device keeps in one folder: the store, its key, who is signed in, and the shifts. On a phone the key
/// and the tokens belong in the keychain.
struct Device {
    let folder: URL
    let engine: Engine

    /// Opens the device; the first time it is made.
    static func open() async throws -> Device {
        let chosen = ProcessInfo.processInfo.environment["TIMECLOCK_HOME"]
        let folder = chosen.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".timeclock")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let (store, keyFile) = (folder.appendingPathComponent("accounts.selfsame"), folder.appendingPathComponent("key"))
        // There is no network where the team works: an address is proven when there is one.
        let policy = Policy(realm: "Time clock", emailProof: .later)
        // A store that is there never gets another key.
        if !FileManager.default.fileExists(atPath: store.path) { try keep(HostKey.generate().reveal(), in: keyFile) }
        guard let key = try? HostKey(Data(contentsOf: keyFile)) else {
            throw Trouble("The key \(keyFile.path) is missing; put it back, without it nobody can be signed in.")
        }
        return Device(folder: folder, engine: try await .openOrCreate(path: store, unlock: .hostKey(key), policy: policy))
    }

    /// The sessions of who is signed in on this device, by account.
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
            end("\(name) in \(folder.path) cannot be read; put a good copy back or move it away.")
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

    /// Nobody else on the machine may read it.
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

/// Something that the person can mend, in words that say how.
struct Trouble: Error {
    let words: String
    init(_ words: String) { self.words = words }
}

func end(_ words: String) -> Never {
    FileHandle.standardError.write(Data("timeclock: \(words)\n".utf8))
    exit(1)
}
