//! Users, items, and what a connection has got.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use plinth_domain::{Email, Item, ItemId, Role, SessionId, SystemClock, Timestamp, Title, User, UserId};
use plinth_realtime::{CloseReason, Event, Hub, HubSettings, Link, Member, Out};
use plinth_testing::TestClock;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) fn user(number: u128) -> UserId {
    Uuid::from_u128(number).into()
}

pub(crate) fn session(number: u128) -> SessionId {
    Uuid::from_u128(number).into()
}

/// A user with a session of the same number, from nowhere.
pub(crate) fn member(number: u128, role: Role) -> Member {
    Member { user: user(number), role, at: now(), session: session(number), address: None }
}

pub(crate) fn now() -> Timestamp {
    plinth_domain::Clock::now(&SystemClock)
}

pub(crate) fn item(owner: u128, title: &str) -> Item {
    let now = now();
    Item {
        id: ItemId::from(Uuid::from_u128(7)),
        owner_id: user(owner),
        title: Title::parse(title).unwrap(),
        description: None,
        price: None,
        created_at: now,
        updated_at: now,
    }
}

pub(crate) fn account(number: u128, role: Role) -> User {
    User::new(user(number), Email::parse("ada@example.com").unwrap(), None, role, now())
}

/// An event that the owner, editors and administrators get.
pub(crate) fn event(owner: u128, title: &str) -> Event {
    Event::item_updated(&item(owner, title))
}

pub(crate) fn local(settings: HubSettings) -> Hub {
    Hub::local(settings, Arc::new(TestClock::default()))
}

pub(crate) fn hub() -> Hub {
    local(HubSettings::default())
}

pub(crate) fn viewer(hub: &Hub, number: u128) -> Link {
    hub.connect(member(number, Role::Viewer), None).unwrap()
}

pub(crate) fn admin(hub: &Hub, number: u128) -> Link {
    hub.connect(member(number, Role::Admin), None).unwrap()
}

/// All that waits already; a close as its code.
pub(crate) fn waiting(link: &mut Link) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        match link.try_next() {
            Some(Out::Text(text)) => all.push(serde_json::from_str(&text).unwrap()),
            Some(Out::Close(reason)) => {
                all.push(json!(reason.code()));
                return all;
            }
            None => return all,
        }
    }
}

/// The next, within ten seconds.
pub(crate) async fn next(link: &mut Link) -> Value {
    match tokio::time::timeout(Duration::from_secs(10), link.next()).await.expect("nothing came") {
        Out::Text(text) => serde_json::from_str(&text).unwrap(),
        Out::Close(reason) => json!(reason.code()),
    }
}

/// What comes up to and with the first that is like that.
pub(crate) async fn up_to(link: &mut Link, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let value = next(link).await;
        let found = wanted(&value);
        assert!(!value.is_number() || found, "closed after {all:?}");
        all.push(value);
        if found {
            return all;
        }
    }
}

/// Waits until something is so, for at most ten seconds.
pub(crate) async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not so: {what}");
}

pub(crate) fn seq(value: &Value) -> u64 {
    value["seq"].as_u64().unwrap_or_else(|| panic!("no seq in {value}"))
}

pub(crate) fn title(value: &Value) -> &str {
    value["item"]["title"].as_str().unwrap_or_else(|| panic!("no item in {value}"))
}

pub(crate) fn titles(values: &[Value]) -> Vec<&str> {
    values.iter().map(title).collect()
}

pub(crate) fn is_resync(value: &Value) -> bool {
    value["event"] == "resync"
}

pub(crate) fn code(value: &Value) -> &str {
    value["error"]["code"].as_str().unwrap_or_else(|| panic!("no error in {value}"))
}

/// An instance on that Redis, with its bus running until it is dropped.
pub(crate) struct Instance {
    pub(crate) hub: Hub,
    bus: tokio::task::JoinHandle<()>,
}

impl Instance {
    /// One that is connected.
    pub(crate) async fn start(url: &str) -> Self {
        let instance = Self::start_lonely(url);
        until("connected", || !instance.hub.is_degraded()).await;
        instance
    }

    /// One that may yet have to connect.
    pub(crate) fn start_lonely(url: &str) -> Self {
        // Room enough for a case that is slowed down by others.
        let settings = HubSettings { queue: 10_000, queue_bytes: 64 << 20, ..HubSettings::default() };
        let (hub, bus) = Hub::shared(settings, Arc::new(SystemClock), url).unwrap();
        Self { hub, bus: tokio::spawn(bus.run(std::future::pending())) }
    }

    /// Ends the bus as a runtime does that goes away.
    pub(crate) fn abort(&self) {
        self.bus.abort();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.bus.abort();
        self.hub.close_all(CloseReason::GoingAway);
    }
}

/// Runs a case on a runtime of its own with several threads.
pub(crate) fn run<T>(case: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap().block_on(case)
}
