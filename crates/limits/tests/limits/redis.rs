//! What is particular to Redis: what is shared, what is stored, and how it is reached.

use std::sync::Arc;
use std::time::Duration;

use plinth_domain::{Email, SystemClock};
use plinth_limits::Limit::{LoginPerAccount, RegisterPerIp};
use plinth_limits::{Key, Limits, NotARedisUrl};
use plinth_testing::redis::{self, DedicatedRedis};

use crate::support::{all, fresh_key, run, shared};

#[test]
fn instances_share_their_buckets() {
    let Some(url) = redis::url() else { return };
    run(async {
        let (one, other) = (shared(url, all("3/1h")), shared(url, all("3/1h")));
        let key = fresh_key();
        assert_eq!(one.take(LoginPerAccount, key).await.remaining, 2);
        assert_eq!(other.take(LoginPerAccount, key).await.remaining, 1);
        assert_eq!(one.take(LoginPerAccount, key).await.remaining, 0);
        assert!(!other.take(LoginPerAccount, key).await.allowed);
        one.give_back(LoginPerAccount, key).await;
        assert!(other.take(LoginPerAccount, key).await.allowed);
        other.clear(LoginPerAccount, key).await;
        assert_eq!(one.take(LoginPerAccount, key).await.remaining, 2);
        // A bucket that was emptied under a slower rate is refilled under the new one.
        let faster = shared(url, all("1/1s"));
        assert!(faster.take(LoginPerAccount, key).await.retry_after.unwrap() <= Duration::from_secs(1));
    });
}

#[test]
fn keys_expire_and_hold_no_address() {
    let Some(server) = DedicatedRedis::start() else { return };
    run(async {
        let limits = shared(&server.url(), all("2/10s"));
        let email = Key::account(&Email::parse("ada@example.com").unwrap());
        assert!(limits.take(LoginPerAccount, email).await.allowed);
        assert!(limits.take(RegisterPerIp, Key::ip(None)).await.allowed);
    });
    let mut connection = ::redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let keys: Vec<String> = ::redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert!(
            key.starts_with("plinth:limit:login-account:") || key.starts_with("plinth:limit:register-ip:")
        );
        assert_eq!(key.rsplit(':').next().unwrap().len(), 22, "{key}");
        let lives: i64 = ::redis::cmd("PTTL").arg(&key).query(&mut connection).unwrap();
        assert!((1..=5_000).contains(&lives), "{lives} ms");
    }
}

#[test]
fn what_is_no_redis_url_is_refused_without_being_repeated() {
    for url in ["", "localhost", "http://user:hunter2@localhost", "redis://:hunter2@localhost:port"] {
        let error = Limits::shared(all("1/1s"), Arc::new(SystemClock), url).unwrap_err();
        assert_eq!(error, NotARedisUrl);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn passwords_are_used_and_not_shown() {
    let Some(server) = DedicatedRedis::start_with(&["--requirepass", "hunter2"]) else { return };
    run(async {
        for (password, away) in [("hunter2", false), ("hunter3", true)] {
            let url = server.url().replace("redis://", &format!("redis://:{password}@"));
            let limits = shared(&url, all("2/1h"));
            assert!(limits.take(LoginPerAccount, fresh_key()).await.allowed);
            assert_eq!(limits.is_degraded(), away, "{password}");
            assert!(!format!("{limits:?}").contains(password));
        }
    });
}

#[test]
fn tls_is_spoken_and_verified() {
    let Some(server) = DedicatedRedis::start_with_tls() else { return };
    run(async {
        let unverified = shared(&format!("{}#insecure", server.url()), all("2/1h"));
        assert!(unverified.take(LoginPerAccount, fresh_key()).await.allowed);
        assert!(!unverified.is_degraded());
        // Nobody has signed its certificate.
        let limits = shared(&server.url(), all("2/1h"));
        assert!(limits.take(LoginPerAccount, fresh_key()).await.allowed);
        assert!(limits.is_degraded());
    });
}
