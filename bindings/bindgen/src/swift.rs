//! Rewrites UniFFI's output as idiomatic Swift: async calls, named members, Swift's names in the comments and types of
//! Foundation. Code completion shows nothing of UniFFI, and printed values show no personal data. The only new calls
//! are the async ones.

mod calls;
mod module;
mod names;
mod page;
mod source;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use self::names::{MEMBERS, Names};
use self::page::Writer;
use self::source::{Result, items};
use self::types::LABELS;

/// Names that UniFFI's output has, and those that replace them. Most are types of Foundation.
const RENAMED: [(&str, &str); 4] =
    [("ClientInfo", "Client"), ("PathBuf", "URL"), ("TimeInterval", "Duration"), ("Timestamp", "Date")];

/// Rewrites every module in the folder.
pub(crate) fn adapt(folder: &Path) -> Result<()> {
    let mut modules = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "swift") {
            let source = renamed(&fs::read_to_string(&path)?);
            let hidden = "@_documentation(visibility: private)\n#endif\n";
            let source = source.replace(&format!("#if swift(>=5.8)\n{hidden}"), "");
            let source = source.replace(&format!("#if swift(>=5.8)\n    {hidden}"), "");
            let source =
                source.replace("#if compiler(>=6)\n", "").replace("Sendable {}\n#endif", "Sendable {}");
            let mut source = source.replace("public \nenum", "public enum");
            // In code the name needs no backticks. In a comment they mark it as code.
            for code in ["func ", "case ", "."] {
                source = source.replace(&format!("{code}`open`"), &format!("{code}open"));
            }
            modules.insert(path, items(source.lines())?);
        }
    }
    let mut names = Names::default();
    modules.values().flatten().try_for_each(|item| names.read(item))?;
    let mut writer = Writer { names: &names, named: BTreeSet::new(), out: String::new() };
    for (path, items) in &modules {
        let module = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        writer.module(module, items).map_err(|error| format!("{module}.swift: {error}"))?;
        fs::write(path, std::mem::take(&mut writer.out))?;
    }
    let named = LABELS.iter().map(|(path, _)| path).chain(MEMBERS.iter().map(|(function, ..)| function));
    match named.into_iter().find(|name| !writer.named.contains(**name)) {
        Some(name) => {
            Err(format!("a table names {name}, which does not exist or needs no other name").into())
        }
        None => Ok(()),
    }
}

fn renamed(source: &str) -> String {
    let mut renamed = String::with_capacity(source.len());
    for piece in source.split_inclusive(|letter: char| !letter.is_alphanumeric() && letter != '_') {
        let word = piece.trim_end_matches(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let name = RENAMED.iter().find(|(old, _)| *old == word).map_or(word, |(_, name)| name);
        renamed.push_str(name);
        renamed.push_str(piece.strip_prefix(word).unwrap_or_default());
    }
    renamed
}
