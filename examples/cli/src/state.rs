//! What lasts between two calls: the token of the open flow, and that of the session.
//!
//! Each is one small JSON file, readable by its owner alone and replaced as a whole. The file is written
//! after the act. One that is lost loses nothing of the store: a flow or a session is begun again.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use selfsame::{FlowToken, SessionToken};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::trouble::Trouble;

const LONGEST_FILE: u64 = 4_096;

/// The open flow, and the step that it is at.
pub(crate) struct OpenFlow {
    pub(crate) token: FlowToken,
    pub(crate) number: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowFile {
    flow: String,
    number: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionFile {
    session: String,
}

/// Where a state is kept.
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    /// The file that was named, else the store's path with this ending.
    pub(crate) fn named(named: Option<&Path>, store: &Path, ending: &str) -> Self {
        Self(named.map_or_else(
            || {
                let mut path = OsString::from(store);
                path.push(ending);
                path.into()
            },
            Path::to_owned,
        ))
    }

    /// The flow that is open.
    pub(crate) fn flow(&self) -> Result<OpenFlow, Trouble> {
        const BEGIN: &str = "selfsame sign-up EMAIL, or selfsame begin-federated PROVIDER";
        let kept = self.read::<FlowFile>("no flow is open", BEGIN)?;
        let token = kept.flow.parse::<FlowToken>().map_err(|_| self.unreadable("no flow", BEGIN))?;
        Ok(OpenFlow { token, number: kept.number })
    }

    /// The session that was opened last.
    pub(crate) fn session(&self) -> Result<SessionToken, Trouble> {
        const BEGIN: &str = "selfsame sign-in EMAIL";
        let kept = self.read::<SessionFile>("nobody is signed in", BEGIN)?;
        kept.session.parse::<SessionToken>().map_err(|_| self.unreadable("no session", BEGIN))
    }

    pub(crate) fn keep_flow(&self, token: &FlowToken, number: u32) -> Result<(), Trouble> {
        self.keep(&FlowFile { flow: token.reveal().to_owned(), number })
    }

    pub(crate) fn keep_session(&self, token: &SessionToken) -> Result<(), Trouble> {
        self.keep(&SessionFile { session: token.reveal().to_owned() })
    }

    /// Nothing is kept any more.
    pub(crate) fn remove(&self) -> Result<(), Trouble> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Trouble::State(format!("done, but {} cannot be removed: {error}", self.0.display())))
            }
            _ => Ok(()),
        }
    }

    /// The session that was opened last is over, and so not kept; one that was never kept is none.
    pub(crate) fn remove_if(&self, is_over: bool) -> Result<(), Trouble> {
        if is_over { self.remove() } else { Ok(()) }
    }

    /// Asks before an act whether its outcome could be kept.
    pub(crate) fn check_writable(&self) -> Result<(), Trouble> {
        if self.0.is_dir() {
            return Err(Trouble::Unusable(format!("{} is a directory", self.0.display())));
        }
        temporary_beside(&self.0)
            .map(drop)
            .map_err(|error| Trouble::Unusable(format!("{} cannot be written: {error}", self.0.display())))
    }

    fn read<T: DeserializeOwned>(&self, none: &str, begin: &str) -> Result<T, Trouble> {
        let mut text = Vec::new();
        let read = File::open(&self.0).and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut text));
        match read {
            Ok(_) => {
                serde_json::from_slice(&text).map_err(|_| self.unreadable("neither flow nor session", begin))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Trouble::Unusable(format!("{none} ({} is not there): {begin}", self.0.display())))
            }
            Err(error) => Err(Trouble::Unusable(format!("{} cannot be read: {error}", self.0.display()))),
        }
    }

    fn unreadable(&self, what: &str, begin: &str) -> Trouble {
        Trouble::Unusable(format!("{} holds {what}; begin again: {begin}", self.0.display()))
    }

    fn keep(&self, state: &impl Serialize) -> Result<(), Trouble> {
        let write = || {
            let mut file = temporary_beside(&self.0)?;
            serde_json::to_writer(&mut file, state)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&self.0).map_err(|failed| failed.error)
        };
        match write() {
            Ok(_) => Ok(()),
            Err(error) => Err(Trouble::State(format!(
                "done, but {} cannot be written, so begin again: {error}",
                self.0.display()
            ))),
        }
    }
}

/// Asks before an act whether a new file could be made of what comes of it.
pub(crate) fn can_be_made(path: &Path) -> Result<(), Trouble> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(Trouble::Unusable(format!("{} is there already; name a new file", path.display())));
    }
    temporary_beside(path)
        .map(drop)
        .map_err(|error| Trouble::Unusable(format!("{} cannot be written: {error}", path.display())))
}

/// Makes it, for its owner alone and over no other.
pub(crate) fn make(
    path: &Path,
    write: impl FnOnce(&mut NamedTempFile) -> io::Result<()>,
) -> Result<(), Trouble> {
    let made = temporary_beside(path).and_then(|mut file| {
        write(&mut file)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map(drop).map_err(|failed| failed.error)
    });
    made.map_err(|error| Trouble::State(format!("done, but {} cannot be written: {error}", path.display())))
}

/// A new file in the same directory, of mode 0600, that goes unless it is given its name.
pub(crate) fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::Builder::new().prefix(".selfsame-").tempfile_in(folder.unwrap_or(Path::new(".")))
}
