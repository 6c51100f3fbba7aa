//! The real application on a socket, and the people who use it.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use plinth_auth::{
    AccessTokens, KeySet, OneTimeTokens, PasswordSettings, Passwords, RefreshTokens, SystemEntropy,
    TokenSettings,
};
use plinth_domain::passwords::PasswordRules;
use plinth_domain::{Clock, Email, FullName, Password, Role, User, UserId};
use plinth_http::{App, Draining, Environment, HttpSettings, Searches};
use plinth_jobs::{Postman, PostmanSettings, Stop, Stopper};
use plinth_limits::Limits;
use plinth_mail::{Kept, Mailbox, Mailer, Sender, Templates};
use plinth_persistence::users;
use plinth_realtime::{CloseReason, Hub, HubSettings};
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::clock::TestClock;
use crate::database::TestDb;

/// The password of everybody whom a test makes.
pub const PASSWORD: &str = "correct horse battery";

/// The secret under which test applications sign.
pub const SECRET: &[u8] = b"a secret for tests, of 32 bytes and more";

/// Where links in its mail lead.
const APP_ORIGIN: &str = "http://localhost:5173";

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
    /// Its limits; off, unless the test sets them.
    pub limits: Limits,
    /// Its mail.
    pub mailbox: Mailbox,
    /// Its WebSockets.
    pub hub: Hub,
    address: SocketAddr,
    passwords: Passwords,
    stopper: Stopper,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// How a test's application is set up.
pub struct TestSetup {
    /// What the HTTP layer is told.
    pub settings: HttpSettings,
    /// The cost of a password hash.
    pub cost: u32,
    /// Its clock, for what is made before the application is.
    pub clock: TestClock,
    /// Its limits.
    pub limits: Limits,
    /// Which passwords are refused.
    pub password_rules: PasswordRules,
    /// The way out for mail; by default it stays in [`TestApp::mailbox`].
    pub mailer: Option<Mailer>,
    /// Whether mail is sent at all; otherwise it waits in the outbox.
    pub postman: bool,
    /// Whether the mailbox can be looked at, as in development.
    pub mailbox_shown: bool,
    /// Its WebSockets; by default those of one instance.
    pub hub: Option<Hub>,
    /// How long access tokens are good.
    pub access_ttl: Duration,
}

impl Default for TestSetup {
    fn default() -> Self {
        Self {
            settings: HttpSettings { environment: Environment::Test, ..HttpSettings::default() },
            // The least cost: what is tested is what is done with hashes, not how long they take.
            cost: 4,
            clock: TestClock::default(),
            limits: Limits::off(),
            password_rules: PasswordRules::new(false, "Plinth"),
            mailer: None,
            postman: true,
            mailbox_shown: true,
            hub: None,
            access_ttl: Duration::from_secs(30 * 60),
        }
    }
}

impl TestApp {
    /// An application with the default settings of a test.
    pub fn start(db: TestDb) -> Self {
        Self::start_with(db, |_| {})
    }

    /// An application whose settings the test changes.
    pub fn start_with(db: TestDb, change: impl FnOnce(&mut HttpSettings)) -> Self {
        Self::start_as(db, |setup| change(&mut setup.settings))
    }

    /// An application that hashes passwords at that cost.
    pub fn start_with_cost(db: TestDb, cost: u32) -> Self {
        Self::build(db, TestSetup { cost, ..TestSetup::default() })
    }

    /// An application that is set up otherwise.
    pub fn start_as(db: TestDb, change: impl FnOnce(&mut TestSetup)) -> Self {
        let mut setup = TestSetup::default();
        change(&mut setup);
        Self::build(db, setup)
    }

    fn build(db: TestDb, setup: TestSetup) -> Self {
        let entropy = Arc::new(SystemEntropy);
        let clock: Arc<dyn Clock> = Arc::new(setup.clock.clone());
        let hashing = PasswordSettings { cost: setup.cost, yields: false, ..PasswordSettings::default() };
        let tokens = TokenSettings {
            issuer: "plinth-test".to_owned(),
            audience: "plinth-test".to_owned(),
            access_ttl: setup.access_ttl,
        };
        let mailbox = Mailbox::new();
        let app = App {
            db: db.database().clone(),
            passwords: Passwords::new(hashing, entropy.clone()).expect("the hashing threads start"),
            access: AccessTokens::new(KeySet::from_secret(SECRET), tokens),
            refresh: RefreshTokens::new(SECRET),
            clock: Arc::clone(&clock),
            entropy,
            searches: Searches::default(),
            password_rules: Arc::new(setup.password_rules),
            limits: setup.limits,
            mail_wakeup: Arc::default(),
            hub: setup.hub.unwrap_or_else(|| Hub::local(HubSettings::default(), clock)),
            mailbox: setup.mailbox_shown.then(|| mailbox.clone()),
            settings: setup.settings,
        };
        let (stopper, stop) = Stopper::new();
        let postman = setup.postman.then(|| (postman(&app, &mailbox, setup.mailer), stop));
        let draining = Draining::default();
        let (address, server, thread) = run(app.clone(), draining.clone(), postman);
        Self {
            db,
            clock: setup.clock,
            access: app.access,
            refresh: app.refresh,
            draining,
            searches: app.searches,
            limits: app.limits,
            mailbox,
            hub: app.hub,
            address,
            passwords: app.passwords,
            stopper,
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

    /// The messages to that address, the newest first, once there are so many. Mail goes out by itself, a moment later.
    #[track_caller]
    pub fn mail_to(&self, email: &str, count: usize) -> Vec<Kept> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let kept: Vec<_> =
                self.mailbox.list().into_iter().filter(|kept| kept.to.as_str() == email).collect();
            if kept.len() >= count || Instant::now() > deadline {
                assert_eq!(kept.len(), count, "messages to {email}");
                return kept;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The token in the newest of so many messages to that address that lead to that page of the web app.
    #[track_caller]
    pub fn token_mailed(&self, email: &str, page: &str, count: usize) -> String {
        let link = format!("{APP_ORIGIN}{page}?token=");
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let kept = self.mailbox.list();
            let tokens: Vec<&str> = kept
                .iter()
                .filter(|kept| kept.to.as_str() == email)
                .filter_map(|kept| kept.text.split_once(&link))
                .filter_map(|(_, rest)| rest.split_whitespace().next())
                .collect();
            if tokens.len() >= count || Instant::now() > deadline {
                assert_eq!(tokens.len(), count, "messages to {email} with a link to {page}");
                return tokens[0].to_owned();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The OpenAPI document that it serves.
    pub fn openapi(&self) -> Value {
        self.anyone().get("/openapi.json").expect(200).json()
    }
}

/// Who sends its mail: by that mailer, or to the mailbox.
fn postman(app: &App, mailbox: &Mailbox, mailer: Option<Mailer>) -> Postman {
    let sender: Sender = "Plinth <noreply@plinth.example>".parse().unwrap();
    Postman {
        db: app.db.clone(),
        mailer: mailer.unwrap_or_else(|| Mailer::mailbox(mailbox.clone(), sender)),
        templates: Templates::built_in("Plinth"),
        tokens: OneTimeTokens::new(SECRET),
        clock: Arc::clone(&app.clock),
        entropy: Arc::clone(&app.entropy),
        wakeup: Arc::clone(&app.mail_wakeup),
        settings: PostmanSettings::for_app(APP_ORIGIN),
    }
}

/// Serves on a free port, and sends mail, on a thread of its own.
fn run(
    app: App,
    draining: Draining,
    postman: Option<(Postman, Stop)>,
) -> (SocketAddr, ServerHandle, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().unwrap();
    let (started, server) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let postman = postman.map(|(postman, stop)| actix_web::rt::spawn(postman.run(stop)));
            let server = plinth_http::serve(app, draining, listener, 2).expect("the server starts");
            started.send(server.handle()).unwrap();
            server.await.expect("the server ends well");
            if let Some(postman) = postman {
                postman.await.expect("the postman ends well");
            }
        });
    });
    (address, server.recv().expect("the server starts"), thread)
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stopper.stop();
        self.hub.close_all(CloseReason::GoingAway);
        self.db.block_on(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}
