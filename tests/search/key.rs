//! The key of a state: its content without ids and nonces. States with equal keys count as one.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use selfsame::Timestamp;
use selfsame_world::hours;

use super::scene::Scene;

/// No rule depends on events that are older than this.
const OLD: Duration = hours(8 * 24);

/// Writes values with each id replaced by the order in which it appears, and each time by its rounded distance from
/// now.
struct Plain {
    now: Timestamp,
    ids: Vec<String>,
}

impl Plain {
    fn of(&mut self, what: &dyn Debug) -> String {
        let text = format!("{what:?}");
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let words = text.split_inclusive(|letter: char| !is_word(letter));
        words.map(|word| self.word(word.trim_end_matches(|letter: char| !is_word(letter)))).collect()
    }

    fn word(&mut self, word: &str) -> String {
        if word.len() == 36 && word.matches('-').count() == 4 {
            let known = self.ids.iter().position(|id| id == word);
            let at = known.unwrap_or_else(|| {
                self.ids.push(word.to_owned());
                self.ids.len() - 1
            });
            return format!("#{at} ");
        }
        match word.strip_suffix("ms").map(str::parse) {
            Some(Ok(millis)) => self.age(Timestamp::from_millis(millis)),
            _ => format!("{word} "),
        }
    }

    fn age(&self, at: Timestamp) -> String {
        let rounded = |span: Duration| match span {
            long if long >= OLD => "old".to_owned(),
            short if short < hours(1) => format!("{}m", short.as_secs() / 300 * 5),
            long => format!("{}h", long.as_secs() / 3_600),
        };
        format!("{}-{} ", rounded(self.now.since(at)), rounded(at.since(self.now)))
    }

    fn sorted(&mut self, all: impl Iterator<Item = impl Debug>) -> Vec<String> {
        let mut all: Vec<_> = all.map(|it| self.of(&it)).collect();
        all.sort();
        all
    }
}

impl Scene<'_> {
    pub(crate) fn key(&mut self) -> u64 {
        let now = self.now();
        let mut plain = Plain { now, ids: Vec::new() };
        let mut hasher = DefaultHasher::new();
        let seen = self.look(|account| {
            let page = plain.of(&account.view().unwrap());
            let sessions = plain.sorted(account.sessions().unwrap().iter());
            (page, sessions, plain.sorted(account.privacy_requests().unwrap().iter()))
        });
        seen.hash(&mut hasher);
        let story = &self.story;
        let recent = story.mail.iter().filter(|message| now.since(message.created_at) < OLD);
        let mail = recent.map(|message| {
            let undo = message.undo.as_ref().map(|offer| offer.until);
            (&message.to, message.kind.code(), message.created_at, undo)
        });
        plain.sorted(mail).hash(&mut hasher);
        for person in [&story.owner, &story.thief] {
            let sessions = person.sessions.iter().filter_map(|token| self.engine.resolve(token).ok());
            let flows = person
                .flows
                .iter()
                .filter_map(|flow| Some(self.engine.resume(flow.token.as_ref()?).ok()?.step.code()));
            plain.sorted(sessions).hash(&mut hasher);
            plain.sorted(flows).hash(&mut hasher);
            let known = (person.passwords.len(), person.apps.len(), person.enrolling.is_some());
            known.hash(&mut hasher);
        }
        plain.of(&(story.first, story.foreign_factor, story.erasure)).hash(&mut hasher);
        hasher.finish()
    }
}
