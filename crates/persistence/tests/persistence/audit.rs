//! The audit log: what comes in comes out, in order, and as narrow as it is asked for.

use std::collections::BTreeSet;

use plinth_domain::audit::{AuditEntry, AuditFilter, AuditSortKey, EventName};
use plinth_domain::paging::{PageRequest, Part, Sort};
use plinth_domain::{AuditEvent, AuditId, RequestContext, UserAgent, UserId};
use plinth_persistence::{Error, audit};
use plinth_testing::{TestDb, on_both};

use crate::support::{ENTROPY, at, lines, seconds, somebody};

fn entry(event: AuditEvent, second: i64) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(seconds(second), &*ENTROPY),
        at: seconds(second),
        event: event.into(),
        actor_id: None,
        user_id: None,
        context: RequestContext { ip: None, user_agent: None, request_id: "request-1".to_owned() },
        details: Vec::new(),
    }
}

fn record(db: &TestDb, entry: &AuditEntry) {
    let entry = entry.clone();
    db.write(move |c| audit::record(c, &entry)).unwrap();
}

/// All entries of the filter, read so many at a time by their cursors.
fn list(db: &TestDb, filter: &AuditFilter, descending: bool, size: u32) -> Vec<AuditEntry> {
    let (mut part, mut entries) = (Part::First, Vec::new());
    loop {
        let sort = Sort { key: AuditSortKey::CreatedAt, descending };
        let request = PageRequest { filter: filter.clone(), sort, part, size };
        let slice = db.read(move |c| audit::list(c, &request)).unwrap();
        assert!(slice.rows.len() <= usize::try_from(size).unwrap());
        entries.extend(slice.rows);
        match slice.more_after {
            Some(position) => part = Part::After(position),
            None => return entries,
        }
    }
}

fn ids(entries: &[AuditEntry]) -> Vec<AuditId> {
    entries.iter().map(|entry| entry.id).collect()
}

on_both! {
    fn every_event_comes_out_as_it_went_in(db) {
        let ada = somebody(&db, "ada");
        let agent = UserAgent::read(&"Mozilla/5.0 (\u{1F98A}) ".repeat(100)).unwrap();
        let mut recorded = Vec::new();
        for (second, event) in (0..).zip(AuditEvent::ALL) {
            let context = RequestContext {
                ip: Some(if second % 2 == 0 { "203.0.113.7" } else { "2001:db8::7" }.parse().unwrap()),
                user_agent: Some(agent.clone()),
                request_id: format!("request-{second}"),
            };
            let details = [("from", "\"a\\\u{1F98A}\n"), ("to", "5")];
            let details = details.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            let entry = AuditEntry {
                actor_id: Some(ada.id),
                // Nobody that there is: entries outlive accounts.
                user_id: Some(UserId::new(at(second), &*ENTROPY)),
                context,
                details,
                ..entry(*event, second)
            };
            record(&db, &entry);
            recorded.push(entry);
        }
        recorded.push(entry(AuditEvent::LoginFailed, 1_000));
        record(&db, recorded.last().unwrap());
        assert_eq!(list(&db, &AuditFilter::default(), false, 100), recorded);
    }

    fn an_event_that_a_newer_version_has_written_is_shown_as_it_is(db) {
        let known = entry(AuditEvent::Login, 0);
        let newer = AuditEntry { event: EventName::from_stored("passkey_added".to_owned()), ..entry(AuditEvent::Login, 1) };
        assert_eq!(newer.event, EventName::Unknown("passkey_added".to_owned()));
        for entry in [&known, &newer] {
            record(&db, entry);
        }
        assert_eq!(lines(&db, "SELECT event AS line FROM audit ORDER BY created_at"), ["login", "passkey_added"]);
        assert_eq!(list(&db, &AuditFilter::default(), false, 1), [known.clone(), newer]);
        let logins = AuditFilter { event: Some(AuditEvent::Login), ..AuditFilter::default() };
        assert_eq!(list(&db, &logins, false, 100), [known]);
    }

    fn entries_of_one_instant_are_each_listed_once_in_either_order(db) {
        let recorded: Vec<_> = (0..25).map(|n| entry(AuditEvent::Login, n / 10)).collect();
        recorded.iter().for_each(|entry| record(&db, entry));
        let forward = ids(&list(&db, &AuditFilter::default(), false, 4));
        let mut backward = ids(&list(&db, &AuditFilter::default(), true, 7));
        backward.reverse();
        assert_eq!(forward, backward);
        let distinct: BTreeSet<AuditId> = forward.iter().copied().collect();
        assert_eq!((forward.len(), distinct.len()), (25, 25));
        assert_eq!(distinct, recorded.iter().map(|entry| entry.id).collect());
        assert!(list(&db, &AuditFilter::default(), false, 4).is_sorted_by_key(|entry| entry.at));
    }

    fn a_filter_lets_through_what_meets_all_of_it(db) {
        let (ada, bob) = (somebody(&db, "ada").id, somebody(&db, "bob").id);
        let mut all = Vec::new();
        for (second, event, actor, user) in [
            (0, AuditEvent::Login, Some(ada), Some(ada)),
            (1, AuditEvent::Login, Some(bob), Some(bob)),
            (2, AuditEvent::RoleChanged, Some(ada), Some(bob)),
            (3, AuditEvent::LoginFailed, None, Some(bob)),
            (4, AuditEvent::LoginFailed, None, None),
        ] {
            all.push(AuditEntry { actor_id: actor, user_id: user, ..entry(event, second) });
            record(&db, all.last().unwrap());
        }
        let expect = |filter: AuditFilter, wanted: &[usize]| {
            let wanted: Vec<AuditId> = wanted.iter().map(|n| all[*n].id).collect();
            for size in [1, 100] {
                assert_eq!(ids(&list(&db, &filter, false, size)), wanted, "{filter:?}");
            }
        };
        let none = AuditFilter::default();
        expect(none.clone(), &[0, 1, 2, 3, 4]);
        expect(AuditFilter { event: Some(AuditEvent::Login), ..none.clone() }, &[0, 1]);
        expect(AuditFilter { actor_id: Some(ada), ..none.clone() }, &[0, 2]);
        expect(AuditFilter { user_id: Some(bob), ..none.clone() }, &[1, 2, 3]);
        expect(AuditFilter { since: Some(seconds(3)), ..none.clone() }, &[3, 4]);
        expect(AuditFilter { until: Some(seconds(3)), ..none.clone() }, &[0, 1, 2]);
        let (since, until) = (Some(seconds(1)), Some(seconds(4)));
        expect(AuditFilter { since, until, user_id: Some(bob), ..none.clone() }, &[1, 2, 3]);
        let (event, actor_id, user_id) = (Some(AuditEvent::Login), Some(ada), Some(bob));
        expect(AuditFilter { event, actor_id, user_id, ..none.clone() }, &[]);
        expect(AuditFilter { event: Some(AuditEvent::Deleted), ..none }, &[]);
    }

    fn an_entry_goes_with_its_transaction(db) {
        let lost = entry(AuditEvent::Login, 0);
        let result: Result<(), Error> = db.write(move |c| {
            audit::record(c, &lost)?;
            Err(Error::NotFound)
        });
        assert!(matches!(result, Err(Error::NotFound)));
        assert_eq!(lines(&db, "SELECT event AS line FROM audit"), [""; 0]);
    }
}
