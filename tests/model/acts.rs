//! The acts of the model's people, as data. Positions in lists count from the newest, so that an act keeps
//! its meaning when earlier acts are left out.

/// Ada and Grace own accounts. Eve attacks them.
pub(crate) const NAMES: [&str; 3] = ["ada", "grace", "eve"];
pub(crate) type Who = usize;
pub(crate) const EVE: Who = 2;
/// Each person has three mailboxes, the last one at the provider that is the authority for it, and two
/// identities at each of three providers. The numbers run on from person to person.
pub(crate) const MAILS: usize = 3;
pub(crate) const IDENTITIES: usize = 6;
pub(crate) const PROVIDERS: [&str; 3] = ["x", "example", "other"];
pub(crate) const PRODUCTS: [&str; 2] = ["grok", "api"];
/// The maximum number of accounts at a time.
pub(crate) const ACCOUNTS: usize = 4;

pub(crate) fn mail(number: usize) -> String {
    let place = ["example.org", "example.net", "provider.example"];
    format!("{}@{}", NAMES[number / MAILS], place[number % MAILS])
}

/// Returns the provider and the subject of an identity. The subject is also the handle.
pub(crate) fn identity(number: usize) -> (&'static str, String) {
    let of = number % IDENTITIES;
    let provider = PROVIDERS[of % PROVIDERS.len()];
    (provider, format!("{}-{provider}-{}", NAMES[number / IDENTITIES], of / PROVIDERS.len()))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    SignUp {
        who: Who,
        mail: usize,
    },
    SignIn {
        who: Who,
        mail: usize,
        right: bool,
    },
    Present {
        who: Who,
        identity: usize,
        claims: Option<usize>,
        signs_up: bool,
    },
    Forgot {
        who: Who,
        mail: usize,
    },
    Answer {
        who: Who,
        flow: usize,
        give: Give,
    },
    Does {
        who: Who,
        session: usize,
        does: Does,
    },
    Undo {
        who: Who,
        offer: usize,
    },
    /// Eve learns a password. The engine counts it as one factor only.
    Leaks {
        account: usize,
    },
    /// Eve gets a session's token. The session's proof is stale.
    Stolen {
        session: usize,
    },
    SupportLooks {
        account: usize,
    },
    SupportDeletes {
        account: usize,
    },
    Bills {
        account: usize,
        product: usize,
        figure: u64,
    },
    Announces {
        request: usize,
    },
    Erases {
        request: usize,
    },
    Purges,
    Reopens,
    Waits {
        minutes: u64,
    },
}

/// The answer to a step. A step refuses an answer of the wrong kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Give {
    /// The answer that continues the flow, if the person can give it.
    Right,
    Wrong,
    /// A correct answer that was accepted before.
    Spent,
    Recovery,
    Skip,
    Create,
    Link(u8),
    Restore,
    Keep,
    Erase,
    Resend,
    Correct(usize),
    /// The answer to the first step, again.
    Again,
    Cancel,
}

/// An act in a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Does {
    Touch,
    Look,
    SignOut,
    EndOthers,
    Name(u8),
    Open(usize),
    Enroll,
    Confirm(bool),
    Saved,
    OtherCodes,
    MfaOff,
    Add { identity: usize, claims: Option<usize> },
    AddPassword(usize),
    Remove(usize),
    Move(usize),
    Prove(usize),
    Code(bool),
    Contact(usize),
    Password(bool),
    Review,
    Compromised,
    Delete,
    Reauthenticate,
    Export,
    AskErasure,
}

/// The acts that make sense next, to choose from.
pub(crate) struct Hints {
    /// The number of open flows and sessions of each person.
    pub(crate) open: [usize; 3],
    pub(crate) sessions: [usize; 3],
    /// The next act of each person's plan.
    pub(crate) next: [Option<Act>; 3],
    /// The next act of the host, or a wait.
    pub(crate) around: Option<Act>,
}

/// A random generator that gives the same numbers for a seed on every machine (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap_or(0)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn own_mail(&mut self, who: Who) -> usize {
        who * MAILS + self.below(MAILS)
    }

    /// Usually returns the person's own mailbox; for Eve, usually somebody else's.
    fn any_mail(&mut self, who: Who) -> usize {
        let of_another = if who == EVE { !self.one_in(4) } else { self.one_in(20) };
        if of_another { self.below(3 * MAILS) } else { self.own_mail(who) }
    }

    fn identity_and_claim(&mut self, who: Who) -> (usize, Option<usize>) {
        let identity = who * IDENTITIES + self.below(IDENTITIES);
        let claims = match self.below(5) {
            0 => None,
            // The authority for an address asserts only its own users' addresses.
            _ if PROVIDERS[identity % IDENTITIES % 3] == "example" => Some(self.own_mail(who)),
            _ => Some(self.any_mail(who)),
        };
        (identity, claims)
    }

    /// Returns any act, or an answer if a flow is open. Sometimes continues a plan, because chance alone
    /// would hardly ever turn MFA on or wait for a purge.
    pub(crate) fn act(&mut self, hints: &Hints) -> Act {
        let who = [0, 0, 0, 0, 1, 1, EVE][self.below(7)];
        if let Some(next) = hints.next[who].filter(|_| self.one_in(2)) {
            return next;
        }
        if let Some(next) = hints.around.filter(|_| self.one_in(12)) {
            return next;
        }
        let (open, sessions) = (&hints.open, &hints.sessions);
        let goes_on = if who == EVE { self.one_in(3) } else { !self.one_in(4) };
        if open[who] > 0 && goes_on {
            let flow = if self.one_in(3) { self.below(4) } else { 0 };
            return Act::Answer { who, flow, give: self.give(who) };
        }
        match self.below(100) {
            0..=7 => Act::SignUp { who, mail: self.any_mail(who) },
            8..=19 => {
                let mail = self.any_mail(who);
                let wrong = if who == EVE { self.one_in(2) } else { self.one_in(8) };
                Act::SignIn { who, mail, right: !wrong }
            }
            20..=29 => {
                let (identity, claims) = self.identity_and_claim(who);
                Act::Present { who, identity, claims, signs_up: !self.one_in(3) }
            }
            30..=32 => Act::Forgot { who, mail: self.any_mail(who) },
            33..=72 if sessions[who] > 0 => {
                let session = if self.one_in(4) { self.below(6) } else { 0 };
                Act::Does { who, session, does: self.does(who) }
            }
            33..=72 => Act::SignIn { who, mail: self.own_mail(who), right: true },
            73..=75 => Act::Undo { who, offer: self.below(5) },
            76 => Act::Leaks { account: self.below(ACCOUNTS) },
            77 => Act::Stolen { session: self.below(6) },
            78..=79 => Act::SupportLooks { account: self.below(ACCOUNTS) },
            80 => Act::SupportDeletes { account: self.below(ACCOUNTS) },
            81..=84 => Act::Bills {
                account: self.below(ACCOUNTS),
                product: self.below(2),
                figure: self.below(4) as u64,
            },
            85 => Act::Announces { request: self.below(3) },
            86 => Act::Erases { request: self.below(3) },
            87..=88 => Act::Purges,
            89 => Act::Reopens,
            // Usually minutes, sometimes days.
            _ => Act::Waits {
                minutes: match self.below(60) {
                    0 => 60 * 24 * 31,
                    1..=2 => 60 * 24 * (1 + self.below(8) as u64),
                    3..=14 => 30 + self.below(120) as u64,
                    _ => 1 + self.below(3) as u64,
                },
            },
        }
    }

    fn give(&mut self, who: Who) -> Give {
        match self.below(100) {
            0..=58 => Give::Right,
            59..=62 => Give::Wrong,
            63..=67 => Give::Spent,
            68..=71 => Give::Recovery,
            72..=76 => Give::Skip,
            77..=79 => Give::Create,
            80..=84 => Give::Link(1 + u8::from(self.one_in(4))),
            85..=88 => Give::Restore,
            89 => Give::Keep,
            90 => Give::Erase,
            91..=92 => Give::Resend,
            93..=94 => Give::Correct(self.any_mail(who)),
            95..=96 => Give::Again,
            _ => Give::Cancel,
        }
    }

    fn does(&mut self, who: Who) -> Does {
        match self.below(100) {
            0..=3 => Does::Touch,
            4..=6 => Does::Look,
            7..=8 => Does::SignOut,
            9 => Does::EndOthers,
            10..=13 => Does::Name(self.below(4) as u8),
            14..=17 => Does::Open(self.below(2)),
            18..=25 => Does::Enroll,
            26..=35 => Does::Confirm(!self.one_in(5)),
            36..=43 => Does::Saved,
            44..=45 => Does::OtherCodes,
            46..=47 => Does::MfaOff,
            48..=55 => {
                let (identity, claims) = self.identity_and_claim(who);
                Does::Add { identity, claims }
            }
            56..=58 => Does::AddPassword(self.any_mail(who)),
            59..=64 => Does::Remove(self.below(4)),
            65..=68 => Does::Move(self.any_mail(who)),
            69..=70 => Does::Prove(self.any_mail(who)),
            71..=76 => Does::Code(!self.one_in(4)),
            77..=78 => Does::Contact(self.any_mail(who)),
            79..=82 => Does::Password(!self.one_in(4)),
            83..=84 => Does::Review,
            85 => Does::Compromised,
            86..=87 => Does::Delete,
            88..=95 => Does::Reauthenticate,
            96..=97 => Does::Export,
            _ => Does::AskErasure,
        }
    }
}
