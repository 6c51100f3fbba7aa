//! What instances say to each other.
//!
//! A published message begins with the version and a letter: `1 e <seq> <prev> <data>` is an event,
//! `1 m <origin> <number> <data>` a client's message or a control, `1 p` a sign of life. Data is a head in JSON, a line
//! feed, and the text. In the stream an entry has the number of the event as its id (`<seq>-0`) and the fields `v`, `p`
//! (the number of the event before, 0 for the first) and `d` (the data). Whatever does not read like that is ignored
//! when it is published, and a gap when it is in the stream.

use bytestring::ByteString;
use plinth_domain::{SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::event::{AccountChange, Audience, Event};
use crate::frame::Target;

/// The version of the format, of which all that share a bus read the same.
pub(crate) const VERSION: &str = "1";
/// A sign of life.
pub(crate) const PING: &str = "1 p";
/// Numbers of events stay below, so that every JSON parser reads them exactly.
pub(crate) const SEQ_END: u64 = 1 << 53;

/// What is done to connections everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Control {
    EndUser(UserId),
    /// Ends all of a user but that one. An instance of an older version passes over it and finds out by itself.
    KeepOnly(UserId, SessionId),
    EndSession(SessionId),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EventHead {
    Change {
        audience: Audience,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<AccountChange>,
    },
    Resync,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SentHead {
    Everyone,
    User(UserId),
    Channel(Box<str>),
    Control(Control),
}

/// Something that was published.
pub(crate) enum Heard<'a> {
    Event { seq: u64, prev: u64, data: &'a str },
    Sent { origin: u64, number: u64, sent: Sent },
    Ping,
}

/// What is passed on without a number.
pub(crate) enum Sent {
    Message(Target, ByteString),
    Control(Control),
}

/// The data of an event, or of a resync.
pub(crate) enum Logging<'a> {
    Change { audience: Audience, account: Option<AccountChange>, body: &'a str },
    Resync,
}

fn data(head: &impl Serialize, text: &str) -> String {
    // Heads serialise to JSON without fail, and none has a line feed in it.
    let mut data = serde_json::to_string(head).unwrap_or_default();
    data.push('\n');
    data.push_str(text);
    data
}

pub(crate) fn event_data(event: &Event) -> String {
    data(&EventHead::Change { audience: event.audience, account: event.account }, &event.body)
}

pub(crate) fn resync_data() -> String {
    data(&EventHead::Resync, "")
}

pub(crate) fn message(origin: u64, number: u64, to: &Target, text: &str) -> String {
    let head = match to {
        Target::Everyone => SentHead::Everyone,
        Target::User(user) => SentHead::User(*user),
        Target::Channel(name) => SentHead::Channel(name.clone()),
    };
    sent(origin, number, &head, text)
}

pub(crate) fn control(origin: u64, number: u64, control: Control) -> String {
    sent(origin, number, &SentHead::Control(control), "")
}

fn sent(origin: u64, number: u64, head: &SentHead, text: &str) -> String {
    format!("{VERSION} m {origin} {number} {}", data(head, text))
}

/// Reads what was published; `None` for what is not ours.
pub(crate) fn hear(payload: &[u8]) -> Option<Heard<'_>> {
    let text = std::str::from_utf8(payload).ok()?;
    if text == PING {
        return Some(Heard::Ping);
    }
    let (kind, rest) = text.strip_prefix(VERSION)?.strip_prefix(' ')?.split_once(' ')?;
    let (first, rest) = rest.split_once(' ')?;
    let (second, data) = rest.split_once(' ')?;
    let (first, second) = (first.parse().ok()?, second.parse().ok()?);
    match kind {
        "e" if first > second && first < SEQ_END => Some(Heard::Event { seq: first, prev: second, data }),
        "m" => {
            let (head, text) = data.split_once('\n')?;
            let to = match serde_json::from_str(head).ok()? {
                SentHead::Everyone => Target::Everyone,
                SentHead::User(user) => Target::User(user),
                SentHead::Channel(name) => Target::Channel(name),
                SentHead::Control(control) => {
                    return Some(Heard::Sent { origin: first, number: second, sent: Sent::Control(control) });
                }
            };
            Some(Heard::Sent { origin: first, number: second, sent: Sent::Message(to, text.into()) })
        }
        _ => None,
    }
}

/// Reads the data of an event; `None` for what is not ours.
pub(crate) fn read_data(data: &str) -> Option<Logging<'_>> {
    let (head, body) = data.split_once('\n')?;
    Some(match serde_json::from_str(head).ok()? {
        EventHead::Change { audience, account } => Logging::Change { audience, account, body },
        EventHead::Resync => Logging::Resync,
    })
}

/// The number of an event from the id of its entry; `None` where the entry is not ours.
pub(crate) fn seq_of(id: &str) -> Option<u64> {
    id.strip_suffix("-0")?.parse().ok().filter(|seq| *seq < SEQ_END)
}
