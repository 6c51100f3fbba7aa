//! A message as the bytes that travel (RFC 5322, RFC 2045).

use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use plinth_domain::MailId;

use crate::error::{Cause, SendError, Stage};
use crate::letter::Message;
use crate::sender::Sender;
use crate::{address, safe};

/// The identifier of a message, the same at every attempt: servers and readers recognise a second copy by it.
pub(crate) fn message_id(id: MailId, sender: &Sender) -> String {
    format!("<{id}@{}>", sender.domain())
}

/// The message with its envelope. An error is permanent: what is wrong with it stays wrong.
pub(crate) fn compose(message: &Message, sender: &Sender) -> Result<(Envelope, Vec<u8>), SendError> {
    let impossible = |why| SendError::new(Stage::Compose, Cause::Impossible(why));
    let to = address::for_the_wire(message.to.as_str())
        .ok_or_else(|| impossible("the recipient's address is none that mail can be sent to"))?;
    let envelope = Envelope::new(Some(sender.address().clone()), vec![to.clone()])
        .map_err(|_| impossible("the envelope is not valid"))?;
    let composed = lettre::Message::builder()
        .from(sender.mailbox())
        .to(Mailbox::new(None, to))
        .subject(safe::subject(&message.content.subject))
        .date(date(message))
        .message_id(Some(message_id(message.id, sender)))
        .header(AutoSubmitted)
        .envelope(envelope.clone())
        .multipart(
            // A boundary of its own would be random, and each attempt another text.
            MultiPart::builder()
                .kind(MultiPartKind::Alternative)
                .boundary(format!("=_{}", message.id))
                .singlepart(SinglePart::plain(message.content.text.clone()))
                .singlepart(SinglePart::html(message.content.html.clone())),
        )
        .map_err(|_| impossible("its headers are not valid"))?;
    Ok((envelope, composed.formatted()))
}

/// Header dates begin with the Unix epoch here.
fn date(message: &Message) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(message.at.seconds()).unwrap_or(0))
}

/// `Auto-Submitted: auto-generated` (RFC 3834 §5): no answering machine replies to it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
