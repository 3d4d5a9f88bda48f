//! The errors that deployed relying parties made, each as a test.

mod vectors;

use super::{Passkey, PasskeyProblem, RelyingParty, UserHandle};
use crate::crypto::cose::{PublicKey, signer};
use crate::crypto::digest::plain_sha256;
use crate::crypto::hex;
use crate::crypto::webauthn::{Assertion, Registration};
use base64ct::{Base64UrlUnpadded, Encoding};

/// The passkey of a test: it signs whatever it is told to.
struct Device {
    key: PublicKey,
    sign: Box<Sign>,
    rp_id: &'static str,
    flags: u8,
    counter: u32,
    /// Follows the authenticator data.
    tail: Vec<u8>,
    client: String,
    user: Option<Vec<u8>>,
}

type Sign = dyn Fn(&[u8]) -> Vec<u8>;

const CHALLENGE: [u8; 32] = [7; 32];
const USER: UserHandle = [9; 32];
const ID: [u8; 16] = [5; 16];
/// Flags (section 6.1).
const UP: u8 = 1;
const UV: u8 = 1 << 2;
const BE: u8 = 1 << 3;
const BS: u8 = 1 << 4;
const AT: u8 = 1 << 6;
const ED: u8 = 1 << 7;

fn rp() -> RelyingParty {
    RelyingParty {
        id: "example.org".to_owned(),
        origins: vec!["https://example.org".to_owned()],
        top_origins: Vec::new(),
    }
}

fn text(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn client_data(kind: &str, challenge: &[u8], rest: &str) -> String {
    format!(r#"{{"type":"{kind}","challenge":"{}",{rest}}}"#, text(challenge))
}

const HOME: &str = r#""origin":"https://example.org","crossOrigin":false"#;

impl Device {
    fn new() -> Self {
        let (key, sign) = signer([1; 32]);
        Self {
            key,
            sign: Box::new(sign),
            rp_id: "example.org",
            flags: UP | UV,
            counter: 0,
            tail: Vec::new(),
            client: client_data("webauthn.get", &CHALLENGE, HOME),
            user: Some(USER.to_vec()),
        }
    }

    fn says(rest: &str) -> Self {
        Self { client: client_data("webauthn.get", &CHALLENGE, rest), ..Self::new() }
    }

    fn passkey(&self) -> Passkey {
        Passkey {
            rp_id: "example.org".to_owned(),
            credential_id: ID.to_vec(),
            key: self.key.clone(),
            user_handle: USER,
            counter: 0,
            backup_eligible: false,
            backed_up: false,
            user_verified: true,
            transports: Vec::new(),
        }
    }

    fn data(&self) -> Vec<u8> {
        let hash = plain_sha256(self.rp_id.as_bytes());
        [&hash[..], &[self.flags], &self.counter.to_be_bytes(), &self.tail].concat()
    }

    fn answer(&self) -> String {
        let data = self.data();
        let signed = [data.as_slice(), &plain_sha256(self.client.as_bytes())].concat();
        assertion(&ID, self.client.as_bytes(), &data, &(self.sign)(&signed), self.user.as_deref())
    }

    fn judged(&self) -> Result<(), PasskeyProblem> {
        judged(&self.answer(), &self.passkey())
    }

    /// The tail of a registration: a new passkey with this id.
    fn attested(&self, id: &[u8]) -> Vec<u8> {
        let length = u16::try_from(id.len()).unwrap().to_be_bytes();
        // {1: 1, 3: -8, -1: 6, -2: the key}
        let PublicKey::EdDsa(x) = &self.key else { panic!("another kind") };
        let key = [&hex("a4010103272006215820")[..], x].concat();
        [&[0; 16][..], &length, id, &key].concat()
    }

    fn registered(&self, id: &[u8], format: &str) -> Result<Passkey, PasskeyProblem> {
        let client = client_data("webauthn.create", &CHALLENGE, HOME);
        registered(
            &registration(id, client.as_bytes(), &object(format, &self.data())),
            &rp(),
            &CHALLENGE,
            USER,
        )
    }
}

fn registered(
    answer: &str,
    rp: &RelyingParty,
    challenge: &[u8],
    user: UserHandle,
) -> Result<Passkey, PasskeyProblem> {
    super::registered(Registration::parse(answer)?, rp, |given| given == challenge, user)
}

fn asserted(
    answer: &Assertion,
    passkey: &Passkey,
    rp: &RelyingParty,
    challenge: &[u8],
    wants_user: bool,
) -> Result<(), PasskeyProblem> {
    let signed_by = answer.signed_by(&passkey.key).then_some(&passkey.key);
    super::asserted(answer, signed_by, passkey, rp, |given| given == challenge, wants_user)
}

fn judged(answer: &str, passkey: &Passkey) -> Result<(), PasskeyProblem> {
    asserted(&Assertion::parse(answer)?, passkey, &rp(), &CHALLENGE, true)
}

/// An attestation object with an empty statement.
fn object(format: &str, data: &[u8]) -> Vec<u8> {
    let length = match u8::try_from(data.len()) {
        Ok(short) => vec![0x58, short],
        Err(_) => [&[0x59][..], &u16::try_from(data.len()).unwrap().to_be_bytes()].concat(),
    };
    let (name, format_length) = (hex("a363666d74"), 0x60 | u8::try_from(format.len()).unwrap());
    let rest = hex("6761747453746d74a0686175746844617461");
    [&name, &[format_length][..], format.as_bytes(), &rest, &length, data].concat()
}

fn registration(id: &[u8], client: &[u8], object: &[u8]) -> String {
    let (id, client, object) = (text(id), text(client), text(object));
    format!(
        r#"{{"id":"{id}","rawId":"{id}","type":"public-key","clientExtensionResults":{{}},"response":{{
        "clientDataJSON":"{client}","attestationObject":"{object}","transports":["internal"]}}}}"#
    )
}

fn assertion(id: &[u8], client: &[u8], data: &[u8], signature: &[u8], user: Option<&[u8]>) -> String {
    let [id, client, data, signature] = [id, client, data, signature].map(text);
    let user = user.map_or_else(|| "null".to_owned(), |user| format!("\"{}\"", text(user)));
    format!(
        r#"{{"id":"{id}","rawId":"{id}","type":"public-key","clientExtensionResults":{{}},"response":{{
        "clientDataJSON":"{client}","authenticatorData":"{data}","signature":"{signature}",
        "userHandle":{user}}}}}"#
    )
}

#[test]
fn r5_8_a_good_answer_passes() {
    assert_eq!(Device::new().judged(), Ok(()));
    let device = Device { flags: UP, ..Device::new() };
    assert_eq!(device.judged(), Ok(()), "the device need not know its user");
    let more = Device::says(&format!(r#"{HOME},"other":[1]"#));
    assert_eq!(more.judged(), Ok(()), "client data may have more members");
    let extended = Device { flags: UP | ED, tail: hex("a163666f6ff5"), ..Device::new() };
    assert_eq!(extended.judged(), Ok(()), "an extension that was not asked for is ignored");
}

#[test]
fn r5_8_trap_the_backup_eligibility_changed() {
    let device = Device { flags: UP | BE, ..Device::new() };
    assert_eq!(device.judged(), Err(PasskeyProblem::BackupEligibility));
    let synced = Passkey { backup_eligible: true, ..device.passkey() };
    assert_eq!(judged(&device.answer(), &synced), Ok(()));
    assert_eq!(judged(&Device::new().answer(), &synced), Err(PasskeyProblem::BackupEligibility));
    let copied = Device { flags: UP | BE | BS, ..Device::new() };
    assert_eq!(judged(&copied.answer(), &synced), Ok(()), "whether there is a copy may change");
    let unclear = Device { flags: UP | BS, ..Device::new() };
    assert_eq!(unclear.judged(), Err(PasskeyProblem::BackupState));
}

#[test]
fn r5_8_trap_an_origin_is_matched_verbatim_and_android_s_is_one() {
    let android = "android:apk-key-hash:Ce2p2U3dnI7dGCMoEZUZYxuZpkIsM1iBO4RNEIvFtSQ";
    let rp = RelyingParty { origins: vec![android.to_owned()], ..rp() };
    let judged = |origin: &str| {
        let device = Device::says(&format!(r#""origin":"{origin}""#));
        let answer = Assertion::parse(&device.answer()).unwrap();
        asserted(&answer, &device.passkey(), &rp, &CHALLENGE, true)
    };
    assert_eq!(judged(android), Ok(()));
    for other in [
        &android.to_lowercase(),
        &format!("{android}="),
        "android:apk-key-hash:Ce2p2U3dnI7dGCMoEZUZYxuZpkIsM1iBO4RNEIvFtS",
        "https://example.org",
        "android:apk-key-hash:",
        "",
    ] {
        assert_eq!(judged(other), Err(PasskeyProblem::Origin), "{other}");
    }
    for other in [
        "https://example.org/",
        "https://example.org:443",
        "https://EXAMPLE.org",
        "https://sub.example.org",
        "https://example.org.evil.example",
        "http://example.org",
        "null",
    ] {
        let device = Device::says(&format!(r#""origin":"{other}""#));
        assert_eq!(device.judged(), Err(PasskeyProblem::Origin), "{other}");
    }
}

#[test]
fn r5_8_trap_a_frame_of_another_site() {
    let rp = RelyingParty { top_origins: vec!["https://example.com".to_owned()], ..rp() };
    for (rest, without, with) in [
        (r#""crossOrigin":true"#, false, false),
        (r#""crossOrigin":true,"topOrigin":"https://example.com""#, false, true),
        (r#""crossOrigin":true,"topOrigin":"https://example.net""#, false, false),
        (r#""topOrigin":"https://example.net""#, false, false),
        (r#""crossOrigin":false"#, true, true),
    ] {
        let device = Device::says(&format!(r#""origin":"https://example.org",{rest}"#));
        assert_eq!(device.judged().is_ok(), without, "{rest}");
        let answer = Assertion::parse(&device.answer()).unwrap();
        let listed = asserted(&answer, &device.passkey(), &rp, &CHALLENGE, true);
        assert_eq!(listed.is_ok(), with, "{rest}");
        let refused = [device.judged(), listed].into_iter().filter_map(Result::err);
        assert!(refused.into_iter().all(|problem| problem == PasskeyProblem::CrossOrigin), "{rest}");
    }
}

#[test]
fn r5_8_trap_the_challenge_counts_only_where_it_is_signed() {
    let stale = Device { client: client_data("webauthn.get", &[8; 32], HOME), ..Device::new() };
    assert_eq!(stale.judged(), Err(PasskeyProblem::Challenge));
    // The right challenge beside the answer, in the answer and in the response changes nothing.
    let member = format!(r#""challenge":"{}","#, text(&CHALLENGE));
    let answer = stale.answer();
    for place in ["{", r#""response":{"#] {
        let more = answer.replacen(place, &format!("{place}{member}"), 1);
        assert_ne!(more, answer);
        assert_eq!(judged(&more, &stale.passkey()), Err(PasskeyProblem::Challenge), "{place}");
    }
    // Client data of a right answer under the signature of the stale one.
    let swapped = answer.replace(&text(stale.client.as_bytes()), &text(Device::new().client.as_bytes()));
    assert_eq!(judged(&swapped, &stale.passkey()), Err(PasskeyProblem::Signature));
}

#[test]
fn r5_8_trap_the_hash_of_the_relying_party() {
    let device = Device { rp_id: "example.com", ..Device::new() };
    assert_eq!(device.judged(), Err(PasskeyProblem::RelyingParty));
    let tail = device.attested(&ID);
    let device = Device { flags: UP | AT, tail, ..device };
    assert_eq!(device.registered(&ID, "none").err(), Some(PasskeyProblem::RelyingParty));
}

#[test]
fn r5_8_trap_the_user_handle_of_another() {
    for user in [Some(vec![8; 32]), Some(USER[..31].to_vec()), Some(Vec::new()), None] {
        let device = Device { user, ..Device::new() };
        assert_eq!(device.judged(), Err(PasskeyProblem::UserHandle));
    }
    // If the request named the passkey, the answer need not name the user.
    let device = Device { user: None, ..Device::new() };
    let answer = Assertion::parse(&device.answer()).unwrap();
    assert_eq!(asserted(&answer, &device.passkey(), &rp(), &CHALLENGE, false), Ok(()));
    let other = Passkey { credential_id: vec![6; 16], ..device.passkey() };
    assert_eq!(asserted(&answer, &other, &rp(), &CHALLENGE, false), Err(PasskeyProblem::UserHandle));
}

#[test]
fn r5_8_trap_a_counter_that_goes_back() {
    for (kept, said, outcome) in [
        (0, 0, Ok(())),
        (0, 1, Ok(())),
        (5, 6, Ok(())),
        (5, 5, Err(PasskeyProblem::Counter)),
        (5, 4, Err(PasskeyProblem::Counter)),
        (5, 0, Err(PasskeyProblem::Counter)),
        (u32::MAX, 0, Err(PasskeyProblem::Counter)),
    ] {
        let device = Device { counter: said, ..Device::new() };
        let passkey = Passkey { counter: kept, ..device.passkey() };
        assert_eq!(judged(&device.answer(), &passkey), outcome, "{kept}, then {said}");
        let copied = Device { flags: UP | BE, ..device };
        let passkey = Passkey { backup_eligible: true, ..passkey };
        assert_eq!(judged(&copied.answer(), &passkey), Ok(()), "{kept}, then {said}, may be copied");
    }
}

#[test]
fn r5_8_trap_bytes_left_over_and_indefinite_lengths() {
    for (flags, tail) in [
        (UP, "00"),
        (UP | ED, ""),
        (UP | ED, "a0a0"),
        (UP | ED, "80"),
        (UP | ED, "bfff"),
        (UP | ED, "a163666f6f5f4101ff"),
        (UP | AT, ""),
    ] {
        let device = Device { flags, tail: hex(tail), ..Device::new() };
        assert_eq!(device.judged(), Err(PasskeyProblem::Malformed), "{flags} {tail}");
    }
    let attested = Device::new().attested(&ID);
    for (name, tail) in [
        ("a byte more", [&attested[..], &[0]].concat()),
        ("a byte less", attested[..attested.len() - 1].to_vec()),
        ("a key of indefinite length", {
            let mut tail = attested.clone();
            tail[16 + 2 + ID.len()] = 0xbf;
            [&tail[..], &[0xff]].concat()
        }),
    ] {
        let device = Device { flags: UP | AT, tail, ..Device::new() };
        assert_eq!(device.registered(&ID, "none").err(), Some(PasskeyProblem::Malformed), "{name}");
    }
    let device = Device { flags: UP | AT, tail: attested, ..Device::new() };
    let client = client_data("webauthn.create", &CHALLENGE, HOME);
    let good = object("none", &device.data());
    let judged = |object: &[u8]| {
        registered(&registration(&ID, client.as_bytes(), object), &rp(), &CHALLENGE, USER).err()
    };
    assert_eq!(judged(&good), None);
    for (name, object) in [
        ("a byte more", [&good[..], &[0]].concat()),
        ("an object of indefinite length", [&[0xbf], &good[1..], &[0xff]].concat()),
        ("a member more", [&[0xa4], &good[1..], &hex("617800")].concat()),
    ] {
        assert_eq!(judged(&object), Some(PasskeyProblem::Malformed), "{name}");
    }
}

#[test]
fn r5_8_trap_a_credential_id_has_1_to_1023_bytes() {
    for (length, fits) in [(0, false), (1, true), (1_023, true), (1_024, false)] {
        let id = vec![3; length];
        let device = Device { flags: UP | AT, tail: Device::new().attested(&id), ..Device::new() };
        let made = device.registered(&id, "none");
        assert_eq!(made.as_ref().map(|made| made.credential_id.clone()).ok(), fits.then_some(id), "{length}");
    }
    let device = Device { flags: UP | AT, tail: Device::new().attested(&ID), ..Device::new() };
    assert_eq!(
        device.registered(&[6; 16], "none").err(),
        Some(PasskeyProblem::Malformed),
        "another id outside"
    );
}

#[test]
fn r5_8_a_statement_is_ignored_and_none_has_no_statement() {
    let device = Device { flags: UP | AT, tail: Device::new().attested(&ID), ..Device::new() };
    assert!(device.registered(&ID, "packed").is_ok());
    assert!(device.registered(&ID, "a format of tomorrow").is_ok());
    let statement = |format: &str| {
        let object = object(format, &device.data());
        let at = object.windows(8).position(|part| part == hex("6761747453746d74")).unwrap() + 8;
        let object = [&object[..at], &hex("a1617800"), &object[at + 1..]].concat();
        let client = client_data("webauthn.create", &CHALLENGE, HOME);
        registered(&registration(&ID, client.as_bytes(), &object), &rp(), &CHALLENGE, USER).err()
    };
    assert_eq!(statement("packed"), None);
    assert_eq!(statement("none"), Some(PasskeyProblem::Malformed));
}

#[test]
fn r5_8_an_answer_of_the_other_kind_or_without_a_person_is_refused() {
    let create = Device { client: client_data("webauthn.create", &CHALLENGE, HOME), ..Device::new() };
    assert_eq!(create.judged(), Err(PasskeyProblem::Kind));
    let absent = Device { flags: UV, ..Device::new() };
    assert_eq!(absent.judged(), Err(PasskeyProblem::UserPresence));
}

#[test]
fn r5_8_an_answer_has_the_form_of_the_standard() {
    let (device, answer) = (Device::new(), Device::new().answer());
    for (from, to) in [
        (r#""type":"public-key""#, r#""type":"password""#),
        (r#""type":"public-key","#, ""),
        (r#""rawId""#, r#""raw""#),
        (r#""id":"B"#, r#""id":"C"#),
        (r#""response""#, r#""answer""#),
        (r#""signature":""#, r#""signature":"="#),
        (r#""userHandle":""#, r#""userHandle":""#),
        (r#""clientDataJSON":""#, r#""clientDataJSON":"AAAA"#),
    ] {
        let changed = answer.replacen(from, to, 1);
        if changed != answer {
            assert_eq!(judged(&changed, &device.passkey()), Err(PasskeyProblem::Malformed), "{from}");
        }
    }
    let twice = answer.replacen('{', r#"{"type":"public-key","#, 1);
    assert_eq!(judged(&twice, &device.passkey()), Err(PasskeyProblem::Malformed), "a member twice");
    let long = format!("{answer}{}", " ".repeat(32 * 1024));
    assert_eq!(judged(&long, &device.passkey()), Err(PasskeyProblem::Malformed), "too long");
    for rest in [
        r#""origin":7"#,
        r#""origin":"https://example.org","crossOrigin":"false""#,
        r#""origin":"https://example.org","topOrigin":null"#,
        r#""crossOrigin":false"#,
    ] {
        assert_eq!(Device::says(rest).judged(), Err(PasskeyProblem::Malformed), "{rest}");
    }
}
