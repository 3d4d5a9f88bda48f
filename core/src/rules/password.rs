//! The rules for a new password (SPEC 2.2, after NIST SP 800-63B-4 section 3.1.1.2), and changing it (SPEC 4.8).

use zeroize::Zeroizing;

use crate::crypto::password::StoredPassword;
use crate::ground::email::EmailAddress;
use crate::ground::secret::Secret;
use crate::ground::text;
use crate::records::audit::{Action, Event};
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::message::Body;
use crate::records::policy::{MfaPolicy, Policy};
use crate::records::proof::PasswordProof;
use crate::records::protected::ProtectedAct;
use crate::records::refusal::{PasswordRule, Refusal};
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{Everything, Fresh};
use crate::rules::protected::Protected;
use crate::rules::{blocklist, first_factor, session};

/// The fewest code points of a password that may be the only factor.
const SHORTEST: usize = 15;
/// The minimum length of a password, in code points, if policy requires a second factor.
const SHORTEST_OF_TWO: usize = 8;
/// The most bytes of a password.
const LONGEST: usize = 1024;

/// Checks a new password against the rules. Returns the form that is hashed.
pub(crate) fn check_new(
    password: &Secret,
    identifier: Option<&EmailAddress>,
    policy: &Policy,
) -> Result<Zeroizing<String>, PasswordRule> {
    let normal = normal_form(password)?;
    let shortest = match policy.mfa() {
        MfaPolicy::Optional => SHORTEST,
        MfaPolicy::Required => SHORTEST_OF_TWO,
    };
    if normal.chars().count() < shortest {
        return Err(PasswordRule::TooShort);
    }
    if text::first_unassigned(&normal).is_some() {
        return Err(PasswordRule::Unassigned);
    }
    let same = |word: &str| normal.eq_ignore_ascii_case(word);
    let is_identifier = identifier
        .is_some_and(|email| same(email.canonical()) || same(email.as_typed()) || same(email.local_part()));
    if is_identifier || same(policy.realm()) {
        return Err(PasswordRule::Guessable);
    }
    if blocklist::has(&normal) {
        return Err(PasswordRule::Common);
    }
    Ok(normal)
}

/// Returns the form in which a password is hashed: NFC, otherwise unchanged. Refuses, before it does any work,
/// only a text that cannot be a password.
pub(crate) fn normal_form(password: &Secret) -> Result<Zeroizing<String>, PasswordRule> {
    if password.reveal().len() > LONGEST {
        return Err(PasswordRule::TooLong);
    }
    let normal = text::nfc(password.reveal_text().ok_or(PasswordRule::NotText)?);
    if normal.len() > LONGEST { Err(PasswordRule::TooLong) } else { Ok(normal) }
}

/// Sets a new password for an owner who gave the current one (SPEC 4.8).
pub(crate) fn password(
    fresh: &Fresh<'_, Everything>,
    proof: Option<PasswordProof>,
    new: StoredPassword,
    ctx: &Context<'_>,
) -> Verdict<()> {
    let (session, before) = (fresh.session(), fresh.account());
    if before.password().is_none() {
        return Verdict::refused(Refusal::NotOffered);
    }
    let mut caller = Caller::of_session(session);
    let mut after = match first_factor::try_password(before.clone(), &mut caller, proof, ctx) {
        Ok((account, _)) => account,
        Err((refusal, changes)) => return Verdict::counted(refusal, changes),
    };
    after.set_password(new);
    let mut changes = Vec::new();
    let protected =
        Protected::in_session(before, session, ProtectedAct::PasswordChanged, Body::PasswordChanged);
    let mut after = match protected.write(after, &mut changes, ctx) {
        Ok(after) => after,
        Err(refusal) => return Verdict::refused(refusal),
    };
    session::end_others(&mut after, session, false, &mut changes);
    let event = Event::done(Action::PasswordChanged, Some(session.id), ctx.now);
    changes.push(Change::account(after, event));
    Verdict::done((), changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<String, PasswordRule> {
        let email = EmailAddress::parse("Ada.Lovelace.1815@Example.org").unwrap();
        let policy = Policy::builder().realm("The Analytical Engine").build().unwrap();
        check_new(&password.into(), Some(&email), &policy).map(|normal| normal.to_string())
    }

    #[test]
    fn r2_2_a_password_has_fifteen_code_points_and_at_most_1024_bytes() {
        for (password, expected) in [
            ("fourteen chars", Err(PasswordRule::TooShort)),
            ("fifteen chars!!", Ok("fifteen chars!!")),
            // 15 code points as typed, 14 once composed: NFC comes first.
            ("e\u{301}ourteen chars", Err(PasswordRule::TooShort)),
            ("e\u{301}fifteen chars!", Ok("éfifteen chars!")),
            ("  spaces  stay  ", Ok("  spaces  stay  ")),
            ("日本語日本語日本語日本語日本語", Ok("日本語日本語日本語日本語日本語")),
            ("has one \u{378} unassigned", Err(PasswordRule::Unassigned)),
            ("ada.lovelace.1815@example.org", Err(PasswordRule::Guessable)),
            ("ADA.LOVELACE.1815", Err(PasswordRule::Guessable)),
            ("the analytical engine", Err(PasswordRule::Guessable)),
            ("1qaz2wsx3edc4rfv", Err(PasswordRule::Common)),
            ("PasswordPassword", Err(PasswordRule::Common)),
            (" passwordpassword", Ok(" passwordpassword")),
            ("passwordpassword!", Ok("passwordpassword!")),
        ] {
            assert_eq!(check(password), expected.map(str::to_owned), "{password}");
        }
        assert!(check(&"x".repeat(1024)).is_ok());
        assert_eq!(check(&"x".repeat(1025)), Err(PasswordRule::TooLong));
    }

    #[test]
    fn r2_2_bytes_that_are_not_text_are_not_a_password() {
        assert_eq!(normal_form(&vec![0xff; 20].into()).err(), Some(PasswordRule::NotText));
    }
}
