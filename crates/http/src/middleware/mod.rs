//! What happens round every request.

pub mod connections;
pub mod cors;
pub mod envelope;
pub mod panics;
mod slash;

pub use connections::Connections;
pub use envelope::{AnswerHeaders, Envelope, LoggedUser, RequestId};
