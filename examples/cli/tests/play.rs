//! The command `play`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

#[test]
fn the_built_in_story_goes_to_a_pipe_without_colours() {
    let told = run(&["play", "faq"]);
    let text = out(&told);
    assert_eq!(told.status.code(), Some(0), "{}", err(&told));
    assert!(text.contains("Ada@Example.org is verified; which account do you want to use?"), "{text}");
    assert!(text.ends_with("18 acts, each answered as the story expects\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "an escape sequence went into a pipe");
    assert!(!text.contains("correct horse"), "the password was printed");
}

#[test]
fn the_transcript_is_one_json_array_and_does_not_vary() {
    let (first, again) = (run(&["play", "faq", "--json"]), run(&["play", "faq", "--json"]));
    let transcript: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(transcript.as_array().unwrap().len(), 18);
    assert_eq!(out(&first), out(&again));
}

#[test]
fn a_new_store_is_kept_and_an_existing_one_is_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("kept");
    let kept = run(&["play", "faq", "--store", store.to_str().unwrap()]);
    assert_eq!(kept.status.code(), Some(0));
    assert!(err(&kept).contains("not protected"), "{}", err(&kept));
    let before = fs::read(&store).unwrap();
    let refused = run(&["play", "faq", "--store", store.to_str().unwrap()]);
    assert_eq!((refused.status.code(), out(&refused)), (Some(2), String::new()));
    assert!(err(&refused).contains("already exists"), "{}", err(&refused));
    assert!(fs::read(&store).unwrap() == before, "the file was changed");
}

#[test]
fn an_unplayable_story_gets_one_line_of_error() {
    let folder = tempfile::tempdir().unwrap();
    let story = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let head = r#""title": "t", "rules": [], "starts": 0, "seed": 1"#;
    let unknown = story("unknown", &format!(r#"{{{head}, "acts": [{{"do": "fly"}}]}}"#));
    let wrong = story(
        "wrong",
        &format!(
            r#"{{{head}, "acts": [{{"do": "health"}}, {{"do": "health", "expect": {{"outbox": 1}}}}]}}"#
        ),
    );
    for (path, code, why) in [
        (Path::new("/no/such/story"), 2, "cannot be read"),
        (&unknown, 2, "act 1: unknown variant `fly`"),
        (&wrong, 1, "act 2: the answer's outbox is 0, not 1"),
    ] {
        let played = run(&["play", path.to_str().unwrap()]);
        assert_eq!(played.status.code(), Some(code), "{}", err(&played));
        assert!(err(&played).contains(why), "{}", err(&played));
        assert_eq!(err(&played).lines().count(), 1, "{}", err(&played));
    }
    assert_eq!(run(&["play"]).status.code(), Some(2));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let mut playing =
        selfsame(&["play", "faq"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(playing.stdout.take());
    let ended = playing.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), err(&ended)), (Some(0), String::new()));
}

fn run(arguments: &[&str]) -> Output {
    selfsame(arguments).output().unwrap()
}

fn selfsame(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selfsame"));
    command.args(arguments);
    command
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
