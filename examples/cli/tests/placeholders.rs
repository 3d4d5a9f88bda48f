//! The values that change in every run, under the names that the tour gives them.

use selfsame_world::TokenProvider;

use crate::desk::{forge, shown};

/// The values of each kind, in the order of their first appearance.
#[derive(Default)]
pub(crate) struct Seen {
    ids: Vec<String>,
    codes: Vec<String>,
    nonces: Vec<String>,
    secrets: Vec<String>,
    long_codes: Vec<String>,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Seen {
    /// Replaces values by `<id 1>`, `<code 1>`, `<nonce 1>`, `<secret 1>`, `<long code 1>`, `<time>`, `<day>`, `<month>`
    /// and `<ms>`. In a table, the names keep the width of the values.
    pub(crate) fn named(&mut self, text: &str) -> String {
        let mut named = String::new();
        let mut rest = text;
        let mut begins = true;
        while let Some(first) = rest.chars().next() {
            let found = if begins { self.at(rest) } else { None };
            let (length, name) = found.unwrap_or_else(|| (first.len_utf8(), first.to_string()));
            let width = if rest[length..].starts_with("  ") { length } else { 0 };
            named.push_str(&format!("{name:width$}"));
            begins = !first.is_alphanumeric() && !is_of_nonce(first);
            rest = &rest[length..];
        }
        named
    }

    /// Replaces `<id 1>`, `<code 1>`, `<nonce 1>` and `<long code 1>` by their values. `<token 1>` becomes an ID token
    /// for that nonce, `<app 1>` the code of an app with that secret, and `<app 1 later>` its next code.
    pub(crate) fn meant(&self, text: &str) -> String {
        let mut meant = text.to_owned();
        let provider = TokenProvider::new();
        let token = |nonce: &String| forge(&provider, "101", nonce).claim("name", "Cleo").text();
        let tokens = self.nonces.iter().map(token).collect();
        let seen = [
            ("id", &self.ids),
            ("code", &self.codes),
            ("nonce", &self.nonces),
            ("long code", &self.long_codes),
            ("token", &tokens),
        ];
        for (at, secret) in self.secrets.iter().enumerate() {
            for (name, steps) in [("", 0), (" later", 1)] {
                let shown = shown(&secret.as_str().into(), steps);
                meant = meant.replace(&format!("<app {}{name}>", at + 1), &shown);
            }
        }
        for (kind, seen) in seen {
            for (at, value) in seen.iter().enumerate() {
                meant = meant.replace(&format!("<{kind} {}>", at + 1), value);
            }
        }
        meant
    }

    fn at(&mut self, rest: &str) -> Option<(usize, String)> {
        let nonce: String = rest.chars().take_while(|c| is_of_nonce(*c)).collect();
        if nonce.len() == 43 {
            return Some((43, format!("<nonce {}>", place(&mut self.nonces, &nonce))));
        }
        if !rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        if word.len() == 36 && word.matches('-').count() == 4 {
            return Some((36, format!("<id {}>", place(&mut self.ids, &word))));
        }
        let is_base32 = |c: char| matches!(c, 'A'..='Z' | '2'..='7');
        if word.len() == 32 && word.chars().all(is_base32) {
            return Some((32, format!("<secret {}>", place(&mut self.secrets, &word))));
        }
        if word.len() == 29 && word.split('-').all(|group| group.len() == 4) {
            return Some((29, format!("<long code {}>", place(&mut self.long_codes, &word))));
        }
        if digits == word.len() && digits == 8 {
            return Some((8, format!("<code {}>", place(&mut self.codes, &word))));
        }
        if digits == word.len() && digits == 13 {
            return Some((13, "<ms>".to_owned()));
        }
        let is_month =
            digits == 4 && word.len() == 7 && word.starts_with("20") && word[5..].parse::<u8>().is_ok();
        if is_month {
            return Some((7, "<month>".to_owned()));
        }
        let mut words = rest.splitn(4, [' ', ',', ';', '\n']);
        let (day, month, year) = (words.next()?, words.next()?, words.next()?);
        if day.parse::<u8>().is_err() || !MONTHS.contains(&month) || year.parse::<u16>().is_err() {
            return None;
        }
        let length = day.len() + month.len() + year.len() + 2;
        let Some(clock) = rest[length..].strip_prefix(", ") else {
            return Some((length, "<day>".to_owned()));
        };
        let clock = clock.chars().take_while(|c| c.is_ascii_digit() || matches!(c, ':' | '.')).count();
        Some((length + 2 + clock, "<time>".to_owned()))
    }
}

/// 256 bits in base64url.
fn is_of_nonce(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn place(seen: &mut Vec<String>, value: &str) -> usize {
    let at = seen.iter().position(|one| one == value).unwrap_or_else(|| {
        seen.push(value.to_owned());
        seen.len() - 1
    });
    at + 1
}

#[test]
fn ids_codes_and_times_have_names() {
    let mut seen = Seen::default();
    let text = "session 01a20814-5ea1-7797-a8ff-4f6fd5855f8b, the code 46998934 of 23 Nov 2026, 11:04:42.401\n\
                since 3 May 2027; 4\nof 2026-11 by 1 account, 1764000000000 and 46998934";
    let named = "session <id 1>, the code <code 1> of <time>\nsince <day>; 4\nof <month> by 1 account, <ms> and <code 1>";
    assert_eq!(seen.named(text), named);
    assert_eq!(seen.meant("<code 1> <id 1>"), "46998934 01a20814-5ea1-7797-a8ff-4f6fd5855f8b");
    let paper = "7ZZZ-0000-ABCD-EFGH-JKMN-PQRS and GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    assert_eq!(seen.named(paper), "<long code 1> and <secret 1>");
    assert_eq!(seen.meant("<long code 1>"), "7ZZZ-0000-ABCD-EFGH-JKMN-PQRS");
    assert_eq!((seen.meant("<app 1>").len(), seen.meant("<app 1 later>").len()), (6, 6));
    assert_eq!(seen.named("23 Nov 2026, 11:04:42  x"), "<time>                 x");
    let nonce = "_-x3LtVDhJbgrSQv9iGUKOXW5Ig8DBneIsq8PR1fE0A";
    assert_eq!(seen.named(&format!("a nonce: {nonce}\n{nonce}A")), format!("a nonce: <nonce 1>\n{nonce}A"));
    assert_eq!((seen.meant("<nonce 1>").as_str(), seen.meant("<token 1>").matches('.').count()), (nonce, 2));
}
