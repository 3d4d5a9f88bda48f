//! The files between calls: the token of the open flow, the token of the session, and the recognitions.
//!
//! Each is a small JSON file that only its owner can read. It is written after the action, and replaced as a whole. If
//! one is lost, the store loses nothing: start the flow or the session again.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use selfsame::{FlowToken, RecognitionToken, SessionToken};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::trouble::Trouble;

const LONGEST_FILE: u64 = 4_096;

/// The open flow, and the number of its step.
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownFile {
    recognitions: Vec<String>,
}

/// How many recognitions count.
const MOST_RECOGNITIONS: usize = 16;

/// The file of a token.
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    /// Returns the given file, or the store's path with this ending.
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

    /// Reads the open flow.
    pub(crate) fn flow(&self) -> Result<OpenFlow, Trouble> {
        const BEGIN: &str = "selfsame sign-up EMAIL, or selfsame begin-federated PROVIDER";
        let kept = self.read::<FlowFile>("no flow is open", BEGIN)?;
        let token = kept.flow.parse::<FlowToken>().map_err(|_| self.unreadable("no flow token", BEGIN))?;
        Ok(OpenFlow { token, number: kept.number })
    }

    /// Reads the session that was opened last.
    pub(crate) fn session(&self) -> Result<SessionToken, Trouble> {
        const BEGIN: &str = "selfsame sign-in EMAIL";
        let kept = self.read::<SessionFile>("nobody is signed in", BEGIN)?;
        kept.session.parse::<SessionToken>().map_err(|_| self.unreadable("no session token", BEGIN))
    }

    pub(crate) fn keep_flow(&self, token: &FlowToken, number: u32) -> Result<(), Trouble> {
        self.keep(&FlowFile { flow: token.reveal().to_owned(), number })
    }

    pub(crate) fn keep_session(&self, token: &SessionToken) -> Result<(), Trouble> {
        self.keep(&SessionFile { session: token.reveal().to_owned() })
    }

    /// Reads the recognitions. Returns none if the file cannot be read, because a sign-in also works without them.
    pub(crate) fn recognitions(&self) -> Vec<RecognitionToken> {
        let kept = self.read::<KnownFile>("", "").map(|kept| kept.recognitions).unwrap_or_default();
        kept.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// Adds a recognition in place of the oldest, if there are too many.
    pub(crate) fn keep_recognition(&self, new: &RecognitionToken) -> Result<(), Trouble> {
        let mut kept = vec![new.clone()];
        kept.extend(self.recognitions());
        kept.truncate(MOST_RECOGNITIONS);
        self.keep(&KnownFile { recognitions: kept.iter().map(|kept| kept.reveal().to_owned()).collect() })
    }

    /// Removes the file.
    pub(crate) fn remove(&self) -> Result<(), Trouble> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Trouble::State(format!("done, but {} cannot be removed: {error}", self.0.display())))
            }
            _ => Ok(()),
        }
    }

    /// Removes the file if its session has ended.
    pub(crate) fn remove_if(&self, is_over: bool) -> Result<(), Trouble> {
        if is_over { self.remove() } else { Ok(()) }
    }

    /// Checks, before an action, that its outcome can be written.
    pub(crate) fn check_writable(&self) -> Result<(), Trouble> {
        if self.0.is_dir() {
            return Err(Trouble::Unusable(format!("{} is a directory; name a file", self.0.display())));
        }
        temporary_beside(&self.0)
            .map(drop)
            .map_err(|error| Trouble::Unusable(format!("{} cannot be written: {error}", self.0.display())))
    }

    fn read<T: DeserializeOwned>(&self, none: &str, begin: &str) -> Result<T, Trouble> {
        let mut text = Vec::new();
        let read = File::open(&self.0).and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut text));
        match read {
            Ok(_) => serde_json::from_slice(&text).map_err(|_| self.unreadable("no token", begin)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Trouble::Unusable(format!(
                "{none} ({} does not exist); begin with {begin}",
                self.0.display()
            ))),
            Err(error) => Err(Trouble::Unusable(format!("{} cannot be read: {error}", self.0.display()))),
        }
    }

    fn unreadable(&self, what: &str, begin: &str) -> Trouble {
        Trouble::Unusable(format!("{} contains {what}; begin again: {begin}", self.0.display()))
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
                "done, but {} cannot be written: {error}; begin again",
                self.0.display()
            ))),
        }
    }
}

/// Checks, before an action, that its new file can be created.
pub(crate) fn check_creatable(path: &Path) -> Result<(), Trouble> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(Trouble::Unusable(format!("{} already exists; name a new file", path.display())));
    }
    temporary_beside(path)
        .map(drop)
        .map_err(|error| Trouble::Unusable(format!("{} cannot be written: {error}", path.display())))
}

/// Creates the file, readable only by its owner. Never overwrites a file.
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

/// Creates a file in the same directory, with mode 0600. It is deleted unless it is renamed.
pub(crate) fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::Builder::new().prefix(".selfsame-").tempfile_in(folder.unwrap_or(Path::new(".")))
}
