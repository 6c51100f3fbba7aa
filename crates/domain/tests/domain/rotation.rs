//! Refresh tokens: what the contract says, in a table. What follows from it is in `rotation_properties`.

use std::time::Duration;

use plinth_domain::Timestamp;
use plinth_domain::sessions::Refresh::{Advance, Repeat, Reuse};
use plinth_domain::sessions::{Refresh, Rotation, SessionLimits};

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
