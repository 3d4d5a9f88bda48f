//! UniFFI as the crossing uses it, with one function replaced: the text of a panic does not leave this library.
//!
//! UniFFI hands the text of a panic to the caller, which might log it. The macros call `::uniffi::rust_call`
//! by that path, and the crates of the crossing know this crate by that name.

use std::panic::{UnwindSafe, catch_unwind};

pub use uniffi::*;

/// What the caller learns about a panic, and about bytes that do not form a value of their type.
const DEFECT: &str = "a defect of selfsame; please report it";

/// Makes a call that came from another language.
pub fn rust_call<F, R>(out_status: &mut RustCallStatus, callback: F) -> R
where
    F: UnwindSafe + FnOnce() -> Result<R, RustCallError>,
    R: FfiDefault,
{
    uniffi::rust_call(out_status, || match catch_unwind(callback) {
        Ok(Err(RustCallError::InternalError(_))) | Err(_) => {
            Err(RustCallError::InternalError(DEFECT.to_owned()))
        }
        Ok(answer) => answer,
    })
}

#[cfg(test)]
mod tests {
    use std::mem::ManuallyDrop;
    use std::panic::resume_unwind;

    use super::*;

    fn heard(
        callback: impl UnwindSafe + FnOnce() -> Result<u8, RustCallError>,
    ) -> (RustCallStatusCode, String) {
        let mut status = RustCallStatus::default();
        rust_call(&mut status, callback);
        let said = ManuallyDrop::into_inner(status.error_buf).destroy_into_vec();
        (status.code, String::from_utf8_lossy(&said).into_owned())
    }

    #[test]
    fn nothing_of_a_panics_text_reaches_the_caller() {
        let panics = || resume_unwind(Box::new("correct horse".to_owned()));
        let misreads = || Err(RustCallError::InternalError("correct horse".to_owned()));
        for (code, said) in [heard(panics), heard(misreads)] {
            assert_eq!(code, RustCallStatusCode::UnexpectedError);
            assert!(said.contains(DEFECT) && !said.contains("horse"), "{said}");
        }
    }

    #[test]
    fn what_is_answered_is_answered() {
        assert_eq!(heard(|| Ok(7)), (RustCallStatusCode::Success, String::new()));
        let mut status = RustCallStatus::default();
        assert_eq!(rust_call(&mut status, || Ok(7)), 7);
    }
}
