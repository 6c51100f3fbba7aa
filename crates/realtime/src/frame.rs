//! Frames from clients: what they ask for, and the answers.

use std::borrow::Cow;
use std::fmt::{self, Write};

use bytestring::ByteString;
use plinth_domain::UserId;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::policy::is_channel_name;

/// The most levels of arrays and objects in a frame: what most JSON parsers of receivers take.
const MOST_LEVELS: usize = 100;

/// To whom a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Everyone,
    User(UserId),
    Channel(Box<str>),
}

/// A frame that can be understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Join(Box<str>),
    Leave(Box<str>),
    /// The text has the sender in it already.
    Send(Target, ByteString),
}

/// Why a frame is refused. The codes are part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    NotJson,
    NotAnObject,
    ReservedKey,
    Ambiguous,
    NotAUser,
    NotAChannel,
    ChannelForbidden,
    NotAMember,
    TooManyChannels,
    BroadcastForbidden,
    Overloaded,
    TooMuchData,
}

impl Problem {
    fn code_and_detail(self) -> (&'static str, &'static str) {
        match self {
            Self::NotJson => ("invalid_json", "the frame is not JSON of at most 100 levels"),
            Self::NotAnObject => ("not_an_object", "the frame is not a JSON object"),
            Self::ReservedKey => ("reserved_key", "the keys event, seq and error are the server's"),
            Self::Ambiguous => (
                "ambiguous_frame",
                "a frame has one of to and channel, once, or is a join or leave without other keys",
            ),
            Self::NotAUser => ("invalid_user_id", "to is not the id of a user"),
            Self::NotAChannel => {
                ("invalid_channel", "a channel's name has 1 to 128 characters and no control characters")
            }
            Self::ChannelForbidden => ("channel_forbidden", "you may not join this channel"),
            Self::NotAMember => ("not_a_member", "join the channel first"),
            Self::TooManyChannels => {
                ("too_many_channels", "the connection is in as many channels as it may be")
            }
            Self::BroadcastForbidden => ("broadcast_forbidden", "your role may not send to everyone"),
            Self::Overloaded => ("overloaded", "the server could not pass the message on, send it again"),
            Self::TooMuchData => {
                ("too_much_data", "your frames have too many bytes a second, send it again more slowly")
            }
        }
    }

    /// What the sender gets.
    pub(crate) fn answer(self) -> ByteString {
        let (code, detail) = self.code_and_detail();
        format!(r#"{{"error":{{"code":"{code}","detail":"{detail}"}}}}"#).into()
    }
}

/// What a join or leave is answered with; `what` is `joined` or `left`.
pub(crate) fn membership(what: &str, channel: &str) -> ByteString {
    let name = serde_json::Value::from(channel);
    format!(r#"{{"{what}":{name}}}"#).into()
}

/// Reads a frame of that user.
pub(crate) fn parse(text: &str, from: UserId) -> Result<Frame, Problem> {
    if levels(text) > MOST_LEVELS {
        return Err(Problem::NotJson);
    }
    if !text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{') {
        return Err(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Problem::NotAnObject,
            Err(_) => Problem::NotJson,
        });
    }
    let Fields(fields) = serde_json::from_str(text).map_err(|_| Problem::NotJson)?;
    let mut asked: Option<(&str, &RawValue)> = None;
    let mut others = 0;
    let mut sent = String::with_capacity(text.len() + 48);
    sent.push('{');
    for (key, value) in &fields {
        match &**key {
            "event" | "seq" | "error" => return Err(Problem::ReservedKey),
            "from" => continue,
            "to" | "channel" | "join" | "leave" => {
                if asked.replace((&**key, *value)).is_some() {
                    return Err(Problem::Ambiguous);
                }
            }
            _ => others += 1,
        }
        // A `Value` is displayed as JSON.
        let _ = write!(sent, "{}:{},", serde_json::Value::from(&**key), value.get());
    }
    let _ = write!(sent, r#""from":"{from}"}}"#);
    let Some((key, value)) = asked else { return Ok(Frame::Send(Target::Everyone, sent.into())) };
    let name = serde_json::from_str::<String>(value.get());
    if key == "to" {
        let user = name.ok().and_then(|name| name.parse().ok()).ok_or(Problem::NotAUser)?;
        return Ok(Frame::Send(Target::User(user), sent.into()));
    }
    let name = name.ok().filter(|name| is_channel_name(name)).ok_or(Problem::NotAChannel)?.into_boxed_str();
    match key {
        "channel" => Ok(Frame::Send(Target::Channel(name), sent.into())),
        _ if others > 0 => Err(Problem::Ambiguous),
        "join" => Ok(Frame::Join(name)),
        _ => Ok(Frame::Leave(name)),
    }
}

/// How deep arrays and objects are nested. Exact for JSON; for anything else some number.
fn levels(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The fields of an object in their order, with values as they were written.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    fields.push((key, map.next_value()?));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Reader).map(Fields)
    }
}

/// A key, borrowed where it has no escapes: `Cow` by itself never borrows.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(key))
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(key.to_owned()))
            }
        }

        deserializer.deserialize_str(Reader).map(Key)
    }
}
