//! Passwords that many people use (SPEC 2.2). `blocklist/README.md` says where the list comes from and how to
//! make it.

use zeroize::Zeroizing;

use crate::crypto::digest::sha256;

/// How many bytes of each hash are kept. With this length, one password in 55 million is mistaken for a listed one.
const WIDTH: usize = 5;

/// The hashes in order. With hashes, a program carries no list of strangers' passwords, and the list is two
/// thirds smaller.
static LIST: &[[u8; WIDTH]] = include_bytes!("blocklist/list.bin").as_chunks().0;

/// Whether the whole password is on the list, in any ASCII case.
pub(super) fn has(password: &str) -> bool {
    let folded = Zeroizing::new(password.to_ascii_lowercase());
    let hash = Zeroizing::new(sha256(&[folded.as_bytes()]));
    hash.first_chunk().is_some_and(|hash| LIST.binary_search(hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("blocklist/list.txt");

    #[test]
    fn r2_2_the_list_has_3000_common_passwords_and_more_that_are_long_enough() {
        assert_eq!(TEXT.lines().count(), 19_728);
        let is_long = |password: &&str| password.chars().count() >= 15;
        assert_eq!(TEXT.lines().filter(is_long).count(), 9_728);
        for password in TEXT.lines() {
            assert!(password.chars().count() >= 8, "{password}");
            assert_eq!(
                password,
                password.to_ascii_lowercase(),
                "the lookup is in lower case, so this entry is never found"
            );
        }
    }

    #[test]
    fn the_hashes_are_those_of_the_text() {
        let mut hashes: Vec<[u8; WIDTH]> =
            TEXT.lines().map(|password| *sha256(&[password.as_bytes()]).first_chunk().unwrap()).collect();
        hashes.sort();
        hashes.dedup();
        assert!(hashes == LIST, "make list.bin anew, as README.md says");
        assert_eq!(hashes.len(), 19_728, "two passwords share a hash");
        assert_eq!(size_of_val(LIST), 98_640);
    }

    #[test]
    fn r2_2_every_listed_password_is_found_in_any_case() {
        for password in TEXT.lines() {
            assert!(has(password) && has(&password.to_ascii_uppercase()), "{password}");
        }
        for password in ["1qaz2wsx3edc4rfv", "1Qaz2Wsx3Edc4Rfv", "PasswordPassword", "QWERTYUIOPasdfghjkl"] {
            assert!(has(password), "{password}");
        }
    }

    #[test]
    fn r2_2_a_password_that_only_resembles_a_listed_one_is_not_found() {
        for password in TEXT.lines().filter(|password| password.len() < 24) {
            // Some entries begin or end with another, so cutting one may give a listed password.
            for near in [format!("{password}~"), format!(" {password}"), format!("{password} ")] {
                assert!(!has(&near), "{near}");
            }
        }
        for password in ["", "dragon", "passwordpasswor", "pässwordpassword", "ＰasswordPassword"] {
            assert!(!has(password), "{password}");
        }
    }
}
