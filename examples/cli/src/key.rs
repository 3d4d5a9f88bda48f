//! The store's key, from a file that only its owner can read, or from the environment.

use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use selfsame::{Error, HostKey, SystemEntropy, Unlock};

use crate::state;
use crate::trouble::Trouble;

/// The variable with the key as 64 hexadecimal digits, for calls without a key file.
const VARIABLE: &str = "SELFSAME_KEY";
/// A key and a line break have 66 bytes.
const LONGEST_FILE: u64 = 128;

/// Reads the key from the file, or from the environment if there is no file option.
pub(crate) fn find(file: Option<&Path>) -> Result<Unlock, Trouble> {
    let Some(file) = file else { return in_environment() };
    read(file)?.ok_or_else(|| Trouble::NoKey(format!("no key file at {}; check --key-file", file.display())))
}

/// Returns the key for a new store, and whether it is new. Creates the file if it does not exist. Uses an existing
/// file, so that an interrupted `init` can run again.
pub(crate) fn find_or_make(file: Option<&Path>) -> Result<(Unlock, bool), Trouble> {
    let Some(file) = file else { return Ok((in_environment()?, false)) };
    if let Some(key) = read(file)? {
        return Ok((key, false));
    }
    let key = HostKey::generate(&SystemEntropy).map_err(Error::from)?;
    let mut text = String::with_capacity(65);
    for byte in key.reveal() {
        for digit in [byte >> 4, byte & 0xf] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text.push('\n');
    state::temporary_beside(file)
        .and_then(|mut kept| {
            kept.write_all(text.as_bytes())?;
            kept.as_file().sync_all()?;
            // Never overwrite a key, because its store would be lost.
            kept.persist_noclobber(file).map_err(|failed| failed.error)
        })
        .map_err(|error| Trouble::NoKey(format!("{} cannot be created: {error}", file.display())))?;
    Ok((Unlock::HostKey(key), true))
}

fn in_environment() -> Result<Unlock, Trouble> {
    let Some(value) = env::var_os(VARIABLE) else {
        return Err(Trouble::Unusable(format!(
            "no key is given; use --key-file FILE, or set {VARIABLE} to 64 hexadecimal digits"
        )));
    };
    value
        .to_str()
        .and_then(parse)
        .ok_or_else(|| Trouble::NoKey(format!("{VARIABLE} is not a key; set it to 64 hexadecimal digits")))
}

/// Reads the key from the file. Returns `None` if the file does not exist.
fn read(path: &Path) -> Result<Option<Unlock>, Trouble> {
    let no_key = |why: String| Trouble::NoKey(format!("{} {why}", path.display()));
    let unreadable = |error: io::Error| no_key(format!("cannot be read: {error}"));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if is_for_others(&file).map_err(unreadable)? {
        return Err(no_key("can be read by other users; chmod 600 it, or use another key".into()));
    }
    let mut text = Vec::with_capacity(256);
    file.take(LONGEST_FILE).read_to_end(&mut text).map_err(unreadable)?;
    let key = std::str::from_utf8(&text).ok().and_then(|text| parse(text.trim_ascii_end()));
    key.map(Some).ok_or_else(|| no_key("is not a key file; a key is 64 hexadecimal digits".into()))
}

#[cfg(unix)]
fn is_for_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.mode() & 0o077 != 0)
}

/// Other systems have no file mode. The permissions of the folder decide.
#[cfg(not(unix))]
fn is_for_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

fn parse(text: &str) -> Option<Unlock> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        for digit in digits {
            *byte = *byte << 4 | u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
        }
    }
    Some(Unlock::HostKey(HostKey::from_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        let Some(Unlock::HostKey(key)) = parse(&"0fA1".repeat(16)) else { panic!("a key") };
        assert_eq!(key.reveal(), &[0x0f, 0xa1].repeat(16)[..]);
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"é".repeat(32)] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
