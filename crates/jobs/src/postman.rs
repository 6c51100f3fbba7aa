//! Sends the mail that waits in the outbox.

use std::sync::Arc;
use std::time::Duration;

use plinth_auth::OneTimeTokens;
use plinth_domain::mail::{MAX_ATTEMPTS, retry_delay};
use plinth_domain::{
    Clock, Entropy, FullName, Mail, MailKind, OneTimeToken, OneTimeTokenId, TokenPurpose, User,
};
use plinth_mail::{Letter, Mailer, Message, Templates};
use plinth_persistence::{Connection, Database, Error, one_time, outbox, users};
use tokio::sync::Notify;

use crate::stop::Stop;

/// What a postman can be told.
#[derive(Clone, Debug)]
pub struct PostmanSettings {
    /// The origin of the web app that links lead to, such as `https://app.example.com`. Never what a request says.
    pub app_origin: String,
    /// How often the outbox is looked into when nobody rings.
    pub interval: Duration,
    /// For how long a message is one postman's. Longer than sending one ever takes, which is [`Mailer::LONGEST`] and
    /// what the database takes.
    pub lease: Duration,
    /// How many messages are sent at once.
    pub at_once: u16,
    /// How long what is being sent may take once the postman is told to stop. What is not through by then is sent
    /// again when its lease has ended.
    pub grace: Duration,
}

impl PostmanSettings {
    /// The usual settings, with links to that origin.
    pub fn for_app(app_origin: impl Into<String>) -> Self {
        Self {
            app_origin: app_origin.into(),
            interval: Duration::from_secs(2),
            lease: Duration::from_secs(5 * 60),
            at_once: 8,
            grace: Duration::from_secs(5),
        }
    }
}

/// Sends the mail that waits in the outbox.
#[derive(Clone)]
pub struct Postman {
    /// The database.
    pub db: Database,
    /// The way out.
    pub mailer: Mailer,
    /// The words.
    pub templates: Templates,
    /// Makes the tokens that some messages carry.
    pub tokens: OneTimeTokens,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Rung when there is new mail.
    pub wakeup: Arc<Notify>,
    /// What it was told.
    pub settings: PostmanSettings,
}

/// A message that can be sent now.
struct Prepared {
    full_name: Option<FullName>,
    token: Option<Carried>,
}

/// The token that a message carries.
#[derive(Clone, Copy)]
struct Carried {
    id: OneTimeTokenId,
    purpose: TokenPurpose,
    /// How long it is good from now.
    valid_for: Duration,
}

/// A token that is good for less is of no use to whoever is sent it now.
const WORTH_SENDING: Duration = Duration::from_secs(60);

/// How long the postman rests before each round. Mail to an account that exists takes work that mail to nobody does
/// not; done at once, it would slow down whoever asks next, who could tell by it.
const PACE: Duration = Duration::from_millis(100);

impl Postman {
    /// Works until it is told to stop, and then for [`PostmanSettings::grace`] at most.
    pub async fn run(self, mut stop: Stop) {
        let mut ending = stop.clone();
        while !stop.is_told() {
            let too_late = async {
                ending.told().await;
                tokio::time::sleep(self.settings.grace).await;
            };
            let round = tokio::select! {
                round = self.round() => round,
                () = too_late => {
                    tracing::warn!("mail that is still being sent is given up for now; it is sent again later");
                    return;
                }
            };
            match round {
                Ok(0) => {}
                Ok(_) => {
                    // There may be more.
                    stop.pause(PACE).await;
                    continue;
                }
                Err(error) => tracing::warn!(%error, "cannot look into the outbox; it is tried again"),
            }
            tokio::select! {
                () = self.wakeup.notified() => {}
                () = tokio::time::sleep(self.settings.interval) => {}
                () = ending.told() => {}
            }
            stop.pause(PACE).await;
        }
    }

    /// Takes what is due and sends it. Returns how many messages that were.
    ///
    /// # Errors
    /// Those of taking it. What happens to a message is kept with the message.
    pub async fn round(&self) -> Result<usize, Error> {
        let now = self.clock.now();
        let (until, limit) = (now.plus(self.settings.lease), i64::from(self.settings.at_once));
        // An empty outbox costs no write.
        if !self.db.read(move |connection| outbox::any_due(connection, now)).await? {
            return Ok(0);
        }
        let due = self.db.write(move |connection| outbox::lease(connection, now, until, limit)).await?;
        let taken = due.len();
        let mut sending = tokio::task::JoinSet::new();
        for mail in due {
            let postman = self.clone();
            sending.spawn(async move { postman.carry(mail).await });
        }
        while let Some(carried) = sending.join_next().await {
            if let Err(error) = carried {
                tracing::error!(%error, "sending a mail broke off; it is tried again later");
            }
        }
        Ok(taken)
    }

    async fn carry(&self, mail: Mail) {
        let (id, kind, attempt) = (mail.id, mail.kind.as_str(), mail.attempts);
        let outcome = self.deliver(&mail).await;
        let now = self.clock.now();
        let kept = match outcome {
            Ok(()) => self.db.write_one(move |connection| outbox::remove(connection, &mail)).await,
            Err(failure) if failure.is_final || attempt >= MAX_ATTEMPTS => {
                tracing::error!(mail_id = %id, kind, attempt, cause = failure.why, "mail was given up");
                let buried =
                    self.db.write_one(move |connection| outbox::bury(connection, &mail, now, &failure.why));
                let buried = buried.await;
                self.count_dead_letters().await;
                buried
            }
            Err(failure) => {
                let due = now.plus(retry_delay(attempt));
                tracing::warn!(mail_id = %id, kind, attempt, cause = failure.why, next = %due, "mail was not sent");
                self.db.write_one(move |connection| outbox::retry(connection, &mail, due, &failure.why)).await
            }
        };
        match kept {
            // Withdrawn meanwhile, or taken by somebody else after our lease.
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => tracing::warn!(mail_id = %id, kind, %error, "cannot note what became of a mail"),
        }
    }

    async fn deliver(&self, mail: &Mail) -> Result<(), Failure> {
        if mail.attempts > MAX_ATTEMPTS {
            // Each attempt is noted when it begins: those before ended with whoever made them.
            return Err(Failure {
                is_final: true,
                why: "no attempt to send it has come to an end".to_owned(),
            });
        }
        match self.prepare(mail.clone()).await.map_err(Failure::later)? {
            Some(prepared) => self.send(mail, &prepared).await,
            None => {
                tracing::debug!(mail_id = %mail.id, kind = mail.kind.as_str(), "nobody needs this mail any more");
                Ok(())
            }
        }
    }

    async fn count_dead_letters(&self) {
        if let Ok(counts) = self.db.read(outbox::counts).await {
            tracing::error!(dead_letters = counts.dead, waiting = counts.waiting, "mail that was given up");
        }
    }

    /// Makes the token where the message carries one. `None` where nobody needs the message any more.
    async fn prepare(&self, mail: Mail) -> Result<Option<Prepared>, Error> {
        let now = self.clock.now();
        let Some(purpose) = mail.kind.purpose() else {
            return self.db.read(move |connection| notice(connection, &mail)).await;
        };
        let fresh = OneTimeTokenId::new(now, &*self.entropy);
        let digest = self.tokens.make(fresh.uuid()).digest();
        self.db
            .write(move |connection| {
                let Some(user) = addressee(connection, &mail)? else { return Ok(None) };
                let own = outbox::held(connection, &mail)?;
                if !outbox::supersede(connection, &mail)? {
                    return Ok(None);
                }
                let full_name = user.full_name.clone();
                let prepared = |id, valid_for| {
                    Ok(Some(Prepared { full_name, token: Some(Carried { id, purpose, valid_for }) }))
                };
                match (one_time::newest(connection, user.id, purpose)?, own) {
                    // A newer message has carried another one.
                    (Some((newest, _)), Some(own)) if newest != own => return Ok(None),
                    // The token of an attempt before.
                    (Some((_, expires_at)), Some(own)) if expires_at.since(now) >= WORTH_SENDING => {
                        return prepared(own, expires_at.since(now));
                    }
                    _ => {}
                }
                let token = OneTimeToken {
                    id: fresh,
                    user_id: user.id,
                    purpose,
                    email: mail.to.clone(),
                    created_at: now,
                    expires_at: now.plus(purpose.lifetime()),
                };
                one_time::replace(connection, &token, &digest)?;
                outbox::set_token(connection, mail.id, fresh)?;
                prepared(fresh, purpose.lifetime())
            })
            .await
            .or_else(|error| match error {
                // Withdrawn since it was taken.
                Error::NotFound => Ok(None),
                error => Err(error),
            })
    }

    async fn send(&self, mail: &Mail, prepared: &Prepared) -> Result<(), Failure> {
        let link = prepared.token.map(|Carried { id, purpose, .. }| {
            let token = self.tokens.make(id.uuid());
            format!("{}{}?token={}", self.settings.app_origin, purpose.page(), token.as_str())
        });
        let letter = Letter {
            kind: mail.kind,
            to: &mail.to,
            full_name: prepared.full_name.as_ref(),
            link: link.as_deref(),
            new_email: mail.new_email.as_ref(),
            valid_for: prepared.token.map(|token| rounded(token.valid_for)),
        };
        let content = self.templates.render(&letter).map_err(Failure::later)?;
        let message = Message { id: mail.id, to: mail.to.clone(), content, at: mail.created_at };
        self.mailer
            .send(&message)
            .await
            .map_err(|error| Failure { is_final: error.is_permanent(), why: error.to_string() })?;
        tracing::info!(mail_id = %mail.id, kind = mail.kind.as_str(), attempt = mail.attempts, "mail was sent");
        Ok(())
    }
}

/// Whole hours, where it is some of them: that is how people are told.
fn rounded(time: Duration) -> Duration {
    const HOUR: u64 = 60 * 60;
    let seconds = time.as_secs();
    Duration::from_secs(if seconds > 2 * HOUR { seconds - seconds % HOUR } else { seconds })
}

/// Why a message was not sent.
struct Failure {
    is_final: bool,
    why: String,
}

impl Failure {
    fn later(error: impl std::fmt::Display) -> Self {
        Self { is_final: false, why: error.to_string() }
    }
}

/// The account that a message with a token is for, locked, if it is still to be sent.
fn addressee(connection: &mut Connection, mail: &Mail) -> Result<Option<User>, Error> {
    let id = match mail.user_id {
        Some(id) => id,
        None => match users::find_by_email(connection, &mail.to) {
            Ok(user) => user.id,
            Err(Error::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        },
    };
    let user = match users::find_for_change(connection, id) {
        Ok(user) => user,
        Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_wanted = user.is_active
        && match mail.kind {
            MailKind::VerifyEmail => {
                user.pending_email.as_ref() == Some(&mail.to)
                    || (user.email == mail.to && !user.email_verified)
            }
            _ => user.email == mail.to,
        };
    Ok(is_wanted.then_some(user))
}

/// A message that only tells something: it is told whatever has become of the account since.
fn notice(connection: &mut Connection, mail: &Mail) -> Result<Option<Prepared>, Error> {
    let user = mail.user_id.map(|id| users::find(connection, id)).transpose();
    match user {
        Ok(user) => Ok(Some(Prepared { full_name: user.and_then(|user| user.full_name), token: None })),
        Err(Error::NotFound) => Ok(Some(Prepared { full_name: None, token: None })),
        Err(error) => Err(error),
    }
}
