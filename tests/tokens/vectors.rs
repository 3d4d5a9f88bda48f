//! The RSA key and the signed example of RFC 7520 section 4.1, with SHA-256. The example is not a set of
//! claims, so the engine refuses it before it checks the signature. A token signed with the same key is
//! accepted.

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use selfsame::Refusal;
use selfsame_world::{TokenProvider, World, refused, signed_in};
use serde_json::json;

use super::{begin, encode, present, problem};

const PAYLOAD: &str = "It\u{2019}s a dangerous business, Frodo, going out your door. You step onto the road, and if \
    you don't keep your feet, there\u{2019}s no knowing where you might be swept off to.";
const KID: &str = "bilbo.baggins@hobbiton.example";
const HEADER: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
const SIGNATURE: &str = "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";

const N: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";
const E: &str = "AQAB";
const D: &str = "bWUC9B-EFRIo8kpGfh0ZuyGPvMNKvYWNtB_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3XTGgdrhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-bMwWWSDFu2MUBYwkHTMEzLYGqOe04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWxqg82sXt2h-LMnT3046AOYJoRioz75tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPdM5Plyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ";
const P: &str = "3Slxg_DwTXJcb6095RoXygQCAZ5RnAvZlno1yhHtnUex_fp7AZ_9nRaO7HX_-SFfGQeutao2TDjDAWU4Vupk8rw9JR0AzZ0N2fvuIAmr_WCsmGpeNqQnev1T7IyEsnh8UMt-n5CafhkikzhEsrmndH6LxOrvRJlsPp6Zv8bUq0k";
const Q: &str = "uKE2dh-cTf6ERF4k4e_jy78GfPYUIaUyoSSJuBzp3Cubk3OCqs6grT8bR_cu0Dm1MZwWmtdqDyI95HrUeq3MP15vMMON8lHTeZu2lmKvwqW7anV5UzhM1iZ7z4yMkuUwFWoBvyY898EXvRD-hdqRxHlSqAZ192zB3pVFJ0s7pFc";
const DP: &str = "B8PVvXkvJrj2L-GYQ7v3y9r6Kw5g9SahXBwsWUzp19TVlgI-YV85q1NIb1rxQtD-IsXXR3-TanevuRPRt5OBOdiMGQp8pbt26gljYfKU_E9xn-RULHz0-ed9E9gXLKD4VGngpz-PfQ_q29pk5xWHoJp009Qf1HvChixRX59ehik";
const DQ: &str = "CLDmDGduhylc9o7r84rEUVn7pzQ6PF83Y-iBZx5NT-TpnOZKF1pErAMVeKzFEl41DlHHqqBLSM0W1sOFbwTxYWZDm6sI6og5iTbwQGIC3gnJKbi_7k_vJgGHwHxgPaX2PnvP-zyEkDERuf-ry4c_Z11Cq9AqC2yeL6kdKT1cYF8";
const QI: &str = "3PiqvXQN0zwMeE-sBvZgi289XP9XCQF3VWqPzMKnIgQp7_Tugo6-NZBKCQsMf3HaEGBjTVJs_jcK8-TRXvaKe-7ZMaQj8VfBdYkssbu0NKDDhjJ-GtiseaDVWt7dcH0cfwxgFUHpQh7FoCrjFJ6h6ZEpMF6xmujs4qMpPz8aaI4";

fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

fn signature(message: &str) -> Vec<u8> {
    let key = RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n: decode(N), e: decode(E) },
        d: decode(D),
        p: decode(P),
        q: decode(Q),
        dP: decode(DP),
        dQ: decode(DQ),
        qInv: decode(QI),
    })
    .unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "stands for the provider's machine; PKCS #1 v1.5 uses no randomness"
    )]
    let random = SystemRandom::new();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
    signature
}

#[test]
fn only_the_signature_of_rfc_7520_section_4_1_verifies() {
    let public = RsaPublicKeyComponents { n: decode(N), e: decode(E) };
    let verify = |message: &str, signature: &[u8]| {
        public.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), signature).is_ok()
    };
    assert_eq!(encode(json!({ "alg": "RS256", "kid": KID }).to_string()), HEADER);
    let message = format!("{HEADER}.{}", encode(PAYLOAD));
    let right = decode(SIGNATURE);
    assert!(verify(&message, &right));
    assert!(signature(&message) == right, "PKCS #1 v1.5 gives one signature per message");
    assert!(!verify(&format!("{message}A"), &right));
    for at in 0..right.len() {
        let mut wrong = right.clone();
        wrong[at] ^= 1 << (at % 8);
        assert!(!verify(&message, &wrong), "at {at}");
    }
}

#[test]
fn the_key_of_rfc_7520_signs_tokens_and_its_example_is_not_an_id_token() {
    let (world, provider) = (World::new(), TokenProvider::new());
    let mut key = json!({ "kty": "RSA", "kid": KID, "use": "sig", "n": N, "e": E });
    let published = json!({ "keys": [key] }).to_string();
    key["d"] = json!(D);
    // Section 3.4 publishes the key with its private members, so anybody could sign with it.
    match refused(world.engine().set_keys(&provider.id(), &json!({ "keys": [key] }).to_string())) {
        Refusal::InvalidKeys { reason } => assert_eq!(reason.code(), "PrivateKey"),
        refusal => panic!("{refusal:?}"),
    }
    world.engine().set_keys(&provider.id(), &published).unwrap();
    let (flow, nonce) = begin(&world);
    let hobbit = format!("{HEADER}.{}.{SIGNATURE}", encode(PAYLOAD));
    assert_eq!(problem(present(&world, &flow, &hobbit)), "Malformed", "validly signed, but not claims");
    let (_, claims) = provider.token("815", &nonce, world.now()).written();
    let message = format!("{HEADER}.{}", encode(claims));
    let stolen = format!("{message}.{SIGNATURE}");
    assert_eq!(problem(present(&world, &flow, &stolen)), "Signature", "a valid signature of another message");
    signed_in(present(&world, &flow, &format!("{message}.{}", encode(signature(&message)))).unwrap());
}
