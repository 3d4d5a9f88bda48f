//! What else gives access to an account, for its owner to check (SPEC 4.7).

use crate::ground::id::MethodId;
use crate::records::account::Account;
use crate::records::method::{Method, MethodView};
use crate::records::mfa::{Mfa, MfaView};

/// What gives access to an account besides the sign-in method that the owner has just used. A session or a recognition
/// from before is not in it, because none is valid any longer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct OtherAccess {
    /// The other sign-in methods, in the order in which they were added. Methods that are disabled until the owner
    /// confirms them are left out.
    pub methods: Vec<MethodView>,
    /// The second factor and its recovery codes, if MFA is on.
    pub mfa: Option<MfaView>,
}

impl Account {
    /// Returns what gives access to the account besides the method that was `used`.
    pub(crate) fn other_access(&self, used: MethodId) -> OtherAccess {
        OtherAccess {
            methods: self.usable().filter(|method| method.id != used).map(Method::view).collect(),
            mfa: self.credentials.mfa.as_ref().map(Mfa::view),
        }
    }
}
