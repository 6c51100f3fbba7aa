//! Another service recognises a user by an access token and the public keys that a Plinth server publishes.
//!
//! Takes the server's address, `JWT_ISSUER` and `JWT_AUDIENCE` from the environment and tokens from standard input, one
//! a line, and prints what each says. The server signs with `JWT_ALGORITHM=EdDSA` or `ES256`:
//!
//! ```sh
//! echo "$TOKEN" | BASE=http://localhost:8000 JWT_ISSUER=plinth JWT_AUDIENCE=plinth cargo run -p plinth-auth --example jwks
//! ```
//!
//! HTTP is `ureq` here; any other client does as well, since `plinth-auth` only takes the text. For `https` give `ureq`
//! its feature `rustls` or `native-tls`.
#![expect(clippy::print_stdout, reason = "the example's result")]

use std::env::var;
use std::error::Error;
use std::io::stdin;
use std::time::Duration;

use plinth_auth::{AccessClaims, AccessVerifier, Clock, SystemClock, Timestamp, TokenError, TrustedKeys};

/// The least time between two fetches: anyone can send a token with a made-up `kid`.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let mut service = Service::start()?;
    for line in stdin().lines() {
        match service.verify(line?.trim()) {
            Ok(claims) => println!("{} is {} until {}", claims.user, claims.role, claims.expires_at),
            Err(why) => println!("refused: {why}"),
        }
    }
    Ok(())
}

struct Service {
    url: String,
    verifier: AccessVerifier,
    fetched: Timestamp,
}

impl Service {
    fn start() -> Result<Self, Box<dyn Error>> {
        let url = format!("{}/.well-known/jwks.json", required("BASE")?.trim_end_matches('/'));
        let verifier = AccessVerifier::new(fetch(&url)?, required("JWT_ISSUER")?, required("JWT_AUDIENCE")?);
        Ok(Self { url, verifier, fetched: SystemClock.now() })
    }

    /// Verifies, and where the key is unknown fetches the key set anew: the server's keys may have been rotated twice.
    fn verify(&mut self, token: &str) -> Result<AccessClaims, TokenError> {
        let now = SystemClock.now();
        match self.verifier.verify(token, now) {
            Err(TokenError::UnknownKey) if now.since(self.fetched) >= LEAST_INTERVAL => {
                self.fetched = now;
                // The server may be out of reach; the keys that are known stay good.
                if let Ok(keys) = fetch(&self.url) {
                    self.verifier.replace_keys(keys);
                }
                self.verifier.verify(token, now)
            }
            verified => verified,
        }
    }
}

fn fetch(url: &str) -> Result<TrustedKeys, Box<dyn Error>> {
    let text = ureq::get(url).call()?.body_mut().read_to_string()?;
    Ok(TrustedKeys::from_jwks(&text)?)
}

fn required(name: &str) -> Result<String, String> {
    var(name).map_err(|_| format!("{name} must be set"))
}
