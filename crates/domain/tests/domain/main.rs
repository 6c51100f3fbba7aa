//! The words and rules, through their public interface: tables of cases, and laws where there are any.
#![expect(clippy::unwrap_used, reason = "a test fails where its helpers do")]

mod access;
mod clock;
mod cursor;
mod fold;
mod ids;
mod passwords;
mod price;
mod read;
mod rotation;
mod rotation_properties;
mod rotation_thieves;
mod serial;
mod text;
mod users;
