//! A file that loses its name while a process has it open. A process that committed to it would acknowledge acts that
//! nobody finds again. For files that are replaced, see `core/src/store/tests/files.rs`.

use std::fs;
use std::path::Path;

use selfsame::{Error, OpenProblem};

use crate::is_process;
use crate::servant::{ALREADY_OPEN, DONE, Servant, name, open, serve, told, with_ada};

const TEST: &str = "names::a_file_that_lost_its_name_takes_no_acts_and_is_intact_when_it_is_back";

/// Everything in the folder and its subfolders.
fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        if path.is_dir() {
            names.extend(self::names(&path));
        }
    }
    names.sort();
    names
}

/// How the file loses its name, and how it gets it back.
type Loss = (fn(&Path), fn(&Path));

const LOSSES: [Loss; 3] = [
    (
        |folder| fs::rename(folder.join("at/store"), folder.join("at/elsewhere")).unwrap(),
        |folder| fs::rename(folder.join("at/elsewhere"), folder.join("at/store")).unwrap(),
    ),
    // The file is deleted, but has another name.
    (
        |folder| {
            fs::hard_link(folder.join("at/store"), folder.join("kept")).unwrap();
            fs::remove_file(folder.join("at/store")).unwrap();
        },
        |folder| fs::hard_link(folder.join("kept"), folder.join("at/store")).unwrap(),
    ),
    (
        |folder| fs::rename(folder.join("at"), folder.join("elsewhere")).unwrap(),
        |folder| fs::rename(folder.join("elsewhere"), folder.join("at")).unwrap(),
    ),
];

#[test]
fn a_file_that_lost_its_name_takes_no_acts_and_is_intact_when_it_is_back() {
    if let Some(file) = is_process() {
        return serve(&file);
    }
    let not_found = Error::Open(OpenProblem::NotFound);
    for (lose, bring_back) in LOSSES {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::create_dir(folder.join("at")).unwrap();
        let file = folder.join("at/store");
        let ada = with_ada(&file);
        let (look, rename) = (format!("look {}", ada.reveal()), format!("rename {}", ada.reveal()));
        let asleep = open(&file).unwrap();
        asleep.engine().suspend().unwrap();
        let mut holder = Servant::of(TEST, &file);
        assert_eq!(holder.does("open"), DONE);
        assert_eq!(holder.does(&format!("{rename} Ada1")), DONE);

        lose(folder);
        let there = names(folder);
        assert_eq!(holder.does(&look), "Ada1", "reading stopped working");
        assert_eq!(holder.does(&format!("{rename} Ada2")), told(&Error::Broken));
        // A store that refuses acts must not answer reads either.
        assert_eq!(holder.does(&look), told(&Error::Broken));
        assert_eq!(name(&asleep, &ada), Err(not_found.clone()));
        let act =
            asleep.engine().sign_in("ada@example.org", &"a password".into(), &selfsame::Client::on("x"));
        assert_eq!(act.err(), Some(not_found.clone()));
        assert_eq!(open(&file).err(), Some(not_found.clone()));
        assert_eq!(holder.does("open"), told(&not_found));
        assert_eq!(names(folder), there, "a file appeared in its place");

        bring_back(folder);
        assert_eq!(holder.does(&look), told(&Error::Broken), "a broken store must be opened again");
        assert_eq!(name(&asleep, &ada).unwrap().as_deref(), Some("Ada1"), "a suspended store must wake");
        assert_eq!(holder.does("open"), told(&ALREADY_OPEN));
        asleep.engine().suspend().unwrap();
        assert_eq!(holder.does("open"), DONE);
        assert_eq!(holder.does(&look), "Ada1");
        assert_eq!(holder.does(&format!("{rename} Ada3")), DONE);
        assert_eq!(holder.does("suspend"), DONE);
        assert_eq!(name(&asleep, &ada).unwrap().as_deref(), Some("Ada3"));
        crate::goes_on(&asleep);
    }
}
