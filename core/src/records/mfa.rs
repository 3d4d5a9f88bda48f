//! The second factor, and its enrolment (SPEC 5).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::crypto::long_code::LongCode;
use crate::crypto::qr::QrCode;
use crate::crypto::totp::TotpSecret;
use crate::ground::id::SessionId;
use crate::ground::named::coded;
use crate::ground::secret::Secret;
use crate::ground::time::{DAY, Timestamp};
use crate::ground::typed;

/// An account's second factor. MFA is on if the account has one (SPEC 5.7).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mfa {
    pub(crate) secret: TotpSecret,
    pub(crate) taken: TakenSteps,
    pub(crate) since: Timestamp,
    /// The same time on the slow clock.
    pub(crate) slow_since: Timestamp,
    /// The keyed hashes of the recovery codes that are left.
    pub(crate) codes: Vec<[u8; 32]>,
    /// The account's revision when this set of recovery codes was made. It distinguishes this set from other sets.
    pub(crate) codes_made: u64,
    /// Whether the second factor was imported and its owner has not saved recovery codes yet. Each sign-in
    /// then makes some (SPEC 13.2).
    pub(crate) owes_codes: bool,
}

/// The steps whose codes were accepted (SPEC 5.2).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TakenSteps {
    /// The last step whose code was accepted. Neither it nor an earlier one is accepted again, unless the host
    /// says that the clock was ahead.
    pub(crate) last: u64,
    /// The number of trusted times that the host had set before that code was accepted (SPEC 12.4).
    pub(crate) trusted: u32,
    /// All steps that were accepted, as few spans in ascending order, for when the clock was ahead.
    pub(crate) spans: Vec<(u64, u64)>,
}

impl Mfa {
    /// Returns whether the factor is old enough that even an undo needs it, or one of its recovery codes, to remove it
    /// (SPEC 7.5).
    pub(crate) fn is_settled(&self, slow: Timestamp) -> bool {
        slow >= self.slow_since + FACTOR_SETTLES
    }

    pub(crate) fn view(&self) -> MfaView {
        let left = u32::try_from(self.codes.len()).unwrap_or(u32::MAX);
        MfaView {
            since: self.since,
            recovery_codes_left: left,
            few_recovery_codes: left <= FEW,
            has_weak_secret: self.secret.is_weak(),
        }
    }
}

coded! {
    /// A second factor (SPEC 5).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
    pub enum SecondFactor {
        /// A code of the authenticator app (RFC 6238).
        Totp,
        /// A recovery code in place of the app's code. It opens a recovered session (SPEC 5.5).
        RecoveryCode,
    }
}

/// How often the account's second factors changed. A proof names the generation of its factor, as a proof by a
/// password names the password's version (SPEC 5.10).
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Generations {
    app: u32,
    codes: u32,
}

impl Generations {
    pub(crate) fn of(self, factor: SecondFactor) -> u32 {
        match factor {
            SecondFactor::Totp => self.app,
            SecondFactor::RecoveryCode => self.codes,
        }
    }

    /// Makes all earlier proofs by a second factor stale.
    pub(crate) fn factor_changed(&mut self) {
        self.app = self.app.saturating_add(1);
        self.codes_changed();
    }

    /// Makes all earlier proofs by a recovery code stale.
    pub(crate) fn codes_changed(&mut self) {
        self.codes = self.codes.saturating_add(1);
    }
}

/// A second factor that was typed.
#[derive(Clone)]
pub(crate) enum TypedFactor {
    Totp(Zeroizing<String>),
    RecoveryCode(LongCode),
    /// A text that does not have the form of such a code.
    NoCode(SecondFactor),
}

impl TypedFactor {
    /// Reads a code of an authenticator app: 6 digits, or up to 8 for an imported one.
    pub(crate) fn totp(typed: &Secret) -> Self {
        typed::digits(typed.reveal(), 6..=8).map_or(Self::NoCode(SecondFactor::Totp), Self::Totp)
    }

    pub(crate) fn recovery_code(typed: &Secret) -> Self {
        LongCode::parse(typed.reveal()).map_or(Self::NoCode(SecondFactor::RecoveryCode), Self::RecoveryCode)
    }

    pub(crate) fn factor(&self) -> SecondFactor {
        match self {
            Self::Totp(_) => SecondFactor::Totp,
            Self::RecoveryCode(_) => SecondFactor::RecoveryCode,
            Self::NoCode(factor) => *factor,
        }
    }
}

/// The age from which even an undo needs the second factor, or one of its recovery codes, to remove it (SPEC 7.5).
pub(crate) const FACTOR_SETTLES: Duration = DAY.saturating_mul(3);
/// How long an enrolment waits for its first code, and how long recovery codes are shown (SPEC 5.1, 5.3).
pub(crate) const ENROLMENT_LIFE: Duration = Duration::from_secs(15 * 60);
/// At most this many recovery codes left count as few (SPEC 5.4).
const FEW: u32 = 3;

/// A second factor or a set of recovery codes in enrolment. It ends with its session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) session: SessionId,
    pub(crate) begun_at: Timestamp,
    pub(crate) wrong: u8,
    pub(crate) stage: Stage,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// The app has the secret, and the engine waits for its first code.
    Confirm(TotpSecret),
    /// The app gave a right code. The factor is on once its recovery codes are saved.
    Save(NewFactor),
    /// New recovery codes for the current second factor.
    Codes { seed: [u8; 32], at: Timestamp },
}

/// A second factor whose app has given a correct code. The person has not saved the recovery codes yet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewFactor {
    pub(crate) secret: TotpSecret,
    /// The time step of the app's code.
    pub(crate) step: u64,
    /// The seed of the recovery codes.
    pub(crate) seed: [u8; 32],
    /// When the code was given.
    pub(crate) at: Timestamp,
}

impl NewFactor {
    /// Returns one for the golden bytes.
    #[cfg(test)]
    pub(crate) fn sample(at: Timestamp) -> Self {
        Self { secret: TotpSecret::new([1; 20]), step: 2, seed: [3; 32], at }
    }
}

impl Enrolment {
    pub(crate) fn lives(&self, now: Timestamp) -> bool {
        match &self.stage {
            Stage::Confirm(_) => now < self.begun_at + ENROLMENT_LIFE,
            // An enrolment whose recovery codes are not saved ends after a day, or earlier with its session (SPEC 5.1).
            Stage::Save(NewFactor { at, .. }) | Stage::Codes { at, .. } => now < *at + DAY,
        }
    }

    /// Returns one of each stage, for the golden bytes.
    #[cfg(test)]
    pub(crate) fn samples(session: SessionId, at: Timestamp) -> Vec<Self> {
        let stages = [
            Stage::Confirm(TotpSecret::new([1; 20])),
            Stage::Save(NewFactor::sample(at)),
            Stage::Codes { seed: [4; 32], at },
        ];
        stages.map(|stage| Self { session, begun_at: at, wrong: 1, stage }).into()
    }

    pub(crate) fn seed(&self) -> Option<(&[u8; 32], Timestamp)> {
        match &self.stage {
            Stage::Confirm(_) => None,
            Stage::Save(NewFactor { seed, at, .. }) | Stage::Codes { seed, at } => Some((seed, *at)),
        }
    }
}

/// Everything that an authenticator app needs. All of it is secret.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, schemars::JsonSchema))]
pub struct TotpEnrolment {
    /// The secret for typing into the app, in base32 (RFC 4648).
    pub secret: Secret,
    /// The secret as an `otpauth://` URI.
    pub uri: Secret,
    /// The URI as a QR code for the app to scan.
    pub qr: QrCode,
    /// When the engine stops waiting for the app's first code.
    pub expires_at: Timestamp,
}

impl TotpEnrolment {
    /// A realm has at most 64 characters and an address 254, so their URI fits into a QR code.
    pub(crate) fn new(secret: Secret, uri: Secret, expires_at: Timestamp) -> Self {
        Self { qr: QrCode::of(&uri), secret, uri, expires_at }
    }
}

/// Recovery codes for the owner to save. Each stands in for the second factor once.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct RecoveryCodes {
    /// The codes, in groups that people can read and type.
    #[cfg_attr(feature = "json", serde(rename = "recovery_codes"))]
    pub codes: Vec<Secret>,
    /// Until when the codes can be shown again.
    pub shown_until: Timestamp,
}

/// The second factor as its owner sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct MfaView {
    /// Since when the second factor is on.
    pub since: Timestamp,
    /// The number of recovery codes left.
    pub recovery_codes_left: u32,
    /// Whether so few are left that the owner should make new ones (SPEC 5.4).
    pub few_recovery_codes: bool,
    /// Whether the app's secret was imported and has fewer than 128 bits (RFC 4226 section 4). The owner should replace
    /// the second factor (SPEC 13.2).
    pub has_weak_secret: bool,
}
