page!("errors");

use std::io::ErrorKind;
use std::time::Duration;

use selfsame::OpenProblem;

#[test]
fn each_error_leads_somewhere() {
    let shown = Next::Show("the credentials are wrong; check them or sign in another way".to_owned());
    let fresh = Refusal::ReauthenticationRequired { accepted: Vec::new() };
    for (error, expected) in [
        (Refusal::InvalidCredentials.into(), shown),
        (Refusal::SessionEnded.into(), Next::SignIn),
        (fresh.into(), Next::Reauthenticate),
        (Error::Busy { retry_after: Duration::ZERO }, Next::TryAgain),
        (Error::Storage { kind: ErrorKind::StorageFull }, Next::TryAgain),
        (Error::Unknown, Next::Reopen),
        (Error::ForkedProcess, Next::Reopen),
        (Error::Open(OpenProblem::WrongKey), Next::Stop),
        (Error::Damaged, Next::Stop),
    ] {
        assert_eq!(next(&error), expected, "{error:?}");
    }
}
