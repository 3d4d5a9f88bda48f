//! What a finished flow leaves: a session (SPEC 4.4, 6.1).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::{AccountId, MethodId, SessionId};
use crate::ground::short_name::ProductId;
use crate::ground::time::Timestamp;
use crate::records::method::MethodKind;

const LONGEST_LABEL: usize = 64;

/// Who calls: the device and the product that a flow or session is for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Client {
    device: String,
    product: Option<ProductId>,
    unremembered: bool,
}

impl Client {
    /// A device, by the label that its owner will recognise it by; the first 64 characters count.
    pub fn on(device: &str) -> Self {
        Self { device: device.chars().take(LONGEST_LABEL).collect(), product: None, unremembered: false }
    }

    /// The product that is used on the device.
    pub fn using(mut self, product: ProductId) -> Self {
        self.product = Some(product);
        self
    }

    /// The person does not want to be remembered on the device (SPEC 1.11).
    pub fn unremembered(mut self) -> Self {
        self.unremembered = true;
        self
    }

    /// Whether the person wants to be remembered on the device.
    pub fn is_remembered(&self) -> bool {
        !self.unremembered
    }

    /// The device's label.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The product.
    pub fn product(&self) -> Option<&ProductId> {
        self.product.as_ref()
    }
}

/// Authentication assurance level (NIST SP 800-63B-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Aal {
    /// One factor was proven.
    Aal1,
    /// Two were.
    Aal2,
}

/// How a session was proven: an Authentication Method Reference of RFC 8176. That registry has no value
/// for a federated sign-in, so such a session has none; its method says what it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Amr {
    /// A password: `pwd`.
    Pwd,
    /// A one-time password (RFC 6238): `otp`.
    Otp,
    /// More than one factor: `mfa`.
    Mfa,
}

impl Amr {
    /// The registered value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pwd => "pwd",
            Self::Otp => "otp",
            Self::Mfa => "mfa",
        }
    }
}

/// A session, as resolved from its token and as its owner lists it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// The device and product.
    pub client: Client,
    /// The method that was used.
    pub method: MethodId,
    /// The kind of that method.
    pub kind: MethodKind,
    /// How it was proven.
    pub amr: Vec<Amr>,
    /// How strongly.
    pub aal: Aal,
    /// Whether a recovery code stood in for the second factor: such a session may replace or turn off that
    /// factor, and is no proof for anything else that wants it (SPEC 5.5).
    pub recovered: bool,
    /// When the proof was given, the oldest where there are several (OpenID Connect Core 2, `auth_time`).
    pub auth_time: Timestamp,
    /// When the first factor was last proven.
    pub first_at: Timestamp,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, as far as that was written down.
    pub used_at: Timestamp,
}

impl Record for Session {
    const VERSION: u8 = 1;
}
