//! Writes records and enums, and their converters.

use super::page::{Ends, Writer};
use super::source::{Call, Item, Param, Result, items, listed, lower, params};

/// Names for values that have no name in Rust.
pub(crate) const LABELS: [(&str, &str); 2] = [("Answer.correctAddress", "email"), ("Answer.linkTo", "place")];

/// Enums that callers write. The names of their cases already describe the values.
const BARE: [&str; 3] = ["Answer", "Assertion", "Unlock"];

impl Writer<'_> {
    pub(crate) fn record(&mut self, item: &Item, name: &str) -> Result<()> {
        self.comment(0, &item.doc, Ends::Plainly);
        self.line(item.head());
        let (mut fields, mut given) = (Vec::new(), Vec::new());
        for member in items(item.body())? {
            if let Some(field) = member.head().strip_prefix("public var ") {
                self.comment(4, &member.doc, Ends::Plainly);
                self.line(&format!("    public var {field}"));
                fields.push(Param::new(Vec::new(), field));
            } else if member.head().starts_with("public init(") {
                given = params(&member);
            }
        }
        self.line("\n    public init(");
        self.line(&format!(
            "        {}",
            given.iter().map(Param::declared).collect::<Vec<_>>().join(",\n        ")
        ));
        self.line("    ) {");
        let names: Vec<_> = fields.iter().filter_map(|field| field.name.as_deref()).collect();
        for name in &names {
            self.line(&format!("        self.{name} = {name}"));
        }
        self.line("    }\n}");
        let members = listed(fields.iter().zip(&names).map(|(field, name)| field.member(name)));
        self.shown(name, &[format!("Members(\"{name}\", [{members}])")]);
        Ok(())
    }

    pub(crate) fn variants(&mut self, item: &Item, name: &str) -> Result<()> {
        self.comment(0, &item.doc, Ends::Plainly);
        self.line(item.head());
        let mut shown = Vec::new();
        for mut case in item.cases()? {
            for param in case.params.iter_mut().filter(|param| param.name.is_none()) {
                param.name = self.label(name, &case.name)?.map(str::to_owned);
            }
            self.comment(4, &case.doc, Ends::Plainly);
            for (place, param) in case.params.iter().enumerate().filter(|(_, param)| !param.doc.is_empty()) {
                if place == 0 {
                    self.line("    ///\n    /// - Parameters:");
                }
                let text = self.names.spelled(&param.doc.join(" "), false);
                self.wrapped(
                    "    ///   ",
                    &format!("- {}: {text}", param.name.as_deref().unwrap_or_default().trim_matches('`')),
                );
            }
            let carried = listed(case.params.iter().map(Param::declared));
            self.line(&format!(
                "    case {}{}",
                case.name,
                if carried.is_empty() { carried } else { format!("({carried})") }
            ));
            let bound = listed(
                case.params.iter().map(|param| param.name.clone().unwrap_or_else(|| "value".to_owned())),
            );
            let members = listed(
                case.params.iter().map(|param| param.member(param.name.as_deref().unwrap_or("value"))),
            );
            let pattern = if bound.is_empty() { String::new() } else { format!("({bound})") };
            let binds = if bound.is_empty() { "" } else { "let " };
            let word = case.name.trim_matches('`');
            shown.push((
                format!("        case {binds}.{}{pattern}: Members(\"{word}\", [{members}])", case.name),
                !bound.is_empty(),
            ));
        }
        for call in items(item.body())?.iter().filter_map(Call::of) {
            self.line("");
            self.property(&call);
        }
        self.line("}");
        if !item.is_error() && shown.iter().any(|(_, carries)| *carries) {
            let mut lines = vec!["switch self {".to_owned()];
            lines.extend(shown.into_iter().map(|(line, _)| line));
            lines.push("        }".to_owned());
            self.shown(name, &lines);
        }
        Ok(())
    }

    pub(crate) fn label(&mut self, of: &str, case: &str) -> Result<Option<&'static str>> {
        let path = format!("{of}.{case}");
        match LABELS.iter().find(|(named, _)| *named == path) {
            Some((_, label)) => {
                self.named.insert(path);
                Ok(Some(label))
            }
            None if BARE.contains(&of) => Ok(None),
            None => Err(format!("the value of {path} has no name; give it one in LABELS").into()),
        }
    }

    /// Writes how print, a debugger and a mirror show a type.
    pub(crate) fn shown(&mut self, name: &str, members: &[String]) {
        self.line(&format!(
            "\nextension {name}: Shown, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {{"
        ));
        self.line(&format!("    package var members: Members {{\n        {}\n    }}", members.join("\n")));
        self.line("    public var description: String { members.description }");
        self.line("    public var debugDescription: String { members.description }");
        self.line("    public var customMirror: Mirror { members.mirror(of: self) }\n}");
    }

    /// Writes the converter of a type.
    pub(crate) fn converter(&mut self, item: &Item, name: &str, items: &[Item]) -> Result<()> {
        let of = name.strip_prefix("FfiConverterType").unwrap_or(name);
        let is_enum = |item: &&Item| item.public_type() == Some(("enum", of));
        let declared = items.iter().find(is_enum);
        let is_error = declared.is_some_and(Item::is_error);
        let cases = declared.map(Item::cases).transpose()?.unwrap_or_default();
        let mut labels = Vec::new();
        for case in cases.iter().filter(|case| case.params.iter().any(|param| param.name.is_none())) {
            labels
                .extend(self.label(of, &case.name)?.map(|label| (format!("return .{}(", case.name), label)));
        }
        self.lines(item, 0, |line| {
            let mut line = line.replace("public s", "package s");
            for begins in ["case .", "case let .", "return ."] {
                if let (true, Some((before, case))) = (is_error, line.split_once(begins)) {
                    line = format!("{before}{begins}{}", lower(case));
                    break;
                }
            }
            labels
                .iter()
                .fold(line, |line, (begins, label)| line.replace(begins, &format!("{begins}{label}: ")))
        });
        Ok(())
    }
}
