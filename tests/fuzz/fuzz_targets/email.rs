//! No text makes the parser of addresses panic. If it accepts a text, it accepts the typed form again, as the same
//! address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use selfsame::EmailAddress;

fuzz_target!(|text: &str| {
    if let Ok(email) = text.parse::<EmailAddress>() {
        let again = email.as_typed().parse::<EmailAddress>();
        assert_eq!(again.as_ref(), Ok(&email), "as typed");
        assert!(!email.masked().is_empty());
        assert!(!email.as_typed().contains(['\r', '\n', '\0']), "a control character got through");
    }
});
