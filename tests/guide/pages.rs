//! The pages of docs/guide that contain Rust code.

use std::path::Path;
use std::{fs, io};

/// A page, and the code of its blocks in order.
pub(crate) struct Page {
    /// The file's name without its ending.
    pub(crate) name: String,
    pub(crate) code: String,
}

/// Returns the pages in the folder and in its folders that contain Rust code.
pub(crate) fn pages(folder: &Path) -> io::Result<Vec<Page>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(pages(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            let text = fs::read_to_string(&path)?;
            if text.contains("```rust,") {
                return Err(io::Error::other(format!("{}: a block that is not run", path.display())));
            }
            let blocks = text.split("```rust\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
            let code = blocks.collect::<Vec<_>>().join("\n");
            if !code.is_empty() {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                found.push(Page { name, code });
            }
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}
