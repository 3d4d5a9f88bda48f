//! Assertions of providers about people: ID tokens of Google, Apple and others, and host statements.

use selfsame::{
    Algorithm, Assertion, AssertionKind, Error, Flow, IdTokenRules, Provider, Refusal, Secret, Step,
};
use serde_json::Value;

use crate::provider::Identity;
use crate::tokens::{Forge, TokenProvider};
use crate::world::World;

const GOOGLE: &str = "https://accounts.google.com";
const APPLE: &str = "https://appleid.apple.com";
/// How long Apple's tokens are valid, in seconds. Google's are valid for an hour, like most others.
const APPLES_LIFE: u64 = 24 * 60 * 60;

impl World {
    /// Returns the provider's assertion about a person, to pass to the flow. If policy names the provider for ID
    /// tokens, as it does Google and Apple, the call sets the world's [key set](Self::jwks) as the provider's
    /// and makes an ID token with the nonce of the flow's step. Otherwise it makes a host's statement.
    ///
    /// ```
    /// # use selfsame::{Client, Intent};
    /// # use selfsame_world::{Identity, World, signed_in};
    /// # let world = World::new();
    /// # let engine = world.engine();
    /// let ada = Identity::at("google", "1815").with_email("ada@gmail.com");
    /// let begun = engine.begin_federated(&ada.provider(), &Client::on("laptop"))?;
    /// let done = engine.continue_with(&begun, &world.assertion(&ada, &begun)?, Intent::SignUp)?;
    /// # signed_in(done);
    /// # Ok::<(), selfsame::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Refusal::NotOffered`] if the flow asks for no assertion; [`Error`] from the store.
    pub fn assertion(&self, identity: &Identity, flow: &Flow) -> Result<Assertion, Error> {
        let id = identity.provider();
        if self.token_rules(identity).is_none() {
            let token = flow.token.as_ref().ok_or(Refusal::NotOffered)?;
            return identity.statement(token.flow()).ok_or(Error::Refused(Refusal::UnknownProvider));
        }
        let (Step::PresentAssertion { nonce, .. }
        | Step::ProveOwnership { nonce, .. }
        | Step::Reauthenticate { nonce, .. }) = &flow.step
        else {
            return Err(Refusal::NotOffered.into());
        };
        self.engine().set_keys(&id, &self.jwks())?;
        Ok(Assertion::IdToken(self.id_token(identity, nonce)?))
    }

    /// Returns an ID token about a person with this nonce, issued now and signed with the world's keys, for the
    /// first audience in policy. Its claims are those that Google, Apple or another provider issues: Apple
    /// gives `email_verified` as text and no name, and marks addresses of its relay; Google names the person's
    /// organisation in `hd`.
    ///
    /// # Errors
    /// [`Refusal::UnknownProvider`] if policy does not name the provider for ID tokens.
    pub fn id_token(&self, identity: &Identity, nonce: &str) -> Result<Secret, Error> {
        let (provider, rules) = self.token_rules(identity).ok_or(Refusal::UnknownProvider)?;
        let keys = TokenProvider::new();
        let token = keys.token(&identity.subject, nonce, self.now());
        let audience = rules.audiences.first().map_or("", String::as_str);
        let token = token.claim("iss", provider.issuer.as_str()).claim("aud", audience);
        let token = match rules.algorithms.first() {
            Some(Algorithm::Rs256) => token.by("rsa"),
            Some(Algorithm::Es256) => token.by("ec"),
            _ => token,
        };
        let token = match provider.issuer.as_str() {
            GOOGLE => with_email(token, identity, identity.email_verified)
                .claim("azp", audience)
                .claims([("name", &identity.handle), ("hd", &identity.hosted_domain)]),
            APPLE => apples(token, identity, self.now().as_millis() / 1_000),
            _ => with_email(token, identity, identity.email_verified).claims([("name", &identity.handle)]),
        };
        Ok(token.text().as_str().into())
    }

    /// Returns the key set that every provider of the world signs its ID tokens with (RFC 7517). Give it to an
    /// application that fetches the keys of its providers.
    pub fn jwks(&self) -> String {
        TokenProvider::new().jwks()
    }

    fn token_rules(&self, identity: &Identity) -> Option<(&Provider, &IdTokenRules)> {
        let provider = self.policy_in_force().provider(&identity.provider())?;
        match &provider.assertion_kind {
            AssertionKind::IdToken { rules } => Some((provider, rules)),
            AssertionKind::HostStated => None,
        }
    }
}

fn apples<'a>(token: Forge<'a>, identity: &Identity, now: u64) -> Forge<'a> {
    let verified = if identity.email_verified { "true" } else { "false" };
    let token = with_email(token.header_without("typ"), identity, verified)
        .claim("exp", now + APPLES_LIFE)
        .claim("auth_time", now)
        .claim("nonce_supported", true);
    match &identity.email {
        Some(email) if email.ends_with("@privaterelay.appleid.com") => {
            token.claim("is_private_email", "true")
        }
        _ => token,
    }
}

fn with_email<'a>(token: Forge<'a>, identity: &Identity, verified: impl Into<Value>) -> Forge<'a> {
    match &identity.email {
        Some(email) => token.claim("email", email.as_str()).claim("email_verified", verified),
        None => token,
    }
}
