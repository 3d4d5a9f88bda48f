//! The whole public API, with a class for each item in tests/api.txt (SPEC 5.6). An item that removes a factor or a
//! sign-in method from an account must belong to a session of the owner, or ask for the owner's proof.
//!
//! `UPDATE=1 cargo test -p selfsame-tests --test repository api` adds new items to the list with the class `?`, which
//! you must replace.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "the whole file is a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const LIST: &str = "tests/api.txt";

/// The classes of items.
const CLASSES: [&str; 6] = [
    "flow",    // starts or answers a flow: nothing happens without the owner's own proof
    "host",    // for the program that embeds the engine, or given by it
    "owner",   // needs a session of the owner
    "store",   // makes, opens or releases the store
    "support", // for an operator
    "value",   // pure data: constructors, getters, conversions
];

/// Words for removing, replacing or weakening something, or for adding something that may not be the owner's.
const VERBS: &str = "add attach bypass cancel change clear consume delete detach disable discard drop end enroll \
    erase expire force forget invalidate ignore link lower move off omit opt overwrite override purge recover \
    regenerate release remove renew reset replace restore revoke rotate set skip suspend swap trust \
    undo unenroll unlink unlock unset update void waive weaken wipe without";

/// Factors, sign-in methods, and what guards them.
const NOUNS: &str = "2fa aal address auth authenticator code contact counter credential email enrolment factor \
    failure guard hold identifier identities identity limit lock login method mfa otp passkey password proof recovery second \
    sign throttle totp wait way";

/// Items whose names suggest more than they do, each with a reason. Currently none.
const ALLOWED: [&str; 0] = [];

/// A public item.
#[derive(Default)]
pub(crate) struct Item {
    /// Its documentation.
    pub(crate) docs: String,
    /// Its signature, if it is a function.
    pub(crate) shape: Option<Shape>,
}

/// The signature of a function.
#[derive(Default)]
pub(crate) struct Shape {
    /// The names of its parameters.
    pub(crate) parameters: Vec<String>,
    /// The types that its parameters name.
    pub(crate) takes: BTreeSet<String>,
    /// The types that its result names.
    pub(crate) gives: BTreeSet<String>,
    /// Whether its result is only a value of its own type.
    pub(crate) gives_self: bool,
}

/// The public items by their paths.
pub(crate) type Api = BTreeMap<String, Item>;

#[test]
fn r5_6_every_item_of_the_api_has_a_class_and_only_the_owner_s_touch_a_factor() {
    let api = api();
    assert!(api.contains_key("AccountHandle::turn_off_mfa"), "the documentation lacks the owner's acts");
    let path = Path::new(ROOT).join(LIST);
    let mut list = fs::read_to_string(&path).unwrap_or_default();
    if std::env::var_os("UPDATE").is_some() {
        list = updated(&list, api);
        fs::write(&path, &list).unwrap();
    }
    let problems = problems(&list, api);
    assert!(problems.is_empty(), "{LIST}:\n{}", problems.join("\n"));
}

/// Returns what is wrong with the list.
fn problems(list: &str, api: &Api) -> Vec<String> {
    let mut found = Vec::new();
    let mut listed = BTreeSet::new();
    let lines: Vec<&str> = list.lines().collect();
    if !lines.is_sorted() {
        found.push("the lines are not sorted".to_owned());
    }
    for line in lines {
        let Some((class, path)) = line.split_once(' ').filter(|(_, path)| !path.contains(' ')) else {
            found.push(format!("{line:?} is not a class and one path"));
            continue;
        };
        if !listed.insert(path) {
            found.push(format!("{path} is listed twice"));
        }
        if !CLASSES.contains(&class) {
            found.push(format!("{path}: there is no class {class:?}; class it"));
        }
        if !matches!(class, "owner" | "flow") && touches_a_factor(path) && !ALLOWED.contains(&path) {
            found.push(format!(
                "{path} sounds as if it removed a factor or a sign-in method, but its class is {class}"
            ));
        }
        match api.get(path) {
            None => found.push(format!("{path} is in the list but not in the API")),
            Some(item) => found.extend(unlike(class, path, item.shape.as_ref())),
        }
    }
    let missing = api.keys().filter(|path| !listed.contains(path.as_str()));
    found.extend(missing.map(|path| format!("{path} is in the API but not in the list: class it")));
    found
}

/// Returns why the signature does not fit the class, if it does not.
fn unlike(class: &str, path: &str, shape: Option<&Shape>) -> Option<String> {
    let shape = shape?;
    let of = path.rsplit_once("::").map_or("", |(of, _)| of);
    let why = match class {
        "owner" if of != "AccountHandle" && !shape.takes.contains("SessionToken") => "takes no session",
        "flow" if !shape.gives.contains("Flow") => "gives no step of a flow",
        "value" if matches!(of, "Engine" | "AccountHandle" | "SupportDesk") => "acts on a store",
        "host" | "support" | "store" if of == "AccountHandle" => "is the owner's",
        _ => return None,
    };
    Some(format!("{path} is classed {class} but {why}"))
}

/// Whether the last name contains one of the verbs and the path one of the nouns.
fn touches_a_factor(path: &str) -> bool {
    let (_, name) = path.rsplit_once("::").unwrap_or(("", path));
    let is_form = |word: &str, of: &str| {
        let stem = of.strip_suffix('e').unwrap_or(of);
        word == of || ["s", "es", "ed", "ing"].iter().any(|end| word.strip_suffix(end) == Some(stem))
    };
    let has = |path: &str, sought: &str| {
        words(path).iter().any(|word| sought.split_whitespace().any(|of| is_form(word, of)))
    };
    has(name, VERBS) && has(path, NOUNS)
}

/// The words of a path in snake case or in capitals.
fn words(path: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for letter in path.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && !before.is_uppercase()) {
            words.push(String::new());
        }
        words.last_mut().unwrap().extend(letter.to_lowercase().filter(|letter| letter.is_alphanumeric()));
        before = letter;
    }
    words
}

/// The list with a line for every missing item.
fn updated(list: &str, api: &Api) -> String {
    let listed: BTreeSet<&str> =
        list.lines().filter_map(|line| line.split_once(' ')).map(|(_, path)| path).collect();
    let missing = api.keys().filter(|path| !listed.contains(path.as_str())).map(|path| format!("? {path}"));
    let mut lines: Vec<String> = list.lines().map(str::to_owned).chain(missing).collect();
    lines.sort();
    lines.join("\n") + "\n"
}

/// The public API from the toolchain's own documentation, with hidden items and the feature `json`, but without `testing`. Reads
/// only those members of its JSON that place an item. These have not changed for years, while a crate that knows
/// all members fits only one release of the toolchain.
pub(crate) fn api() -> &'static Api {
    static API: OnceLock<Api> = OnceLock::new();
    API.get_or_init(documented)
}

fn documented() -> Api {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("api");
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(ROOT)
        .args([
            "rustdoc",
            "--quiet",
            "--offline",
            "--locked",
            "-p",
            "selfsame",
            "--lib",
            "--features",
            "json,postgres",
            "--target-dir",
        ])
        .arg(&target)
        // Only macros run, so optimising takes longer than it saves.
        .args(["--config", "profile.dev.package.\"*\".opt-level=0", "--config", "profile.dev.debug=0"])
        .args(["--", "-Z", "unstable-options", "--output-format", "json", "--document-hidden-items"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("CARGO_BUILD_TARGET")
        .output()
        .unwrap();
    assert!(built.status.success(), "no documentation: {}", String::from_utf8_lossy(&built.stderr));
    let doc: Value = serde_json::from_slice(&fs::read(target.join("doc/selfsame.json")).unwrap()).unwrap();
    let mut api = Api::new();
    let (_, _, top) = item(&doc["index"], &doc["root"]).unwrap_or_else(|| unread("no root", &doc["root"]));
    each(&top["items"]).for_each(|id| list(&doc["index"], id, None, "", &mut api));
    api
}

/// The item, its kind and the members of that kind. Other crates' items are not in the index.
fn item<'a>(index: &'a Value, id: &Value) -> Option<(&'a Value, &'a str, &'a Value)> {
    let item = index.get(id.to_string().trim_matches('"'))?;
    let (kind, inner) = item["inner"].as_object()?.iter().next()?;
    Some((item, kind, inner))
}

/// Lists an item and everything that can be named through it.
fn list(index: &Value, id: &Value, renamed: Option<&str>, above: &str, api: &mut Api) {
    let (item, kind, inner) = item(index, id).unwrap_or_else(|| unread("an item of another crate", id));
    let name = renamed.or_else(|| item["name"].as_str()).unwrap_or_default();
    let path = if above.is_empty() { name.to_owned() } else { format!("{above}::{name}") };
    let docs = item["docs"].as_str().unwrap_or_default().to_owned();
    match kind {
        "use" if inner["is_glob"] == false => {
            return list(index, &inner["id"], inner["name"].as_str(), above, api);
        }
        "module" => return each(&inner["items"]).for_each(|id| list(index, id, None, &path, api)),
        "struct" | "enum" | "union" => {
            let blocks = each(&inner["impls"]).filter_map(|id| self::item(index, id));
            for (_, _, block) in blocks.filter(|(_, _, block)| block["trait"].is_null()) {
                each(&block["items"]).for_each(|id| list(index, id, None, &path, api));
            }
        }
        "trait" => each(&inner["items"]).for_each(|id| list(index, id, None, &path, api)),
        // The forms of `serde(remote = "Self")`, which the traits of the same names call.
        "function" if docs.is_empty() && matches!(name, "serialize" | "deserialize") => return,
        "function" => {
            let mut shape = Shape::default();
            let part = |part| inner["sig"].get(part).unwrap_or_else(|| unread("no signature of", item));
            types(part("inputs"), &mut shape.takes);
            types(part("output"), &mut shape.gives);
            shape.gives_self = part("output")["generic"] == "Self";
            let names = each(part("inputs")).map(|input| input[0].as_str().unwrap_or_default().to_owned());
            shape.parameters = names.collect();
            api.insert(path, Item { docs, shape: Some(shape) });
            return;
        }
        "constant" | "static" | "type_alias" | "assoc_const" | "assoc_type" | "macro" | "proc_macro" => {}
        _ => unread("what it cannot place:", item),
    }
    api.insert(path, Item { docs, shape: None });
}

fn unread(what: &str, which: &Value) -> ! {
    panic!("this test does not understand the toolchain's documentation ({what} {which}); extend it")
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().unwrap_or_else(|| unread("no list where one was:", list)).iter()
}

/// Collects every type that a part of a signature names.
fn types(part: &Value, found: &mut BTreeSet<String>) {
    match part {
        Value::Object(members) => {
            if let Some(name) = members.get("resolved_path").and_then(|named| named["path"].as_str()) {
                found.insert(name.rsplit("::").next().unwrap_or(name).to_owned());
            }
            members.values().for_each(|member| types(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| types(item, found)),
        _ => {}
    }
}

/// The checker itself.
mod checker {
    use super::*;

    fn some_api() -> Api {
        let shape = |takes: &str, gives: &str| {
            let shape = Shape {
                takes: [takes.to_owned()].into(),
                gives: [gives.to_owned()].into(),
                ..Shape::default()
            };
            Item { shape: Some(shape), ..Item::default() }
        };
        Api::from([
            ("Engine::remove_totp".to_owned(), shape("AccountId", "")),
            ("Engine::sign_in".to_owned(), shape("Client", "Flow")),
            ("AccountHandle::turn_off_mfa".to_owned(), shape("", "")),
        ])
    }

    #[test]
    fn r5_6_a_list_with_a_wrong_class_or_a_missing_item_is_caught() {
        for (line, caught) in [
            ("", "Engine::remove_totp is in the API but not in the list: class it"),
            ("host Engine::remove_totp", "its class is host"),
            ("support Engine::remove_totp", "its class is support"),
            ("value Engine::remove_totp", "acts on a store"),
            ("owner Engine::remove_totp", "takes no session"),
            ("flow Engine::remove_totp", "gives no step of a flow"),
            ("totp Engine::remove_totp", "there is no class \"totp\""),
            ("Engine::remove_totp", "is not a class and one path"),
            ("owner Engine::gone", "Engine::gone is in the list but not in the API"),
            ("host AccountHandle::turn_off_mfa", "is the owner's"),
            ("flow Engine::sign_in", "is listed twice"),
        ] {
            let list = format!("{line}\nflow Engine::sign_in\nowner AccountHandle::turn_off_mfa\n");
            let found = problems(list.trim_start(), &some_api());
            assert!(found.iter().any(|problem| problem.contains(caught)), "{line}: {found:?}");
        }
        let two = Api::from(["a", "b"].map(|path| (path.to_owned(), Item::default())));
        assert_eq!(problems("owner a\nhost b\n", &two), ["the lines are not sorted"]);
    }

    #[test]
    fn r5_6_a_name_that_removes_a_factor_is_recognised_in_any_form() {
        for path in "Engine::remove_totp Engine::force_reset_mfa_codes Engine::skip_second_factor \
            Engine::unlock_password Engine::clear_throttles Engine::turn_off_mfa Engine::change_email \
            Engine::link_identity Support::waive_hold Passkeys::remove Engine::removed_methods \
            Engine::replacing_addresses Engine::withoutMfa resetPassword ResetPasswords"
            .split_whitespace()
        {
            assert!(touches_a_factor(path), "{path}");
        }
        for path in "AccountView Engine::set_keys Engine::set_trusted_time Engine::signal_offset \
            PolicyBuilder::methods Policy::hold MessageKind::mailed_code RecoveryCodes Timestamp::since \
            Unlock PasswordSettings::blockade Engine::sign_in"
            .split_whitespace()
        {
            assert!(!touches_a_factor(path), "{path}");
        }
    }

    #[test]
    fn r5_6_a_new_item_is_written_without_a_class_and_fails_the_test() {
        let list = updated("flow Engine::sign_in\n", &some_api());
        assert_eq!(list, "? AccountHandle::turn_off_mfa\n? Engine::remove_totp\nflow Engine::sign_in\n");
        let problems = problems(&list, &some_api());
        assert_eq!(problems.iter().filter(|problem| problem.contains("class it")).count(), 2);
    }
}
