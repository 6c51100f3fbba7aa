//! Hashes made by passlib 1.7.4 over bcrypt 4.0.1, and what is taken for a hash at all.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use plinth_auth::Verification::{self, Right, RightButOutdated, Wrong};
use plinth_auth::{PasswordHash, PasswordSettings, Passwords};
use plinth_domain::{Entropy, Password};

use crate::support::Counter;

async fn verify(cost: u32, candidate: &str, stored: &str) -> Verification {
    let settings = PasswordSettings { cost, threads: 1, queue: 8, yields: false };
    let passwords = Passwords::new(settings, Arc::new(Counter::default())).expect("settings");
    let stored = PasswordHash::from_stored(stored.to_owned());
    passwords.verify(Password::claimed(candidate), Some(stored)).await.expect("room in the queue")
}

/// Password, cost, hash by `passlib.hash.bcrypt_sha256`.
const BCRYPT_SHA256: [(&str, u32, &str); 12] = [
    ("", 4, "$bcrypt-sha256$v=2,t=2b,r=4$/70ppowilF0ZW4LzImUSQe$XMR5xs5lIYrxpbhKQJLFl.i25Cl89KW"),
    ("a", 4, "$bcrypt-sha256$v=2,t=2b,r=4$pm02aQspjqcf49deee9.zu$QB.Oy/SMj3M1XqEEF2yiKwEG/9c1P/i"),
    ("password", 4, "$bcrypt-sha256$v=2,t=2b,r=4$mr4HIu9Zd78PG50a3Lv8aO$DYBk/txtSj3MkVX3GhBMz0y2G8L7C8a"),
    (
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        4,
        "$bcrypt-sha256$v=2,t=2b,r=4$oaQ36TfXn5RVzWYPE.LB8O$klGiyL8FYBYiNhFH0PmxRBUbzl4cG6y",
    ),
    (
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        5,
        "$bcrypt-sha256$v=2,t=2b,r=5$sK8eFpbEfjZ9/bykDdohbe$PhNWbp4h8DkCeSZgktGiTkGrEt4Nb9W",
    ),
    (
        "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
        4,
        "$bcrypt-sha256$v=2,t=2b,r=4$mbpyVX52GnqjPctjEf.K7e$XB60QiKceRFD08/zjZ7q6pHZ7QCz9r6",
    ),
    (
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\
         zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\
         zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        6,
        "$bcrypt-sha256$v=2,t=2b,r=6$/0Qo5PrDaa.SyA6Uu6r7xe$BFcl6Ssm60fZTIFJpa520ii3G0zs9rO",
    ),
    ("pässwörd", 5, "$bcrypt-sha256$v=2,t=2b,r=5$oIuUIocRJP0DxMSUrq3Uzu$HdrV6jLTBZczYcjW503Hzl.yWI2mRU."),
    (
        "пароль-密码-🔑",
        4,
        "$bcrypt-sha256$v=2,t=2b,r=4$iMr3lGGOIY57JBgVkVR/nO$Z2c8v.RYnGKe9VtkQlCS04swPhtv0jK",
    ),
    (
        "correct horse battery staple",
        6,
        "$bcrypt-sha256$v=2,t=2b,r=6$tXnardsGMRTtZNABK5p6PO$pqWWTOX/TuEnvEuq//stjkdu.3VOgo6",
    ),
    ("password", 10, "$bcrypt-sha256$v=2,t=2b,r=10$BmWeysdEkZkA7SMXZc48aO$gVnwn4rySgr1y7D3uINR4MGlfyplAvK"),
    (
        "Grüße aus Köln",
        10,
        "$bcrypt-sha256$v=2,t=2b,r=10$KFSW6jBo5CLUgnS5lacX6u$ey0gh3MkVukzy16hgLwfh0GbATVn/P6",
    ),
];

/// Password, hash by `passlib.hash.bcrypt`.
const PLAIN: [(&str, &str); 8] = [
    ("password", "$2a$04$0e5.fg8j5rek.xlz5ED5O.CgMMvLLLbqtpJMLeb8npaHllqMJ4ID."),
    ("pässwörd", "$2a$05$pCKFTS/I59ES/VxdKMWcU.84FIMWU/EulkAsLpIHpROL/Fn7M5Rj6"),
    ("password", "$2b$04$LIqJDGBd11m9DV8dUz67ze.DhGe5IMo4wvkIL75czOoN8b6npjFhq"),
    ("pässwörd", "$2b$05$xaCruqoRGq75G04N12/MH.dRJTn4CBjTApuhBKfWwfFDBEGfTK0de"),
    ("password", "$2y$04$K8CVrpFYeXSj5jlAtT0zYuMdVN8ynv.IhM2CY6LB.CSafuzQXqCHy"),
    ("pässwörd", "$2y$05$5Q8xqxnsLSHL.fMdQ.Fv8edRovi/zvPBbEQoAHMDZFxxnwvkn3iYO"),
    ("", EMPTY),
    (EIGHTY, LONG),
];
const EMPTY: &str = "$2b$04$zjfLZ8AIkDJdo6YKV5nOL.GKjsbHGX8BamtHcDAxVKHnO.Os0R1B.";
const LONG: &str = "$2b$04$LRAU59ZwRKwat8y8qOSpauYN1DvhEJ8yIV/vN0gxXwp0mhcZkW.7q";
const EIGHTY: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

#[tokio::test]
async fn passlib_hashes_verify() {
    for (password, cost, hash) in BCRYPT_SHA256 {
        assert_eq!(verify(cost, password, hash).await, Right, "{hash}");
        assert_eq!(verify(4, password, hash).await, Right, "a higher cost than ours: {hash}");
        assert_eq!(
            verify(cost + 1, password, hash).await,
            RightButOutdated,
            "a lower cost than ours: {hash}"
        );
        assert_eq!(verify(cost, &format!("{password}!"), hash).await, Wrong, "one more character: {hash}");
        assert_eq!(verify(cost, &format!("{password}\0"), hash).await, Wrong, "one more NUL: {hash}");
        let mut shorter = password.to_owned();
        if shorter.pop().is_some() {
            assert_eq!(verify(cost, &shorter, hash).await, Wrong, "one character less: {hash}");
        }
    }
}

/// Gives the same bytes again and again.
struct Always(Vec<u8>);

impl Entropy for Always {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.iter_mut().zip(self.0.iter().cycle()).for_each(|(to, from)| *to = *from);
    }
}

#[tokio::test]
async fn with_the_same_salt_we_write_what_passlib_writes() {
    let acceptable = || BCRYPT_SHA256.iter().filter(|(password, ..)| Password::parse(password).is_ok());
    assert!(acceptable().count() >= 8);
    for (password, cost, hash) in acceptable() {
        let salt_text = hash.split('$').nth(3).expect("a salt");
        let salt = GeneralPurpose::new(&BCRYPT, NO_PAD).decode(salt_text).expect("bcrypt's Base64");
        let settings = PasswordSettings { cost: *cost, threads: 1, queue: 1, yields: false };
        let passwords = Passwords::new(settings, Arc::new(Always(salt))).expect("settings");
        let ours = passwords.hash(Password::parse(password).expect("acceptable")).await.expect("room");
        assert_eq!(ours.as_str(), *hash);
    }
}

#[tokio::test]
async fn plain_bcrypt_verifies_and_is_outdated() {
    for (password, hash) in PLAIN {
        assert_eq!(verify(4, password, hash).await, RightButOutdated, "{hash}");
        assert_eq!(verify(4, &format!("{password}\0{password}"), hash).await, Wrong, "NUL: {hash}");
        let mut other = password.to_owned();
        other.insert(0, '!');
        assert_eq!(verify(4, &other, hash).await, Wrong, "{hash}");
    }
    assert_eq!(verify(4, "\0", EMPTY).await, Wrong);
}

#[tokio::test]
async fn plain_bcrypt_reads_72_bytes() {
    assert_eq!(verify(4, &EIGHTY[..72], LONG).await, RightButOutdated);
    assert_eq!(verify(4, &EIGHTY[..71], LONG).await, Wrong);
    assert_eq!(verify(4, &format!("{}y", &EIGHTY[..72]), LONG).await, RightButOutdated);
    assert_eq!(verify(4, &format!("{EIGHTY}\0"), LONG).await, Wrong);
}

#[tokio::test]
async fn candidates_are_compared_in_normalisation_form_c() {
    let (composed, _, hash) = BCRYPT_SHA256[7];
    let decomposed = "pa\u{308}sswo\u{308}rd";
    assert_ne!(composed, decomposed);
    assert_eq!(verify(5, decomposed, hash).await, Right);
    assert_eq!(verify(4, decomposed, PLAIN[1].1).await, RightButOutdated);
}

#[tokio::test]
async fn a_salt_with_bits_left_over_verifies_as_it_does_for_passlib() {
    // `P` holds the same two bits as `O` and some that belong to no byte.
    let (password, cost, hash) = BCRYPT_SHA256[2];
    let stray = hash.replace("8aO$", "8aP$");
    assert_ne!(hash, stray);
    assert_eq!(verify(cost, password, &stray).await, Right);
}

#[tokio::test]
async fn what_is_no_hash_verifies_nothing() {
    let hash = BCRYPT_SHA256[2].2;
    let plain = PLAIN[2].1;
    let broken = [
        String::new(),
        "password".to_owned(),
        hash.replace("v=2", "v=1"),
        hash.replace("v=2", "v=3"),
        hash.replace("t=2b", "t=2a"),
        hash.replace("t=2b", "t=2y"),
        hash.replace("r=4", "r=04"),
        hash.replace("r=4", "r=3"),
        hash.replace("r=4", "r=32"),
        hash.replace("r=4", "r=+4"),
        hash.replace("r=4", "r="),
        hash.replace("r=4", "r=4294967300"),
        hash.replace("mr4H", "mr4"),
        hash.replace("mr4H", "mr4HH"),
        hash.replace("mr4H", "mr-H"),
        format!("{hash}a"),
        format!("{hash}\n"),
        format!(" {hash}"),
        hash[..hash.len() - 1].to_owned(),
        hash.to_uppercase(),
        plain.replace("$2b$", "$2x$"),
        plain.replace("$2b$", "$2$"),
        plain.replace("$04$", "$4$"),
        plain.replace("$04$", "$004$"),
        plain.replace("$04$", "$+4$"),
        plain.replace("$04$", "$03$"),
        plain.replace("$04$", "$32$"),
        plain[..59].to_owned(),
        format!("{plain}a"),
        plain.replace("LIqJ", "LIqä"),
        // Twenty-one characters and then one of two bytes: the place to split at is inside a character.
        "$2b$04$LIqJDGBd11m9DV8dUz67zäDhGe5IMo4wvkIL75czOoN8b6npjFhq".to_owned(),
        // The format's version 1, which passlib left in 2020.
        "$bcrypt-sha256$2b,4$V3bnu/cM/2/G8Bl02EkcM.$OBqy7kPoh7lWpQ7BTAjQXt2kPK4atUy".to_owned(),
    ];
    for stored in broken {
        assert!(stored != hash && stored != plain, "left as it was: {stored}");
        assert_eq!(verify(4, "password", &stored).await, Wrong, "{stored}");
    }
}
