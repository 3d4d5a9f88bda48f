//! What the answer of a passkey is worth (SPEC 5.8, Web Authentication level 3 sections 7.1 and 7.2).

use crate::crypto::authenticator_data::{AuthenticatorData, NotAnAnswer};
use crate::crypto::cose::PublicKey;
use crate::crypto::digest::plain_sha256;
use crate::crypto::webauthn::{Assertion, ClientData, Registration};
use crate::records::passkey::{Passkey, PasskeyProblem, RelyingParty, UserHandle};

/// Checks the answer to a request to register a passkey. Returns the passkey.
pub(crate) fn registered(
    answer: Registration,
    rp: &RelyingParty,
    is_challenge: impl FnOnce(&[u8]) -> bool,
    user_handle: UserHandle,
) -> Result<Passkey, PasskeyProblem> {
    let Registration { client, data, attested, transports } = answer;
    check(&client, &data, "webauthn.create", rp, is_challenge)?;
    Ok(Passkey {
        rp_id: rp.id.clone(),
        credential_id: attested.credential_id,
        key: attested.key,
        user_handle,
        counter: data.counter,
        backup_eligible: data.backup_eligible,
        backed_up: data.backed_up,
        user_verified: data.user_verified,
        transports,
    })
}

/// Checks that the passkey made this answer. The caller has found the passkey by the answer's credential id.
/// `signed_by` is the key that made the signature. `wants_user` says whether the answer must name the user, because the
/// request named no passkey.
pub(crate) fn asserted(
    answer: &Assertion,
    signed_by: Option<&PublicKey>,
    passkey: &Passkey,
    rp: &RelyingParty,
    is_challenge: impl FnOnce(&[u8]) -> bool,
    wants_user: bool,
) -> Result<(), PasskeyProblem> {
    let data = &answer.data;
    check(&answer.client, data, "webauthn.get", rp, is_challenge)?;
    let names_user = match &answer.user_handle {
        Some(handle) => *handle == passkey.user_handle,
        None => !wants_user,
    };
    if !names_user || answer.credential_id != passkey.credential_id {
        return Err(PasskeyProblem::UserHandle);
    }
    if signed_by != Some(&passkey.key) {
        return Err(PasskeyProblem::Signature);
    }
    if data.backup_eligible != passkey.backup_eligible {
        return Err(PasskeyProblem::BackupEligibility);
    }
    // A passkey that may be copied has no common counter. One that has never counted need not begin.
    let counts = data.counter != 0 || passkey.counter != 0;
    if counts && !data.backup_eligible && data.counter <= passkey.counter {
        return Err(PasskeyProblem::Counter);
    }
    Ok(())
}

/// Checks what both kinds of answers have in common.
fn check(
    client: &ClientData,
    data: &AuthenticatorData,
    kind: &str,
    rp: &RelyingParty,
    is_challenge: impl FnOnce(&[u8]) -> bool,
) -> Result<(), PasskeyProblem> {
    if client.kind != kind {
        return Err(PasskeyProblem::Kind);
    }
    if !is_challenge(&client.challenge) {
        return Err(PasskeyProblem::Challenge);
    }
    if !rp.origins.contains(&client.origin) {
        return Err(PasskeyProblem::Origin);
    }
    let framed_by_known = client.top_origin.as_ref().map(|top| rp.top_origins.contains(top));
    // A browser names the top origin only with `crossOrigin`, and an older one not even then.
    if !framed_by_known.unwrap_or(!client.cross_origin) {
        return Err(PasskeyProblem::CrossOrigin);
    }
    if data.rp_id_hash != plain_sha256(rp.id.as_bytes()) {
        return Err(PasskeyProblem::RelyingParty);
    }
    if !data.user_present {
        return Err(PasskeyProblem::UserPresence);
    }
    if data.backed_up && !data.backup_eligible {
        return Err(PasskeyProblem::BackupState);
    }
    Ok(())
}

impl From<NotAnAnswer> for PasskeyProblem {
    fn from(problem: NotAnAnswer) -> Self {
        match problem {
            NotAnAnswer::Malformed => Self::Malformed,
            NotAnAnswer::Algorithm => Self::Algorithm,
        }
    }
}

#[cfg(test)]
mod tests;
