//! Hidden input on a terminal.

use std::io::{self, Write};

use crate::trouble::Trouble;

/// Asks on the terminal without showing the input. Ctrl-C and Ctrl-D cancel.
pub(crate) fn hidden(prompt: &str) -> Result<Vec<u8>, Trouble> {
    let terminal = terminal::Quiet::begin()
        .map_err(|error| Trouble::Unusable(format!("the terminal cannot hide a password: {error}")))?;
    let mut out = anstream::stderr();
    _ = out.write_all(prompt.as_bytes()).and_then(|()| out.flush());
    let typed = line(|| terminal.byte());
    drop(terminal);
    _ = writeln!(out);
    match typed {
        Ok(Some(typed)) => Ok(typed),
        Ok(None) => Err(Trouble::Unusable("cancelled; nothing was done".into())),
        Err(error) => Err(Trouble::Unusable(format!("the terminal cannot be read: {error}"))),
    }
}

/// Reads a line. Returns `None` if the person cancels.
fn line(mut key: impl FnMut() -> io::Result<Option<u8>>) -> io::Result<Option<Vec<u8>>> {
    /// Longer than any password that the engine accepts.
    const LONGEST: usize = 2_048;
    let mut typed = Vec::with_capacity(LONGEST);
    loop {
        match key()? {
            Some(b'\r' | b'\n') => return Ok(Some(typed)),
            // Ctrl-C, Ctrl-D, or the end of the input.
            Some(3 | 4) | None => return Ok(None),
            // Backspace removes a whole character.
            Some(8 | 0x7f) => while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            // Ctrl-U.
            Some(0x15) => typed.clear(),
            Some(byte) if typed.len() < LONGEST => typed.push(byte),
            Some(_) => {}
        }
    }
}

#[cfg(unix)]
mod terminal {
    use std::io;

    use rustix::stdio::stdin;
    use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};

    /// The terminal of standard input with echo off, restored on drop. Ctrl-C arrives as a key, so that it cannot end
    /// the program before that.
    pub(super) struct Quiet(Termios);

    impl Quiet {
        pub(super) fn begin() -> io::Result<Self> {
            let before = termios::tcgetattr(stdin())?;
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
            quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
            quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
            termios::tcsetattr(stdin(), OptionalActions::Now, &quiet)?;
            Ok(Self(before))
        }

        /// Reads the next byte. Returns `None` at the end of the input.
        pub(super) fn byte(&self) -> io::Result<Option<u8>> {
            let mut byte = [0];
            loop {
                match rustix::io::read(stdin(), &mut byte) {
                    Ok(0) => return Ok(None),
                    Ok(_) => return Ok(byte.first().copied()),
                    Err(rustix::io::Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            // A closed terminal needs no restoring.
            _ = termios::tcsetattr(stdin(), OptionalActions::Now, &self.0);
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    use std::io;

    pub(super) struct Quiet;

    impl Quiet {
        pub(super) fn begin() -> io::Result<Self> {
            Err(io::Error::new(io::ErrorKind::Unsupported, "on this system --password-stdin takes a pipe"))
        }

        pub(super) fn byte(&self) -> io::Result<Option<u8>> {
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<Vec<u8>> {
        let mut keys = keys.iter().copied();
        line(|| Ok(keys.next())).unwrap()
    }

    #[test]
    fn a_line_can_be_corrected_and_cancelled() {
        assert_eq!(typed("a pässword\rmore".as_bytes()).unwrap(), "a pässword".as_bytes());
        assert_eq!(typed("pä\x7f\x08owl\x7f\n".as_bytes()).unwrap(), b"ow");
        assert_eq!(typed(b"\x7fwrong\x15right\n").unwrap(), b"right");
        assert_eq!(typed(b"\n").unwrap(), b"");
        for keys in ["half\x03\n", "half\x04", "half"] {
            assert!(typed(keys.as_bytes()).is_none(), "{keys}");
        }
        assert_eq!(typed(&[b"x".repeat(5_000), b"\n".to_vec()].concat()).unwrap().len(), 2_048);
    }
}
