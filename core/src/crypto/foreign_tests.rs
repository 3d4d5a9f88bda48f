//! Each kind of hash by the vectors of its authors (SPEC 13.2).

use super::entropy::SeededEntropy;
use super::foreign::ForeignHash;
use super::spelling::ForeignProblem;
use crate::ground::entropy::Entropy as _;

/// The password, the hash, and where they are from.
const VECTORS: &[(&str, &str, &str)] = &[
    (
        "password",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
        "argon2's test.c",
    ),
    (
        "password",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "argon2's test.c",
    ),
    (
        "secret",
        "argon2$argon2i$m=8,t=1,p=1$c29tZXNhbHQ$gwQOXSNhxiOxPOA0+PY10P9QFO4NAYysnqRt1GSQLE55m+2GYDt9FEjPMHhP2Cuf0nOEXXMocVrsJAtNSsKyfg",
        "Django's auth_tests/test_hashers.py",
    ),
    (
        "secret",
        "argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q",
        "Django's auth_tests/test_hashers.py",
    ),
    (
        "pleaseletmein",
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
        "RFC 7914 section 12",
    ),
    (
        "",
        "$scrypt$ln=4,r=1,p=1$$d9ZXYjhleyA7GcpCwYoEl/FrSETjB0ro39/6P+3iFEI",
        "passlib's test_handlers_scrypt.py",
    ),
    (
        "nacl",
        "$scrypt$ln=1,r=4,p=2$yhnD+J+Tci4lZCwFgHCuVQ$fAsEWmxSHuC0cHKMwKVFPzrQukgvK09Sj+NueTSxKds",
        "passlib's test_handlers_scrypt.py",
    ),
    (
        "lètmein",
        "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==",
        "Django's auth_tests/test_hashers.py",
    ),
    (
        "lètmein",
        "scrypt:1024:8:1$nntZRECK$24ec5a4495a4a8f9e4462217eb34d676f2622ab0aacdc4109578b7864bf6a7d230d63abc2260b150f5f33e58444e47bf9967ec851dda0e6cdc3c6fa7f945121f",
        "Werkzeug 3.1.9, whose tests have none",
    ),
    (
        "passwordPASSWORDpassword",
        "$pbkdf2-sha1$i=4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
        "RFC 6070",
    ),
    (
        "correct horse battery staple",
        "$pbkdf2-sha256$i=4096$c2FsdFNBTFRzYWx0U0FMVA$/+WbNSPTQk1XLlJJA3WQGPKXJJW7BPn2UC3bhMnOu/A",
        "OpenSSL",
    ),
    (
        "correct horse battery staple",
        "$pbkdf2-sha512$i=4096$c2FsdFNBTFRzYWx0U0FMVA$mLg7iNDTWDszf43AZpMv5/6B3+puvD4WS1JZlYy1ESlBmHAdldA6eBKmyCHO81Gm7S3BYjEro0l791ge9bICAg",
        "OpenSSL",
    ),
    (
        "password",
        "$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI",
        "passlib's test_handlers_pbkdf2.py",
    ),
    (
        "Ιωαννης",
        "$pbkdf2-sha256$1212$3SABFJGDtyhrQMVt1uABPw$WyaUoqCLgvz97s523nF4iuOqZNbp5Nt8do/cuaa7AiI",
        "passlib's test_handlers_pbkdf2.py",
    ),
    (
        "password",
        "$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww",
        "passlib's test_handlers_pbkdf2.py",
    ),
    (
        "lètmein",
        "pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=",
        "Django's auth_tests/test_hashers.py",
    ),
    (
        "lètmein",
        "pbkdf2_sha1$390000$seasalt2$aDapRanzW8aHTz97v2TcfHzWD+I=",
        "Django's auth_tests/test_hashers.py",
    ),
    (
        "password",
        "pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1",
        "Werkzeug's test_security.py",
    ),
    (
        "password",
        "pbkdf2:sha256:4096$salt$c5e478d59288c841aa530db6845c4c8d962893a0",
        "Werkzeug's test_security.py",
    ),
    (
        "lètmein",
        "pbkdf2:sha512:1000$4Jeo5j0V$eb03bf038fd7c601308461b072d5d9b77e7e806386e0bf22a74cbed503d91d5202b2f8ed433e8274f9dfd56059ddb2a5f5b2d8389cab50caec0ebde2a331bea4",
        "Werkzeug 3.1.9",
    ),
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "crypt_blowfish"),
    (
        "",
        "bcrypt$$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        "passlib's test_handlers_django.py, after jBCrypt",
    ),
    (
        "táБℓə",
        "bcrypt_sha256$$2a$06$kCXUnRFQptGg491siDKNTu8RxjBGSjALHRuvhPYNFsa4Ea5d9M48u",
        "passlib's test_handlers_django.py, made by Django 1.6",
    ),
    ("lètmein", "bcrypt_sha256$$2b$04$cCf0VWinm8a3lN39.Z5BFOSFYgv6Jtjwn.8Gkqq0ge5y6c74hJjsW", "Django 5.2"),
    (
        "password",
        "$bcrypt-sha256$2a,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
        "passlib's test_handlers_bcrypt.py",
    ),
    (
        "táБℓə",
        "$bcrypt-sha256$v=2,t=2b,r=5$.US1fQ4TQS.ZTz/uJ5Kyn.$pzzgp40k8reM1CuQb03PvE0IDPQSdV6",
        "passlib's test_handlers_bcrypt.py",
    ),
    (
        "correct horse",
        "$wp$2y$05$G0VSsY1QqJvrs1D/smEzjuFvW5eUAEK0UGhusCX5lHZt429xg9UuW",
        "WordPress makes each anew in its tests: this is wp_hash_password with Python's hmac and bcrypt",
    ),
    ("test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "phpass's test.php"),
    ("test1", "$H$9aaaaaSXBjgypwqm.JsMssPLiS8YQ00", "passlib's test_handlers.py, after John the Ripper"),
    ("Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Drepper's SHA-crypt.txt"),
    (
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        "Drepper's SHA-crypt.txt",
    ),
    (
        "a very much longer text to encrypt.  This one even stretches over morethan one line.",
        "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1",
        "Drepper's SHA-crypt.txt",
    ),
    (
        "with unic\u{d6}de",
        "$5$rounds=1000$IbG0EuGQXw5EkMdP$LQ5AfPf13KufFsKtmazqnzSGZ4pxtUNw3woQ.ELRDF4",
        "passlib's test_handlers.py",
    ),
    (
        "user1password",
        "$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
        "the README of Firebase's scrypt, where the export is CSV",
    ),
    (
        "user1password",
        "$firescrypt$ln=14,r=8,p=1$42xEC-ixf3L2lw==$lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
        "the same, as the export in JSON spells it",
    ),
];

fn parsed(text: &str) -> ForeignHash {
    ForeignHash::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"))
}

#[test]
fn r13_2_each_kind_of_hash_verifies_its_password_and_no_other() {
    for (password, text, from) in VECTORS {
        let hash = parsed(text);
        assert_eq!(hash.verify(password.as_bytes()), Ok(true), "{text} from {from}");
        assert_eq!(hash.verify(format!("{password}!").as_bytes()), Ok(false), "{text}");
        assert_eq!(format!("{hash:?}"), "ForeignHash(…)");
    }
}

/// WordPress removes blanks from the ends before it hashes, and from what is typed at a sign-in.
#[test]
fn r13_2_a_wordpress_password_is_hashed_without_the_blanks_at_its_ends() {
    let hash = parsed("$wp$2y$05$G0VSsY1QqJvrs1D/smEzjuFvW5eUAEK0UGhusCX5lHZt429xg9UuW");
    for (typed, matches) in [(" correct horse\n", true), ("correct  horse", false), (" ", false), ("", false)]
    {
        assert_eq!(hash.verify(typed.as_bytes()), Ok(matches), "{typed:?}");
    }
}

/// With bcrypt alone, all passwords with the same first 72 bytes match.
#[test]
fn r13_2_a_prehash_takes_the_whole_of_a_long_password() {
    let long = "abc123".repeat(12);
    for text in [
        "bcrypt_sha256$$2a$06$Tg/oYyZTyAf.Nb3qSgN61Ocy0BEz1RK6xslSNi8PlaLX2pe7x/KQG",
        "$bcrypt-sha256$2b,5$X1g1nh3g0v4h6970O68cxe$021KLEif6epjot5yoxk0m8I0929ohEa",
        "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$CBF9csfEdW68xv3DwE6xSULXMtqEFP.",
    ] {
        let hash = parsed(text);
        assert_eq!(hash.verify(format!("{long}qwr").as_bytes()), Ok(true), "{text}");
        assert_eq!(hash.verify(format!("{long}xyz").as_bytes()), Ok(false), "{text}");
    }
}

#[test]
fn r13_2_a_hash_that_would_hang_a_phone_is_refused_before_hashing() {
    let tag = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let digits = "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";
    for text in [
        format!("$argon2id$v=19$m=263169,t=2,p=1$c29tZXNhbHQ${tag}"),
        format!("$argon2id$v=19$m=262144,t=6,p=1$c29tZXNhbHQ${tag}"),
        format!("$argon2id$v=19$m=8,t=4294967295,p=1$c29tZXNhbHQ${tag}"),
        format!("$argon2id$v=19$m=4294967295,t=4294967295,p=1$c29tZXNhbHQ${tag}"),
        format!("$scrypt$ln=19,r=8,p=1$U29kaXVtQ2hsb3JpZGU${tag}"),
        format!("$scrypt$ln=64,r=8,p=1$U29kaXVtQ2hsb3JpZGU${tag}"),
        format!("$scrypt$ln=255,r=4294967295,p=4294967295$U29kaXVtQ2hsb3JpZGU${tag}"),
        format!("$scrypt$ln=14,r=8,p=999$U29kaXVtQ2hsb3JpZGU${tag}"),
        // Took 8.5 s and 512 MiB when the limit was on N, r and p alone.
        format!("$scrypt$ln=1,r=1,p=4194304$U29kaXVtQ2hsb3JpZGU${tag}"),
        format!("$scrypt$ln=1,r=4194304,p=1$U29kaXVtQ2hsb3JpZGU${tag}"),
        format!("$pbkdf2-sha256$i=10000000$c2FsdFNBTFQ${tag}"),
        format!("$pbkdf2-sha512$i=4294967295$c2FsdFNBTFQ${tag}"),
        // Two runs of PBKDF2 make 40 bytes with SHA-1, seven make 128.
        format!("$pbkdf2-sha1$i=2000000$c2FsdFNBTFQ${}", "A".repeat(170)),
        "$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(),
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(),
        "$wp$2y$15$G0VSsY1QqJvrs1D/smEzjuFvW5eUAEK0UGhusCX5lHZt429xg9UuW".to_owned(),
        "$bcrypt-sha256$2b,16$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu".to_owned(),
        "$P$SIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0".to_owned(),
        format!("$6$rounds=999999999$saltstring${digits}"),
        format!("$firescrypt$ln=20,r=8,p=1$AAAA${tag}$Bw==${tag}"),
        format!("scrypt$1048576$seasalt$8$1${tag}"),
        format!("scrypt:1048576:8:1$seasalt${}", "00".repeat(64)),
        format!("pbkdf2:sha256:10000000$salt${}", "00".repeat(32)),
    ] {
        assert_eq!(ForeignHash::parse(&text).err(), Some(ForeignProblem::TooCostly), "{text}");
    }
}

/// What the services make today, and the strongest that their documentation advises.
#[test]
fn r13_2_the_costs_that_services_use_are_within_the_limits() {
    let tag = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let long = "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";
    for text in [
        // Django 6.0, the OWASP cheat sheet for SHA-1, and Werkzeug 3.1.
        format!("pbkdf2_sha256$1200000$seasalt${tag}"),
        format!("$pbkdf2-sha1$i=1300000$c2FsdFNBTFQ${}", "A".repeat(27)),
        format!("pbkdf2:sha256:1000000$salt${}", "00".repeat(32)),
        format!("scrypt$16384$seasalt$8$5${tag}"),
        format!("scrypt:32768:8:1$salt${}", "00".repeat(64)),
        format!("$scrypt$ln=17,r=8,p=1$c2FsdA${tag}"),
        format!("$scrypt$ln=18,r=8,p=1$c2FsdA${tag}"),
        // passlib's defaults.
        format!("$6$rounds=656000$saltstring${long}"),
        format!("$5$rounds=535000$saltstring${}", long.get(..42).unwrap().to_owned() + "."),
        "$P$HIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0".to_owned(),
        "$2b$14$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(),
        format!("argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ${tag}"),
        format!("$argon2id$v=19$m=262144,t=5,p=4$c29tZXNhbHQ${tag}"),
    ] {
        parsed(&text);
    }
}

/// Without this limit, one sign-in with a password of 1,024 bytes would hash for seconds.
#[test]
fn r13_2_a_password_that_would_make_a_hash_too_slow_does_not_match_it() {
    let long = "a".repeat(1_024);
    for (password, text) in VECTORS.iter().map(|(password, text, _)| (*password, *text)) {
        assert!(parsed(text).is_affordable(long.len()), "{text}: {password}");
    }
    let digits = "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";
    let slow = parsed(&format!("$6$rounds=656000$saltstring${digits}"));
    assert!(slow.is_affordable(72) && !slow.is_affordable(long.len()));
    assert_eq!(slow.verify(long.as_bytes()), Ok(false));
}

#[test]
fn r4_2_a_specimen_has_the_cost_of_a_hash_and_nothing_else_of_it() {
    for (password, text, _) in VECTORS {
        let hash = parsed(text);
        let made = hash.specimen();
        let specimen = parsed(&made);
        assert_eq!(specimen.verify(password.as_bytes()), Ok(false), "{made}");
        hash.check_specimen();
        // It is made of the cost alone.
        assert!(!made.contains(text.get(text.len() - 9..).unwrap()), "{made}");
    }
    // The longest tag, which is no whole number of SHA-1's blocks.
    parsed(&format!("$pbkdf2-sha1$i=1000$c2FsdA${}", "A".repeat(170) + "A")).check_specimen();
    let spellings = [
        "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        "bcrypt_sha256$$2a$06$kCXUnRFQptGg491siDKNTu8RxjBGSjALHRuvhPYNFsa4Ea5d9M48u",
    ];
    let [one, other] = spellings.map(|text| parsed(text).specimen());
    assert_eq!(one, other, "hashes of one cost have one specimen");
}

/// What the fuzzer does for longer (tests/fuzz, `hashes`).
#[test]
fn r13_2_no_change_to_a_hash_makes_the_reader_panic_or_exceeds_the_limits() {
    let (entropy, mut taken) = (SeededEntropy::new(7), 0);
    for (_, text, _) in VECTORS {
        for _ in 0..500 {
            let mut random = [0; 8];
            entropy.fill(&mut random).unwrap();
            let [a, b, c, d, ..] = random.map(usize::from);
            let mut chars: Vec<_> = text.chars().collect();
            let at = (256 * a + b) % chars.len();
            match c % 4 {
                0 => drop(chars.remove(at)),
                1 => chars.insert(at, "0123456789$,=:+-_./\u{e9}".chars().nth(d % 20).unwrap()),
                2 => chars.truncate(at),
                _ => chars[at] = char::from(random[4] % 128),
            }
            let changed: String = chars.into_iter().collect();
            if let Ok(hash) = ForeignHash::parse(&changed) {
                hash.check_specimen();
                assert!(hash.memory() <= 257 << 20 && hash.nanoseconds(72) <= 1_000_000_000, "{changed}");
                taken += 1;
            }
        }
    }
    assert!(taken > 1_000, "{taken} changed texts were hashes");
}

#[test]
fn r13_2_text_that_is_not_a_hash_is_refused() {
    let tag = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for text in [
        "",
        "password",
        "$",
        "$$",
        "!",
        "$1$salt$hash",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$12$short",
        "$wp$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
        "$md5$c2FsdFNBTFQ$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
        "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3",
        "sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8",
        "argon2$argon2",
        "argon2$bcrypt$$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        "$argon2id$v=19$m=65536,t=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1,keyid=AA$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=20$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$",
        "$pbkdf2-sha256$i=0$c2FsdFNBTFQ$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
        "$pbkdf2-sha256$1000$c2FsdFNBTFQ$",
        "$pbkdf2-sha256$01212$c2FsdFNBTFQ$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
        "$pbkdf2-sha256$i=1000,l=32$c2FsdFNBTFQ$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
        "$scrypt$ln=0,r=8,p=1$U29kaXVt$cCO9yzr9c0hGHAbNgf046w",
        "$scrypt$ln=14,r=0,p=1$U29kaXVt$cCO9yzr9c0hGHAbNgf046w",
        "scrypt$16385$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafQ=",
        "scrypt:1024:8$salt$24ec5a4495a4a8f9e4462217eb34d676",
        "pbkdf2:md5:4096$salt$4b007901b765489abead49d926f721d065a429c1",
        "pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c",
        "pbkdf2_sha256$390000$sea$salt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=",
        "bcrypt_sha256$xyz$2a$06$/3OeRpbOf8/l6nPPRdZPp.nRiyYqPobEZGdNRBWihQhiFDh1ws1tu",
        "$bcrypt-sha256$v=3,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS",
        "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r!L0",
        "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L",
        "$P$4IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
        "$P$9IQRa\u{e9}mfeRo7ud9Fh4E2PdI0S3r.L0",
        "$5$rounds=010428$uy/jIAhCetNCTtb0$YWvUOXbkqlqhyoPMpN8BMe.ZGsGx2aBvxTvDFI613c3",
        "$5$rounds=10428$uy/jIAhCetNCTtb0$YWvUOXbkqlqhyoPMpN8BMe.ZGsGx2aBvxTvDFI613c3$",
        "$5$rounds=999$uy/jIAhCetNCTtb0$YWvUOXbkqlqhyoPMpN8BMe.ZGsGx2aBvxTvDFI613c3",
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc",
        "$5$saltstringsaltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95$Bw==$jxspr8Ki0RYycVU8zykbdA==",
        &format!("pbkdf2_sha256$1000${}${tag}", "s".repeat(1_024)),
    ] {
        assert_eq!(ForeignHash::parse(text).err(), Some(ForeignProblem::Unknown), "{text}");
    }
}
