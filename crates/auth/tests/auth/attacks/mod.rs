//! Access tokens that someone made up or altered, for every algorithm.

mod claims;
mod confusion;
mod form;
mod header;
mod signature;
