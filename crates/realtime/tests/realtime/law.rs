//! Whatever happens in whatever order: each client gets every event that it may read exactly once and in order, or is
//! told to resync.

use plinth_domain::Role;
use plinth_realtime::{HubSettings, Link};
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::proptest;
use serde_json::Value;

use crate::support::{admin, event, is_resync, local, member, seq, waiting};

#[derive(Clone, Copy, Debug)]
enum Act {
    Publish(u128),
    Connect(usize),
    Read(usize),
    /// Takes one message only.
    Sip(usize),
    Drop(usize),
}

const CLIENTS: usize = 4;

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let client = 0..CLIENTS;
    let act = prop_oneof![
        4 => (0..3_u128).prop_map(Act::Publish),
        2 => client.clone().prop_map(Act::Connect),
        2 => client.clone().prop_map(Act::Read),
        2 => client.clone().prop_map(Act::Sip),
        1 => client.prop_map(Act::Drop),
        1 => Just(Act::Publish(0)),
    ];
    proptest::collection::vec(act, 1..120)
}

#[derive(Default)]
struct Client {
    number: usize,
    link: Option<Link>,
    /// Up to where it is up to date, once it knows.
    seen: Option<u64>,
    /// The newest number when it first connected.
    started: u64,
}

impl Client {
    /// The last is an editor, who may read everything; the others only what is their own.
    fn may_read(&self, owner: u128) -> bool {
        self.number == CLIENTS - 1 || owner == self.number as u128
    }

    fn take(&mut self, value: &Value, published: &[(u64, u128)]) {
        if value.is_number() {
            self.link = None;
            return;
        }
        let seq = seq(value);
        if !is_resync(value) {
            let next = published
                .iter()
                .find(|(known, owner)| *known > self.seen.unwrap_or(self.started) && self.may_read(*owner));
            assert_eq!(next.map(|(known, _)| *known), Some(seq), "client {}", self.number);
        }
        self.seen = Some(seq);
    }

    /// Has read all there is.
    fn check(&self, published: &[(u64, u128)]) {
        let seen = self.seen.unwrap_or(self.started);
        let missed = published.iter().find(|(known, owner)| *known > seen && self.may_read(*owner));
        assert_eq!(missed, None, "client {}", self.number);
    }
}

proptest! {
    #[test]
    fn exactly_once_and_in_order_or_a_resync(acts in acts(), queue in 1..6_usize, log_events in 0..8_usize) {
        let hub = local(HubSettings { queue, log_events, ..HubSettings::default() });
        let mut observer = admin(&hub, 100);
        let mut published: Vec<(u64, u128)> = Vec::new();
        let mut clients: Vec<Client> =
            (0..CLIENTS).map(|number| Client { number, ..Client::default() }).collect();
        for act in acts {
            match act {
                Act::Publish(owner) => {
                    hub.publish(event(owner, "a"));
                    published.push((seq(&waiting(&mut observer)[0]), owner));
                }
                Act::Connect(at) => {
                    let client = &mut clients[at];
                    let role = if at == CLIENTS - 1 { Role::Editor } else { Role::Viewer };
                    // One that has seen nothing yet starts with what happens from now on.
                    client.started = published.last().map_or(0, |(seq, _)| *seq);
                    client.link = Some(hub.connect(member(at as u128, role), client.seen).unwrap());
                }
                Act::Drop(at) => clients[at].link = None,
                Act::Sip(at) | Act::Read(at) => {
                    let client = &mut clients[at];
                    while let Some(out) = client.link.as_mut().and_then(Link::try_next) {
                        let value = match out {
                            plinth_realtime::Out::Text(text) => serde_json::from_str(&text).unwrap(),
                            plinth_realtime::Out::Close(reason) => reason.code().into(),
                        };
                        client.take(&value, &published);
                        if matches!(act, Act::Sip(_)) {
                            break;
                        }
                    }
                    if matches!(act, Act::Read(_)) && client.link.is_some() {
                        client.check(&published);
                    }
                }
            }
        }
        drop(clients);
        assert_eq!(hub.connections(), 1);
    }
}
