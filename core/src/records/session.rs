//! Sessions, which finished flows open (SPEC 4.4, 6.1).

use serde::{Deserialize, Serialize};

use crate::crypto::token::RecognitionToken;
use crate::ground::codec::Record;
use crate::ground::id::{AccountId, MethodId, SessionId};
use crate::ground::named::two_forms;
use crate::ground::short_name::ProductId;
use crate::ground::time::Timestamp;
use crate::records::method::MethodKind;

/// How many recognitions a client presents at most (SPEC 12.7).
const MOST_RECOGNITIONS: usize = 16;

two_forms! {
    json()
    /// The device and the product that a flow or session is for.
    ///
    /// ```
    /// use selfsame::Client;
    ///
    /// let client = Client::on("Ada's laptop").using("notes".parse()?);
    /// assert_eq!(client.device(), "Ada's laptop");
    /// assert_eq!(client.product().map(|product| product.as_str()), Some("notes"));
    ///
    /// // The person says that the device is not their own.
    /// assert!(!Client::on("library").unremembered().is_remembered());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Client {
        device: String,
        product: Option<ProductId>,
        #[json(default, skip_serializing_if = "std::ops::Not::not")]
        unremembered: bool,
        #[stored(skip)]
        #[json(default, skip_serializing_if = "Vec::is_empty")]
        recognitions: Vec<RecognitionToken>,
        #[stored(skip)]
        #[json(default, skip_serializing_if = "Option::is_none")]
        origin: Option<String>,
    }
}

impl Client {
    /// Returns a client on this device. The label is the text by which the owner will recognise the device: 1
    /// to 64 characters, none of them invisible (SPEC 1.13). The engine refuses any other label with
    /// [`Refusal::InvalidText`](crate::Refusal::InvalidText).
    pub fn on(device: &str) -> Self {
        Self {
            device: device.to_owned(),
            product: None,
            unremembered: false,
            recognitions: Vec::new(),
            origin: None,
        }
    }

    /// Adds the product that is used on the device.
    pub fn using(mut self, product: ProductId) -> Self {
        self.product = Some(product);
        self
    }

    /// Records that the person does not want to be remembered on the device (SPEC 1.11).
    pub fn unremembered(mut self) -> Self {
        self.unremembered = true;
        self
    }

    /// Presents the recognitions that the host keeps on the person's device (SPEC 12.7). The engine uses the first 16.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// use selfsame::{Client, RecognitionToken};
    ///
    /// let first = engine.sign_up("ada@example.org", &password, &Client::on("laptop"))?.signed_in()?;
    /// let kept: Vec<RecognitionToken> = first.recognition.into_iter().collect();
    ///
    /// // At the next sign-in here:
    /// let client = Client::on("laptop").recognized_by(kept);
    /// let again = engine.sign_in("ada@example.org", &password, &client)?.signed_in()?;
    /// assert_eq!(again.recognition, None, "the kept one goes on");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recognized_by(mut self, recognitions: impl IntoIterator<Item = RecognitionToken>) -> Self {
        self.recognitions = recognitions.into_iter().collect();
        self
    }

    /// Names where the call comes from, for example by the prefix of an IP address. Callers of one origin share
    /// its limits (SPEC 12.7). The engine keeps only a keyed hash of it, for a day.
    ///
    /// ```
    /// use selfsame::Client;
    ///
    /// let client = Client::on("laptop").at_origin("203.0.113.0/24");
    /// assert_eq!(client.origin(), Some("203.0.113.0/24"));
    /// ```
    pub fn at_origin(mut self, origin: &str) -> Self {
        self.origin = Some(origin.to_owned());
        self
    }

    /// Returns where the call comes from.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Returns the recognitions that count.
    pub(crate) fn recognitions(&self) -> impl Iterator<Item = &RecognitionToken> {
        self.recognitions.iter().take(MOST_RECOGNITIONS)
    }

    /// Returns the client without what only the call itself needs.
    pub(crate) fn without_proof(&self) -> Self {
        Self { recognitions: Vec::new(), origin: None, ..self.clone() }
    }

    /// Returns whether the person wants to be remembered on the device.
    pub fn is_remembered(&self) -> bool {
        !self.unremembered
    }

    /// Returns the client with another label.
    pub(crate) fn labelled(self, device: String) -> Self {
        Self { device, ..self }
    }

    /// Returns the device's label.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Returns the product.
    pub fn product(&self) -> Option<&ProductId> {
        self.product.as_ref()
    }
}

/// Authentication assurance level (NIST SP 800-63B-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
pub enum Aal {
    /// One factor was proven.
    Aal1,
    /// Two factors were proven.
    Aal2,
}

/// How a session was proven: an Authentication Method Reference of RFC 8176. That registry has no value for a
/// federated sign-in, so such a session has none. Its sign-in method tells how it was proven.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
pub enum Amr {
    /// A password: `pwd`.
    #[serde(rename = "pwd")]
    Pwd,
    /// A one-time password (RFC 6238): `otp`.
    #[serde(rename = "otp")]
    Otp,
    /// More than one factor: `mfa`.
    #[serde(rename = "mfa")]
    Mfa,
    /// A passkey, which proves that its device has the key: `pop`.
    #[serde(rename = "pop")]
    Pop,
}

impl Amr {
    /// Returns the value that RFC 8176 registers.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// let amr: Vec<_> = session.amr.iter().map(|amr| amr.as_str()).collect();
    /// assert_eq!(amr, ["pwd"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pwd => "pwd",
            Self::Otp => "otp",
            Self::Mfa => "mfa",
            Self::Pop => "pop",
        }
    }
}

two_forms! {
    json()
    /// A session, as resolved from its token and as its owner lists it.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Session {
        /// The session's id.
        pub id: SessionId,
        /// The account that the session is for.
        pub account: AccountId,
        /// The device and the product.
        #[json(flatten)]
        pub client: Client,
        /// The sign-in method that was used.
        pub method: MethodId,
        /// The kind of that sign-in method.
        pub kind: MethodKind,
        /// The authentication methods that proved the session.
        pub amr: Vec<Amr>,
        /// The authentication assurance level.
        pub aal: Aal,
        /// Whether a recovery code stood in for the second factor. Such a session may replace or turn off the
        /// second factor. It does not count as proof for any other act that needs the second factor (SPEC 5.5).
        pub recovered: bool,
        /// When the proof was given. If there are several proofs, the time of the oldest (OpenID Connect Core 2,
        /// `auth_time`).
        pub auth_time: Timestamp,
        /// When the first factor was last proven.
        pub first_at: Timestamp,
        /// When the session was opened.
        pub created_at: Timestamp,
        /// When the session was last used, as far as the store has recorded it.
        pub used_at: Timestamp,
        /// When the session ends because the account's hold ends, if it has not ended before. This applies to a session
        /// that a password reset or an undo opened (SPEC 4.7). It also applies to every session of an account on hold
        /// that lacks the second factor that policy requires (SPEC 5.9).
        pub ends_at: Option<Timestamp>,
    }
}

impl Record for Session {
    const VERSION: u8 = 1;
}
