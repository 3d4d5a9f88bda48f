//! The owner says which of the ways in are theirs (SPEC 3.7).

use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::MethodId;
use crate::ground::secret::Secret;
#[cfg(doc)]
use crate::records::refusal::Refusal;
use crate::rules::fresh::Unheld;
use crate::rules::review;
use crate::rules::review::Kept;

impl AccountHandle {
    /// Says which of the ways in stay that were there before the account's first address was proven; the
    /// others are removed. A password is kept only with a new one: whoever set it may know it.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidPassword`], [`Refusal::ReauthenticationRequired`],
    /// [`Refusal::OnHold`]; [`Refusal::NotOffered`] where nothing waits for it, or what is kept does not, or a
    /// new password is missing or not wanted.
    pub fn review(
        &self,
        keep: &[MethodId],
        keep_second_factor: bool,
        new_password: Option<&Secret>,
    ) -> Result<(), Error> {
        self.check_fresh::<Unheld>()?;
        let new_password = match new_password {
            Some(password) => {
                let identifier = self.look(|_, _, account| Ok(account.any_password_email().cloned()))?;
                Some(self.engine().hash_for(password, identifier.as_ref())?)
            }
            None => None,
        };
        self.act_fresh(|_, ctx, fresh| {
            let kept = Kept {
                methods: keep.to_vec(),
                second_factor: keep_second_factor,
                new_password: new_password.clone(),
            };
            Ok(review::review(fresh, kept, ctx))
        })
    }
}
