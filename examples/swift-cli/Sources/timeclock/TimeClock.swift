import Foundation
import Selfsame

let help = """
    A time clock for a team that shares a device and has no network.

    timeclock people                 list the people on this device, and their hours
    timeclock join NAME EMAIL        add yourself, and sign in
    timeclock sign-in NAME           sign in with your password
    timeclock sign-out NAME          sign out
    timeclock in NAME                begin a shift
    timeclock out NAME               end the shift
    timeclock sessions NAME          list where you are signed in
    timeclock outbox                 show the messages to send, when there is a network again
    timeclock confirm NAME CODE      type the code that was mailed to you
    timeclock send-code NAME         send another code
    timeclock leave NAME             remove yourself from this device

    The program asks for passwords, or reads them from standard input. Set TIMECLOCK_HOME to use another folder than
    ~/.timeclock.
    """

@main
struct TimeClock {
    let device: Device

    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        guard let command = words.first, command != "help", command != "--help" else { return print(help) }
        do {
            let clock = TimeClock(device: try await .open())
            try await clock.run(command, Array(words.dropFirst()))
            try await clock.device.engine.suspend()
        } catch let trouble as Trouble {
            end(trouble.words)
        } catch let error as SelfsameError {
            end(advice(for: error))
        } catch {
            end(error.localizedDescription)
        }
    }

    private func run(_ command: String, _ words: [String]) async throws {
        switch (command, words.count) {
        case ("people", 0): try await people()
        case ("join", 2): try await join(words[0], email: words[1])
        case ("sign-in", 1): try await signIn(words[0])
        case ("sign-out", 1): try await signOut(words[0])
        case ("in", 1): try await clockIn(words[0])
        case ("out", 1): try await clockOut(words[0])
        case ("sessions", 1): try await sessions(words[0])
        case ("outbox", 0): try await outbox()
        case ("confirm", 2): try await confirm(words[0], code: words[1])
        case ("send-code", 1): try await sendCode(words[0])
        case ("leave", 1): try await leave(words[0])
        default: throw Trouble("Unknown command: \(([command] + words).joined(separator: " ")). Try: timeclock help")
        }
    }

    private func people() async throws {
        let people = try await device.engine.picker()
        if people.isEmpty { print("Nobody yet. Add yourself: timeclock join NAME EMAIL") }
        for person in people {
            let doing = openShift(of: person).map { "at work since \(clock(device.shifts[$0].start))" } ?? "off"
            let worked = device.shifts.filter { $0.account == person.account }.map(\.worked).reduce(0, +)
            let seen = device.tokens[person.account] == nil ? "signed out" : "signed in"
            print("\(name(person)): \(doing), \(length(worked)) in all, \(seen)")
        }
    }

    private func join(_ name: String, email: String) async throws {
        let taken = try await device.engine.picker().contains { self.name($0) == name }
        guard !taken else { throw Trouble("The name \(name) is taken on this device. Use another name, or: timeclock sign-in \(name)") }
        let password = try askPassword()
        let token = try keep(try await device.engine.signUp(email: email, password: password, client: client))
        try await device.engine.account(token: token).setDisplayName(name: name)
        print("Welcome, \(name). You are signed in.")
        print("When there is a network, the program sends a code to \(email) (timeclock outbox). Confirm it then.")
    }

    private func signIn(_ name: String) async throws {
        let (person, password) = (try await self.person(name), try askPassword())
        _ = try keep(try await device.engine.signInTo(account: person.account, password: password, client: client))
        print("Hello, \(name).")
    }

    private func signOut(_ name: String) async throws {
        let (person, token) = try await signedIn(name)
        try await device.engine.account(token: token).signOut()
        device.tokens[person.account] = nil
        print("Goodbye, \(name).")
    }

    private func clockIn(_ name: String) async throws {
        let (person, _) = try await signedIn(name)
        guard openShift(of: person) == nil else { throw Trouble("\(name) is already at work. To end the shift: timeclock out \(name)") }
        let shift = Shift(account: person.account, start: Date())
        device.shifts.append(shift)
        print("\(name) has been at work since \(clock(shift.start)).")
    }

    private func clockOut(_ name: String) async throws {
        let (person, _) = try await signedIn(name)
        guard let open = openShift(of: person) else {
            throw Trouble("\(name) is not at work. To begin a shift: timeclock in \(name)")
        }
        device.shifts[open].end = Date()
        print("\(name) has worked \(length(device.shifts[open].worked)).")
    }

    private func sessions(_ name: String) async throws {
        let (_, token) = try await signedIn(name)
        let sessions = try await device.engine.account(token: token).sessions()
        for session in sessions { print("\(session.client.device), since \(session.createdAt.formatted())") }
    }

    private func outbox() async throws {
        let messages = try await device.engine.act { engine in
            let messages = try engine.messages(most: 32)
            for message in messages { try engine.delivered(message: message.id) }
            return messages
        }
        if messages.isEmpty { print("No messages are waiting.") }
        for message in messages {
            let code = message.kind.mailedCode.map { ": your code is \($0.reveal())" } ?? ""
            print("To \(message.to): \(message.kind.name)\(code)")
        }
    }

    private func confirm(_ name: String, code: String) async throws {
        let (_, token) = try await signedIn(name)
        _ = try await device.engine.account(token: token).proveAddress(code: Secret(code))
        print("Thank you, \(name). Your address is confirmed.")
    }

    private func sendCode(_ name: String) async throws {
        let (_, token) = try await signedIn(name)
        let sent = try await device.engine.act { engine in
            let account = try engine.account(token: token)
            let unproven = try account.view().addresses.first { $0.verifiedAt == nil }
            return try unproven.map { try account.verifyAddress(email: $0.email) } != nil
        }
        print(sent ? "Another code will be in the outbox, at the earliest a minute after the last one." : "\(name) has no address to confirm.")
    }

    private func leave(_ name: String) async throws {
        let (person, _) = try await signedIn(name)
        try await device.engine.removeFromPicker(account: person.account)
        device.tokens[person.account] = nil
        print("\(name) is no longer on this device.")
    }
}

// People and their sessions.
extension TimeClock {
    private var client: Client { Client(device: ProcessInfo.processInfo.hostName) }

    private func openShift(of person: PickerEntry) -> Int? {
        device.shifts.lastIndex { $0.account == person.account && $0.end == nil }
    }

    private func name(_ person: PickerEntry) -> String { person.displayName ?? person.email ?? "somebody" }

    private func person(_ name: String) async throws -> PickerEntry {
        let people = try await device.engine.picker()
        guard let person = people.first(where: { self.name($0).lowercased() == name.lowercased() }) else {
            throw Trouble("Nobody on this device has the name \(name). To see who is here: timeclock people")
        }
        return person
    }

    /// Returns the person and the session token. Fails if the person is signed out.
    private func signedIn(_ name: String) async throws -> (PickerEntry, SessionToken) {
        let person = try await person(name)
        guard let token = device.tokens[person.account].map(SessionToken.init) else {
            throw Trouble("Sign in first: timeclock sign-in \(name)")
        }
        try await device.engine.touch(token: token)
        return (person, token)
    }

    private func keep(_ flow: Flow) throws -> SessionToken {
        guard case .signedIn(let signedIn) = flow.step else {
            throw Trouble("This account needs more than a password, which the time clock does not support.")
        }
        device.tokens[signedIn.account] = signedIn.token.reveal()
        return signedIn.token
    }

    private func askPassword() throws -> Secret {
        let typed = isatty(STDIN_FILENO) == 1 ? String(cString: getpass("Password: ")) : readLine()
        guard let typed, !typed.isEmpty else { throw Trouble("Type a password.") }
        return Secret(typed)
    }

    private static func advice(for error: SelfsameError) -> String {
        switch error {
        case .invalidCredentials: "The password is wrong. Try again."
        case .invalidPassword(let rule): "This password breaks a rule (\(rule)). Use 15 characters or more that nobody can guess."
        case .invalidEmail: "This is not an email address. Example: ada@example.org"
        case .throttled(let retryAt): "Too many tries. Wait until \(retryAt.map(clock) ?? "you have another way in")."
        case .sessionEnded: "Your session has ended. Sign in again: timeclock sign-in NAME"
        case .invalidCode: "The code is wrong or has expired. Get another one: timeclock send-code NAME"
        case .reauthenticationRequired: "Sign in again first: timeclock sign-in NAME"
        case .alreadyOpen: "Another timeclock is running on this device. Try again."
        default: error.localizedDescription
        }
    }
}

private func clock(_ date: Date) -> String { date.formatted(date: .omitted, time: .shortened) }

private func length(_ span: TimeInterval) -> String {
    String(format: "%d h %02d min", Int(span) / 3600, Int(span) / 60 % 60)
}
