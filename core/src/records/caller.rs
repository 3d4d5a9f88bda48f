//! Who makes a call, as far as guesses, mailed codes and open flows are counted (SPEC 12.7).

use serde::{Deserialize, Serialize};

use crate::crypto::keys::Keys;
use crate::crypto::token::RecognitionToken;
use crate::ground::codec::Record;
use crate::ground::id::{AccountId, SessionId};
use crate::ground::time::Timestamp;
use crate::records::session::{Client, Session};
use crate::records::throttle::Throttle;

/// The keyed hash of a recognition's secret, which names its row.
pub(crate) type RecognitionHash = [u8; 32];

/// The keyed hash of an origin. Zeros if the caller names no origin.
pub(crate) type OriginHash = [u8; 16];

/// The form of a [`Share`] in keys of rows. Zeros for strangers.
pub(crate) type ShareKey = [u8; 16];

/// Who makes a call. A flow keeps it, because its later answers come without a [`Client`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Caller {
    /// The device and the product.
    pub(crate) client: Client,
    /// The session in which the call is made.
    pub(crate) session: Option<(AccountId, SessionId)>,
    /// The valid recognitions that the client presented.
    pub(crate) recognitions: Vec<Presented>,
    pub(crate) origin: OriginHash,
    /// The number of the act whose undo code the caller has given.
    pub(crate) undoes: Option<u64>,
}

/// A recognition that a caller presented.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Presented {
    pub(crate) account: AccountId,
    pub(crate) hash: RecognitionHash,
    /// The recognition as this act read it. A flow does not keep it, because others may count on it meanwhile.
    #[serde(skip)]
    pub(crate) row: Recognition,
}

/// The owner of a flow, for counting the open flows of the store (SPEC 12.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Whose {
    /// Whether the flow belongs to a session or a recognition. Otherwise it belongs to a stranger.
    pub(crate) is_known: bool,
    /// The session, the beginning of the recognition's hash, or the stranger's origin.
    pub(crate) id: [u8; 16],
}

/// The callers that are counted together. A caller never delays, drops or starves a caller of another share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Share {
    /// A live session of the account.
    Session(SessionId),
    /// One recognition of the account.
    Recognition(RecognitionHash),
    /// Everybody else, of all origins.
    Strangers,
}

impl Caller {
    /// Returns a caller with the recognitions that the client presents. Their rows are not read yet.
    pub(crate) fn presenting(client: &Client, keys: &Keys) -> Self {
        let recognitions = client.recognitions().map(|token| {
            let hash = recognition_hash(token, keys);
            Presented { account: token.account(), hash, row: Recognition::default() }
        });
        Self { recognitions: recognitions.collect(), ..Self::stranger(client, keys) }
    }

    /// Returns a caller without recognitions.
    pub(crate) fn stranger(client: &Client, keys: &Keys) -> Self {
        let mut origin = OriginHash::default();
        if let Some(named) = client.origin() {
            let hash = keys.code(&[b"origin", named.as_bytes()]);
            origin.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        }
        Self { client: client.without_proof(), session: None, recognitions: Vec::new(), origin, undoes: None }
    }

    /// Returns the caller of calls in this session.
    pub(crate) fn of_session(session: &Session) -> Self {
        let client = session.client.clone();
        let in_session = Some((session.account, session.id));
        Self {
            client,
            session: in_session,
            recognitions: Vec::new(),
            origin: OriginHash::default(),
            undoes: None,
        }
    }

    /// Returns the share that a call about this account counts in.
    pub(crate) fn share_of(&self, account: Option<AccountId>) -> Share {
        let Some(account) = account else { return Share::Strangers };
        match (self.session, self.recognition_of(account)) {
            (Some((of, session)), _) if of == account => Share::Session(session),
            (_, Some(recognition)) => Share::Recognition(recognition),
            (_, None) => Share::Strangers,
        }
    }

    /// Returns the owner of the caller's flows. Strangers cannot have a valid recognition of any account.
    pub(crate) fn whose(&self) -> Whose {
        match (self.session, self.recognitions.first()) {
            (Some((_, session)), _) => Whose { is_known: true, id: *session.as_bytes() },
            (None, Some(presented)) => Whose { is_known: true, id: first_half(&presented.hash) },
            (None, None) => Whose { is_known: false, id: self.origin },
        }
    }

    /// Returns the recognition of the account that the client presented.
    pub(crate) fn recognition_of(&self, account: AccountId) -> Option<RecognitionHash> {
        self.presented(account).map(|presented| presented.hash)
    }

    /// Returns the same recognition with its row.
    pub(crate) fn presented(&self, account: AccountId) -> Option<&Presented> {
        self.recognitions.iter().find(|presented| presented.account == account)
    }

    /// Returns the same recognition with its row, to count on it.
    pub(crate) fn presented_mut(&mut self, account: AccountId) -> Option<&mut Presented> {
        self.recognitions.iter_mut().find(|presented| presented.account == account)
    }
}

impl Share {
    /// Returns the form of the share in keys of rows.
    pub(crate) fn key(self) -> ShareKey {
        match self {
            Self::Session(session) => *session.as_bytes(),
            Self::Recognition(recognition) => first_half(&recognition),
            Self::Strangers => ShareKey::default(),
        }
    }
}

fn first_half(hash: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
    half
}

/// Returns the name of a recognition's row.
pub(crate) fn recognition_hash(token: &RecognitionToken, keys: &Keys) -> RecognitionHash {
    hash(token.account(), token.secret(), keys)
}

/// Returns the name of the row of the recognition with this secret.
pub(crate) fn hash(account: AccountId, secret: &[u8; 16], keys: &Keys) -> RecognitionHash {
    keys.code(&[b"recognition", account.as_bytes(), secret])
}

/// A place where somebody has signed in to the account before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Recognition {
    /// The last sessions that were opened with it. If one of them is ended elsewhere, the recognition ends too.
    pub(crate) sessions: Vec<SessionId>,
    /// When it was made or last presented.
    pub(crate) used_at: Timestamp,
    /// Failures of the first factor where it was presented (SPEC 12.7).
    pub(crate) first: Throttle,
    /// Failures of the second factor where it was presented (SPEC 12.7).
    pub(crate) second: Throttle,
    /// The owner confirmed here that they know of the protected acts before this revision (SPEC 1.12).
    pub(crate) acts_known: u64,
}

impl Default for Recognition {
    /// Returns a recognition that nobody has used.
    fn default() -> Self {
        Self {
            sessions: Vec::new(),
            used_at: Timestamp::from_millis(0),
            first: Throttle::default(),
            second: Throttle::default(),
            acts_known: 0,
        }
    }
}

impl Record for Recognition {
    const VERSION: u8 = 1;
}
