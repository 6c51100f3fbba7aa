//! What a decision costs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

use std::sync::Arc;

use divan::Bencher;
use plinth_domain::{Email, SystemClock};
use plinth_limits::{Key, Limit, Limits, Rates};

fn main() {
    divan::main();
}

#[divan::bench]
fn key(bencher: Bencher) {
    let email = Email::parse("ada@example.com").unwrap();
    bencher.bench(|| Key::account(&email));
}

#[divan::bench]
fn local_take(bencher: Bencher) {
    let limits = Limits::local(Rates::default(), Arc::new(SystemClock));
    let key = Key::ip(None);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    bencher.bench(|| runtime.block_on(limits.take(Limit::LoginPerIp, key)));
}
