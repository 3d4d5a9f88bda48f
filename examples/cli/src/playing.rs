//! From a story's name to its transcript.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use selfsame::{Error, OpenProblem};
use selfsame_world::story::Story;
use selfsame_world::{Performance, World};

use crate::narrate;
use crate::trouble::Trouble;

/// The story that comes with the program.
const FAQ: &str = include_str!("../../../tests/stories/faq.json");

pub(crate) fn play(name: &str, store: Option<&Path>, json: bool) -> Result<(), Trouble> {
    let story = read(name)?;
    let folder = tempfile::tempdir().map_err(|error| {
        Trouble::Unusable(format!("no temporary directory can be made for the store: {error}"))
    })?;
    let path = store.map_or_else(|| folder.path().join("story.selfsame"), Path::to_owned);
    if path.exists() {
        let path = path.display();
        let why = format!("{path} is there already, and a story wants a new store; name another file");
        return Err(Trouble::Unusable(why));
    }
    let mut world = World::of(&story)
        .file(&path)
        .try_build()
        .map_err(|error| Trouble::Unusable(no_store(&path, &error)))?;
    let performance = selfsame_world::play(&story, &mut world);
    // The file is closed before anything is said of it.
    drop(world);

    let mut out = BufWriter::new(anstream::stdout().lock());
    let printed =
        if json { lines(&performance, &mut out) } else { narrate::tell(&story, &performance, &mut out) };
    printed.and_then(|()| out.flush()).or_else(|error| match performance.failure {
        // That the story failed is worth more than that nobody reads on.
        Some(_) => Ok(()),
        None => Err(error),
    })?;
    if let Some(failure) = performance.failure {
        return Err(Trouble::Failed(format!("{name}, {failure}")));
    }
    if store.is_some() {
        _ = writeln!(
            anstream::stderr(),
            "The store stays at {}. Its key comes from the story's seed: it protects nothing.",
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
    Story::read(&text).map_err(|unreadable| Trouble::Unusable(format!("{name} is no story: {unreadable}")))
}

fn no_store(path: &Path, error: &Error) -> String {
    let path = path.display();
    match error {
        Error::Open(OpenProblem::NotFound) => format!("the directory of {path} does not exist"),
        error => format!("no store can be made at {path}: {error}"),
    }
}

/// One JSON array, one act a line.
fn lines(performance: &Performance, out: &mut impl Write) -> io::Result<()> {
    let transcript = performance.transcript();
    let acts = transcript.as_array().map_or(&[][..], Vec::as_slice);
    for (at, act) in acts.iter().enumerate() {
        writeln!(out, "{}{act}", if at == 0 { "[" } else { "," })?;
    }
    writeln!(out, "{}]", if acts.is_empty() { "[" } else { "" })
}
