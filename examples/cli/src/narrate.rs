//! A story as text.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use selfsame_world::story::{Act, Keep, Story};
use selfsame_world::{Performance, Played};

use crate::calendar;
use crate::words::{self, Names, Said, Tone};

const TITLE: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const TIME: Style = AnsiColor::Blue.on_default();
const WHO: Style = Style::new().bold();

/// Writes each action of the story and the answer of the engine.
pub(crate) fn tell(story: &Story, performance: &Performance, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{TITLE}{}{TITLE:#}", story.title)?;
    writeln!(out, "{DIM}rules {}, seed {}{DIM:#}", story.rules.join(" "), story.seed)?;
    let width =
        story.scenes.iter().filter_map(|scene| scene.who.as_ref()).map(|who| who.chars().count()).max();
    let width = width.unwrap_or(0);
    let mut names = Names::new();
    let mut later = None;
    let mut scenes = story.scenes.iter().zip(&performance.played).peekable();
    while let Some((scene, played)) = scenes.next() {
        if matches!(scene.act, Act::Wait(_)) {
            later = Some(words::act(&scene.act));
            continue;
        }
        if played.number == 1 || later.is_some() {
            time(played, later.take(), out)?;
        }
        learn(&scene.keep, played, &mut names);
        let line = words::act(&scene.act);
        let said = words::answer(&played.answer, &names);
        // A repeated action with the same answer is written once.
        let mut times = 1;
        while let Some((next, again)) = scenes.peek()
            && (&next.who, &next.why, words::act(&next.act)) == (&scene.who, &None, line.clone())
            && again.answer == played.answer
        {
            times += 1;
            scenes.next();
        }
        let who = scene.who.as_deref().unwrap_or("");
        write!(out, "  {WHO}{who:width$}{WHO:#}  {line}")?;
        if times > 1 {
            write!(out, ", {times} times")?;
        }
        if let Some(why) = &scene.why {
            write!(out, "\n  {:width$}  {DIM}({why}){DIM:#}", "")?;
        }
        answer(&said, scene.why.is_none(), width, out)?;
    }
    if let Some(later) = later {
        writeln!(out, "\n{TIME}{later}{TIME:#}")?;
    }
    let end = match &performance.failure {
        None => format!("{} acts, each answered as the story expects", performance.played.len()),
        Some(failure) => format!("stopped at act {} of {}", failure.act, story.scenes.len()),
    };
    writeln!(out, "\n{DIM}{end}{DIM:#}")
}

fn time(played: &Played, later: Option<String>, out: &mut impl Write) -> io::Result<()> {
    let at = calendar::moment(played.at.as_millis());
    match later {
        Some(later) => writeln!(out, "\n{TIME}{at}{TIME:#}  {DIM}{later}{DIM:#}"),
        None => writeln!(out, "\n{TIME}{at}{TIME:#}"),
    }
}

/// Writes the engine's answer. A short fact goes on the line of the action if there is room.
fn answer(said: &Said, has_room: bool, width: usize, out: &mut impl Write) -> io::Result<()> {
    let (mark, style) = match said.tone {
        Tone::Asks => ("\u{2192}", AnsiColor::Cyan.on_default()),
        Tone::Done => ("\u{2713}", AnsiColor::Green.on_default()),
        Tone::Refused => ("\u{2717}", AnsiColor::Red.on_default()),
        Tone::Tells if said.line.is_empty() => return writeln!(out),
        Tone::Tells if has_room && said.more.is_empty() => return writeln!(out, ": {}", said.line),
        Tone::Tells => ("\u{b7}", Style::new()),
    };
    writeln!(out, "\n  {:width$}  {style}{mark} {}{style:#}", "", said.line)?;
    for line in &said.more {
        writeln!(out, "  {:width$}      {line}", "")?;
    }
    Ok(())
}

/// Learns the names that the story gives to accounts and sessions.
fn learn(keep: &Keep, played: &Played, names: &mut Names) {
    for (kept, member) in [(&keep.account, "account"), (&keep.session, "session")] {
        if let (Some(name), Some(id)) = (kept, played.answer.get(member).and_then(|id| id.as_str())) {
            names.insert(id.to_owned(), name.clone());
        }
    }
}
