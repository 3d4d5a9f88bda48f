//! Personal data and secrets that must not be visible (DESIGN: everything personal is sealed).

use std::path::Path;

use selfsame::{Answer, Client, Error, Step};
use selfsame_world::{Identity, World, days, minutes, signed_in};

const PASSWORD: &str = "zq-password-marker-zq";

/// Returns whether the file or any file beside it contains the bytes.
fn holds(folder: &Path, marker: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(marker.len()).any(|window| window == marker)
    })
}

#[test]
fn the_file_shows_no_personal_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = World::builder().file(&path).build();
    let mut markers: Vec<Vec<u8>> = [
        "zqada@mailbox-marker.example",
        "zqada",
        "mailbox-marker",
        "zqsubject",
        "zqhandle",
        "zqdevice",
        "zqwaiting@mailbox-marker.example",
        PASSWORD,
        "argon2id",
        "https://x.com",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    let client = Client::on("zqdevice of Ada");
    let email = "zqAda@mailbox-marker.example";

    let asked = world.engine().sign_up(email, &PASSWORD.into(), &client).unwrap();
    markers.push(asked.token.as_ref().unwrap().reveal().as_bytes().to_vec());
    let code = world.mailbox().code(email).unwrap();
    markers.push(code.reveal().to_vec());
    let token = signed_in(world.answer(&asked, Answer::Code(code)).unwrap()).token;
    markers.push(token.reveal().as_bytes().to_vec());
    world.later(minutes(2));
    let identity = Identity::at("x", "zqsubject").called("zqhandle").with_email(email);
    let asked = world.prove(&world.federated(&identity), email);
    let Step::LinkOrCreate { candidates, .. } = &asked.step else { panic!("{asked:?}") };
    let chosen = world.answer(&asked, Answer::LinkTo(candidates[0].place)).unwrap();
    signed_in(world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap());
    world.sign_in(email, "zq-wrong-guess-zq").unwrap_err();
    markers.push(b"zq-wrong-guess-zq".to_vec());
    world.sign_in("zqnobody@mailbox-marker.example", PASSWORD).unwrap_err();
    markers.push(b"zqnobody".to_vec());
    // One flow stays open, and one message stays undelivered.
    world.engine().sign_up("zqwaiting@mailbox-marker.example", &PASSWORD.into(), &client).unwrap();
    for message in world.engine().messages(10).unwrap() {
        if let selfsame::MessageKind::VerifyEmail { code } = message.kind {
            markers.push(code.reveal().to_vec());
        }
    }
    world.later(days(1));
    world.engine().touch(&token).unwrap();

    for suspended in [false, true] {
        for marker in &markers {
            let text = String::from_utf8_lossy(marker);
            assert!(!holds(folder.path(), marker), "{text} can be read (suspended: {suspended})");
        }
        world.engine().suspend().unwrap();
    }
    // The scan finds bytes that are known to be in the file.
    assert!(holds(folder.path(), b"redb"));
    let account = world.engine().account(&token).unwrap().view().unwrap().id;
    assert!(holds(folder.path(), account.as_bytes()));
}

#[test]
fn no_debug_text_and_no_error_shows_a_secret() {
    let world = World::new();
    let ada = world.person("zqada@example.org", PASSWORD);
    let asked = world.x_identity("zqsubject", Some("zqada@example.org"));
    let errors: Vec<Error> = vec![
        world.sign_in("zqada@example.org", "zq-wrong-guess").unwrap_err(),
        world.sign_in("zq no address", PASSWORD).unwrap_err(),
        world.engine().sign_up("zqnew@example.org", &"zqshort".into(), &Client::on("laptop")).unwrap_err(),
        world.answer(&asked, Answer::Code("zq123".into())).unwrap_err(),
    ];
    let statement =
        Identity::at("x", "zqsubject").called("zqhandle").with_email("zqada@example.org").assertion(&asked);
    let mut shown = vec![
        format!("{:?}", ada.token),
        format!("{asked:?}"),
        format!("{statement:?}"),
        format!("{:?}", Answer::Password(PASSWORD.into())),
        format!("{:?}", Answer::CorrectAddress("zqada@example.org".to_owned())),
        format!("{:?}", world.sign_in("zqada@example.org", PASSWORD).unwrap()),
        format!("{:?}", world.engine().messages(10).unwrap().iter().map(|m| &m.kind).collect::<Vec<_>>()),
        format!("{:?}", world.account(&ada).activity().unwrap()),
    ];
    for error in &errors {
        shown.push(format!("{error} {error:?} {}", error.code()));
    }
    let code = world.mailbox().code("zqada@example.org").unwrap();
    for text in &shown {
        for secret in
            ["zq-", "zqada", "zqshort", "zq123", "zqsubject", "zqhandle", PASSWORD, ada.token.reveal()]
        {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(!text.contains(code.reveal_text().unwrap()), "the code in {text}");
    }
}
