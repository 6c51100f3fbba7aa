//! What follows from the rules of rotation for clients whose messages get lost and for tabs without a lock, over
//! interleavings made at random. Thieves are in `rotation_thieves`.
//!
//! A session lives in a model that applies the rules as the database does. What a client or a thief sends arrives
//! there at once, later or never, and so do the answers.

use std::collections::BTreeMap;
use std::time::Duration;

use plinth_domain::Timestamp;
use plinth_domain::sessions::{Refresh, Rotation};
use proptest::prelude::*;

/// The window of the contract.
pub(crate) const GRACE: u64 = 10_000;

/// Milliseconds that include the edges of the window, and days.
pub(crate) fn wait() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..GRACE, 2 => GRACE - 2..GRACE + 3, 3 => GRACE..100 * GRACE, 1 => 0..1_000_000_000_u64]
}

/// A session at the server.
pub(crate) struct Session {
    grace: u64,
    /// `None` once it has ended.
    rotation: Option<Rotation>,
    /// When each generation began.
    pub(crate) began: Vec<u64>,
}

impl Session {
    pub(crate) fn begin(grace: u64) -> Self {
        Self { grace, rotation: Some(Rotation::START), began: vec![0] }
    }

    /// A refresh token of that generation arrives. The answer holds tokens of the generation that it gives.
    pub(crate) fn refresh(&mut self, presented: u32, at: u64) -> Option<u32> {
        let now = Timestamp::from_micros(1_790_000_000_000_000).unwrap().plus(Duration::from_millis(at));
        let mut rotation = self.rotation?;
        match rotation.on_refresh(presented, now, Duration::from_millis(self.grace)) {
            Refresh::Advance => {
                rotation = rotation.advanced(now);
                self.began.push(at);
            }
            Refresh::Repeat { current_shown } => rotation.successor_seen |= current_shown,
            Refresh::Reuse => {
                self.rotation = None;
                return None;
            }
        }
        self.rotation = Some(rotation);
        Some(rotation.generation)
    }

    /// An access token of that generation arrives. Tells whether it is good.
    pub(crate) fn uses(&mut self, generation: u32) -> bool {
        if let Some(rotation) = &mut self.rotation {
            rotation.successor_seen |= generation == rotation.generation;
        }
        self.rotation.is_some()
    }

    pub(crate) fn generation(&self) -> u32 {
        u32::try_from(self.began.len() - 1).unwrap()
    }
}

/// What becomes of one attempt of a client to refresh.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Answered,
    RequestLost,
    AnswerLost,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// One client waits for each answer, or gives up and tries again at any time with the newest token that it has.
    /// Messages are lost at any point, with a window or without one. It may use each access token that it gets. (A
    /// request that it gave up and that arrives all the same is like one of a second tab: see below.)
    #[test]
    fn a_client_that_retries_is_never_logged_out(
        attempts in prop::collection::vec(
            (wait(), prop_oneof![Just(Fate::Answered), Just(Fate::RequestLost), Just(Fate::AnswerLost)], any::<bool>()),
            1..60,
        ),
        grace in prop_oneof![Just(0), Just(1), Just(GRACE)],
    ) {
        let (mut session, mut held, mut now) = (Session::begin(grace), 0, 0);
        for (wait, fate, uses) in attempts {
            now += wait;
            if !matches!(fate, Fate::RequestLost) {
                let answer = session.refresh(held, now);
                prop_assert!(answer.is_some(), "logged out at {} with {}", now, held);
                if matches!(fate, Fate::Answered) {
                    held = answer.unwrap();
                }
            }
            if uses {
                prop_assert!(session.uses(held));
            }
        }
    }
}

/// A request of a tab.
#[derive(Clone, Debug)]
enum Act {
    /// It refreshes with what the store holds. The answer is lost where it has no delay.
    Refresh { request: u64, answer: Option<u64> },
    /// It uses the access token of the store.
    Use { request: u64 },
}

/// Which answer stays in the store of the tabs when several arrive.
#[derive(Clone, Copy)]
enum Store {
    Newest,
    LastToArrive,
}

/// A refresh that was answered with the end of the session.
#[derive(Debug)]
struct LoggedOut {
    presented: u32,
    /// The generation of the session when the request was sent, and whether a token of it had been shown by then.
    sent_at: (u32, bool),
    /// How long the successor of the presented token was out when the request arrived.
    successor_age: u64,
}

struct Tabs {
    session: Session,
    store: u32,
    ended_at: u64,
}

impl Tabs {
    /// Lets everything happen in the order of time. The tabs share the store, without a lock.
    fn run(acts: &[(u64, Act)], store: Store) -> (Self, Option<LoggedOut>) {
        #[derive(PartialEq, Eq, PartialOrd, Ord)]
        enum Event {
            Act(usize),
            Refreshes { presented: u32, sent_at: (u32, bool), answer: Option<u64> },
            Uses { generation: u32 },
            Arrives { token: u32 },
        }
        let mut tabs = Self { session: Session::begin(GRACE), store: 0, ended_at: 0 };
        let mut events: BTreeMap<(u64, usize), Event> =
            acts.iter().enumerate().map(|(n, (at, _))| ((*at, n), Event::Act(n))).collect();
        // At the same time what was sent first comes first.
        let mut order = acts.len();
        while let Some(((now, _), event)) = events.pop_first() {
            tabs.ended_at = now;
            order += 1;
            match event {
                Event::Act(n) => match acts[n].1 {
                    Act::Refresh { request, answer } => {
                        let seen = tabs.session.rotation.is_some_and(|rotation| rotation.successor_seen);
                        let sent_at = (tabs.session.generation(), seen);
                        let event = Event::Refreshes { presented: tabs.store, sent_at, answer };
                        events.insert((now + request, order), event);
                    }
                    Act::Use { request } => {
                        events.insert((now + request, order), Event::Uses { generation: tabs.store });
                    }
                },
                Event::Refreshes { presented, sent_at, answer } => {
                    let Some(token) = tabs.session.refresh(presented, now) else {
                        let began = tabs.session.began[usize::try_from(presented).unwrap() + 1];
                        let out = LoggedOut { presented, sent_at, successor_age: now - began };
                        return (tabs, Some(out));
                    };
                    if let Some(delay) = answer {
                        events.insert((now + delay, order), Event::Arrives { token });
                    }
                }
                Event::Uses { generation } => assert!(tabs.session.uses(generation)),
                Event::Arrives { token } => {
                    tabs.store = match store {
                        Store::Newest => tabs.store.max(token),
                        Store::LastToArrive => token,
                    }
                }
            }
        }
        (tabs, None)
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
fn bursts() -> impl Strategy<Value = Vec<(u64, Act)>> {
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

/// Refreshes and requests at any time, each there and back in less than the window.
fn anything() -> impl Strategy<Value = Vec<(u64, Act)>> {
    let delay = || 0..GRACE / 2;
    let answer = prop::option::weighted(0.6, delay());
    let refresh = (delay(), answer).prop_map(|(request, answer)| Act::Refresh { request, answer });
    let uses = delay().prop_map(|request| Act::Use { request });
    let pause = prop_oneof![3 => 0..2_000_u64, 2 => wait()];
    prop::collection::vec((pause, prop_oneof![2 => refresh, 1 => uses]), 1..60).prop_map(|acts| {
        let mut now = 0;
        acts.into_iter()
            .map(|(wait, act)| {
                now += wait;
                (now, act)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Tabs that refresh at once, whichever answer is stored last: the contract promises this for every burst that is
    /// over within a window and of which one answer arrives.
    #[test]
    fn tabs_that_refresh_at_once_never_lose_the_session(acts in bursts()) {
        let (mut tabs, logged_out) = Tabs::run(&acts, Store::LastToArrive);
        prop_assert!(logged_out.is_none(), "{:?}", logged_out);
        // And can still refresh, at once and much later.
        prop_assert!(tabs.session.refresh(tabs.store, tabs.ended_at).is_some());
        prop_assert!(tabs.session.refresh(tabs.store, tabs.ended_at + 86_400_000).is_some());
    }

    /// A client without a lock refreshes three times within the window, with the newest token that it has; each answer
    /// may be lost, but not all of a round.
    #[test]
    fn three_refreshes_in_a_window_keep_the_session(
        rounds in prop::collection::vec((GRACE..10_000_000, [0..GRACE / 3, 0..GRACE / 3, 0..GRACE / 3], 1..8_u8, any::<bool>()), 1..20),
    ) {
        let (mut session, mut held, mut now) = (Session::begin(GRACE), 0, 0);
        for (wait, gaps, arrive, uses) in rounds {
            now += wait;
            for (n, gap) in gaps.into_iter().enumerate() {
                now += gap;
                let token = session.refresh(held, now);
                prop_assert!(token.is_some());
                if arrive & (1 << n) != 0 {
                    held = token.unwrap();
                }
                if uses {
                    prop_assert!(session.uses(held));
                }
            }
        }
    }

    /// Whatever tabs do that store the newest token they got, with all answers lost or none: there is one schedule
    /// alone that ends the session, and the rules allow it. The answer of an advance was lost; after the window two
    /// tabs refresh with the replaced token; and one of them has its answer and uses it while the request of the other
    /// is still on its way. At the server that request looks like a thief's.
    #[test]
    fn tabs_lose_the_session_in_one_way_alone(acts in anything()) {
        let (_, logged_out) = Tabs::run(&acts, Store::Newest);
        if let Some(LoggedOut { presented, sent_at, successor_age }) = logged_out {
            // When it was sent the successor was out and not seen: its answer was lost. When it arrived, both the window
            // was over and the successor had been seen, or the session would not have ended.
            prop_assert_eq!(sent_at, (presented + 1, false));
            prop_assert!(successor_age >= GRACE);
        }
    }
}

#[test]
fn the_one_way_in_which_tabs_lose_the_session() {
    let refresh = |request, answer| Act::Refresh { request, answer };
    let gap = [
        (0, refresh(0, None)),
        (60_000, refresh(0, Some(0))),
        (60_000, refresh(500, Some(0))),
        (60_100, Act::Use { request: 0 }),
    ];
    assert!(Tabs::run(&gap, Store::Newest).1.is_some());
    // Without any one of its four parts the session goes on.
    for n in 0..gap.len() {
        let mut without = gap.to_vec();
        without.remove(n);
        assert!(Tabs::run(&without, Store::Newest).1.is_none(), "{n}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// A token that was copied and kept for later, however often the victim has refreshed since.
    #[test]
    fn whoever_replays_an_old_token_is_found_out(acts in bursts(), later in 0..1_000_000_u64) {
        let (mut tabs, _) = Tabs::run(&acts, Store::LastToArrive);
        let current = tabs.session.generation();
        tabs.session.uses(current);
        let at = tabs.ended_at + GRACE + later;
        let rotation = tabs.session.rotation;
        for old in 0..current {
            prop_assert!(tabs.session.refresh(old, at).is_none());
            tabs.session.rotation = rotation;
        }
        prop_assert_eq!(tabs.session.refresh(current, at), Some(current + 1));
    }
}
