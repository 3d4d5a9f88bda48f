//! The check of an ID token's claims (SPEC 2.9, OpenID Connect Core 1.0 section 3.1.3.7).

use std::time::Duration;

use crate::crypto::digest::same;
use crate::crypto::jose::NotAToken;
use crate::crypto::json::{Json, Object};
use crate::crypto::jwk::{BadSet, Unverified};
use crate::ground::email::EmailAddress;
use crate::ground::label;
use crate::ground::time::Timestamp;
use crate::records::assertion::Asserted;
use crate::records::provider::{IdTokenRules, Provider};
use crate::records::refusal::{AssertionProblem, KeysProblem};

const OLDEST: Duration = Duration::from_secs(10 * 60);
/// How far the provider's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(60);

/// Returns what the claims prove. The caller has checked the token's signature.
pub(crate) fn asserted(
    claims: &Object,
    provider: &Provider,
    rules: &IdTokenRules,
    nonce: &str,
    now: Timestamp,
) -> Result<Asserted, AssertionProblem> {
    let text = |name: &str| claims.get(name).and_then(Json::text);
    if !text("iss").is_some_and(|issuer| provider.issues_as(issuer)) {
        return Err(AssertionProblem::Issuer);
    }
    if !is_for_us(claims, rules) {
        return Err(AssertionProblem::Audience);
    }
    if !text("nonce").is_some_and(|given| same(given.as_bytes(), nonce.as_bytes())) {
        return Err(AssertionProblem::Nonce);
    }
    let issued_at = check_times(claims, now)?;
    let identity =
        text("sub").and_then(|subject| provider.identity(subject)).ok_or(AssertionProblem::Subject)?;
    // Some providers send addresses that no mail server accepts, and Apple sends an empty one for accounts of
    // schools and companies. An invalid address does not count as an email, so the person can still sign in
    // (SPEC 1.4).
    let email = text("email").and_then(|text| EmailAddress::parse(text).ok());
    let says_verified = match claims.get("email_verified") {
        Some(Json::Bool(verified)) => *verified,
        Some(Json::Text(text)) => rules.verified_may_be_text && text == "true",
        _ => false,
    };
    let hosted = text("hd").filter(|_| rules.hosted_domain_counts);
    let is_authority = |email: &EmailAddress| {
        provider.proves(email) || hosted.is_some_and(|domain| domain.eq_ignore_ascii_case(email.domain()))
    };
    let email_proven = says_verified && email.as_ref().is_some_and(is_authority);
    let handle = [text("preferred_username"), text("name")].into_iter().flatten().find_map(label::cleaned);
    // The proof is as old as the sign-in at the provider (SPEC 6.4).
    let at = match claims.get("auth_time") {
        None | Some(Json::Null) => issued_at,
        Some(at) => {
            let at = numeric_date(at).filter(|at| *at <= now + AHEAD);
            at.ok_or(AssertionProblem::AuthTime)?
        }
    };
    Ok(Asserted { at: at.min(now), identity, handle, email, email_proven })
}

/// Whether the token is for this service (OpenID Connect Core 1.0 section 3.1.3.7). The audience must contain
/// this service. If it contains others too, `azp` must name the party that the token was issued to. If `azp`
/// is there, it must name this service.
fn is_for_us(claims: &Object, rules: &IdTokenRules) -> bool {
    let is_ours = |name: &str| rules.audiences.iter().any(|ours| ours == name);
    let (has_ours, has_others) = match claims.get("aud") {
        Some(Json::Text(audience)) => (is_ours(audience), false),
        Some(Json::List(audiences)) => {
            let Some(names) = audiences.iter().map(Json::text).collect::<Option<Vec<_>>>() else {
                return false;
            };
            (names.iter().any(|name| is_ours(name)), names.len() > 1)
        }
        _ => (false, false),
    };
    let party_fits = match claims.get("azp") {
        None => !has_others,
        Some(party) => party.text().is_some_and(is_ours),
    };
    has_ours && party_fits
}

/// Times are whole seconds since 1970 (RFC 7519 section 2, "NumericDate").
fn numeric_date(claim: &Json) -> Option<Timestamp> {
    claim.whole().map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1_000)))
}

/// Checks the times of a token. Returns when it was issued.
fn check_times(claims: &Object, now: Timestamp) -> Result<Timestamp, AssertionProblem> {
    let time = |name: &str| claims.get(name).and_then(numeric_date);
    // RFC 7519 section 4.1.4: "the expiration time on or after which the JWT MUST NOT be accepted".
    if time("exp").is_none_or(|end| now >= end) {
        return Err(AssertionProblem::Expired);
    }
    let issued_at = time("iat").filter(|at| *at <= now + AHEAD && now <= *at + OLDEST);
    let issued_at = issued_at.ok_or(AssertionProblem::IssuedAt)?;
    if claims.contains_key("nbf") && time("nbf").is_none_or(|from| from > now + AHEAD) {
        return Err(AssertionProblem::NotYet);
    }
    Ok(issued_at)
}

impl From<NotAToken> for AssertionProblem {
    fn from(problem: NotAToken) -> Self {
        match problem {
            NotAToken::TooLong => Self::TooLong,
            NotAToken::Malformed => Self::Malformed,
            NotAToken::Algorithm => Self::Algorithm,
            NotAToken::Header => Self::Header,
            NotAToken::Kind => Self::Kind,
        }
    }
}

impl From<Unverified> for AssertionProblem {
    fn from(problem: Unverified) -> Self {
        match problem {
            Unverified::UnknownKey => Self::UnknownKey,
            Unverified::Algorithm => Self::Algorithm,
            Unverified::Signature => Self::Signature,
        }
    }
}

impl From<BadSet> for KeysProblem {
    fn from(bad: BadSet) -> Self {
        match bad {
            BadSet::TooLarge => Self::TooLarge,
            BadSet::Malformed => Self::Malformed,
            BadSet::PrivateKey => Self::PrivateKey,
            BadSet::SameName => Self::SameName,
            BadSet::NoKey => Self::NoKey,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::json;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_500);

    /// Judges good claims with one of them changed. The engine checks the issuer before it calls the rule; here
    /// the rule must check it alone.
    fn judged(name: &str, value: &str) -> Result<Asserted, AssertionProblem> {
        let mut claims = vec![
            ("iss", r#""https://appleid.apple.com""#),
            ("aud", r#""notes""#),
            ("nonce", r#""n""#),
            ("iat", "1767225600"),
            ("exp", "1767225601"),
            ("sub", r#""815""#),
            ("email", r#""ada@icloud.com""#),
            ("email_verified", r#""true""#),
        ];
        claims.retain(|(other, _)| *other != name);
        claims.push((name, value));
        let members: Vec<_> = claims.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let claims = json::object(format!("{{{}}}", members.join(",")).as_bytes()).unwrap();
        let provider = Provider::apple(vec!["notes".to_owned()]);
        let rules = provider.id_token_rules().unwrap();
        asserted(&claims, &provider, rules, "n", NOW)
    }

    #[test]
    fn r2_9_the_rule_checks_every_claim_by_itself() {
        let right = judged("amr", r#"["mfa"]"#).ok().unwrap();
        assert!(right.email_proven);
        assert_eq!(
            (right.identity.issuer.as_str(), right.identity.subject.as_str()),
            ("https://appleid.apple.com", "815")
        );
        for (name, value, problem) in [
            ("iss", r#""https://accounts.google.com""#, AssertionProblem::Issuer),
            ("aud", r#""other""#, AssertionProblem::Audience),
            ("azp", r#""other""#, AssertionProblem::Audience),
            ("nonce", r#""m""#, AssertionProblem::Nonce),
            ("exp", "1767225600", AssertionProblem::Expired),
            ("iat", "1767225000", AssertionProblem::IssuedAt),
            ("iat", "1767225661", AssertionProblem::IssuedAt),
            ("nbf", "1767225661", AssertionProblem::NotYet),
            ("sub", r#""""#, AssertionProblem::Subject),
            ("auth_time", "1767225661", AssertionProblem::AuthTime),
            ("auth_time", r#""1767225600""#, AssertionProblem::AuthTime),
        ] {
            assert_eq!(judged(name, value).err(), Some(problem), "{name}: {value}");
        }
    }

    #[test]
    fn r1_4_what_is_no_email_keeps_nobody_out() {
        for email in [r#""ada""#, r#""a..b@docomo.example""#, r#""""#, "7", r#"["ada@icloud.com"]"#, "null"] {
            let asserted = judged("email", email).ok().unwrap();
            assert_eq!((asserted.email, asserted.email_proven), (None, false), "{email}");
        }
    }

    #[test]
    fn r6_4_the_proof_is_as_old_as_the_sign_in_at_the_provider() {
        for (auth_time, at) in [
            ("null", 1_767_225_600_000),
            ("1767222600", 1_767_222_600_000),
            // If the provider's clock is a little ahead, the proof still does not lie in the future.
            ("1767225660", 1_767_225_600_500),
        ] {
            assert_eq!(judged("auth_time", auth_time).ok().unwrap().at, Timestamp::from_millis(at));
        }
    }

    #[test]
    fn r1_13_the_first_name_of_a_token_that_can_be_shown_is_the_handle() {
        let handle = |name, value| judged(name, value).ok().unwrap().handle;
        assert_eq!(handle("preferred_username", r#""ada\u0000\n99""#).as_deref(), Some("ada 99"));
        assert_eq!(handle("name", r#""\u202e""#), None);
    }
}
