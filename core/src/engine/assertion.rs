//! Checks the proof of a federated identity: a host's statement, or an ID token and the keys that signed it
//! (SPEC 2.9).

use super::Engine;
use crate::crypto::jose::Jws;
use crate::crypto::jwk::{KeySet, Unverified};
use crate::error::Error;
use crate::flow::state;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::records::assertion::{Asserted, Assertion, HostStatement};
use crate::records::flow::FlowRecord;
use crate::records::provider::{AssertionKind, GivenKeys, Provider};
use crate::records::refusal::{AssertionProblem, Refusal};
use crate::records::verdict::{Change, Verdict};
use crate::rules::id_token;

/// The result of checking an assertion that is not refused yet.
pub(super) enum Checked {
    Asserted(Box<Asserted>),
    /// A token of this issuer, signed by a key that the stored key set does not contain.
    UnknownKey(String),
}

impl Engine {
    /// Sets the keys of a provider, in place of its earlier ones. `jwks` is a JSON Web Key Set (RFC 7517).
    /// The host fetches it from where the provider publishes it, over a connection that the host trusts.
    ///
    /// Ignores keys that cannot be used: keys of another kind, keys that are too short, keys for encryption.
    ///
    /// ```
    /// # let google = selfsame::Provider::google(vec!["client-id".to_owned()]);
    /// # let policy = selfsame::Policy::builder().providers(vec![google]).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let jwks = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1",
    /// #     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    /// use selfsame::{Error, KeysProblem, Refusal};
    ///
    /// // `jwks` is the body of https://www.googleapis.com/oauth2/v3/certs.
    /// engine.set_keys(&"google".parse()?, jwks)?;
    ///
    /// let reason = KeysProblem::Malformed;
    /// let refused = engine.set_keys(&"google".parse()?, "<html>");
    /// assert_eq!(refused, Err(Error::Refused(Refusal::InvalidKeys { reason })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownProvider`] if policy names no such provider of ID tokens;
    /// [`Refusal::InvalidKeys`] if `jwks` is not a valid key set. The earlier keys then stay in force.
    pub fn set_keys(&self, provider: &ProviderId, jwks: &str) -> Result<(), Error> {
        let provider = self.inner()?.policy.provider(provider).filter(|it| it.id_token_rules().is_some());
        let issuer = &provider.ok_or(Refusal::UnknownProvider)?.issuer;
        let keys = KeySet::parse(jwks).map_err(|bad| Refusal::InvalidKeys { reason: bad.into() })?;
        self.act(|_, ctx| {
            let given = Box::new(GivenKeys { given_at: ctx.now, keys: keys.clone() });
            Ok(Verdict::done((), vec![Change::Keys { issuer: issuer.clone(), given }]))
        })
    }

    /// Checks an assertion for the current step of the flow. If the step does not name the provider, the
    /// assertion does.
    pub(super) fn check(
        &self,
        assertion: &Assertion,
        flow: &FlowRecord,
        begun_with: Option<&ProviderId>,
    ) -> Result<Checked, Error> {
        match assertion {
            Assertion::Stated(statement) => self.check_stated(statement, flow, begun_with),
            Assertion::IdToken(token) => self.check_token(token, flow, begun_with),
        }
    }

    fn check_stated(
        &self,
        statement: &HostStatement,
        flow: &FlowRecord,
        begun_with: Option<&ProviderId>,
    ) -> Result<Checked, Error> {
        if begun_with.is_some_and(|provider| *provider != statement.provider) {
            return Err(rejected(AssertionProblem::OtherProvider));
        }
        let provider = self.inner()?.policy.provider(&statement.provider);
        let provider = provider
            .filter(|it| it.assertion_kind == AssertionKind::HostStated)
            .ok_or(Refusal::UnknownProvider)?;
        let asserted = Asserted::stated(statement, flow.id, provider, self.inner()?.moment()?.now())
            .map_err(rejected)?;
        Ok(Checked::Asserted(Box::new(asserted)))
    }

    /// Checks the signature outside the act, as for a password, so that no other act waits for it.
    fn check_token(
        &self,
        token: &Secret,
        flow: &FlowRecord,
        begun_with: Option<&ProviderId>,
    ) -> Result<Checked, Error> {
        let policy = &self.inner()?.policy;
        let begun_with = begun_with.map(|id| policy.provider(id).ok_or(Refusal::UnknownProvider));
        let begun_with = begun_with.transpose()?;
        if begun_with.is_some_and(|provider| provider.assertion_kind == AssertionKind::HostStated) {
            return Err(Refusal::UnknownProvider.into());
        }
        let text = token.reveal_text().ok_or_else(|| rejected(AssertionProblem::Malformed))?;
        let jws = Jws::parse(text).map_err(|problem| rejected(problem.into()))?;
        // The issuer is not proven yet. It selects the keys to check the signature with, among the providers
        // that the step allows. No other key is tried.
        let issuer = jws.issuer().unwrap_or_default();
        let provider = match begun_with {
            Some(provider) => Some(provider).filter(|provider| provider.issues_as(issuer)),
            None => policy.provider_issuing_as(issuer),
        };
        let (provider, rules) = provider
            .and_then(|provider| Some((provider, provider.id_token_rules()?)))
            .ok_or_else(|| rejected(AssertionProblem::Issuer))?;
        if !rules.algorithms.contains(&jws.algorithm) {
            return Err(rejected(AssertionProblem::Algorithm));
        }
        let (keys, nonce, now) = self.look(|view, ctx| {
            let given = view.key_set(&provider.issuer)?;
            let fresh = given.filter(|given| given.is_fresh(ctx.now, policy.max_key_set_age()));
            Ok(match fresh {
                Some(given) => Ok((given.keys, state::nonce(flow, ctx), ctx.now)),
                None => Err(needs_keys(provider)),
            })
        })?;
        match jws.verify(&keys) {
            Ok(()) => {}
            Err(Unverified::UnknownKey) => return Ok(Checked::UnknownKey(provider.issuer.clone())),
            Err(problem) => return Err(rejected(problem.into())),
        }
        let asserted = id_token::asserted(&jws.claims, provider, rules, &nonce, now).map_err(rejected)?;
        Ok(Checked::Asserted(Box::new(asserted)))
    }
}

fn needs_keys(provider: &Provider) -> Refusal {
    Refusal::NeedsKeys { issuer: provider.issuer.clone() }
}

fn rejected(reason: AssertionProblem) -> Error {
    Refusal::AssertionRejected { reason }.into()
}
