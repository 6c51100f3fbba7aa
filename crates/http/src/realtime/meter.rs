//! Ends what comes from a client where a frame says that it will be too large.
//!
//! The parser of `actix-http` refuses such a frame only when it has arrived whole, and keeps it until then: whoever
//! announces 2^62 bytes could fill the memory. So the heads of frames are read here before it gets them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;

/// The most bytes of a frame's head (RFC 6455 §5.2).
const MAX_HEAD: usize = 14;

/// The bytes from a client, up to the head of a frame that is too large; then [`PayloadError::Overflow`].
pub(super) struct Meter {
    payload: Payload,
    most: u64,
    /// The head of the next frame, as far as it has come.
    head: Vec<u8>,
    /// How much of a frame is still to come after its head.
    rest: u64,
    found: Found,
}

/// Whether there was a frame that is too large.
#[derive(Clone, Copy)]
enum Found {
    No,
    /// Yes, and whoever reads has not seen yet that there is nothing more before it.
    Now,
    Before,
}

impl Meter {
    pub(super) fn new(payload: Payload, most: usize) -> Self {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        Self { payload, most, head: Vec::with_capacity(MAX_HEAD), rest: 0, found: Found::No }
    }

    /// Goes over what came next. How much of it may pass, where not all.
    fn pass(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let left = bytes.len() - at;
            if self.rest > 0 {
                let skipped = usize::try_from(self.rest).map_or(left, |rest| rest.min(left));
                self.rest -= skipped as u64;
                at += skipped;
                continue;
            }
            self.head.push(bytes[at]);
            at += 1;
            if let Some(length) = length_after(&self.head) {
                if length > self.most {
                    return Some(at.saturating_sub(self.head.len()));
                }
                self.rest = length;
                self.head.clear();
            }
        }
        None
    }
}

/// How many bytes follow a head; `None` where it is not whole.
fn length_after(head: &[u8]) -> Option<u64> {
    let (&[_, second], rest) = head.split_first_chunk::<2>()?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (length, rest) = match second & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (u64::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk::<8>()?;
            (u64::from_be_bytes(*length), rest)
        }
        length => (u64::from(length), rest),
    };
    (rest.len() >= mask).then_some(length)
}

impl Stream for Meter {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.found {
            Found::No => {}
            Found::Now => {
                // The frames before it are taken when there is nothing to read for a moment.
                self.found = Found::Before;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Found::Before => return Poll::Ready(Some(Err(PayloadError::Overflow))),
        }
        let mut bytes = match ready!(Pin::new(&mut self.payload).poll_next(cx)) {
            Some(Ok(bytes)) => bytes,
            end => return Poll::Ready(end),
        };
        if let Some(may_pass) = self.pass(&bytes) {
            self.found = Found::Now;
            bytes.truncate(may_pass);
        }
        Poll::Ready(Some(Ok(bytes)))
    }
}
