//! Man pages, from the texts of `--help`.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use crate::arguments;
use crate::trouble::Trouble;

/// Prints the page of one command, or writes the pages of all commands.
pub(crate) fn pages(of: &[String], to: Option<&Path>) -> Result<(), Trouble> {
    let mut whole = arguments::command().disable_help_subcommand(true);
    whole.build();
    if let Some(folder) = to {
        return write_all(&whole, folder);
    }
    let mut wanted = &whole;
    for name in of {
        wanted = wanted.find_subcommand(name).ok_or_else(|| {
            Trouble::Unusable(format!(
                "there is no command {:?}; list the commands: selfsame --help",
                of.join(" ")
            ))
        })?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    out.write_all(&page(wanted)?)?;
    Ok(out.flush()?)
}

fn write_all(command: &Command, folder: &Path) -> Result<(), Trouble> {
    let path = folder.join(format!("{}.1", name(command)));
    fs::write(&path, page(command)?)
        .map_err(|error| Trouble::Unusable(format!("{} cannot be written: {error}", path.display())))?;
    command.get_subcommands().try_for_each(|below| write_all(below, folder))
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    // Subcommands have no version.
    let source = concat!("selfsame ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(source).manual("Selfsame").render(&mut page)?;
    Ok(page)
}

/// `selfsame-mfa-enroll`.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}
