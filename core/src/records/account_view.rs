//! An account as its owner sees it (SPEC 11.3).

use crate::ground::id::AccountId;
use crate::ground::time::Timestamp;
use crate::records::account::{Account, Status};
use crate::records::address::AddressView;
use crate::records::context::Context;
use crate::records::method::{Method, MethodView};
use crate::records::mfa::{Mfa, MfaView};
use crate::records::protected::ProtectedActView;

/// An account as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct AccountView {
    /// The account's id.
    pub id: AccountId,
    /// Whether the account can be used.
    pub status: Status,
    /// When the account was created.
    pub created: Timestamp,
    /// The name that the owner chose, if any.
    pub display_name: Option<String>,
    /// The address for notices, if the account has one.
    pub contact: Option<String>,
    /// All addresses, in the order in which they were added.
    pub addresses: Vec<AddressView>,
    /// All sign-in methods, in the order in which they were added.
    pub methods: Vec<MethodView>,
    /// The second factor, if MFA is on.
    pub mfa: Option<MfaView>,
    /// When the hold after a recovery ends, if the account is on hold (SPEC 5.5).
    pub hold_until: Option<Timestamp>,
    /// Whether a second factor is disabled until the owner confirms it (SPEC 3.7).
    pub second_factor_suspended: bool,
    /// Whether the owner must give another address. Another account has proven the address of this password, so this
    /// account can never prove it (SPEC 2.8).
    pub needs_address: bool,
    /// The protected acts of the last 30 days, oldest first, and how each can be undone (SPEC 1.12, 7.3).
    pub protected_acts: Vec<ProtectedActView>,
}

impl Account {
    pub(crate) fn view(&self, ctx: &Context<'_>) -> AccountView {
        let mfa = self.credentials.mfa.as_ref();
        AccountView {
            id: self.id,
            status: self.status.shown(ctx),
            created: self.id.made_at(),
            display_name: self.display_name.clone(),
            contact: self.credentials.contact.as_ref().map(|email| email.as_typed().to_owned()),
            addresses: self
                .credentials
                .addresses
                .iter()
                .map(|address| AddressView {
                    email: address.email.as_typed().to_owned(),
                    verified_at: address.verified_at,
                    source: address.source,
                    others: 0,
                })
                .collect(),
            methods: self.credentials.methods.iter().map(Method::view).collect(),
            mfa: mfa.map(Mfa::view),
            hold_until: self.hold_until(ctx),
            second_factor_suspended: self.credentials.suspended_mfa.is_some(),
            needs_address: false,
            protected_acts: self.recent_acts(ctx).map(|acted| acted.view(mfa, ctx)).collect(),
        }
    }
}
