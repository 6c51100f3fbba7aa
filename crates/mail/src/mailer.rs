//! The ways to send a message.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::SendError;
use crate::letter::Message;
use crate::mailbox::{Kept, Mailbox};
use crate::mime;
use crate::sender::Sender;
use crate::smtp::{Smtp, TlsError};
use crate::smtp_url::SmtpUrl;

/// Sends messages. Clones share everything.
#[derive(Clone)]
pub struct Mailer {
    sender: Sender,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Smtp(Arc<Smtp>),
    Mailbox(Mailbox),
}

impl Mailer {
    /// The longest that [`Mailer::send`] takes, with some to spare: six steps of 10 seconds, 30 for the message itself
    /// and 2 for the goodbye. A lease on a message that is being sent has to last longer.
    pub const LONGEST: Duration = Duration::from_secs(100);

    /// By SMTP (RFC 5321), with a connection for each message. The server's certificate has to be for its host and
    /// from an authority that the system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, as for all of OpenSSL.
    ///
    /// Connects to nothing yet. Fails only if the TLS library cannot be set up.
    pub fn smtp(url: &SmtpUrl, sender: Sender) -> Result<Self, TlsError> {
        Ok(Self { sender, way: Way::Smtp(Arc::new(Smtp::new(url)?)) })
    }

    /// Into a mailbox in memory, for development.
    pub fn mailbox(mailbox: Mailbox, sender: Sender) -> Self {
        Self { sender, way: Way::Mailbox(mailbox) }
    }

    /// The same mailer, but with another time than 10 seconds for connecting and for each answer, and with that much
    /// instead of 30 seconds for the answer to the message itself.
    #[must_use]
    pub fn with_patience(mut self, each: Duration, at_the_end: Duration) -> Self {
        if let Way::Smtp(smtp) = &mut self.way {
            *smtp = Arc::new(smtp.with_patience(each, at_the_end));
        }
        self
    }

    /// Sends a message. It is out of our hands when this returns `Ok`; after an error it is not, unless the connection
    /// broke while the server was taking it, which cannot be told apart. Sending it again then is right: a second copy
    /// has the same `Message-ID`.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        // The mailbox too takes only what could be sent, so that development is no easier than production.
        let (envelope, bytes) = mime::compose(message, &self.sender)?;
        match &self.way {
            Way::Smtp(smtp) => smtp.send(&envelope, &bytes, &message.content).await,
            Way::Mailbox(mailbox) => {
                mailbox.keep(self.kept(message));
                Ok(())
            }
        }
    }

    fn kept(&self, message: &Message) -> Kept {
        Kept {
            id: message.id,
            to: message.to.clone(),
            subject: crate::safe::subject(&message.content.subject),
            text: message.content.text.clone(),
            html: message.content.html.clone(),
            at: message.at,
            message_id: mime::message_id(message.id, &self.sender),
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Smtp(smtp) => write!(f, "Mailer({smtp:?})"),
            Way::Mailbox(mailbox) => write!(f, "Mailer({mailbox:?})"),
        }
    }
}
