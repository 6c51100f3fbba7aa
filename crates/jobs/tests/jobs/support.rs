//! A database, a mail server, and a postman between them.

use std::sync::Arc;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::sql_types::{Nullable, Text};
use plinth_auth::{OneTimeTokens, SystemEntropy};
use plinth_domain::{Clock, Email, FullName, Mail, MailId, MailKind, Role, TokenPurpose, User, UserId};
use plinth_jobs::{Postman, PostmanSettings};
use plinth_mail::{Mailer, SmtpUrl, Templates};
use plinth_persistence::outbox::{self, Counts};
use plinth_persistence::{Connection, Error, Location, one_time, users};
use plinth_testing::{SmtpServer, TestClock, TestDb};
use tokio::runtime::Runtime;

pub(crate) const APP: &str = "https://app.example.com";
pub(crate) const SECRET: &[u8] = b"a secret for tests, of 32 bytes and more";

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Nullable<Text>)]
    line: Option<String>,
}

/// Everything that a message passes.
pub(crate) struct Office {
    pub(crate) db: TestDb,
    pub(crate) clock: TestClock,
    pub(crate) server: SmtpServer,
    pub(crate) postman: Postman,
    pub(crate) runtime: Runtime,
}

impl Office {
    pub(crate) fn open(db: TestDb) -> Self {
        let (clock, server) = (TestClock::default(), SmtpServer::start());
        let postman = postman(&db, &clock, &server);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self { db, clock, server, postman, runtime: runtime.unwrap() }
    }

    /// Another postman for the same outbox, as in another process.
    pub(crate) fn another_postman(&self) -> Postman {
        postman(&self.db, &self.clock, &self.server)
    }

    /// A user who is stored.
    pub(crate) fn user(&self, name: &str) -> User {
        let now = self.clock.now();
        let email = Email::parse(&format!("{name}@example.com")).unwrap();
        let full_name = Some(FullName::parse("Ada Lovelace").unwrap());
        let user = User::new(UserId::new(now, &SystemEntropy), email, full_name, Role::Viewer, now);
        let stored = user.clone();
        self.write(move |c| users::insert(c, &stored, "a hash"));
        user
    }

    /// Puts a message to that user on its way, as a request does.
    pub(crate) fn mail(&self, kind: MailKind, user: &User) -> Mail {
        let now = self.clock.now();
        // Whoever forgot a password is looked up later.
        let user_id = (kind != MailKind::ResetPassword).then_some(user.id);
        let new_email = kind.purpose().is_none().then(|| Email::parse("ada@example.org").unwrap());
        let id = MailId::new(now, &SystemEntropy);
        let to = user.email.clone();
        let mail = Mail { id, kind, to, user_id, new_email, token_id: None, created_at: now, attempts: 0 };
        let put = mail.clone();
        self.write(move |c| outbox::put(c, &put));
        mail
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.db.write(work).unwrap()
    }

    /// One round of the postman; how many messages it took.
    pub(crate) fn round(&self) -> usize {
        self.runtime.block_on(self.postman.round()).unwrap()
    }

    /// Lets that many seconds pass, and then a round.
    pub(crate) fn round_after(&self, seconds: u64) -> usize {
        self.clock.advance(Duration::from_secs(seconds));
        self.round()
    }

    /// How many messages are on their way, and how many were given up.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let Counts { waiting, dead } = self.db.read(outbox::counts).unwrap();
        (waiting, dead)
    }

    /// A column of the one row of the outbox, as text; empty for null.
    pub(crate) fn noted(&self, column: &str) -> String {
        let mut lines = self.lines(format!("SELECT CAST({column} AS text) AS line FROM outbox"));
        assert_eq!(lines.len(), 1, "messages in the outbox");
        lines.remove(0)
    }

    /// The number of rows of a table.
    pub(crate) fn count(&self, table: &str) -> usize {
        let lines = self.lines(format!("SELECT CAST(count(*) AS text) AS line FROM {table}"));
        lines[0].parse().unwrap()
    }

    /// Every byte of the tables that mail passes: on SQLite all of its files.
    pub(crate) fn all_that_is_stored(&self) -> Vec<u8> {
        match self.db.location() {
            Location::Sqlite(file) => {
                let files = std::fs::read_dir(file.parent().unwrap()).unwrap();
                files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
            }
            Location::Postgres(_) => ["outbox", "one_time_tokens", "users"]
                .map(|table| self.lines(format!("SELECT CAST(stored AS text) AS line FROM {table} stored")))
                .concat()
                .concat()
                .into_bytes(),
        }
    }

    fn lines(&self, sql: String) -> Vec<String> {
        let lines: Vec<Line> = self.write(move |connection| {
            let query = diesel::sql_query(sql);
            Ok(match connection {
                Connection::Sqlite(connection) => query.load(connection)?,
                Connection::Postgres(connection) => query.load(connection)?,
            })
        });
        lines.into_iter().map(|line| line.line.unwrap_or_default()).collect()
    }

    /// Whether that token would be taken.
    pub(crate) fn is_good(&self, token: &str, purpose: TokenPurpose) -> bool {
        let (digest, now) = (OneTimeTokens::digest(token), self.clock.now());
        self.db.read(move |c| one_time::find(c, &digest, purpose, now)).is_ok()
    }
}

fn postman(db: &TestDb, clock: &TestClock, server: &SmtpServer) -> Postman {
    let url: SmtpUrl = server.url().parse().unwrap();
    let sender = "Plinth <noreply@plinth.example>".parse().unwrap();
    let patience = Duration::from_secs(5);
    Postman {
        db: db.database().clone(),
        mailer: Mailer::smtp(&url, sender).unwrap().with_patience(patience, patience),
        templates: Templates::built_in("Plinth"),
        tokens: OneTimeTokens::new(SECRET),
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(SystemEntropy),
        wakeup: Arc::default(),
        settings: PostmanSettings {
            interval: Duration::from_millis(20),
            grace: Duration::from_millis(300),
            ..PostmanSettings::for_app(APP)
        },
    }
}

/// The token in a link.
pub(crate) fn token(link: &str) -> String {
    link.split_once("?token=").unwrap_or_else(|| panic!("no token in {link}")).1.to_owned()
}
