//! The JSON form of every type that callers read or give: it fits its schema, reads back, and hides secrets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the whole file is a test")]

mod samples;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use boon::{Compiler, Schemas};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use selfsame::{Revealed, Secret};
use serde::de::DeserializeOwned;
use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::samples::{SECRETS, samples};

/// Exported names that have no form in JSON, each with the reason.
const NOT_JSON: &[(&str, &[&str])] = &[
    ("acts", &["AccountHandle", "Engine", "EngineOptions", "SupportDesk"]),
    (
        "the host's part of the engine",
        &[
            "Anchor",
            "AnchorFailed",
            "Argon2Hasher",
            "Clock",
            "Entropy",
            "EntropyFailed",
            "Environment",
            "ForeignHash",
            "HashFailed",
            "Hasher",
            "Keystore",
            "KeystoreProblem",
            "Reading",
            "SystemClock",
            "SystemEntropy",
        ],
    ),
    ("a key, which never leaves the host", &["HostKey", "Unlock"]),
    (
        "settings, which stand in the host's source",
        &[
            "Algorithm",
            "AssertionKind",
            "Database",
            "EmailProof",
            "HashCost",
            "IdTokenRules",
            "InvalidDatabase",
            "MfaPolicy",
            "Policy",
            "PolicyBuilder",
            "PolicyError",
            "Product",
            "Provider",
            "RelyingParty",
        ],
    ),
    ("describes the store", &["EXPORT_SCHEMA", "InExport", "OnPurge", "Sealed", "TABLES", "Table"]),
    (
        "why a text or a step is not what was asked for",
        &["InvalidCustomerRef", "InvalidId", "InvalidShortName", "InvalidToken", "NotSignedIn"],
    ),
    ("no call takes or gives it", &["EmailAddress"]),
    ("chooses the form", &["Revealed"]),
];

/// The forms of some values of a type.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    schema: Value,
    /// Hidden and revealed.
    forms: Vec<(Value, Value)>,
}

impl Sample {
    /// Of a type that callers only read.
    pub(crate) fn given<T: Serialize + JsonSchema>(values: &[T]) -> Self {
        let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let form = |value| (json!(value), json!(Revealed(value)));
        Self {
            name: std::any::type_name::<T>().rsplit("::").next().unwrap(),
            schema: generator.into_root_schema_for::<T>().into(),
            forms: values.iter().map(form).collect(),
        }
    }

    /// Of a type that can also be read back.
    pub(crate) fn of<T: Serialize + DeserializeOwned + JsonSchema>(values: &[T]) -> Self {
        let sample = Self::given(values);
        for (_, revealed) in &sample.forms {
            let read: T = serde_json::from_value(revealed.clone())
                .unwrap_or_else(|error| panic!("{} from {revealed}: {error}", sample.name));
            assert_eq!(json!(Revealed(&read)), *revealed, "{}", sample.name);
        }
        sample
    }
}

#[test]
fn every_exported_type_has_a_form_in_json_or_a_reason() {
    let mut exported = BTreeSet::new();
    for statement in include_str!("../../src/lib.rs").split("pub use ").skip(1) {
        let path = statement.split(';').next().unwrap();
        let names = path.rsplit("::").next().unwrap();
        exported.extend(names.split([',', '{', '}']).map(str::trim).filter(|name| !name.is_empty()));
    }
    let samples = samples();
    let mut known: BTreeSet<&str> = samples.iter().map(|sample| sample.name).collect();
    assert_eq!(known.len(), samples.len(), "a type is sampled twice");
    for (_, names) in NOT_JSON {
        for name in *names {
            assert!(known.insert(name), "{name} is sampled, or is there twice");
        }
    }
    assert_eq!(known, exported, "known here (left) and exported (right)");
}

#[test]
fn every_form_fits_its_schema_and_no_other_does() {
    for sample in samples() {
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.add_resource("schema.json", sample.schema.clone()).unwrap();
        let schema = compiler.compile("schema.json", &mut schemas).unwrap();
        let fits = |form: &Value| schemas.validate(form, schema).map_err(|why| format!("{why:#}"));
        assert!(fits(&json!([])).is_err(), "{} may be anything", sample.name);
        for (hidden, revealed) in &sample.forms {
            for form in [hidden, revealed] {
                if let Err(why) = fits(form) {
                    panic!("{}: {form} against {:#}: {why}", sample.name, sample.schema);
                }
            }
            for member in revealed.as_object().into_iter().flat_map(|members| members.keys()) {
                let mut wrong = revealed.clone();
                wrong[member] = json!([[[]]]);
                assert!(
                    fits(&wrong).is_err(),
                    "{}.{member} may be anything: {:#}",
                    sample.name,
                    sample.schema
                );
            }
        }
    }
}

#[test]
fn no_secret_is_in_a_form_that_was_not_revealed() {
    let mut seen = BTreeSet::new();
    for sample in samples() {
        for (hidden, revealed) in &sample.forms {
            let (hidden, revealed) = (hidden.to_string(), revealed.to_string());
            for secret in SECRETS {
                assert!(!hidden.contains(secret), "{} has {secret} in {hidden}", sample.name);
                if revealed.contains(secret) {
                    seen.insert(*secret);
                }
            }
            assert!(!revealed.contains("\"…\""), "{}: {revealed}", sample.name);
        }
    }
    assert_eq!(seen, SECRETS.iter().copied().collect(), "every secret is revealed somewhere");
}

/// Serialises itself, something else in the middle, and itself again.
struct Around<'a, T>(&'a Secret, T);

impl<T: Serialize> Serialize for Around<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(self.0)?;
        list.serialize_element(&self.1)?;
        list.serialize_element(self.0)?;
        list.end()
    }
}

struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("in the middle"))
    }
}

struct Panics;

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("in the middle")
    }
}

#[test]
fn only_what_is_within_the_wrapper_is_revealed() {
    let secret = &Secret::from("s3cret");
    assert_eq!(json!(secret), "…");
    assert_eq!(json!(Revealed(secret)), "s3cret");
    assert_eq!(json!(Around(secret, Revealed(secret))), json!(["…", "s3cret", "…"]));
    let nested = Around(secret, Revealed(Around(secret, Revealed(secret))));
    assert_eq!(json!(nested), json!(["…", ["s3cret", "s3cret", "s3cret"], "…"]));
    assert_eq!(json!(Revealed(nested)), json!(["s3cret", ["s3cret", "s3cret", "s3cret"], "s3cret"]));
}

#[test]
fn an_error_or_a_panic_within_the_wrapper_leaves_nothing_revealed() {
    let secret = &Secret::from("s3cret");
    assert!(serde_json::to_value(Revealed(Around(secret, Fails))).is_err());
    assert_eq!(json!(secret), "…");
    assert!(catch_unwind(|| serde_json::to_value(Revealed(Around(secret, Revealed(Panics))))).is_err());
    assert_eq!(json!(secret), "…");

    // The same serialiser goes on after the error.
    let out = RefCell::new(Vec::new());
    let mut serializer = serde_json::Serializer::new(Writer(&out));
    assert!(Revealed(Around(secret, Fails)).serialize(&mut serializer).is_err());
    out.borrow_mut().clear();
    secret.serialize(&mut serializer).unwrap();
    assert_eq!(String::from_utf8(out.take()).unwrap(), "\"…\"");
    assert!(catch_unwind(AssertUnwindSafe(|| Revealed(Panics).serialize(&mut serializer))).is_err());
    secret.serialize(&mut serializer).unwrap();
    assert_eq!(String::from_utf8(out.take()).unwrap(), "\"…\"");
}

struct Writer<'a>(&'a RefCell<Vec<u8>>);

impl std::io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn another_thread_reveals_nothing() {
    struct Elsewhere<'a>(&'a Secret);
    impl Serialize for Elsewhere<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let there = std::thread::scope(|scope| scope.spawn(|| json!(self.0)).join().unwrap());
            serializer.collect_seq([json!(self.0), there])
        }
    }
    assert_eq!(json!(Revealed(Elsewhere(&Secret::from("s3cret")))), json!(["s3cret", "…"]));
}

#[test]
fn a_secret_that_is_not_text_and_a_hidden_token_are_refused() {
    let bytes = Secret::from(vec![0xff]);
    assert_eq!(json!(bytes), "…");
    assert!(serde_json::to_value(Revealed(bytes)).is_err());
    assert!(serde_json::from_value::<selfsame::FlowToken>(json!("…")).is_err());
    for (month, is_one) in [("2026-01", true), ("2026-13", false), ("2026-1", false), ("+026-01", false)] {
        assert_eq!(serde_json::from_value::<selfsame::YearMonth>(json!(month)).is_ok(), is_one, "{month}");
    }
    let wrong = serde_json::from_value::<selfsame::SessionToken>(json!("s3cret")).unwrap_err().to_string();
    assert!(!wrong.contains("s3cret"), "{wrong}");
    for code in [json!(31_415_926), json!(-31_415_926), json!(31_415_926.5), json!([31_415_926])] {
        let wrong = serde_json::from_value::<Secret>(code.clone()).unwrap_err().to_string();
        assert!(!wrong.contains("31"), "{wrong}");
        let answer = json!({ "answer": "Code", "code": code });
        let wrong = serde_json::from_value::<selfsame::Answer>(answer).unwrap_err().to_string();
        assert!(!wrong.contains("31"), "{wrong}");
    }
    assert!(serde_json::from_value::<selfsame::ProductId>(json!("Field Notes")).is_err());
}

#[test]
fn an_error_about_a_text_in_place_of_an_object_does_not_quote_it() {
    fn wrong<T: DeserializeOwned>(text: &str) -> [String; 2] {
        let from_text = serde_json::from_str::<T>(text).err().unwrap();
        let from_value = serde_json::from_value::<T>(serde_json::from_str(text).unwrap()).err().unwrap();
        [from_text.to_string(), from_value.to_string()]
    }
    // Encoded twice, a mere secret, and a secret where an object with it belongs.
    let twice = json!(r#"{ "answer": "Password", "password": "s3cret" }"#).to_string();
    let totp = r#"{ "external_id": "1", "totp": "s3cret" }"#;
    let answer = r#"{ "answer": "Assertion", "assertion": ["s3cret"] }"#;
    for text in [twice.as_str(), "\"s3cret\"", "531415", "-531415", "5.31415", r#"["Password", "s3cret"]"#] {
        for why in [
            wrong::<selfsame::Answer>(text),
            wrong::<selfsame::Assertion>(text),
            wrong::<selfsame::Flow>(text),
            wrong::<selfsame::ImportedAccount>(text),
            wrong::<selfsame::ImportedTotp>(text),
        ]
        .concat()
        {
            assert!(!why.contains("s3cret") && !why.contains("31415"), "{text}: {why}");
        }
    }
    for why in [wrong::<selfsame::ImportedAccount>(totp), wrong::<selfsame::Answer>(answer)].concat() {
        assert!(!why.contains("s3cret"), "{why}");
    }
}
