//! What a person or a pipe gives: passwords, codes, statements, ID tokens, key sets and a yes.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

use selfsame::Secret;

use crate::prompt;
use crate::trouble::Trouble;

/// What the largest of them may have: a key set.
const LONGEST: u64 = 64 * 1_024;

/// A password: from the pipe where that was asked for, else from the terminal. A new one is typed twice.
pub(crate) fn password(from_stdin: bool, is_new: bool) -> Result<Secret, Trouble> {
    if from_stdin {
        let mut bytes = all_of(io::stdin().lock(), "standard input")?;
        // The line's end that `echo` and a text file bring.
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
    if is_new && prompt::hidden("The same again: ")? != password.reveal() {
        return Err(Trouble::Unusable("these are two passwords; nothing was done".into()));
    }
    Ok(password)
}

/// The password of now and a new one: two lines of the pipe where that was asked for, else the terminal.
pub(crate) fn two_passwords(from_stdin: bool) -> Result<(Secret, Secret), Trouble> {
    if !from_stdin {
        if !io::stdin().is_terminal() {
            return Err(no_terminal());
        }
        let now = given(prompt::hidden("Password now: ")?)?;
        let new = given(prompt::hidden("New password: ")?)?;
        if prompt::hidden("The same again: ")? != new.reveal() {
            return Err(Trouble::Unusable("these are two passwords; nothing was done".into()));
        }
        return Ok((now, new));
    }
    let bytes = Secret::from(all_of(io::stdin().lock(), "standard input")?);
    let mut lines = bytes.reveal().split(|byte| *byte == b'\n');
    let mut line = || lines.next().map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec());
    let (now, new) = (line().unwrap_or_default(), line().unwrap_or_default());
    if line().is_some_and(|rest| !rest.is_empty()) || new.is_empty() {
        return Err(Trouble::Unusable(
            "two lines are wanted, the password of now and the new one; nothing was done".into(),
        ));
    }
    Ok((given(now)?, given(new)?))
}

/// A mailed code, from the terminal or a pipe. The engine reads it in any grouping.
pub(crate) fn code() -> Result<Secret, Trouble> {
    let typed = match io::stdin().is_terminal() {
        true => line("Code: ")?,
        false => text(all_of(io::stdin().lock(), "standard input")?)?,
    };
    Ok(typed.into())
}

/// The code that the authenticator app shows.
pub(crate) fn totp() -> Result<Secret, Trouble> {
    secret("Code of the app: ")
}

/// A recovery code, or one that undoes a change.
pub(crate) fn long_code(what: &str) -> Result<Secret, Trouble> {
    secret(&format!("{what}: "))
}

/// A line that is typed on the terminal and may be seen.
pub(crate) fn line(asked: &str) -> Result<String, Trouble> {
    let mut typed = String::new();
    ask(asked);
    let stdin = io::stdin().lock();
    stdin.take(LONGEST).read_line(&mut typed).map_err(|error| unreadable("the terminal", &error))?;
    Ok(typed)
}

/// A code that nobody is to see, from the terminal or a pipe.
fn secret(asked: &str) -> Result<Secret, Trouble> {
    let bytes = match io::stdin().is_terminal() {
        true => prompt::hidden(asked)?,
        false => all_of(io::stdin().lock(), "standard input")?,
    };
    Ok(text(bytes)?.as_str().into())
}

/// What a provider says, as [`assertion`](crate::assertion) reads it.
pub(crate) fn assertion(file: Option<&Path>) -> Result<String, Trouble> {
    from(file, "What the provider says, a statement or an ID token; Ctrl-D ends it:\n")
}

/// A provider's key set.
pub(crate) fn key_set(file: Option<&Path>) -> Result<String, Trouble> {
    from(file, "The key set, as JSON; Ctrl-D ends it:\n")
}

/// A text of a file; of standard input where none is named, or `-`.
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
        return Err(Trouble::Unusable("no password was given; nothing was done".into()));
    }
    Ok(bytes.into())
}

fn no_terminal() -> Trouble {
    Trouble::Unusable("there is no terminal to ask on: --password-stdin takes a pipe".into())
}

fn ask(what: &str) {
    let mut out = anstream::stderr();
    _ = out.write_all(what.as_bytes()).and_then(|()| out.flush());
}

fn all_of(source: impl Read, name: &str) -> Result<Vec<u8>, Trouble> {
    // As large as it can get, so that no copy of a password is left behind by growing.
    let mut bytes = Vec::with_capacity(usize::try_from(LONGEST).unwrap_or_default() + 64);
    source.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    if bytes.is_empty() {
        return Err(Trouble::Unusable(format!("{name} is empty")));
    }
    if bytes.len() as u64 > LONGEST {
        return Err(Trouble::Unusable(format!(
            "{name} is longer than 64 KiB, and nothing that is asked for is"
        )));
    }
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> Result<String, Trouble> {
    String::from_utf8(bytes).map_err(|_| Trouble::Unusable("that is no text: it is not UTF-8".into()))
}

fn unreadable(name: &str, error: &io::Error) -> Trouble {
    Trouble::Unusable(format!("{name} cannot be read: {error}"))
}
