//! What happens without a request: [`Postman`] sends the mail that waits in the outbox, and [`Sweeper`] removes what
//! is no longer of any use.
//!
//! Invariants:
//! - Several instances may do all of this at once: a message is leased by one of them at a time, and removing what is
//!   gone already does no harm.
//! - A message is removed from the outbox only after it was handed over, so a crash loses none. One that was handed
//!   over just before a crash is sent again, under the same `Message-ID`.
//! - No failure ends a job: it is logged, and tried again later.
//!
//! A job is a future that runs until its [`Stop`] is told. To add one: a module with a type that has
//! `run(self, stop)`, and the line in the server that spawns it.

mod postman;
mod stop;
mod sweeper;

pub use postman::{Postman, PostmanSettings};
pub use stop::{Stop, Stopper};
pub use sweeper::{Retention, Sweeper};
