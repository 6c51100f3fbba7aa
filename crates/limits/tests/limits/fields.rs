//! The header fields.

use std::time::Duration;

use plinth_limits::{Decision, Limit, Limits, fields};

use crate::support::{SetClock, all, fresh_key, run};

fn decision(limit: Limit, rate: &str, remaining: u32, reset_after: u64) -> Decision {
    Decision {
        allowed: true,
        enforced: true,
        limit,
        rate: rate.parse().unwrap(),
        remaining,
        retry_after: None,
        reset_after: Duration::from_millis(reset_after),
    }
}

#[test]
fn one_decision_is_one_item() {
    let decision = decision(Limit::LoginPerAccount, "10/1m", 3, 42_000);
    assert_eq!(fields::policy(&[decision]).unwrap(), r#""login-account";q=10;w=60"#);
    assert_eq!(fields::current(&[decision]).unwrap(), r#""login-account";r=3;t=42"#);
    assert_eq!(decision.retry_after_seconds(), None);
}

#[test]
fn the_one_closest_to_its_end_comes_first() {
    let many = decision(Limit::LoginPerIp, "60/1m", 59, 1_000);
    let few = decision(Limit::LoginPerAccount, "10/1m", 2, 48_000);
    let refused = Decision {
        allowed: false,
        retry_after: Some(Duration::from_millis(5_001)),
        ..decision(Limit::MailPerAddress, "5/1h", 0, 2_885_001)
    };
    let longer =
        Decision { retry_after: Some(Duration::from_secs(7)), limit: Limit::RegisterPerIp, ..refused };
    assert_eq!(
        fields::current(&[many, refused, few, longer]).unwrap(),
        r#""register-ip";r=0;t=7, "mail-address";r=0;t=6, "login-account";r=2;t=48, "login-ip";r=59;t=1"#
    );
    assert_eq!(fields::policy(&[many, few]).unwrap(), r#""login-account";q=10;w=60, "login-ip";q=60;w=60"#);
    assert_eq!(refused.retry_after_seconds(), Some(6));
}

#[test]
fn without_limits_there_are_no_fields() {
    run(async {
        let limits = Limits::off();
        let key = fresh_key();
        for _ in 0..1_000 {
            let decision = limits.take(Limit::MailPerAddress, key).await;
            assert!(decision.allowed && !decision.enforced);
            assert_eq!((fields::policy(&[decision]), fields::current(&[decision])), (None, None));
        }
        limits.clear(Limit::MailPerAddress, key).await;
        limits.give_back(Limit::MailPerAddress, key).await;
        assert_eq!(limits.buckets(), 0);
        assert_eq!((fields::policy(&[]), fields::current(&[])), (None, None));

        // One that is off does not hide one that is not.
        let off = limits.take(Limit::LoginPerIp, key).await;
        let on = Limits::local(all("2/1s"), SetClock::new()).take(Limit::LoginPerAccount, key).await;
        assert_eq!(fields::current(&[off, on]).unwrap(), r#""login-account";r=1;t=1"#);
    });
}
