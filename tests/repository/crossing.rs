//! The interface for other languages has everything that the core has: each public item of tests/api.txt is in
//! `bindings/`, or is listed here with a reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the whole file is a test")]

use std::collections::BTreeSet;
use std::fs;

use crate::source::{files, root, words};
use syn::{ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, ItemTrait, TraitItem, Type};

/// Types that do not cross, with everything that belongs to them, and single items that do not cross.
const LEFT_OUT: &[(&str, &[&str])] = &[
    (
        "the bindings use the machine's own, because a host's would run inside an act",
        &[
            "Argon2Hasher",
            "Clock",
            "Entropy",
            "EntropyFailed",
            "Environment",
            "ForeignHash",
            "HashFailed",
            "Hasher",
            "Reading",
            "SystemClock",
            "SystemEntropy",
        ],
    ),
    (
        "crosses as text, bytes or a number, and is checked on arrival",
        &[
            "AccountId",
            "CustomerRef",
            "EmailAddress",
            "FlowId",
            "FlowToken",
            "HostKey",
            "InvalidCustomerRef",
            "InvalidEmail",
            "InvalidId",
            "InvalidShortName",
            "InvalidToken",
            "MessageId",
            "MethodId",
            "ProductId",
            "ProviderId",
            "RecognitionToken",
            "RequestId",
            "Secret",
            "SessionId",
            "SessionToken",
            "Timestamp",
        ],
    ),
    ("crosses as one enum of errors, SelfsameError", &["Error", "OpenProblem", "PolicyError", "Refusal"]),
    (
        "crosses as a record whose fields have defaults",
        &["Client", "HashCost", "IdTokenRules", "Policy", "PolicyBuilder"],
    ),
    (
        "each language has names for its variants",
        &[
            "Action::CODES",
            "Action::code",
            "Algorithm::code",
            "SignInOutcome::code",
            "AssertionProblem::CODES",
            "AssertionProblem::code",
            "BillingStatus::code",
            "CreateBlocked::code",
            "Destination::code",
            "ImportProblem::code",
            "KeysProblem::CODES",
            "KeysProblem::code",
            "ManagedBy::code",
            "MessageKind::code",
            "MethodKind::code",
            "PasskeyProblem::CODES",
            "PasskeyProblem::code",
            "PasswordRule::CODES",
            "PasswordRule::code",
            "Planned::code",
            "ProtectedAct::code",
            "RequestKind::code",
            "RequestedBy::code",
            "SecondFactor::code",
            "Step::code",
            "SupportAct::code",
            "TextField::CODES",
            "TextField::code",
            "TextProblem::CODES",
            "TextProblem::code",
        ],
    ),
    ("crosses as amr_value", &["Amr::as_str"]),
    ("crosses as adopt_file", &["EngineOptions::adopt"]),
    ("crosses as the arguments of create, open and open_or_create", &["Engine::options", "EngineOptions"]),
    ("each language matches on the step", &["Flow::signed_in", "NotSignedIn"]),
    (
        "a database is for servers, and the other languages are for apps on a device",
        &["Database", "EngineOptions::connect", "InvalidDatabase"],
    ),
    ("crosses as export_schema", &["EXPORT_SCHEMA"]),
    ("crosses as tables", &["TABLES"]),
    ("the other languages give values of their own, and no JSON", &["Revealed"]),
    ("finds the table of a row's key, which other languages never see", &["Table::of"]),
];

/// The items of `bindings/`, by their names in the core.
#[derive(Default)]
struct Face {
    types: BTreeSet<String>,
    methods: BTreeSet<String>,
    functions: BTreeSet<String>,
}

impl Face {
    fn of(sources: &[String]) -> Self {
        let mut face = Self::default();
        for source in sources {
            syn::parse_file(source).unwrap().items.iter().for_each(|item| face.read(item));
        }
        face
    }

    fn read(&mut self, item: &Item) {
        match item {
            Item::Struct(ItemStruct { ident, .. }) | Item::Enum(ItemEnum { ident, .. }) => {
                self.types.insert(ident.to_string());
            }
            Item::Trait(ItemTrait { ident, items, .. }) => {
                self.types.insert(ident.to_string());
                let methods = items.iter().filter_map(|item| match item {
                    TraitItem::Fn(function) => Some(format!("{ident}::{}", function.sig.ident)),
                    _ => None,
                });
                self.methods.extend(methods);
            }
            // `impl Trait for Type` adds no item.
            Item::Impl(ItemImpl { trait_: None, self_ty, items, .. }) => {
                let Type::Path(of) = &**self_ty else { return };
                let Some(of) = of.path.get_ident() else { return };
                let methods = items.iter().filter_map(|item| match item {
                    ImplItem::Fn(function) => Some(format!("{of}::{}", function.sig.ident)),
                    _ => None,
                });
                self.methods.extend(methods);
            }
            Item::Fn(function) => _ = self.functions.insert(function.sig.ident.to_string()),
            _ => {}
        }
    }

    /// Whether the item crosses. A method may cross as a free function with the type's name as prefix.
    fn has(&self, path: &str) -> bool {
        match path.split_once("::") {
            None => self.types.contains(path),
            Some((of, name)) => {
                let free = format!("{}_{name}", snake(of));
                self.methods.contains(path) || self.functions.contains(&free) || self.functions.contains(name)
            }
        }
    }
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn problems(api: &str, face: &Face) -> Vec<String> {
    let items: Vec<_> = api.lines().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
    let is_of =
        |path: &str, left: &str| path == left || path.split_once("::").is_some_and(|(of, _)| of == left);
    let left: Vec<_> = LEFT_OUT.iter().flat_map(|(_, items)| items.iter().copied()).collect();
    let mut found = Vec::new();
    for path in items.iter().filter(|path| !face.has(path)) {
        if !left.iter().any(|left| is_of(path, left)) {
            found.push(format!("{path} does not cross: mirror it, or say why not"));
        }
    }
    for left in left {
        let missing = items.iter().filter(|path| is_of(path, left) && !face.has(path)).count();
        if missing == 0 {
            found.push(format!("{left} is left out, but crosses or does not exist"));
        }
    }
    found
}

#[test]
fn every_item_of_the_core_crosses_or_has_a_reason() {
    let api = fs::read_to_string(root().join("tests/api.txt")).unwrap();
    let sources: Vec<_> = files(&root().join("bindings/src"), ".rs")
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let face = Face::of(&sources);
    assert!(face.methods.len() > 60 && face.types.len() > 40, "the interface was not read completely");
    let found = problems(&api, &face);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Names that already exist in Kotlin's objects and errors or in Swift's Foundation. `bindings/bindgen` makes `close`
/// the one that Kotlin's objects have.
fn taken(face: &Face, words: &[String]) -> Vec<String> {
    let names = face.methods.iter().filter_map(|path| path.split_once("::")).map(|(_, name)| name);
    let methods = names.filter(|name| ["destroy", "to_string"].contains(name)).map(str::to_owned);
    let types = face.types.iter().filter(|name| *name == "Data").cloned();
    let fields = words.windows(2).filter(|pair| pair[1] == ":").map(|pair| pair[0].clone());
    methods.chain(types).chain(fields.filter(|name| ["cause", "self_"].contains(&name.as_str()))).collect()
}

#[test]
fn no_name_of_the_interface_exists_in_a_language_already() {
    for folder in ["bindings/src", "bindings/testing/src"] {
        for path in files(&root().join(folder), ".rs") {
            let source = fs::read_to_string(&path).unwrap();
            let found = taken(&Face::of(std::slice::from_ref(&source)), &words(&source));
            assert!(found.is_empty(), "{}: {}", path.display(), found.join(", "));
        }
    }
    let source = "struct Data { a: u8 }\nimpl Data { fn destroy(&self) {} }\nenum E { V { cause: u8 } }";
    assert_eq!(taken(&Face::of(&[source.to_owned()]), &words(source)), ["destroy", "Data", "cause"]);
}

#[test]
fn a_missing_item_and_a_needless_exception_are_found() {
    let source = "pub struct Engine(X);\nimpl Engine { pub fn sign_in(&self) { if a { b } } }\nfn policy_aal1() {}\n\
                  pub enum Table { A }\nimpl From<A> for B { fn from() {} }";
    let face = Face::of(&[source.to_owned()]);
    let has = ["Engine", "Engine::sign_in", "Policy::aal1", "Table"].map(|path| face.has(path));
    assert_eq!(has, [true; 4]);
    let has_not = ["Engine::sign_up", "From", "A::from", "X"].map(|path| face.has(path));
    assert_eq!(has_not, [false; 4]);
    let found = problems("host Engine::sign_up\nvalue Amr::as_str", &face);
    assert!(found.contains(&"Engine::sign_up does not cross: mirror it, or say why not".to_owned()));
    assert!(found.contains(&"TABLES is left out, but crosses or does not exist".to_owned()));
    assert!(!found.iter().any(|problem| problem.starts_with("Amr")));
}
