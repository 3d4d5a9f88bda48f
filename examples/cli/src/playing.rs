//! Playing a story.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use selfsame::{Error, OpenProblem};
use selfsame_world::story::Story;
use selfsame_world::{Performance, World};

use crate::narrate;
use crate::trouble::Trouble;

/// The built-in story.
const FAQ: &str = include_str!("../../../tests/stories/faq.json");

pub(crate) fn play(name: &str, store: Option<&Path>, json: bool) -> Result<(), Trouble> {
    let story = read(name)?;
    let folder = tempfile::tempdir().map_err(|error| {
        Trouble::Unusable(format!("cannot create a temporary directory for the store: {error}"))
    })?;
    let path = store.map_or_else(|| folder.path().join("story.selfsame"), Path::to_owned);
    if path.exists() {
        let path = path.display();
        let why = format!("{path} already exists, and a story needs a new store; name another file");
        return Err(Trouble::Unusable(why));
    }
    let mut world = World::of(&story)
        .file(&path)
        .try_build()
        .map_err(|error| Trouble::Unusable(no_store(&path, &error)))?;
    let performance = selfsame_world::play(&story, &mut world);
    // Closes the file before reporting on it.
    drop(world);

    let mut out = BufWriter::new(anstream::stdout().lock());
    let printed =
        if json { lines(&performance, &mut out) } else { narrate::tell(&story, &performance, &mut out) };
    printed.and_then(|()| out.flush()).or_else(|error| match performance.failure {
        // A failure of the story matters more than closed output.
        Some(_) => Ok(()),
        None => Err(error),
    })?;
    if let Some(failure) = performance.failure {
        return Err(Trouble::Failed(format!("{name}, {failure}")));
    }
    if store.is_some() {
        _ = writeln!(
            anstream::stderr(),
            "The store is kept at {}. Its key comes from the story's seed, so the file is not protected.",
            path.display()
        );
    }
    Ok(())
}

fn read(name: &str) -> Result<Story, Trouble> {
    let text = if name == "faq" {
        FAQ.to_owned()
    } else {
        fs::read_to_string(name)
            .map_err(|error| Trouble::Unusable(format!("{name} cannot be read: {error}")))?
    };
    Story::read(&text).map_err(|unreadable| Trouble::Unusable(format!("{name} is not a story: {unreadable}")))
}

fn no_store(path: &Path, error: &Error) -> String {
    let path = path.display();
    match error {
        Error::Open(OpenProblem::NotFound) => format!("the directory of {path} does not exist"),
        error => format!("cannot create a store at {path}: {error}"),
    }
}

/// Writes a JSON array, one action per line.
fn lines(performance: &Performance, out: &mut impl Write) -> io::Result<()> {
    let transcript = performance.transcript();
    let acts = transcript.as_array().map_or(&[][..], Vec::as_slice);
    for (at, act) in acts.iter().enumerate() {
        writeln!(out, "{}{act}", if at == 0 { "[" } else { "," })?;
    }
    writeln!(out, "{}]", if acts.is_empty() { "[" } else { "" })
}
