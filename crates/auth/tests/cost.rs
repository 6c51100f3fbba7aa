//! Every refusal costs the same: what it takes does not tell whether an account exists.
//!
//! Measured in processor time, which belongs to the whole process. So this is a program of its own with one test.
#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test fails where its helpers do")]

use std::sync::Arc;
use std::time::Duration;

use plinth_auth::{PasswordHash, PasswordSettings, Passwords, SystemEntropy, Verification};
use plinth_domain::Password;
use rustix::time::{ClockId, clock_gettime};

/// A run at this cost is 32 times one at cost 4, so a shortcut shows through any noise.
const COST: u32 = 9;
const ROUNDS: usize = 9;

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("a time that has passed")
}

#[tokio::test]
async fn every_refusal_costs_what_a_wrong_password_costs() {
    let settings = PasswordSettings { cost: COST, threads: 1, queue: 1, yields: false };
    let passwords = Passwords::new(settings, Arc::new(SystemEntropy)).expect("settings");
    let right = passwords.hash(Password::parse("password").expect("a password")).await.expect("room");
    let cases = [
        ("a wrong password", Some(right.as_str())),
        ("no account", None),
        ("no hash", Some("")),
        ("an unknown format", Some("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b27")),
        (
            "a lower cost",
            Some("$bcrypt-sha256$v=2,t=2b,r=4$mr4HIu9Zd78PG50a3Lv8aO$DYBk/txtSj3MkVX3GhBMz0y2G8L7C8a"),
        ),
        ("plain of a lower cost", Some("$2b$04$LIqJDGBd11m9DV8dUz67ze.DhGe5IMo4wvkIL75czOoN8b6npjFhq")),
    ];

    // The cases take turns, and the least of each counts: what comes in between only ever adds.
    let mut least = [Duration::MAX; 6];
    for _ in 0..ROUNDS {
        for ((_, stored), least) in cases.iter().zip(&mut least) {
            let stored = stored.map(|text| PasswordHash::from_stored(text.to_owned()));
            let before = processor_time();
            let verdict = passwords.verify(Password::claimed("not the password"), stored).await;
            *least = (*least).min(processor_time() - before);
            assert_eq!(verdict, Ok(Verification::Wrong));
        }
    }

    for ((case, _), time) in cases.iter().zip(least) {
        let ratio = time.as_secs_f64() / least[0].as_secs_f64();
        println!("{case}: {time:?}, {ratio:.3}");
        assert!((0.8..1.25).contains(&ratio), "{case} costs {ratio:.3} times as much as a wrong password");
    }
}
