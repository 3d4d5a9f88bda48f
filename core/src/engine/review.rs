//! The owner confirms the sign-in methods (SPEC 3.7).

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
    /// Keeps the listed sign-in methods among those that the account had before it proved its first address,
    /// and removes the others. Keeping a password requires a new password, because whoever set the old one
    /// may know it.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidPassword`],
    /// [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`]; [`Refusal::NotOffered`] if nothing waits
    /// for the review, if a kept method does not, or if a new password is missing or not wanted.
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
