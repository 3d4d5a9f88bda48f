//! An authenticator app: an independent implementation of RFC 6238.

use ring::hmac;
use selfsame::{Secret, Timestamp};
use zeroize::Zeroizing;

use crate::error::WorldError;

/// Returns the six digits that an app shows at a time, for a secret that was typed into it.
///
/// # Errors
/// [`WorldError::NotBase32`] if the secret is not base32 (RFC 4648).
pub fn totp(secret: &Secret, at: Timestamp) -> Result<Secret, WorldError> {
    digits(secret, at).ok_or(WorldError::NotBase32)
}

fn digits(secret: &Secret, at: Timestamp) -> Option<Secret> {
    let mut bits = 0_u32;
    let mut held = 0_u32;
    // The buffer never grows, so no copy of the secret is left behind.
    let mut key = Zeroizing::new(Vec::with_capacity(secret.reveal().len()));
    for letter in secret.reveal() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        held = (held << 5 | u32::from(value)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            key.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(at.as_millis() / 30_000).to_be_bytes());
    let offset = usize::from(tag.as_ref().last()? & 0xf);
    let chosen: [u8; 4] = tag.as_ref().get(offset..offset + 4)?.try_into().ok()?;
    let digits = format!("{:06}", (u32::from_be_bytes(chosen) & 0x7fff_ffff) % 1_000_000);
    Some(digits.as_str().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_shows_the_codes_of_rfc_6238() {
        // The ASCII secret "12345678901234567890" in base32, and the last six digits of the codes in appendix
        // B.
        let secret = Secret::from("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (seconds, digits) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let shown = totp(&secret, Timestamp::from_millis(seconds * 1_000));
            assert_eq!(shown.as_ref().ok().and_then(Secret::reveal_text), Some(digits));
        }
    }
}
