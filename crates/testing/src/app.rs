//! The real application on a socket, and the people who use it.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use plinth_auth::{
    AccessTokens, KeySet, PasswordSettings, Passwords, RefreshTokens, SystemEntropy, TokenSettings,
};
use plinth_domain::{Clock, Email, FullName, Password, Role, User, UserId};
use plinth_http::{App, Draining, Environment, HttpSettings, Searches};
use plinth_persistence::users;
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::clock::TestClock;
use crate::database::TestDb;

/// The password of everybody whom a test makes.
pub const PASSWORD: &str = "correct horse battery";

/// The secret under which test applications sign.
const SECRET: &[u8] = b"a secret for tests, of 32 bytes and more";

/// An application that serves on a port of its own until this is dropped.
pub struct TestApp {
    /// Its database.
    pub db: TestDb,
    /// Its clock.
    pub clock: TestClock,
    /// Its access tokens.
    pub access: AccessTokens,
    /// Its refresh tokens.
    pub refresh: RefreshTokens,
    /// Set to make it unready.
    pub draining: Draining,
    /// The turns of its searches.
    pub searches: Searches,
    address: SocketAddr,
    passwords: Passwords,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl TestApp {
    /// An application with the default settings of a test.
    pub fn start(db: TestDb) -> Self {
        Self::start_with(db, |_| {})
    }

    /// An application whose settings the test changes.
    pub fn start_with(db: TestDb, change: impl FnOnce(&mut HttpSettings)) -> Self {
        // The least cost: what is tested is what is done with hashes, not how long they take.
        Self::build(db, 4, change)
    }

    /// An application that hashes passwords at that cost.
    pub fn start_with_cost(db: TestDb, cost: u32) -> Self {
        Self::build(db, cost, |_| {})
    }

    fn build(db: TestDb, cost: u32, change: impl FnOnce(&mut HttpSettings)) -> Self {
        let mut settings = HttpSettings { environment: Environment::Test, ..HttpSettings::default() };
        change(&mut settings);
        let clock = TestClock::default();
        let entropy = Arc::new(SystemEntropy);
        let hashing = PasswordSettings { cost, ..PasswordSettings::default() };
        let passwords = Passwords::new(hashing, entropy.clone()).expect("the hashing threads start");
        let tokens = TokenSettings {
            issuer: "plinth-test".to_owned(),
            audience: "plinth-test".to_owned(),
            access_ttl: Duration::from_secs(30 * 60),
        };
        let access = AccessTokens::new(KeySet::from_secret(SECRET), tokens);
        let refresh = RefreshTokens::new(SECRET);
        let searches = Searches::default();
        let app = App {
            db: db.database().clone(),
            passwords: passwords.clone(),
            access: access.clone(),
            refresh: refresh.clone(),
            clock: Arc::new(clock.clone()),
            entropy,
            searches: searches.clone(),
            settings,
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().unwrap();
        let draining = Draining::default();
        let (started, server) = mpsc::channel();
        let thread = std::thread::spawn({
            let draining = draining.clone();
            move || {
                actix_web::rt::System::new().block_on(async move {
                    let server = plinth_http::serve(app, draining, listener, 2).expect("the server starts");
                    started.send(server.handle()).unwrap();
                    server.await.expect("the server ends well");
                });
            }
        });
        let server = server.recv().expect("the server starts");
        Self {
            db,
            clock,
            access,
            refresh,
            draining,
            searches,
            address,
            passwords,
            server,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody who has not signed in.
    pub fn anyone(&self) -> Client {
        Client::new(format!("http://{}", self.address))
    }

    /// A new administrator, signed in.
    pub fn admin(&self) -> Client {
        self.signed_in(Role::Admin, "admin")
    }

    /// A new editor, signed in.
    pub fn editor(&self) -> Client {
        self.signed_in(Role::Editor, "editor")
    }

    /// A new viewer of that name, signed in.
    pub fn viewer(&self, name: &str) -> Client {
        self.signed_in(Role::Viewer, name)
    }

    /// A new user with `<name>@example.com`, who has not signed in.
    pub fn user(&self, role: Role, name: &str) -> User {
        let now = self.clock.now();
        let email = Email::parse(&format!("{name}@example.com")).unwrap();
        let full_name = Some(FullName::parse(name).unwrap());
        let user = User::new(UserId::new(now, &SystemEntropy), email, full_name, role, now);
        let hash = self.db.block_on(self.passwords.hash(Password::parse(PASSWORD).unwrap())).unwrap();
        let stored = user.clone();
        self.db
            .write(move |connection| users::insert(connection, &stored, hash.as_str()))
            .expect("the user is new");
        user
    }

    /// A new user with `<name>@example.com`, signed in.
    pub fn signed_in(&self, role: Role, name: &str) -> Client {
        let user = self.user(role, name);
        self.bearer(&self.login(user.email.as_str(), PASSWORD).expect(200))
    }

    /// The bearer of the access token in the answer to a login or a refresh.
    pub fn bearer(&self, tokens: &Answer) -> Client {
        self.anyone().with_token(&tokens.text("access_token"))
    }

    /// The account with that address, unless deleted, and the hash of its password, as they are stored.
    pub fn stored(&self, email: &str) -> Option<(User, String)> {
        let email = Email::parse(email).unwrap();
        match self.db.read(move |connection| users::find_with_hash_by_email(connection, &email)) {
            Ok(account) => Some(account),
            Err(plinth_persistence::Error::NotFound) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// The answer to a login.
    pub fn login(&self, email: &str, password: &str) -> Answer {
        self.anyone().form("/api/auth/login", &[("username", email), ("password", password)])
    }

    /// The answer to a refresh.
    pub fn refresh(&self, token: &str) -> Answer {
        self.anyone().post("/api/auth/refresh", &serde_json::json!({ "refresh_token": token }))
    }

    /// The OpenAPI document that it serves.
    pub fn openapi(&self) -> Value {
        self.anyone().get("/openapi.json").expect(200).json()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.db.block_on(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}
