//! Messages that nobody sends, for development.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plinth_domain::{Email, MailId, Timestamp};
use serde::Serialize;

/// Keeps the newest messages in memory instead of sending them. Clones share what they keep.
#[derive(Clone)]
pub struct Mailbox {
    kept: Arc<Mutex<VecDeque<Kept>>>,
    most: usize,
}

/// A message in a [`Mailbox`]. `Debug` shows none of what it says.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The message's identifier.
    pub id: MailId,
    /// Whom it goes to.
    pub to: Email,
    /// Its subject.
    pub subject: String,
    /// The message as plain text.
    pub text: String,
    /// The message as an HTML document.
    pub html: String,
    /// Its `Date`.
    pub at: Timestamp,
    /// Its `Message-ID`, with the angle brackets.
    pub message_id: String,
}

impl Mailbox {
    /// How many messages are kept unless another number is asked for.
    pub const MOST: usize = 200;

    /// A mailbox for [`Mailbox::MOST`] messages.
    pub fn new() -> Self {
        Self::with_room_for(Self::MOST)
    }

    /// A mailbox for that many messages: an older one goes when a newer one comes.
    pub fn with_room_for(most: usize) -> Self {
        Self { kept: Arc::default(), most }
    }

    /// The messages, the one that came last first.
    pub fn list(&self) -> Vec<Kept> {
        self.lock().iter().cloned().collect()
    }

    /// The message of that identifier.
    pub fn get(&self, id: MailId) -> Option<Kept> {
        self.lock().iter().find(|kept| kept.id == id).cloned()
    }

    /// Throws all messages away.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// A message that comes a second time takes the place of the first, as it does for readers.
    pub(crate) fn keep(&self, message: Kept) {
        let mut kept = self.lock();
        kept.retain(|other| other.id != message.id);
        kept.push_front(message);
        kept.truncate(self.most);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox({} messages)", self.lock().len())
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("id", &self.id).finish_non_exhaustive()
    }
}
