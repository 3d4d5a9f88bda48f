//! Opaque text that a caller holds for a flow or a session.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::digest::same;
use crate::ground::id::{AccountId, FlowId, SessionId};
#[cfg(feature = "json")]
use crate::ground::json;

/// The text is not a token of this engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidToken;

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not a token of this kind")
    }
}

impl std::error::Error for InvalidToken {}

/// Holds one flow open between its steps. Anyone who has it can answer the next step.
///
/// It is the flow's id (16 bytes) and its secret (32 bytes) in URL-safe base64 without padding. Overwritten
/// when dropped. `Debug` does not show the content, and there is no `Display`.
///
/// ```
/// # let engine = selfsame::Engine::in_memory(selfsame::Policy::default(), selfsame::Environment::system())?;
/// # let password = selfsame::Secret::from("seven green bicycles");
/// # let client = selfsame::Client::on("laptop");
/// use selfsame::FlowToken;
///
/// let flow = engine.sign_up("ada@example.org", &password, &client)?;
/// # assert!(flow.token.is_some());
/// if let Some(token) = &flow.token {
///     // The text goes to the person's browser, for example in a cookie, and comes back from there.
///     let text = token.reveal().to_owned();
///     let token: FlowToken = text.parse()?;
///     assert_eq!(engine.resume(&token)?.step, flow.step);
///     println!("flow {}", token.flow());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FlowToken {
    text: Zeroizing<String>,
    flow: FlowId,
    secret: Secret,
}

/// Holds one session. Anyone who has it is signed in.
///
/// It is the account's id (16 bytes), the session's id (16) and its secret (32) in URL-safe base64 without
/// padding. The account's id lets the engine find the row at once. Overwritten when dropped. `Debug` does not
/// show the content, and there is no `Display`.
///
/// ```
/// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
/// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
/// # let password = selfsame::Secret::from("seven green bicycles");
/// # let client = selfsame::Client::on("laptop");
/// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
/// use selfsame::SessionToken;
///
/// // Keep the text where the platform keeps secrets, or in the browser's cookie.
/// let text = session.token.reveal().to_owned();
///
/// // At the next start, or with the next request:
/// let token: SessionToken = text.parse()?;
/// assert_eq!(engine.resolve(&token)?.account, session.account);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SessionToken {
    text: Zeroizing<String>,
    account: AccountId,
    session: SessionId,
    secret: Secret,
}

/// Shows that its holder has signed in to an account before. It proves nothing else and opens nothing (SPEC
/// 12.7).
///
/// A host keeps it on the person's device, even after the session has ended, and
/// [presents](crate::Client::recognized_by) it with each later call. Strangers' wrong guesses then do not
/// delay its holder.
///
/// It is the account's id (16 bytes) and a secret (16) in URL-safe base64 without padding. Overwritten when
/// dropped. `Debug` does not show the content, and there is no `Display`.
#[derive(Clone)]
pub struct RecognitionToken {
    text: Zeroizing<String>,
    account: AccountId,
    secret: Box<Zeroizing<[u8; 16]>>,
}

type Secret = Box<Zeroizing<[u8; 32]>>;

impl FlowToken {
    pub(crate) fn new(flow: FlowId, secret: &[u8; 32]) -> Self {
        Self { text: text(&[flow.as_bytes(), secret]), flow, secret: boxed(secret) }
    }

    /// Returns the token as text, to pass to the person who answers the next step.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Returns the id of the flow. A host's statement names it.
    pub fn flow(&self) -> FlowId {
        self.flow
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

impl SessionToken {
    pub(crate) fn new(account: AccountId, session: SessionId, secret: &[u8; 32]) -> Self {
        let text = text(&[account.as_bytes(), session.as_bytes(), secret]);
        Self { text, account, session, secret: boxed(secret) }
    }

    /// Returns the token as text, to keep where the platform keeps secrets.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    pub(crate) fn account(&self) -> AccountId {
        self.account
    }

    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

impl RecognitionToken {
    pub(crate) fn new(account: AccountId, secret: &[u8; 16]) -> Self {
        let text = text(&[account.as_bytes(), secret]);
        Self { text, account, secret: Box::new(Zeroizing::new(*secret)) }
    }

    /// Returns the token as text, to keep on the person's device.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// use selfsame::RecognitionToken;
    ///
    /// // A session on hold earns none.
    /// if let Some(recognition) = &session.recognition {
    ///     let kept: String = recognition.reveal().to_owned();
    ///
    ///     // At the next call:
    ///     assert_eq!(kept.parse::<RecognitionToken>()?, *recognition);
    ///     assert_eq!(format!("{recognition:?}"), "RecognitionToken(…)");
    /// }
    /// # assert!(session.recognition.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reveal(&self) -> &str {
        &self.text
    }

    pub(crate) fn account(&self) -> AccountId {
        self.account
    }

    pub(crate) fn secret(&self) -> &[u8; 16] {
        &self.secret
    }
}

impl FromStr for RecognitionToken {
    type Err = InvalidToken;

    /// Reads a token. Every other spelling of a token is invalid.
    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let bytes = bytes::<32>(text)?;
        let (account, secret) = bytes.split_first_chunk::<16>().ok_or(InvalidToken)?;
        let secret = secret.first_chunk().ok_or(InvalidToken)?;
        Ok(Self::new(AccountId::from_bytes(*account), secret))
    }
}

impl FromStr for FlowToken {
    type Err = InvalidToken;

    /// Reads a token. Every other spelling of a token is invalid.
    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let bytes = bytes::<48>(text)?;
        let (flow, secret) = bytes.split_first_chunk::<16>().ok_or(InvalidToken)?;
        let secret = secret.first_chunk().ok_or(InvalidToken)?;
        Ok(Self::new(FlowId::from_bytes(*flow), secret))
    }
}

impl FromStr for SessionToken {
    type Err = InvalidToken;

    /// Reads a token. Every other spelling of a token is invalid.
    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let bytes = bytes::<64>(text)?;
        let (account, rest) = bytes.split_first_chunk::<16>().ok_or(InvalidToken)?;
        let (session, secret) = rest.split_first_chunk::<16>().ok_or(InvalidToken)?;
        let secret = secret.first_chunk().ok_or(InvalidToken)?;
        Ok(Self::new(AccountId::from_bytes(*account), SessionId::from_bytes(*session), secret))
    }
}

fn boxed(secret: &[u8; 32]) -> Secret {
    Box::new(Zeroizing::new(*secret))
}

fn text(parts: &[&[u8]]) -> Zeroizing<String> {
    let bytes = Zeroizing::new(parts.concat());
    Zeroizing::new(Base64UrlUnpadded::encode_string(&bytes))
}

/// Decodes exactly `N` bytes from their only spelling: no padding, no blank, no unused bit set.
fn bytes<const N: usize>(text: &str) -> Result<Zeroizing<[u8; N]>, InvalidToken> {
    let mut bytes = Zeroizing::new([0; N]);
    // The decoder fills less than the buffer for a shorter text.
    let read = Base64UrlUnpadded::decode(text, &mut *bytes).map_err(|_| InvalidToken)?.len();
    if read == N { Ok(bytes) } else { Err(InvalidToken) }
}

/// Compares in constant time, like every comparison of secrets.
impl PartialEq for FlowToken {
    fn eq(&self, other: &Self) -> bool {
        same(self.text.as_bytes(), other.text.as_bytes())
    }
}

impl Eq for FlowToken {}

/// Compares in constant time, like every comparison of secrets.
impl PartialEq for SessionToken {
    fn eq(&self, other: &Self) -> bool {
        same(self.text.as_bytes(), other.text.as_bytes())
    }
}

impl Eq for SessionToken {}

/// Compares in constant time, like every comparison of secrets.
impl PartialEq for RecognitionToken {
    fn eq(&self, other: &Self) -> bool {
        same(self.text.as_bytes(), other.text.as_bytes())
    }
}

impl Eq for RecognitionToken {}

#[cfg(feature = "json")]
macro_rules! in_json {
    ($($name:ident)*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                json::secret(Some(&self.text), serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                json::parsed(deserializer)
            }
        }

        json::text_schema! {
            $name schemars::json_schema!({ "type": "string" });
        }
    )*};
}

#[cfg(feature = "json")]
in_json!(FlowToken SessionToken RecognitionToken);

impl fmt::Debug for FlowToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlowToken(…)")
    }
}

impl fmt::Debug for RecognitionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecognitionToken(…)")
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> FlowToken {
        FlowToken::new(FlowId::from_bytes([1; 16]), &[0xff; 32])
    }

    fn session() -> SessionToken {
        SessionToken::new(AccountId::from_bytes([1; 16]), SessionId::from_bytes([2; 16]), &[0xfb; 32])
    }

    #[test]
    fn a_token_reads_back_as_its_parts() {
        let token = flow().reveal().parse::<FlowToken>().unwrap();
        assert_eq!((token.flow(), token.secret()), (flow().flow(), &[0xff; 32]));
        assert_eq!(token.reveal(), format!("{}{}", "AQEBAQEBAQEBAQEBAQEBAf", "_".repeat(42)));

        let token = session().reveal().parse::<SessionToken>().unwrap();
        assert_eq!(token.account(), AccountId::from_bytes([1; 16]));
        assert_eq!(token.session(), SessionId::from_bytes([2; 16]));
        assert_eq!(token.secret(), &[0xfb; 32]);
        assert_eq!(token.reveal().len(), 86);
    }

    #[test]
    fn every_other_spelling_of_a_token_is_refused() {
        let flow = flow().reveal().to_owned();
        let session = session().reveal().to_owned();
        let mut not_canonical = session.clone();
        // The last of 86 characters holds two bits of the token and four that must be zero.
        not_canonical.pop();
        assert!(session.ends_with('w'), "{session}");
        not_canonical.push('x');
        for text in [
            "",
            "AQ",
            flow.split_at(63).0,
            &format!("{flow}A"),
            &format!("{flow}="),
            &format!("{flow}AA=="),
            &format!(" {flow}"),
            &format!("{flow}\n"),
            &flow.replace('_', "/"),
            &flow.replacen('A', "é", 1),
            &session,
            &not_canonical,
            &"A".repeat(1 << 20),
        ] {
            assert_eq!(text.parse::<FlowToken>().err(), Some(InvalidToken), "{text:.90}");
        }
        for text in [
            "",
            &flow,
            session.split_at(85).0,
            &format!("{session}A"),
            &format!("{session}=="),
            &not_canonical,
        ] {
            assert_eq!(text.parse::<SessionToken>().err(), Some(InvalidToken), "{text:.90}");
        }
    }

    #[test]
    fn a_token_does_not_show_itself() {
        assert_eq!(format!("{:?} {:?}", flow(), session()), "FlowToken(…) SessionToken(…)");
    }
}
