//! Sessions: who is let in, and what becomes of refresh tokens.

use std::time::Duration;

use plinth_domain::sessions::{Rotation, SessionLimits};
use plinth_domain::{RequestContext, Role, Session, SessionId, Timestamp, User, UserId};
use plinth_persistence::sessions::{Authenticated, Refreshed};
use plinth_persistence::{Error, Result, sessions, users};
use plinth_testing::{TestDb, on_both};

use crate::support::{DAY, LIMITS, at, count, seconds, session, somebody, store_session};

fn authenticate(
    db: &TestDb,
    id: SessionId,
    user: UserId,
    generation: u32,
    now: Timestamp,
) -> Result<Authenticated> {
    db.read(move |c| sessions::authenticate(c, id, user, generation, now))
}

fn refresh_within(
    db: &TestDb,
    id: SessionId,
    presented: u32,
    now: Timestamp,
    limits: SessionLimits,
) -> Refreshed {
    db.write(move |c| sessions::refresh(c, id, presented, now, &limits, &RequestContext::default())).unwrap()
}

fn refresh(db: &TestDb, id: SessionId, presented: u32, now: Timestamp) -> Refreshed {
    refresh_within(db, id, presented, now, LIMITS)
}

/// The session after a refresh that let it live.
fn live(refreshed: Refreshed) -> Session {
    match refreshed {
        Refreshed::Live(session, _) => *session,
        other => panic!("{other:?}"),
    }
}

fn generation(refreshed: Refreshed) -> u32 {
    live(refreshed).rotation.generation
}

fn change(db: &TestDb, user: &User, change: impl FnOnce(&mut User) + Send + 'static) {
    let id = user.id;
    db.write(move |c| {
        let mut user = users::find_even_deleted_for_change(c, id)?;
        change(&mut user);
        users::update(c, user, at(1))
    })
    .unwrap();
}

fn signed_in(db: &TestDb) -> (User, SessionId) {
    let ada = somebody(db, "ada");
    let session = session(&ada);
    store_session(db, &session).unwrap();
    (ada, session.id)
}

on_both! {
    fn who_is_let_in(db) {
        let (ada, id) = signed_in(&db);
        let bob = somebody(&db, "bob");
        let let_in = |user, generation, now| authenticate(&db, id, user, generation, now);
        let ends = LIMITS.expiry(at(0), at(0));

        assert_eq!(let_in(ada.id, 0, at(0)).unwrap(), Authenticated { user: ada.clone(), is_first_of_generation: false });
        assert!(let_in(ada.id, 0, Timestamp::from_micros(ends.micros() - 1).unwrap()).is_ok());
        for (why, result) in [
            ("expired", let_in(ada.id, 0, ends)),
            ("another's session", let_in(bob.id, 0, at(0))),
            ("a generation that is still to come", let_in(ada.id, 1, at(0))),
            ("the greatest generation", let_in(ada.id, u32::MAX, at(0))),
            ("no session", authenticate(&db, session(&ada).id, ada.id, 0, at(0))),
        ] {
            assert!(matches!(result, Err(Error::NotFound)), "{why}: {result:?}");
        }

        change(&db, &ada, |user| user.is_active = false);
        assert!(matches!(let_in(ada.id, 0, at(0)), Err(Error::NotFound)), "inactive");
        change(&db, &ada, |user| (user.is_active, user.deleted_at) = (true, Some(at(1))));
        assert!(matches!(let_in(ada.id, 0, at(0)), Err(Error::NotFound)), "deleted");
        change(&db, &ada, |user| user.deleted_at = None);
        assert!(let_in(ada.id, 0, at(0)).is_ok(), "as before");

        db.write(move |c| sessions::end(c, id)).unwrap();
        assert!(matches!(let_in(ada.id, 0, at(0)), Err(Error::NotFound)), "ended");
    }

    fn those_that_live_are_told_with_how_new_the_role_is(db) {
        let (ada, id) = signed_in(&db);
        let (bob, other) = (somebody(&db, "bob"), session(&ada).id);
        let theirs = session(&bob);
        store_session(&db, &theirs).unwrap();
        let live = |now| {
            let ids = [id, other, theirs.id];
            let mut live = db.read(move |c| sessions::live(c, &ids, now)).unwrap();
            live.sort_by_key(|(live, ..)| *live != id);
            live
        };
        assert_eq!(live(at(0)), [(id, ada.role, ada.updated_at), (theirs.id, bob.role, bob.updated_at)]);
        assert_eq!(live(theirs.expires_at), []);
        change(&db, &bob, |user| user.is_active = false);
        change(&db, &ada, |user| user.role = Role::Editor);
        assert_eq!(live(at(0)), [(id, Role::Editor, at(1))]);
    }

    fn the_first_sight_of_a_generation_is_told_once(db) {
        let (ada, id) = signed_in(&db);
        let first = |generation| authenticate(&db, id, ada.id, generation, seconds(1)).unwrap().is_first_of_generation;
        assert!(!first(0), "a login's tokens replace none");
        assert_eq!(generation(refresh(&db, id, 0, seconds(1))), 1);
        assert!(!first(0), "an older access token is good and tells nothing");
        assert!(first(1) && first(1), "until it is noted");
        db.write(move |c| sessions::mark_seen(c, id, 0)).unwrap();
        assert!(first(1), "another generation was noted");
        db.write(move |c| sessions::mark_seen(c, id, 1)).unwrap();
        assert!(!first(1));
        db.write(move |c| sessions::mark_seen(c, session(&ada).id, 1)).unwrap();
    }

    fn a_refresh_advances_once_in_a_window(db) {
        let (ada, id) = signed_in(&db);
        let Refreshed::Live(session, user) = refresh(&db, id, 0, seconds(5)) else { panic!("it has ended") };
        assert_eq!(*user, ada);
        assert_eq!(session.rotation, Rotation { generation: 1, advanced_at: Some(seconds(5)), successor_seen: false });
        assert_eq!((session.created_at, session.last_used_at, session.expires_at), (at(0), seconds(5), seconds(5).plus(LIMITS.idle)));
        assert_eq!(generation(refresh(&db, id, 0, seconds(6))), 1);
        assert_eq!(generation(refresh(&db, id, 1, seconds(14))), 1);
        assert_eq!(generation(refresh(&db, id, 1, seconds(15))), 2);
        assert_eq!(generation(refresh(&db, id, 2, seconds(25))), 3);
    }

    fn a_lost_answer_can_be_asked_for_again(db) {
        let (_, id) = signed_in(&db);
        assert_eq!(generation(refresh(&db, id, 0, seconds(0))), 1);
        assert_eq!(generation(refresh(&db, id, 0, seconds(3_600))), 1, "nobody has shown its tokens");
        db.write(move |c| sessions::mark_seen(c, id, 1)).unwrap();
        assert!(matches!(refresh(&db, id, 0, seconds(3_601)), Refreshed::Reused(_)));
    }

    fn an_old_token_ends_the_session_for_good(db) {
        let (ada, id) = signed_in(&db);
        let other = session(&ada);
        store_session(&db, &other).unwrap();
        assert_eq!(generation(refresh(&db, id, 0, seconds(0))), 1);
        assert_eq!(generation(refresh(&db, id, 1, seconds(20))), 2);
        let Refreshed::Reused(ended) = refresh(&db, id, 0, seconds(21)) else { panic!("not noticed") };
        assert_eq!((ended.id, ended.user_id), (id, ada.id));
        for presented in [0, 1, 2, 3] {
            assert_eq!(refresh(&db, id, presented, seconds(21)), Refreshed::Ended);
        }
        assert!(matches!(authenticate(&db, id, ada.id, 2, seconds(21)), Err(Error::NotFound)));
        assert_eq!(count(&db, "sessions"), 1, "another session of the same user stands");
        assert!(authenticate(&db, other.id, ada.id, 0, seconds(21)).is_ok());
    }

    fn a_session_ends_by_idling(db) {
        let (ada, id) = signed_in(&db);
        let just_before = |end: Timestamp| Timestamp::from_micros(end.micros() - 1).unwrap();
        let first = at(0).plus(LIMITS.idle);
        let second = just_before(first).plus(LIMITS.idle);
        assert_eq!(live(refresh(&db, id, 0, just_before(first))).expires_at, second);
        assert!(authenticate(&db, id, ada.id, 1, just_before(second)).is_ok());
        assert!(matches!(authenticate(&db, id, ada.id, 1, second), Err(Error::NotFound)));
        assert_eq!(count(&db, "sessions"), 1);
        assert_eq!(refresh(&db, id, 1, second), Refreshed::Ended);
        assert_eq!(count(&db, "sessions"), 0, "one that ran out goes when its token is used");
    }

    fn no_refresh_extends_the_absolute_limit(db) {
        let (_, id) = signed_in(&db);
        let end = at(0).plus(LIMITS.absolute);
        let mut now = at(0);
        let mut generation = 0;
        while now.plus(6 * DAY) < end {
            now = now.plus(6 * DAY);
            let session = live(refresh(&db, id, generation, now));
            generation = session.rotation.generation;
            assert_eq!(session.expires_at, now.plus(LIMITS.idle).min(end));
        }
        let just_before = Timestamp::from_micros(end.micros() - 1).unwrap();
        assert_eq!(live(refresh(&db, id, generation, just_before)).expires_at, end);
        assert_eq!(refresh(&db, id, generation + 1, end), Refreshed::Ended);
    }

    fn a_limit_that_was_shortened_counts_for_sessions_that_live(db) {
        let (_, id) = signed_in(&db);
        let shorter = SessionLimits { absolute: DAY, ..LIMITS };
        assert_eq!(live(refresh_within(&db, id, 0, seconds(60), shorter)).expires_at, at(0).plus(DAY));
        let shorter = SessionLimits { absolute: DAY / 2, ..LIMITS };
        assert_eq!(refresh_within(&db, id, 1, at(0).plus(DAY / 2), shorter), Refreshed::Ended);
        assert_eq!(count(&db, "sessions"), 0);
    }

    fn signing_in_removes_the_user_s_sessions_that_ran_out(db) {
        let (ada, _) = signed_in(&db);
        let bob = somebody(&db, "bob");
        store_session(&db, &session(&bob)).unwrap();
        let end = LIMITS.expiry(at(0), at(0));
        let later = |now| Session {
            created_at: now, last_used_at: now, expires_at: LIMITS.expiry(now, now), ..session(&ada)
        };
        store_session(&db, &later(Timestamp::from_micros(end.micros() - 1).unwrap())).unwrap();
        assert_eq!(count(&db, "sessions"), 3, "the first still lives");
        store_session(&db, &later(end)).unwrap();
        assert_eq!(count(&db, "sessions"), 3, "the first is gone, bob's stands");
        let id = ada.id;
        assert_eq!(db.write(move |c| sessions::end_all(c, id, None)).unwrap(), 2);
    }

    fn who_may_not_sign_in_may_not_refresh(db) {
        let (ada, id) = signed_in(&db);
        change(&db, &ada, |user| user.is_active = false);
        assert_eq!(refresh(&db, id, 0, seconds(1)), Refreshed::Ended);
        change(&db, &ada, |user| (user.is_active, user.deleted_at) = (true, Some(at(1))));
        assert_eq!(refresh(&db, id, 0, seconds(1)), Refreshed::Ended);
        assert_eq!(refresh(&db, session(&ada).id, 0, seconds(1)), Refreshed::Ended, "no such session");
    }

    fn refreshes_at_once_agree_on_one_generation(db) {
        let (_, id) = signed_in(&db);
        let generations = db.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let database = db.database().clone();
                tasks.spawn(async move { database.write(move |c| sessions::refresh(c, id, 0, seconds(1), &LIMITS, &RequestContext::default())).await });
            }
            tasks.join_all().await
        });
        for result in generations {
            assert_eq!(generation(result.unwrap()), 1);
        }
    }

    fn without_grace_refreshes_at_once_advance_once_each_or_repeat(db) {
        let (_, id) = signed_in(&db);
        let limits = SessionLimits { grace: Duration::ZERO, ..LIMITS };
        for n in 0..5 {
            assert_eq!(generation(refresh_within(&db, id, n, seconds(1), limits)), n + 1);
        }
        assert_eq!(generation(refresh_within(&db, id, 4, seconds(1), limits)), 5, "its answer may have been lost");
        assert!(matches!(refresh_within(&db, id, 3, seconds(1), limits), Refreshed::Reused(_)));
    }

    fn the_newest_are_listed_and_always_the_current_one(db) {
        let (ada, oldest) = signed_in(&db);
        let bob = somebody(&db, "bob");
        let most = usize::from(sessions::MOST_LISTED);
        let begun = |user: &User, at: Timestamp| {
            let session = Session { created_at: at, ..session(user) };
            store_session(&db, &session).unwrap();
            session.id
        };
        let list = |current| {
            let listed = db.read(move |c| sessions::list(c, ada.id, current, at(0))).unwrap();
            listed.into_iter().map(|session| session.id).collect::<Vec<_>>()
        };
        // Two of each instant, of which the one with the later id comes first; one more than are listed.
        let micros = 1..=i64::try_from(most / 2).unwrap();
        let mut newest: Vec<_> = micros.flat_map(|micros| [at(micros); 2]).map(|at| (at, begun(&ada, at))).collect();
        newest.sort_unstable();
        let newest: Vec<_> = newest.into_iter().rev().map(|(_, id)| id).collect();
        let others = begun(&bob, at(1_000));
        let gone = Session { created_at: at(1_000), expires_at: at(0), ..session(&ada) };
        store_session(&db, &gone).unwrap();

        assert_eq!(newest.len(), most);
        for current in [newest[0], newest[most / 2], newest[most - 1]] {
            assert_eq!(list(current), newest);
        }
        let with_oldest = [&newest[..most - 1], &[oldest]].concat();
        assert_eq!(list(oldest), with_oldest);
        for (why, none_of_hers) in [("another's", others), ("run out", gone.id), ("ended", session(&bob).id)] {
            assert_eq!(list(none_of_hers), newest, "{why}");
        }
        db.write(move |c| sessions::end_all(c, bob.id, None)).unwrap();
        assert_eq!(list(oldest), with_oldest);
    }

    fn all_sessions_end_but_one(db) {
        let (ada, kept) = signed_in(&db);
        let bob = somebody(&db, "bob");
        for user in [&ada, &ada, &bob] {
            store_session(&db, &session(user)).unwrap();
        }
        let id = ada.id;
        assert_eq!(db.write(move |c| sessions::end_all(c, id, Some(kept))).unwrap(), 2);
        assert!(authenticate(&db, kept, id, 0, at(0)).is_ok());
        assert_eq!(db.write(move |c| sessions::end_all(c, id, None)).unwrap(), 1);
        assert_eq!(db.write(move |c| sessions::end_all(c, id, None)).unwrap(), 0);
        assert_eq!(count(&db, "sessions"), 1, "bob's stands");
    }
}
