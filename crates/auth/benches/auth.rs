//! What hashing and tokens cost: `cargo bench -p plinth-auth`.
//!
//! `hashing::bare` and `hashing::passwords` hash the same number of passwords on the same number of threads, so their
//! ratio is what admission control and the format take.
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has no result")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use divan::{Bencher, counter::ItemsCount};
use plinth_auth::{
    AccessTokens, Algorithm, Grant, KeyRing, KeySet, PasswordSettings, Passwords, RefreshTokens,
    SystemEntropy, TokenSettings,
};
use plinth_domain::{Password, Role, SessionId, Timestamp, UserId};

fn main() {
    divan::main();
}

const SECRET: &[u8] = b"a secret for benchmarks, of 32 bytes or more";

fn now() -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000).expect("an instant")
}

mod hashing {
    use super::{Arc, Bencher, ItemsCount, Password, PasswordSettings, Passwords, SystemEntropy, black_box};

    /// Passwords for each thread in one sample.
    const EACH: usize = 4;

    #[divan::bench(args = [10, 12], sample_count = 10, sample_size = 1)]
    fn bare(bencher: Bencher<'_, '_>, cost: u32) {
        let threads = PasswordSettings::default().threads;
        bencher.counter(ItemsCount::new(threads * EACH)).bench_local(|| {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        for _ in 0..EACH {
                            black_box(bcrypt::bcrypt(cost, black_box([7; 16]), black_box(&[b'x'; 45])));
                        }
                    });
                }
            });
        });
    }

    #[divan::bench(args = [10, 12], sample_count = 10, sample_size = 1)]
    fn passwords(bencher: Bencher<'_, '_>, cost: u32) {
        let settings = PasswordSettings { cost, ..PasswordSettings::default() };
        let passwords = Passwords::new(settings, Arc::new(SystemEntropy)).expect("settings");
        let password = Password::parse("correct horse battery staple").expect("a password");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let count = settings.threads * EACH;
        bencher.counter(ItemsCount::new(count)).bench_local(|| {
            runtime.block_on(async {
                let jobs: Vec<_> = (0..count)
                    .map(|_| {
                        let (passwords, password) = (passwords.clone(), password.clone());
                        async move { passwords.hash(password).await }
                    })
                    .collect();
                for hash in super::all(jobs).await {
                    black_box(hash.expect("room in the queue"));
                }
            });
        });
    }
}

/// Runs them at once, in this task.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *output = Some(value);
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(outputs.iter_mut().filter_map(Option::take).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

mod access {
    use super::{
        AccessTokens, Algorithm, Bencher, Duration, Grant, KeyRing, KeySet, Role, SECRET, SessionId,
        SystemEntropy, TokenSettings, UserId, black_box, now,
    };

    const ALGORITHMS: [&str; 3] = ["HS256", "EdDSA", "ES256"];

    fn tokens(algorithm: &str) -> (AccessTokens, Grant) {
        let settings = TokenSettings {
            issuer: "https://api.example.com".to_owned(),
            audience: "https://api.example.com".to_owned(),
            access_ttl: Duration::from_secs(1800),
        };
        let grant = Grant {
            user: UserId::new(now(), &SystemEntropy),
            session: SessionId::new(now(), &SystemEntropy),
            role: Role::Editor,
            generation: 3,
        };
        let ring = |algorithm| KeyRing::generate(algorithm, now(), &SystemEntropy).expect("keys").key_set();
        let keys = match algorithm {
            "EdDSA" => ring(Algorithm::EdDsa),
            "ES256" => ring(Algorithm::Es256),
            _ => KeySet::from_secret(SECRET),
        };
        (AccessTokens::new(keys, settings), grant)
    }

    #[divan::bench(args = ALGORITHMS)]
    fn issue(bencher: Bencher<'_, '_>, algorithm: &str) {
        let (tokens, grant) = tokens(algorithm);
        bencher.bench(|| tokens.issue(black_box(grant), now(), &SystemEntropy));
    }

    #[divan::bench(args = ALGORITHMS)]
    fn verify(bencher: Bencher<'_, '_>, algorithm: &str) {
        let (tokens, grant) = tokens(algorithm);
        let token = tokens.issue(grant, now(), &SystemEntropy).expect("a token").into_string();
        assert!(tokens.verify(&token, now()).is_ok());
        bencher.bench(|| tokens.verify(black_box(&token), now()));
    }
}

mod refresh {
    use super::{Bencher, RefreshTokens, SECRET, SessionId, SystemEntropy, black_box, now};

    #[divan::bench]
    fn make(bencher: Bencher<'_, '_>) {
        let (tokens, session) = (RefreshTokens::new(SECRET), SessionId::new(now(), &SystemEntropy));
        bencher.bench(|| tokens.make(black_box(session), 3));
    }

    #[divan::bench]
    fn read(bencher: Bencher<'_, '_>) {
        let (tokens, session) = (RefreshTokens::new(SECRET), SessionId::new(now(), &SystemEntropy));
        let token = tokens.make(session, 3);
        assert!(tokens.read(token.as_str()).is_ok());
        bencher.bench(|| tokens.read(black_box(token.as_str())));
    }
}
