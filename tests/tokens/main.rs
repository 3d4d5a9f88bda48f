//! ID tokens: which are accepted as a provider's assertion, and which are refused (SPEC 2.9).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test panics on anything unexpected"
)]

mod claims;
mod form;
mod keys;
mod vectors;

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use selfsame::{
    Answer, Assertion, AssertionKind, Client, Error, Flow, IdTokenRules, Intent, Policy, Provider,
    ProviderId, Refusal, Step,
};
use selfsame_world::{Forge, Identity, START, TokenProvider, World, minutes, refused, signed_in};
use serde_json::json;

pub(crate) const NOW: u64 = START.as_millis() / 1_000;
pub(crate) const MS: Duration = Duration::from_millis(1);

/// Returns a world with the provider's keys.
pub(crate) fn world() -> (World, TokenProvider) {
    let (world, provider) = (World::new(), TokenProvider::new());
    world.engine().set_keys(&provider.id(), &provider.jwks()).unwrap();
    (world, provider)
}

pub(crate) fn begin(world: &World) -> (Flow, String) {
    begin_at(world, "oidc")
}

pub(crate) fn begin_at(world: &World, provider: &str) -> (Flow, String) {
    let provider = provider.parse::<ProviderId>().unwrap();
    let begun = world.engine().begin_federated(&provider, &Client::on("laptop")).unwrap();
    let Step::PresentAssertion { nonce, .. } = begun.step.clone() else { panic!("{begun:?}") };
    (begun, nonce)
}

pub(crate) fn present(world: &World, flow: &Flow, token: &str) -> Result<Flow, Error> {
    world.engine().continue_with(flow, &Assertion::IdToken(token.into()), Intent::SignUp)
}

/// Signs up with a token that is valid except for the change by `forge`.
pub(crate) fn sign_up(
    world: &World,
    provider: &TokenProvider,
    forge: impl Fn(Forge<'_>) -> Forge<'_>,
) -> Result<Flow, Error> {
    let (flow, nonce) = begin(world);
    present(world, &flow, &forge(provider.token("815", &nonce, world.now())).text())
}

pub(crate) fn problem<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    match refused(outcome) {
        Refusal::AssertionRejected { reason } => reason.code(),
        refusal => refusal.code(),
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// Presents every token to one flow, which must refuse each for its reason. Then presents the valid token to
/// the same flow, which must accept it. So each refusal was due to the change alone.
pub(crate) fn refuse_all(
    make: impl Fn(&TokenProvider, &str) -> Vec<(&'static str, String, &'static str)>,
    count: usize,
) {
    let (world, provider) = world();
    let (flow, nonce) = begin(&world);
    let commits = world.engine().commits().unwrap();
    let attacks = make(&provider, &nonce);
    assert_eq!(attacks.len(), count);
    for (name, token, reason) in &attacks {
        assert_eq!(problem(present(&world, &flow, token)), *reason, "{name}");
    }
    assert_eq!(world.engine().commits().unwrap(), commits, "a refused token writes nothing");
    let right = provider.token("815", &nonce, world.now()).text();
    signed_in(present(&world, &flow, &right).unwrap());
}

#[test]
fn r2_9_a_valid_token_signs_up_and_in_with_every_algorithm() {
    let (world, provider) = world();
    let first = signed_in(sign_up(&world, &provider, |token| token).unwrap());
    assert_eq!(first.outcome.code(), "Created");
    assert!(first.amr.is_empty(), "an assertion adds no factor of ours");
    for key in ["ed", "ec", "rsa"] {
        let again = signed_in(sign_up(&world, &provider, |token| token.by(key)).unwrap());
        assert_eq!((again.account, again.outcome.code()), (first.account, "SignedIn"), "{key}");
    }
}

#[test]
fn r2_9_permitted_variants_are_accepted() {
    let (world, provider) = world();
    type Change = fn(Forge<'_>) -> Forge<'_>;
    let fine: [(&str, Change); 17] = [
        ("no typ", |it| it.header_without("typ")),
        ("typ in lower case", |it| it.header("typ", "jwt")),
        ("typ as a media type", |it| it.header("typ", "application/JWT")),
        ("a thumbprint", |it| it.header("x5t", "AAAA")),
        ("no key name, one key for the algorithm", |it| it.header_without("kid")),
        ("a list of one audience", |it| it.claim("aud", json!(["field-notes"]))),
        ("azp is our audience", |it| it.claim("azp", "field-notes")),
        ("several audiences, azp is ours", |it| {
            it.claim("aud", json!(["other", "field-notes"])).claim("azp", "field-notes")
        }),
        ("issued 10 minutes ago", |it| it.claim("iat", NOW - 600)),
        ("issued 60 seconds ahead", |it| it.claim("iat", NOW + 60)),
        ("nbf 60 seconds ahead", |it| it.claim("nbf", NOW + 60)),
        ("valid for one more second", |it| it.claim("exp", NOW + 1)),
        ("valid for ever", |it| it.claim("exp", u64::MAX)),
        ("a subject of one byte", |it| it.claim("sub", "s")),
        ("a subject of 255 bytes", |it| it.claim("sub", "s".repeat(255))),
        ("an empty email", |it| it.claim("email", "")),
        ("amr and acr", |it| it.claim("amr", json!(["mfa", "otp"])).claim("acr", "urn:x:loa:3")),
    ];
    for (name, change) in fine {
        let done = sign_up(&world, &provider, change);
        assert!(matches!(&done, Ok(Flow { step: Step::SignedIn { .. }, .. })), "{name}: {done:?}");
        let Ok(Flow { step: Step::SignedIn { session: done }, .. }) = done else { continue };
        assert!(done.amr.is_empty(), "{name}");
    }
}

#[test]
fn r2_9_a_nonce_is_valid_for_one_flow_one_step_and_ten_minutes() {
    let (world, provider) = world();
    let ada = world.ada();
    world.later(minutes(1));
    let ((mine, my_nonce), (_, other_nonce)) = (begin(&world), begin(&world));
    assert_eq!(
        (my_nonce.len(), my_nonce == other_nonce),
        (43, false),
        "a nonce has 256 bits and belongs to one flow"
    );
    let again = world.engine().resume(mine.token.as_ref().unwrap()).unwrap().step;
    assert!(matches!(again, Step::PresentAssertion { nonce, .. } if nonce == my_nonce));
    let token = provider.token("815", &other_nonce, world.now());
    assert_eq!(problem(present(&world, &mine, &token.text())), "Nonce", "the nonce of another flow");

    // A token used for the first step proves nothing at the second.
    signed_in(sign_up(&world, &provider, |it| it.claim("sub", "known")).unwrap());
    let asked = present(
        &world,
        &mine,
        &provider.token("815", &my_nonce, world.now()).claim("email", ada.email.as_str()).text(),
    )
    .unwrap();
    let prompt = world.prove(&asked, &ada.email);
    let proof = world.answer(&prompt, Answer::LinkTo(1)).unwrap();
    let Step::ProveOwnership { nonce, .. } = &proof.step else { panic!("{proof:?}") };
    assert_ne!(*nonce, my_nonce);
    let earlier = provider.token("known", &my_nonce, world.now()).assertion();
    assert_eq!(
        problem(world.answer(&proof, Answer::Assertion(earlier))),
        "Nonce",
        "the nonce of an earlier step"
    );

    let (late, nonce) = begin(&world);
    world.later(minutes(10));
    let token = provider.token("815", &nonce, world.now()).text();
    assert_eq!(problem(present(&world, &late, &token)), "FlowExpired");
}

#[test]
fn r2_9_a_used_token_has_no_second_effect() {
    let (world, provider) = world();
    let (flow, nonce) = begin(&world);
    let token = provider.token("815", &nonce, world.now()).text();
    let first = signed_in(present(&world, &flow, &token).unwrap());
    let again = present(&world, &flow, &token).unwrap().step;
    assert!(matches!(again, Step::AlreadySignedIn { session, .. } if session == first.session), "{again:?}");
    let (other, _) = begin(&world);
    assert_eq!(problem(present(&world, &other, &token)), "Nonce");
}

#[test]
fn r2_9_each_provider_uses_one_kind_of_assertion() {
    let (world, provider) = world();
    let (flow, nonce) = begin(&world);
    let stated = Identity::at("oidc", "815").assertion(&flow);
    let outcome = world.engine().continue_with(&flow, &stated, Intent::SignUp);
    assert_eq!(
        refused(outcome),
        Refusal::UnknownProvider,
        "the host cannot assert identities of a provider that signs"
    );
    let (x, x_nonce) = begin_at(&world, "x");
    let token = provider.token("815", &x_nonce, world.now());
    assert_eq!(refused(present(&world, &x, &token.text())), Refusal::UnknownProvider);
    let as_x = token.claim("iss", "https://x.com").text();
    assert_eq!(refused(present(&world, &x, &as_x)), Refusal::UnknownProvider);
    signed_in(present(&world, &flow, &provider.token("815", &nonce, world.now()).text()).unwrap());
}

#[test]
fn r2_9_a_token_proves_the_ownership_of_a_candidate() {
    let (world, provider) = world();
    let email = "ada@tokens.example";
    let first = sign_up(&world, &provider, |it| it.claim("email", email).claim("email_verified", true));
    let first = signed_in(first.unwrap());
    world.later(minutes(1));
    let prompt = world.prove(&world.x_identity("x-ada", Some(email)), email);
    let proof = world.answer(&prompt, Answer::LinkTo(1)).unwrap();
    let Step::ProveOwnership { nonce, .. } = &proof.step else { panic!("{proof:?}") };
    let give = |token: Forge<'_>| world.answer(&proof, Answer::Assertion(token.assertion()));
    let token = |subject: &str| provider.token(subject, nonce, world.now());
    let host = Identity::at("oidc", "815").assertion(&proof);
    assert_eq!(problem(world.answer(&proof, Answer::Assertion(host))), "UnknownProvider");
    assert_eq!(problem(give(token("815").claim("iss", "https://nobody.example"))), "Issuer");
    assert_eq!(
        problem(give(token("815").claim("iss", "https://x.com"))),
        "Issuer",
        "the host asserts X identities itself"
    );
    assert_eq!(problem(give(token("815").claim("nonce", "other"))), "Nonce");
    assert_eq!(problem(give(token("815").header("kid", "new"))), "NeedsKeys");
    assert_eq!(problem(give(token("815").header("kid", "new"))), "UnknownKey");
    assert_eq!(problem(give(token("4711"))), "InvalidCredentials", "somebody else's identity");
    let done = signed_in(give(token("815")).unwrap());
    assert_eq!((done.account, done.outcome.code()), (first.account, "Linked"));
}

#[test]
fn r2_9_policy_refuses_providers_whose_tokens_cannot_be_checked() {
    let fits = |providers: Vec<Provider>| Policy::builder().providers(providers).build().is_ok();
    assert!(fits(vec![
        Provider::x(),
        Provider::google(vec!["a".to_owned()]),
        Provider::apple(vec!["b".to_owned()])
    ]));
    assert!(
        !fits(vec![Provider::google(Vec::new())]),
        "without an audience, everybody's tokens would be accepted"
    );
    assert!(!fits(vec![Provider::google(vec![String::new()])]));
    let without = IdTokenRules::new(vec!["a".to_owned()], Vec::new());
    assert!(!fits(vec![Provider {
        assertion_kind: AssertionKind::IdToken { rules: without },
        ..Provider::apple(Vec::new())
    }]));
    let also_google = Provider { issuer: "accounts.google.com".to_owned(), ..Provider::x() };
    assert!(
        !fits(vec![Provider::google(vec!["a".to_owned()]), also_google]),
        "the issuer is already in use in another spelling"
    );
}
