//! Runs every command of docs/TOUR.md and compares the output with the page. `UPDATE=1` updates the page.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::desk::{PROGRAM, VARIABLES, ran};
use crate::placeholders::Seen;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/TOUR.md");

#[test]
fn the_tour_shows_the_output_of_the_program() {
    let page = fs::read_to_string(PAGE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Shell { folder: folder.path(), exported: Vec::new(), seen: Seen::default() };
    let mut rewritten = String::new();
    let mut lines = page.lines().peekable();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        rewritten += &format!("{line}\n");
        if line != "```console" {
            continue;
        }
        while let Some(line) = lines.next_if(|line| *line != "```") {
            // The output is replaced by the new output.
            let Some(command) = line.strip_prefix("$ ") else { continue };
            commands += 1;
            rewritten += &format!("{line}\n");
            let mut typed = String::new();
            while let Some(line) = lines.next_if(|line| line.starts_with("> ")) {
                rewritten += &format!("{line}\n");
                typed += &format!("{}\n", &line[2..]);
            }
            rewritten += &shell.answer(command, &typed);
        }
    }
    assert!(commands > 20, "only {commands} commands");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(PAGE, rewritten).unwrap();
        return;
    }
    for (at, (told, is)) in page.lines().zip(rewritten.lines()).enumerate() {
        assert_eq!(told, is, "docs/TOUR.md:{}; UPDATE=1 updates the page", at + 1);
    }
    assert_eq!(page.lines().count(), rewritten.lines().count());
}

/// A shell session.
struct Shell<'a> {
    folder: &'a Path,
    exported: Vec<(String, String)>,
    seen: Seen,
}

impl Shell<'_> {
    fn answer(&mut self, command: &str, typed: &str) -> String {
        if let Some(exported) = command.strip_prefix("export ") {
            let pairs = exported.split(' ').map(|pair| pair.split_once('=').unwrap());
            self.exported.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
            return String::new();
        }
        let beside = Path::new(PROGRAM).parent().unwrap().display().to_string();
        let path = format!("{beside}:{}", std::env::var("PATH").unwrap());
        let mut sh = Command::new("sh");
        VARIABLES.iter().for_each(|name| _ = sh.env_remove(name));
        // Both outputs in one stream, as on a terminal.
        sh.args(["-c", &format!("{{ {}\n}} 2>&1", self.seen.meant(command))])
            .current_dir(self.folder)
            .env("PATH", path)
            .env("LC_ALL", "C")
            .envs(self.exported.iter().cloned());
        let ran = ran(&mut sh, self.seen.meant(typed).as_bytes());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{command}: {}", ran.out);
        self.seen.named(&ran.out)
    }
}
