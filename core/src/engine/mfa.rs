//! How the owner manages the second factor (SPEC 5).

use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::secret::Secret;
use crate::records::mfa::{RecoveryCodes, TotpEnrolment};
#[cfg(doc)]
use crate::records::refusal::Refusal;
use crate::rules::mfa;

impl AccountHandle {
    /// Starts to turn MFA on, or to replace the second factor. Returns the secret for an authenticator app.
    /// The enrolment waits 15 minutes for the app's first code, and ends with this session.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// let enrolment = account.enroll_totp()?;
    ///
    /// // Show both, on this page alone: the app scans the one, or the owner types the other.
    /// let (image, typed) = (enrolment.qr.svg(), enrolment.secret);
    /// assert!(image.reveal().starts_with(b"<svg"));
    /// assert_eq!(typed.reveal().len(), 32);
    /// assert!(account.view()?.mfa.is_none(), "MFA is not on yet");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::ReauthenticationRequired`].
    pub fn enroll_totp(&self) -> Result<TotpEnrolment, Error> {
        self.act_fresh(|_, ctx, fresh| Ok(mfa::enroll(fresh, ctx)))
    }

    /// Takes the app's first code and returns the recovery codes. MFA is on only after the owner has
    /// [saved](Self::recovery_codes_saved) them.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{Error, Refusal, Secret};
    ///
    /// let enrolment = account.enroll_totp()?;
    /// let wrong = account.confirm_totp(&Secret::from("no code"));
    /// assert!(matches!(wrong, Err(Error::Refused(Refusal::InvalidCode))));
    ///
    /// // The owner types the code that the app shows.
    /// # use base32ct::Encoding as _;
    /// # let text = enrolment.secret.reveal_text().ok_or("no text")?;
    /// # let app = base32ct::Base32UpperUnpadded::decode_vec(text).map_err(|bad| bad.to_string())?;
    /// # let app = totp_rs::Builder::new().with_secret(app).build().map_err(|bad| bad.to_string())?;
    /// # let seconds = selfsame::Clock::read(&selfsame::SystemClock).wall_ms / 1_000;
    /// # let code = selfsame::Secret::from(app.generate(seconds).to_string());
    /// let recovery = account.confirm_totp(&code)?;
    /// assert_eq!(recovery.codes.len(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidCode`] if the code is wrong
    /// (the fifth wrong code ends the enrolment); [`Refusal::FlowExpired`] if no enrolment is open.
    pub fn confirm_totp(&self, code: &Secret) -> Result<RecoveryCodes, Error> {
        self.act(|_, ctx, owner| Ok(mfa::confirm(owner, code, ctx)))
    }

    /// Returns the recovery codes that the owner has not saved yet, for 15 minutes.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let enrolment = account.enroll_totp()?;
    /// # use base32ct::Encoding as _;
    /// # let text = enrolment.secret.reveal_text().ok_or("no text")?;
    /// # let app = base32ct::Base32UpperUnpadded::decode_vec(text).map_err(|bad| bad.to_string())?;
    /// # let app = totp_rs::Builder::new().with_secret(app).build().map_err(|bad| bad.to_string())?;
    /// # let seconds = selfsame::Clock::read(&selfsame::SystemClock).wall_ms / 1_000;
    /// # let code = selfsame::Secret::from(app.generate(seconds).to_string());
    /// # account.confirm_totp(&code)?;
    /// // The page with the codes was loaded again.
    /// let recovery = account.unsaved_recovery_codes()?;
    /// assert_eq!(recovery.codes.len(), 10);
    /// assert_eq!(recovery.codes[0].reveal().len(), 29, "six groups of four");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::FlowExpired`] if there are none.
    pub fn unsaved_recovery_codes(&self) -> Result<RecoveryCodes, Error> {
        self.look_owner(|_, ctx, owner| Ok(mfa::unsaved_codes(owner, ctx)))
    }

    /// Confirms that the owner has saved the recovery codes. This turns MFA on, or puts the new second factor
    /// or the new codes into use. This session has then proven both factors. If the factor changed, ends all
    /// other sessions.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let enrolment = account.enroll_totp()?;
    /// # use base32ct::Encoding as _;
    /// # let text = enrolment.secret.reveal_text().ok_or("no text")?;
    /// # let app = base32ct::Base32UpperUnpadded::decode_vec(text).map_err(|bad| bad.to_string())?;
    /// # let app = totp_rs::Builder::new().with_secret(app).build().map_err(|bad| bad.to_string())?;
    /// # let seconds = selfsame::Clock::read(&selfsame::SystemClock).wall_ms / 1_000;
    /// # let code = selfsame::Secret::from(app.generate(seconds).to_string());
    /// # account.confirm_totp(&code)?;
    /// // The owner confirms it on the page that shows the codes.
    /// account.recovery_codes_saved()?;
    /// assert!(account.view()?.mfa.is_some());
    ///
    /// let flow = engine.sign_in("ada@example.org", &password, &client)?;
    /// assert_eq!(flow.step.code(), "SecondFactor");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::FlowExpired`] if no codes wait to
    /// be saved.
    pub fn recovery_codes_saved(&self) -> Result<(), Error> {
        self.act(|view, ctx, owner| {
            let sessions = view.sessions(owner.account.id)?;
            Ok(mfa::saved(owner, self.token().secret(), &sessions, ctx))
        })
    }

    /// Returns new recovery codes. The old ones work until the owner has [saved](Self::recovery_codes_saved)
    /// the new ones.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let enrolment = account.enroll_totp()?;
    /// # use base32ct::Encoding as _;
    /// # let text = enrolment.secret.reveal_text().ok_or("no text")?;
    /// # let app = base32ct::Base32UpperUnpadded::decode_vec(text).map_err(|bad| bad.to_string())?;
    /// # let app = totp_rs::Builder::new().with_secret(app).build().map_err(|bad| bad.to_string())?;
    /// # let seconds = selfsame::Clock::read(&selfsame::SystemClock).wall_ms / 1_000;
    /// # let code = selfsame::Secret::from(app.generate(seconds).to_string());
    /// # account.confirm_totp(&code)?;
    /// # account.recovery_codes_saved()?;
    /// let recovery = account.regenerate_recovery_codes()?;
    /// assert_eq!(recovery.codes.len(), 10);
    ///
    /// // After the owner has saved them:
    /// account.recovery_codes_saved()?;
    /// assert_eq!(account.view()?.mfa.map(|mfa| mfa.recovery_codes_left), Some(10));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::ReauthenticationRequired`];
    /// [`Refusal::NotOffered`] if MFA is off.
    pub fn regenerate_recovery_codes(&self) -> Result<RecoveryCodes, Error> {
        self.act_fresh(|_, ctx, fresh| Ok(mfa::regenerate(fresh, ctx)))
    }

    /// Turns MFA off. This requires fresh proof of the second factor, or a session that a recovery code
    /// opened. Ends all other sessions.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let enrolment = account.enroll_totp()?;
    /// # use base32ct::Encoding as _;
    /// # let text = enrolment.secret.reveal_text().ok_or("no text")?;
    /// # let app = base32ct::Base32UpperUnpadded::decode_vec(text).map_err(|bad| bad.to_string())?;
    /// # let app = totp_rs::Builder::new().with_secret(app).build().map_err(|bad| bad.to_string())?;
    /// # let seconds = selfsame::Clock::read(&selfsame::SystemClock).wall_ms / 1_000;
    /// # let code = selfsame::Secret::from(app.generate(seconds).to_string());
    /// # account.confirm_totp(&code)?;
    /// # account.recovery_codes_saved()?;
    /// account.turn_off_mfa()?;
    /// assert!(account.view()?.mfa.is_none());
    ///
    /// let flow = engine.sign_in("ada@example.org", &password, &client)?;
    /// assert_eq!(flow.step.code(), "SignedIn");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::ReauthenticationRequired`];
    /// [`Refusal::OnHold`] after a password reset with a recovery code; [`Refusal::NotOffered`] if MFA is
    /// off; [`Refusal::LastFactor`] if the policy requires a second factor, which can then only be replaced
    /// (SPEC 5.9).
    pub fn turn_off_mfa(&self) -> Result<(), Error> {
        self.act_fresh(|_, ctx, fresh| Ok(mfa::turn_off(fresh, self.token().secret(), ctx)))
    }
}
