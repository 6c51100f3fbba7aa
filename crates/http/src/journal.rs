//! What a request leaves behind beside its change: entries of the audit log, and mail. Both are written in the
//! transaction of the change, so neither is there without it.

use std::sync::Arc;

use plinth_domain::{
    AuditEntry, AuditEvent, AuditId, Email, Entropy, Mail, MailId, MailKind, RequestContext, SessionId,
    Timestamp, User, UserId,
};
use plinth_persistence::{Connection, Result, audit, outbox};

use crate::error::ApiError;
use crate::state::App;

/// Writes down what one request does. Cheap to clone, to be moved into transactions.
#[derive(Clone)]
pub(crate) struct Journal {
    /// The instant that everything the request does happens at.
    pub(crate) now: Timestamp,
    /// Where the request comes from.
    pub(crate) context: RequestContext,
    entropy: Arc<dyn Entropy>,
    mail_enabled: bool,
    forgotten_waiting: u32,
}

/// When to try again where too much mail waits, in seconds.
const OUTBOX_FULL_RETRY_AFTER_S: u32 = 30;

impl Journal {
    /// The journal of a request.
    pub(crate) fn new(app: &App, context: RequestContext) -> Self {
        Self {
            now: app.now(),
            context,
            entropy: Arc::clone(&app.entropy),
            mail_enabled: app.settings.mail_enabled,
            forgotten_waiting: app.settings.forgotten_waiting,
        }
    }

    /// Whether mail is sent at all.
    pub(crate) fn sends_mail(&self) -> bool {
        self.mail_enabled
    }

    /// An entry of the audit log, for what happened. Add to it and [`write`](Entry::write) it.
    pub(crate) fn note(&self, event: AuditEvent) -> Entry {
        let entry = AuditEntry {
            id: AuditId::new(self.now, &*self.entropy),
            at: self.now,
            event: event.into(),
            actor_id: None,
            user_id: None,
            context: self.context.clone(),
            details: Vec::new(),
        };
        Entry(entry)
    }

    /// Puts a message about that user's account on its way, unless no mail is sent here.
    pub(crate) fn mail(
        &self,
        connection: &mut Connection,
        kind: MailKind,
        to: &Email,
        user: &User,
        new_email: Option<&Email>,
    ) -> Result<()> {
        self.put(connection, kind, to, Some(user.id), new_email)
    }

    /// Puts a message on its way to whoever may have an account with that address, by one statement that changes
    /// anything.
    ///
    /// # Errors
    /// [`ApiError::Overloaded`], whatever the address, if as many of these wait as may.
    pub(crate) fn mail_to_whom_it_concerns(
        &self,
        connection: &mut Connection,
        kind: MailKind,
        to: &Email,
    ) -> std::result::Result<(), ApiError> {
        if self.mail_enabled && outbox::has_waiting_for_anyone(connection, self.forgotten_waiting)? {
            return Err(ApiError::Overloaded { retry_after_s: OUTBOX_FULL_RETRY_AFTER_S });
        }
        Ok(self.put(connection, kind, to, None, None)?)
    }

    fn put(
        &self,
        connection: &mut Connection,
        kind: MailKind,
        to: &Email,
        user_id: Option<UserId>,
        new_email: Option<&Email>,
    ) -> Result<()> {
        if !self.mail_enabled {
            return Ok(());
        }
        let mail = Mail {
            id: MailId::new(self.now, &*self.entropy),
            kind,
            to: to.clone(),
            user_id,
            new_email: new_email.cloned(),
            token_id: None,
            created_at: self.now,
            attempts: 0,
        };
        outbox::put(connection, &mail)
    }
}

/// An entry of the audit log that is being made.
#[must_use = "an entry counts once it is written"]
pub(crate) struct Entry(AuditEntry);

impl Entry {
    /// Who did it.
    pub(crate) fn by(mut self, actor: UserId) -> Self {
        self.0.actor_id = Some(actor);
        self
    }

    /// To whose account it was done.
    pub(crate) fn to(mut self, user: UserId) -> Self {
        self.0.user_id = Some(user);
        self
    }

    /// What else is to be known about it. Never a secret, and never what somebody typed in vain.
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.details.push((name.to_owned(), value.to_string()));
        self
    }

    /// What was, and what is now.
    pub(crate) fn change(self, from: impl ToString, to: impl ToString) -> Self {
        self.with("from", from).with("to", to)
    }

    /// Which session it is about.
    pub(crate) fn session(self, id: SessionId) -> Self {
        self.with("session_id", id)
    }

    /// Writes it, in the transaction at hand.
    pub(crate) fn write(self, connection: &mut Connection) -> Result<()> {
        audit::record(connection, &self.0)
    }

    /// The entry, to be written by [`audit::record`] elsewhere.
    pub(crate) fn into_entry(self) -> AuditEntry {
        self.0
    }
}
