//! The header fields that tell clients about limits (draft-ietf-httpapi-ratelimit-headers-08), as structured fields
//! (RFC 9651): lists of strings, which are the names of limits, with parameters.
//!
//! Of several decisions the one closest to its end comes first: clients that read one item only read that.

use std::cmp::Reverse;
use std::fmt::Write;

use crate::Decision;
use crate::decision::whole_seconds;

/// The name of the field that has the rates.
pub const POLICY: &str = "ratelimit-policy";
/// The name of the field that has what is left.
pub const CURRENT: &str = "ratelimit";

/// The value of `RateLimit-Policy`, such as `"login-account";q=10;w=60`: the count, and the period in seconds.
///
/// `None` where no limit is enforced.
pub fn policy(decisions: &[Decision]) -> Option<String> {
    list(decisions, |item, decision| {
        let (count, period) = (decision.rate.count(), decision.rate.period().as_secs());
        write!(item, r#""{}";q={count};w={period}"#, decision.limit.name())
    })
}

/// The value of `RateLimit`, such as `"login-account";r=3;t=42`: how many are left, and in how many seconds, rounded
/// up, all are; where none are left and the attempt was refused, in how many the next one is, as in `Retry-After`.
///
/// `None` where no limit is enforced.
pub fn current(decisions: &[Decision]) -> Option<String> {
    list(decisions, |item, decision| {
        let wait = whole_seconds(decision.retry_after.unwrap_or(decision.reset_after));
        write!(item, r#""{}";r={};t={wait}"#, decision.limit.name(), decision.remaining)
    })
}

fn list(
    decisions: &[Decision],
    write_item: impl Fn(&mut String, &Decision) -> std::fmt::Result,
) -> Option<String> {
    let mut enforced: Vec<&Decision> = decisions.iter().filter(|decision| decision.enforced).collect();
    enforced.sort_by_key(|decision| (Reverse(decision.retry_after), decision.remaining));
    let mut value = String::new();
    for decision in enforced {
        if !value.is_empty() {
            value.push_str(", ");
        }
        write_item(&mut value, decision).ok()?;
    }
    (!value.is_empty()).then_some(value)
}
