//! What comes from a client, frame by frame.
//!
//! `actix-ws` can put fragments together by itself, but then says of one that is too large what it says of a broken
//! connection, and passes over fragments one after the other, however many come.

use std::io;
use std::str::Utf8Error;

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use actix_ws::{CloseReason, Item, Message, MessageStream, ProtocolError};
use bytestring::ByteString;

/// The most bytes of a frame, and of a message in several.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;

/// A frame that came.
pub(super) enum Incoming {
    /// A text, whole or by its last fragment.
    Text(ByteString),
    /// A fragment that is not the last.
    Fragment,
    Ping(Bytes),
    Pong,
    Close(Option<CloseReason>),
}

/// Why no more come.
pub(super) enum Fault {
    /// The connection has ended.
    Gone,
    /// A frame of another kind than text.
    NotText,
    /// Text that is not UTF-8.
    NotUtf8,
    /// More than [`MAX_MESSAGE`].
    TooLarge,
    /// Not the protocol of RFC 6455.
    Protocol,
}

impl Fault {
    /// The close code (RFC 6455 §7.4.1) and the reason; `None` where there is nobody to tell.
    pub(super) fn code(&self) -> Option<(u16, &'static str)> {
        match self {
            Self::Gone => None,
            Self::NotText => Some((1003, "text frames only")),
            Self::NotUtf8 => Some((1007, "text must be UTF-8")),
            Self::TooLarge => Some((1009, "at most 64 KiB a frame")),
            Self::Protocol => Some((1002, "not the WebSocket protocol")),
        }
    }
}

/// The frames of a connection.
pub(super) struct Frames {
    stream: MessageStream,
    /// The text of the fragments so far.
    text: Vec<u8>,
}

impl Frames {
    pub(super) fn new(stream: MessageStream) -> Self {
        Self { stream: stream.max_frame_size(MAX_MESSAGE), text: Vec::new() }
    }

    /// The next frame. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Incoming, Fault> {
        let message = match self.stream.recv().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(fault(&error)),
            None => return Err(Fault::Gone),
        };
        match message {
            Message::Text(text) => Ok(Incoming::Text(text)),
            // That fragments come in order has been seen to.
            Message::Continuation(Item::FirstText(part) | Item::Continue(part)) => {
                self.add(&part).map(|()| Incoming::Fragment)
            }
            Message::Continuation(Item::Last(part)) => {
                self.add(&part)?;
                let text = std::mem::take(&mut self.text);
                String::from_utf8(text).map(|text| Incoming::Text(text.into())).map_err(|_| Fault::NotUtf8)
            }
            Message::Continuation(Item::FirstBinary(_)) | Message::Binary(_) => Err(Fault::NotText),
            Message::Ping(payload) => Ok(Incoming::Ping(payload)),
            Message::Pong(_) | Message::Nop => Ok(Incoming::Pong),
            Message::Close(reason) => Ok(Incoming::Close(reason)),
        }
    }

    /// Waits until no more come, whatever comes till then.
    pub(super) async fn end(&mut self) {
        while self.next().await.is_ok() {}
    }

    fn add(&mut self, part: &[u8]) -> Result<(), Fault> {
        if self.text.len() + part.len() > MAX_MESSAGE {
            return Err(Fault::TooLarge);
        }
        self.text.extend_from_slice(part);
        Ok(())
    }
}

fn fault(error: &ProtocolError) -> Fault {
    match error {
        ProtocolError::Overflow => Fault::TooLarge,
        ProtocolError::Io(error) => match error.get_ref() {
            Some(inner) if inner.is::<Utf8Error>() => Fault::NotUtf8,
            Some(inner) if matches!(inner.downcast_ref(), Some(PayloadError::Overflow)) => Fault::TooLarge,
            // Reserved bits.
            _ if error.kind() == io::ErrorKind::InvalidData => Fault::Protocol,
            _ => Fault::Gone,
        },
        _ => Fault::Protocol,
    }
}
