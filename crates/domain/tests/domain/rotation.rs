//! Refresh tokens: what the contract says in a table, and a model of clients that behave and thieves that do not.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use plinth_domain::Timestamp;
use plinth_domain::sessions::Refresh::{Advance, Repeat, Reuse};
use plinth_domain::sessions::{Refresh, Rotation, SessionLimits};
use proptest::prelude::*;

const GRACE: Duration = Duration::from_secs(10);
const SHOWN: Refresh = Repeat { current_shown: true };
const REPLACED: Refresh = Repeat { current_shown: false };

fn ms(millis: u64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000).unwrap().plus(Duration::from_millis(millis))
}

#[test]
fn the_contract_s_sentences() {
    let session = |seen| Rotation { generation: 5, advanced_at: Some(ms(0)), successor_seen: seen };
    for (why, seen, presented, at, expected) in [
        ("within the window the current token gets itself again", false, 5, 0, SHOWN),
        ("also at its end", true, 5, 9_999, SHOWN),
        ("and the one it replaced gets the current one", false, 4, 0, REPLACED),
        ("even when the current one has been seen", true, 4, 9_999, REPLACED),
        ("after the window the current token advances", false, 5, 10_000, Advance),
        ("whether or not it was seen before", true, 5, 1_000_000, Advance),
        ("later the replaced token is good while its successor is unseen", false, 4, 10_000, REPLACED),
        ("however late", false, 4, 600_000_000, REPLACED),
        ("a replaced token whose successor was seen is a reuse", true, 4, 10_000, Reuse),
        ("an older one always is", false, 3, 0, Reuse),
        ("also after the window", false, 3, 10_000, Reuse),
        ("the first one too", false, 0, 0, Reuse),
        ("one that was never made is one too", false, 6, 0, Reuse),
        ("as is the greatest", true, u32::MAX, 0, Reuse),
    ] {
        assert_eq!(session(seen).on_refresh(presented, ms(at), GRACE), expected, "{why}");
    }
}

#[test]
fn a_login_opens_no_window() {
    assert_eq!(Rotation::START.generation, 0);
    assert_eq!(Rotation::START.on_refresh(0, ms(0), GRACE), Advance, "the first refresh advances at once");
    assert_eq!(Rotation::START.on_refresh(1, ms(0), GRACE), Reuse);
    assert_eq!(
        Rotation::START.on_refresh(u32::MAX, ms(0), GRACE),
        Reuse,
        "nothing is replaced by the first token"
    );
}

#[test]
fn an_advance_starts_a_window_with_an_unseen_successor() {
    let next = Rotation { successor_seen: true, ..Rotation::START }.advanced(ms(3));
    assert_eq!(next, Rotation { generation: 1, advanced_at: Some(ms(3)), successor_seen: false });
}

#[test]
fn without_grace_every_refresh_advances() {
    let now = ms(0);
    let unseen = Rotation { generation: 1, advanced_at: Some(now), successor_seen: false };
    assert_eq!(unseen.on_refresh(1, now, Duration::ZERO), Advance);
    assert_eq!(unseen.on_refresh(0, now, Duration::ZERO), REPLACED, "a lost answer");
    let seen = Rotation { successor_seen: true, ..unseen };
    assert_eq!(seen.on_refresh(0, now, Duration::ZERO), Reuse);
}

#[test]
fn a_clock_that_goes_back_ends_no_session() {
    let ahead = Rotation { generation: 1, advanced_at: Some(ms(5_000)), successor_seen: true };
    assert_eq!(ahead.on_refresh(1, ms(0), GRACE), SHOWN);
    assert_eq!(ahead.on_refresh(0, ms(0), GRACE), REPLACED);
}

#[test]
fn a_session_ends_by_the_nearer_of_its_two_limits() {
    let limits =
        SessionLimits { idle: Duration::from_secs(7), absolute: Duration::from_secs(90), grace: GRACE };
    for (used, ends) in
        [(0, 7_000), (10_000, 17_000), (83_000, 90_000), (83_001, 90_000), (89_999, 90_000), (95_000, 90_000)]
    {
        assert_eq!(limits.expiry(ms(0), ms(used)), ms(ends), "used at {used}");
    }
    let short = SessionLimits { absolute: Duration::from_secs(3), ..limits };
    assert_eq!(short.expiry(ms(0), ms(0)), ms(3_000), "the absolute limit is the nearer one at once");
}

/// What a client does next.
#[derive(Clone, Debug)]
enum Act {
    /// A tab refreshes with what the store holds. The answer is lost where it has no delay.
    Refresh { request: u64, answer: Option<u64> },
    /// A tab makes a request with the access token of the store.
    Use { request: u64 },
}

/// An event at the server or in the client's store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Act(usize),
    Refreshes { presented: u32, answer: Option<u64> },
    Uses { presented: u32 },
    Stored { token: u32 },
}

struct World {
    grace: Duration,
    server: Rotation,
    store: u32,
    /// Whether anything that the server did was a [`Reuse`].
    reuse: bool,
    ended: u64,
}

impl World {
    /// Lets everything happen in the order of time. Tabs share the store and keep no lock and no order among answers.
    fn run(grace: Duration, acts: &[(u64, Act)]) -> Self {
        let mut world = Self { grace, server: Rotation::START, store: 0, reuse: false, ended: 0 };
        let mut events = BinaryHeap::new();
        for (n, (at, _)) in acts.iter().enumerate() {
            events.push(Reverse((*at, Event::Act(n))));
        }
        while let Some(Reverse((at, event))) = events.pop() {
            world.ended = at;
            match event {
                Event::Act(n) => match acts[n].1 {
                    Act::Refresh { request, answer } => {
                        events.push(Reverse((
                            at + request,
                            Event::Refreshes { presented: world.store, answer },
                        )));
                    }
                    Act::Use { request } => {
                        events.push(Reverse((at + request, Event::Uses { presented: world.store })));
                    }
                },
                Event::Refreshes { presented, answer } => {
                    world.refresh(presented, at);
                    let token = world.server.generation;
                    events.extend(answer.map(|delay| Reverse((at + delay, Event::Stored { token }))));
                }
                Event::Uses { presented } => {
                    world.server.successor_seen |= presented == world.server.generation
                }
                Event::Stored { token } => world.store = token,
            }
        }
        world
    }

    fn refresh(&mut self, presented: u32, at: u64) {
        match self.server.on_refresh(presented, ms(at), self.grace) {
            Advance => self.server = self.server.advanced(ms(at)),
            Repeat { current_shown } => self.server.successor_seen |= current_shown,
            Reuse => self.reuse = true,
        }
    }
}

/// Three times this is less than the window: tabs begin, requests arrive and answers arrive before it is over.
const SLOWEST: u64 = 3_000;

/// Several tabs refresh at about the same time, as they do when their access token expires, and one of the answers at
/// least arrives. In between they make requests.
fn burst() -> impl Strategy<Value = Vec<(u64, Act)>> {
    let delay = || 0..SLOWEST;
    let refresh = |answer| {
        (delay(), delay(), answer).prop_map(|(at, request, answer)| (at, Act::Refresh { request, answer }))
    };
    let arrives = refresh(delay().prop_map(Some).boxed());
    let may_be_lost = refresh(prop::option::of(delay()).boxed());
    let uses = (0..30_000_u64, delay()).prop_map(|(at, request)| (at, Act::Use { request }));
    let (others, uses) = (prop::collection::vec(may_be_lost, 0..5), prop::collection::vec(uses, 0..4));
    (arrives, others, uses).prop_map(|(first, others, uses)| [vec![first], others, uses].concat())
}

/// Bursts, each well after the one before it.
fn acts() -> impl Strategy<Value = Vec<(u64, Act)>> {
    prop::collection::vec((30_000..10_000_000_u64, burst()), 1..12).prop_map(|bursts| {
        let mut begins = 0;
        let mut acts = vec![];
        for (wait, burst) in bursts {
            begins += wait;
            acts.extend(burst.into_iter().map(|(at, act)| (begins + at, act)));
        }
        acts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Tabs without a lock that refresh at once, with answers that overtake each other.
    #[test]
    fn tabs_that_refresh_at_once_never_lose_the_session(acts in acts()) {
        let mut world = World::run(GRACE, &acts);
        prop_assert!(!world.reuse);
        // And can still refresh, at once and much later.
        world.refresh(world.store, world.ended);
        world.refresh(world.store, world.ended + 86_400_000);
        prop_assert!(!world.reuse);
    }

    /// One tab that waits for each answer, or gives it up and tries again, even without a window.
    #[test]
    fn lost_answers_never_lose_the_session(
        turns in prop::collection::vec((0..40_000_u64, any::<bool>(), any::<bool>()), 1..60),
        grace in prop_oneof![Just(Duration::ZERO), Just(GRACE)],
    ) {
        let mut world = World { grace, server: Rotation::START, store: 0, reuse: false, ended: 0 };
        for (wait, lost, uses) in turns {
            world.ended += wait;
            world.refresh(world.store, world.ended);
            prop_assert!(!world.reuse);
            if !lost {
                world.store = world.server.generation;
            }
            if uses {
                world.server.successor_seen |= world.store == world.server.generation;
            }
        }
    }

    /// Every token that was ever replaced, once its successor was seen and the window is over.
    #[test]
    fn whoever_replays_an_old_token_is_found_out(acts in acts(), later in 0..1_000_000_u64) {
        let mut world = World::run(GRACE, &acts);
        world.server.successor_seen = true;
        let at = ms(world.ended + 10_000 + later);
        let current = world.server.generation;
        for old in 0..current {
            prop_assert_eq!(world.server.on_refresh(old, at, GRACE), Reuse);
        }
        prop_assert_eq!(world.server.on_refresh(current, at, GRACE), Advance);
        prop_assert_eq!(world.server.on_refresh(current + 1, at, GRACE), Reuse);
    }

    /// A thief and the victim cannot both go on: once both have refreshed past the window, one of them is found out.
    #[test]
    fn a_stolen_token_does_not_live_beside_the_victim_s(rounds in 2..10_u64, thief_first: bool) {
        let mut world = World { grace: GRACE, server: Rotation::START, store: 0, reuse: false, ended: 0 };
        let mut holders = [0_u32, 0];
        for round in 0..rounds {
            for turn in 0..2_u64 {
                let who = usize::from((turn == 0) == thief_first);
                let at = (round * 2 + turn) * 20_000;
                world.refresh(holders[who], at);
                holders[who] = world.server.generation;
                world.server.successor_seen = true;
            }
        }
        prop_assert!(world.reuse);
    }
}
