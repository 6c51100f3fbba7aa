//! Another service recognises a user by an access token that a Plinth server issued.
//!
//! Takes the server's `SECRET_KEY`, `JWT_ISSUER` and `JWT_AUDIENCE` from the environment and a token from standard
//! input, and prints what the token says:
//!
//! ```sh
//! printf %s "$TOKEN" | SECRET_KEY=… JWT_ISSUER=… JWT_AUDIENCE=… cargo run -p plinth-auth --example verify
//! ```
#![expect(clippy::print_stdout, reason = "the example's result")]

use std::env::var;
use std::error::Error;

use plinth_auth::{AccessVerifier, Clock, KeySet, SystemClock};

fn main() -> Result<(), Box<dyn Error>> {
    // Made once when the service starts.
    let verifier = AccessVerifier::new(
        KeySet::from_secret(required("SECRET_KEY")?.as_bytes()),
        required("JWT_ISSUER")?,
        required("JWT_AUDIENCE")?,
    );

    // Done for every request.
    let mut token = String::new();
    std::io::stdin().read_line(&mut token)?;
    let claims = verifier.verify(token.trim(), SystemClock.now())?;

    println!("user       {}", claims.user);
    println!("session    {}", claims.session);
    println!("role       {}", claims.role);
    println!("issued at  {}", claims.issued_at);
    println!("expires at {}", claims.expires_at);
    Ok(())
}

fn required(name: &str) -> Result<String, String> {
    var(name).map_err(|_| format!("{name} must be set"))
}
