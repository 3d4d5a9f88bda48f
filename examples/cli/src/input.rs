//! Input from a person or a pipe: passwords, codes, statements, ID tokens, key sets and confirmations.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

use selfsame::Secret;

use crate::prompt;
use crate::trouble::Trouble;

/// The most bytes of an input. Key sets are the largest.
const LONGEST: u64 = 64 * 1_024;

/// Reads a password, from standard input or from the terminal. The terminal asks for a new one twice.
pub(crate) fn password(from_stdin: bool, is_new: bool) -> Result<Secret, Trouble> {
    if from_stdin {
        let mut bytes = all_of(io::stdin().lock(), "standard input")?;
        // `echo` and text files end with a line break.
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        return given(bytes);
    }
    if !io::stdin().is_terminal() {
        return Err(no_terminal());
    }
    let password = given(prompt::hidden("Password: ")?)?;
    if is_new && prompt::hidden("Repeat the password: ")? != password.reveal() {
        return Err(Trouble::Unusable("the passwords are different; nothing was done".into()));
    }
    Ok(password)
}

/// Reads the current and the new password, from two lines of standard input or from the terminal.
pub(crate) fn two_passwords(from_stdin: bool) -> Result<(Secret, Secret), Trouble> {
    if !from_stdin {
        if !io::stdin().is_terminal() {
            return Err(no_terminal());
        }
        let now = given(prompt::hidden("Current password: ")?)?;
        let new = given(prompt::hidden("New password: ")?)?;
        if prompt::hidden("Repeat the password: ")? != new.reveal() {
            return Err(Trouble::Unusable("the passwords are different; nothing was done".into()));
        }
        return Ok((now, new));
    }
    let bytes = Secret::from(all_of(io::stdin().lock(), "standard input")?);
    let mut lines = bytes.reveal().split(|byte| *byte == b'\n');
    let mut line = || lines.next().map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec());
    let (now, new) = (line().unwrap_or_default(), line().unwrap_or_default());
    if line().is_some_and(|rest| !rest.is_empty()) || new.is_empty() {
        return Err(Trouble::Unusable(
            "give two lines, the current password and the new one; nothing was done".into(),
        ));
    }
    Ok((given(now)?, given(new)?))
}

/// Reads a code from a message, from the terminal or a pipe. The engine accepts any grouping of its digits.
pub(crate) fn code() -> Result<Secret, Trouble> {
    let typed = match io::stdin().is_terminal() {
        true => line("Code: ")?,
        false => text(all_of(io::stdin().lock(), "standard input")?)?,
    };
    Ok(typed.into())
}

/// Reads the code from the authenticator app.
pub(crate) fn totp() -> Result<Secret, Trouble> {
    secret("Code from the app: ")
}

/// Reads a recovery code or an undo code.
pub(crate) fn long_code(what: &str) -> Result<Secret, Trouble> {
    secret(&format!("{what}: "))
}

/// Reads a line from the terminal, which shows it.
pub(crate) fn line(asked: &str) -> Result<String, Trouble> {
    let mut typed = String::new();
    ask(asked);
    let stdin = io::stdin().lock();
    stdin.take(LONGEST).read_line(&mut typed).map_err(|error| unreadable("the terminal", &error))?;
    Ok(typed)
}

/// Reads a code from a pipe, or hidden from the terminal.
fn secret(asked: &str) -> Result<Secret, Trouble> {
    let bytes = match io::stdin().is_terminal() {
        true => prompt::hidden(asked)?,
        false => all_of(io::stdin().lock(), "standard input")?,
    };
    Ok(text(bytes)?.as_str().into())
}

/// Reads the text of an assertion, for [`assertion`](crate::assertion).
pub(crate) fn assertion(file: Option<&Path>) -> Result<String, Trouble> {
    from(file, "Type a statement or an ID token, then Ctrl-D:\n")
}

/// Reads a provider's key set.
pub(crate) fn key_set(file: Option<&Path>) -> Result<String, Trouble> {
    from(file, "Type the key set as JSON, then Ctrl-D:\n")
}

/// Reads a file, or standard input if the file is missing or `-`.
fn from(file: Option<&Path>, asked: &str) -> Result<String, Trouble> {
    let bytes = match file.filter(|file| file.as_os_str() != "-") {
        Some(path) => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
            all_of(file, &name)?
        }
        None => {
            if io::stdin().is_terminal() {
                ask(asked);
            }
            all_of(io::stdin().lock(), "standard input")?
        }
    };
    text(bytes)
}

fn given(bytes: Vec<u8>) -> Result<Secret, Trouble> {
    if bytes.is_empty() {
        return Err(Trouble::Unusable("the password is empty; nothing was done".into()));
    }
    Ok(bytes.into())
}

fn no_terminal() -> Trouble {
    Trouble::Unusable("there is no terminal to ask for a password; use --password-stdin with a pipe".into())
}

fn ask(what: &str) {
    let mut out = anstream::stderr();
    _ = out.write_all(what.as_bytes()).and_then(|()| out.flush());
}

fn all_of(source: impl Read, name: &str) -> Result<Vec<u8>, Trouble> {
    // Full capacity from the start: growing would leave copies of a password in memory.
    let mut bytes = Vec::with_capacity(usize::try_from(LONGEST).unwrap_or_default() + 64);
    source.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    if bytes.is_empty() {
        return Err(Trouble::Unusable(format!("{name} is empty")));
    }
    if bytes.len() as u64 > LONGEST {
        return Err(Trouble::Unusable(format!("{name} is longer than 64 KiB; give a shorter one")));
    }
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> Result<String, Trouble> {
    String::from_utf8(bytes).map_err(|_| Trouble::Unusable("the input is not UTF-8 text".into()))
}

fn unreadable(name: &str, error: &io::Error) -> Trouble {
    Trouble::Unusable(format!("{name} cannot be read: {error}"))
}
