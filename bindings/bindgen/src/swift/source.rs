//! Reads UniFFI's output, declaration by declaration.

use std::error::Error;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Types that may contain somebody's name, address or data.
const TEXT: [&str; 3] = ["CustomerRef", "Data", "String"];

/// A declaration or any other line, with the comment before it.
#[derive(Default)]
pub(crate) struct Item {
    pub(crate) doc: Vec<String>,
    pub(crate) lines: Vec<String>,
}

impl Item {
    pub(crate) fn head(&self) -> &str {
        self.lines.first().map_or("", |line| line.trim())
    }

    /// Returns the lines between its braces or parentheses.
    pub(crate) fn body(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().skip(1).take(self.lines.len().saturating_sub(2)).map(String::as_str)
    }

    /// The kind and the name of a public type.
    pub(crate) fn public_type(&self) -> Option<(&str, &str)> {
        let head = self.head();
        let head = head.strip_prefix("public ").or_else(|| head.strip_prefix("open "))?;
        let (kind, rest) = head.split_once(' ')?;
        let name = rest.split([':', ' ']).next()?;
        ["class", "enum", "protocol", "struct"].contains(&kind).then_some((kind, name))
    }

    pub(crate) fn is_error(&self) -> bool {
        self.head().contains(": Swift.Error")
    }

    /// Returns the cases of an enum with their values.
    pub(crate) fn cases(&self) -> Result<Vec<Case>> {
        let mut cases = Vec::new();
        for item in items(self.body())? {
            if let Some(case) = item.head().strip_prefix("case ") {
                let name = case.split('(').next().unwrap_or_default();
                let name = if self.is_error() { lower(name) } else { name.to_owned() };
                cases.push(Case { doc: item.doc.clone(), name, params: params(&item) });
            }
        }
        Ok(cases)
    }
}

pub(crate) struct Case {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) params: Vec<Param>,
}

/// A parameter of a call, a field, or a value of a case.
#[derive(Clone)]
pub(crate) struct Param {
    pub(crate) doc: Vec<String>,
    pub(crate) name: Option<String>,
    /// Its type, and its default.
    pub(crate) of: String,
}

impl Param {
    pub(crate) fn new(doc: Vec<String>, declared: &str) -> Self {
        let named = declared.split_once(": ").filter(|(name, _)| !name.starts_with('['));
        let (name, of) = named.map_or((None, declared), |(name, of)| (Some(name.to_owned()), of));
        Self { doc, name, of: of.to_owned() }
    }

    pub(crate) fn declared(&self) -> String {
        self.name.as_ref().map_or_else(|| self.of.clone(), |name| format!("{name}: {}", self.of))
    }

    /// Returns the element of `Members` that decides how much of the value is printed.
    pub(crate) fn member(&self, value: &str) -> String {
        let of = self.of.split(" = ").next().unwrap_or_default().trim_matches(['[', ']', '?']);
        let kind = if TEXT.contains(&of) { "text" } else { "plain" };
        match &self.name {
            Some(name) => format!(".{kind}(\"{}\", {value})", name.trim_matches('`')),
            None => format!(".{kind}(nil, {value})"),
        }
    }
}

/// The parameters between the first parentheses.
pub(crate) fn params(item: &Item) -> Vec<Param> {
    let (mut params, mut doc, mut in_doc) = (Vec::new(), Vec::new(), false);
    for (place, line) in item.lines.iter().enumerate() {
        let mut text = line.trim();
        if place == 0 {
            let Some((_, rest)) = text.split_once('(') else { break };
            text = rest;
        }
        if in_doc || text.starts_with("/**") {
            let Some((_, rest)) = text.split_once("*/") else {
                in_doc = true;
                doc.extend(text.strip_prefix("* ").map(str::to_owned));
                continue;
            };
            (in_doc, text) = (false, rest);
        }
        let (inside, after) = inside(text);
        let mut depth = 0_i32;
        let declared = inside.split(|letter| {
            depth += i32::from(['(', '['].contains(&letter)) - i32::from([')', ']'].contains(&letter));
            letter == ',' && depth == 0
        });
        for declared in declared.map(str::trim).filter(|declared| !declared.is_empty()) {
            params.push(Param::new(std::mem::take(&mut doc), declared));
        }
        if after.is_some() {
            break;
        }
    }
    params
}

/// Splits the text at its closing parenthesis.
pub(crate) fn inside(text: &str) -> (&str, Option<&str>) {
    let mut depth = 0_u32;
    for (place, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => return (text.get(..place).unwrap_or_default(), text.get(place + 1..)),
            ')' => depth -= 1,
            _ => {}
        }
    }
    (text, None)
}

/// A function as UniFFI wrote it.
pub(crate) struct Call<'a> {
    pub(crate) item: &'a Item,
    /// The text before the parameters.
    pub(crate) lead: &'a str,
    pub(crate) params: Vec<Param>,
    pub(crate) throws: bool,
    pub(crate) returns: Option<&'a str>,
    /// The first line of its body.
    pub(crate) body: &'a str,
}

impl<'a> Call<'a> {
    pub(crate) fn of(item: &'a Item) -> Option<Self> {
        let (lead, rest) = item.head().split_once('(')?;
        if !lead.contains("func ") && !lead.ends_with(" init") {
            return None;
        }
        let (signature, body) = inside(rest).1?.split_once('{')?;
        let returns = signature.split_once("->").map(|(_, returns)| returns.trim());
        Some(Self {
            item,
            lead,
            params: params(item),
            throws: signature.contains("throws"),
            returns,
            body: body.trim(),
        })
    }

    /// The error that it throws.
    pub(crate) fn error(&self) -> Option<&str> {
        let lifted =
            |line: &'a str| line.split_once("rustCallWithError(FfiConverterType")?.1.split_once("_lift");
        let lines = self.item.lines.iter().map(String::as_str);
        lines.filter_map(lifted).map(|(error, _)| error).next().filter(|_| self.throws)
    }

    pub(crate) fn declared(&self, lead: &str, effects: &str) -> String {
        let returns = self.returns.map_or_else(String::new, |returns| format!(" -> {returns}"));
        format!("{lead}({}){effects}{returns}", listed(self.params.iter().map(Param::declared)))
    }
}

pub(crate) fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

pub(crate) fn items<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Item>> {
    let (mut items, mut item, mut in_doc, mut depth) = (Vec::new(), Item::default(), false, 0_i32);
    for line in lines {
        let mut line = line;
        if item.lines.is_empty() {
            if in_doc {
                let Some((_, rest)) = line.split_once("*/") else {
                    let text = line.trim_start();
                    let text = text.strip_prefix('*').unwrap_or(text);
                    item.doc.push(text.strip_prefix(' ').unwrap_or(text).to_owned());
                    continue;
                };
                in_doc = false;
                line = rest;
            }
            if line.trim_start().starts_with("/**") {
                in_doc = true;
                continue;
            }
            if line.trim().is_empty() {
                continue;
            }
        }
        item.lines.push(line.trim_end().to_owned());
        let text = line.trim_start();
        if !text.starts_with("//") && !text.starts_with('*') && !text.starts_with("/*") {
            depth += text.matches(['{', '(']).count() as i32 - text.matches(['}', ')']).count() as i32;
        }
        if depth == 0 {
            items.push(std::mem::take(&mut item));
        }
    }
    if depth == 0 { Ok(items) } else { Err("the braces do not match".into()) }
}

pub(crate) fn lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

pub(crate) fn upper(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(crate) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| camel + &upper(word))
}
