//! Every stretch of a list is read from an index, in the index's order: what the databases say about the queries that
//! are really run.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel::{Connection as _, RunQueryDsl, sql_types::Text};
use plinth_domain::audit::{AuditFilter, AuditSortKey};
use plinth_domain::items::{ItemFilter, ItemSortKey};
use plinth_domain::paging::{PageRequest, Part, Position, Sort, SortValue};
use plinth_domain::users::{UserFilter, UserSortKey};
use plinth_domain::{AuditEvent, MailKind, OneTimeToken, OneTimeTokenId, RequestContext, Role, TokenPurpose};
use plinth_persistence::{Connection, Error, Result, audit, items, one_time, outbox, sessions, sweep, users};
use plinth_testing::{TestDb, on_both};
use uuid::Uuid;

use crate::outbox::{mail, put};
use crate::support::{ENTROPY, LIMITS, at, execute, item, session, somebody, store_item, store_session};

/// The SQL of the queries that some work runs.
fn queries(db: &TestDb, work: impl FnOnce(&mut Connection) -> Result<()> + Send + 'static) -> Vec<String> {
    let log = Arc::new(Mutex::new(vec![]));
    let queries = Arc::clone(&log);
    let result = db.write(move |c| {
        c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                log.lock().unwrap().push(query.to_string());
            }
        });
        let result = work(c);
        c.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        result
    });
    assert!(matches!(result, Ok(()) | Err(Error::NotFound)), "{result:?}");
    let queries = queries.lock().unwrap();
    let sql = queries.iter().map(|query| query.split("-- binds").next().unwrap().trim().to_owned());
    sql.filter(|sql| sql.starts_with("SELECT") || sql.starts_with("UPDATE") || sql.starts_with("DELETE"))
        .collect()
}

#[derive(diesel::QueryableByName)]
struct SqlitePlan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(diesel::QueryableByName)]
struct PostgresPlan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// How the database would run a query, whatever is bound to it.
fn plan(db: &TestDb, sql: &str) -> String {
    let sql = sql.to_owned();
    db.write(move |c| match c {
        Connection::Sqlite(c) => {
            let rows: Vec<SqlitePlan> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(c)?;
            Ok(rows.into_iter().map(|row| row.detail).collect::<Vec<_>>().join("\n"))
        }
        Connection::Postgres(_) => {
            // With few rows anything is cheap: these leave the index where it can serve at all.
            for other in ["seqscan", "bitmapscan", "sort", "incremental_sort"] {
                execute(c, &format!("SET LOCAL enable_{other} = off"))?;
            }
            execute(c, "SET LOCAL plan_cache_mode = force_generic_plan")?;
            execute(c, &format!("PREPARE explained AS {sql}"))?;
            let bound = (1..100)
                .take_while(|n| sql.contains(&format!("${n}")))
                .map(|_| "NULL")
                .collect::<Vec<_>>()
                .join(", ");
            let arguments = if bound.is_empty() { String::new() } else { format!("({bound})") };
            let Connection::Postgres(inner) = c else { panic!("it was PostgreSQL") };
            let rows: Vec<PostgresPlan> =
                diesel::sql_query(format!("EXPLAIN EXECUTE explained{arguments}")).load(inner)?;
            execute(c, "DEALLOCATE explained")?;
            Ok(rows.into_iter().map(|row| row.line).collect::<Vec<_>>().join("\n"))
        }
    })
    .unwrap()
}

/// Checks that the index gives the rows in order, and that what is before the position is not read.
fn assert_from_an_index(db: &TestDb, sql: &str, is_bounded: bool) {
    let plan = plan(db, sql);
    let (uses_index, sorts, bound) = if db.is_postgres() {
        (plan.contains("Index"), plan.contains("Sort"), plan.contains("Index Cond:"))
    } else {
        (plan.contains("INDEX"), plan.contains("TEMP B-TREE"), plan.contains("SEARCH"))
    };
    assert!(uses_index && !sorts, "{sql}\n{plan}");
    assert!(bound || !is_bounded, "it reads from the beginning: {sql}\n{plan}");
}

fn parts(value: SortValue, may_be_missing: bool) -> Vec<(Part, bool)> {
    let after = |key| Part::After(Position { key, id: Uuid::from_u128(5) });
    let mut parts = vec![(Part::First, false), (after(value), true)];
    if may_be_missing {
        parts.push((after(SortValue::Missing), true));
    }
    parts
}

on_both! {
    fn stretches_of_items(db) {
        let ada = somebody(&db, "ada");
        store_item(&db, &item(&ada, "Lamp")).unwrap();
        let mut seen = 0;
        for (_, key) in ItemSortKey::NAMES {
            let value = match key {
                ItemSortKey::CreatedAt | ItemSortKey::UpdatedAt => SortValue::Time(at(0)),
                ItemSortKey::Title => SortValue::Text("lamp".to_owned()),
                ItemSortKey::Price => SortValue::Number(5),
            };
            for descending in [false, true] {
                for owner in [None, Some(ada.id)] {
                    for (part, is_bounded) in parts(value.clone(), key == ItemSortKey::Price) {
                        let filter = ItemFilter { owner, search: None };
                        let request = PageRequest { filter, sort: Sort { key, descending }, part, size: 20 };
                        for sql in queries(&db, move |c| items::list(c, &request).map(drop)) {
                            assert_from_an_index(&db, &sql, is_bounded);
                            seen += 1;
                        }
                    }
                }
            }
        }
        assert!(seen >= 40, "{seen} queries");
    }

    fn stretches_of_users(db) {
        somebody(&db, "ada");
        let mut seen = 0;
        for (_, key) in UserSortKey::NAMES {
            let value = match key {
                UserSortKey::CreatedAt => SortValue::Time(at(0)),
                UserSortKey::Email | UserSortKey::FullName => SortValue::Text("ada".to_owned()),
            };
            for descending in [false, true] {
                for (search, role, include_deleted) in [
                    (None, None, false), (None, None, true), (Some("a".to_owned()), None, false), (None, Some(Role::Viewer), false),
                    (None, Some(Role::Viewer), true),
                ] {
                    for (part, is_bounded) in parts(value.clone(), key == UserSortKey::FullName) {
                        let filter = UserFilter { search: search.clone(), role, is_active: role.map(|_| true), include_deleted };
                        let request = PageRequest { filter, sort: Sort { key, descending }, part, size: 20 };
                        for sql in queries(&db, move |c| users::list(c, &request).map(drop)) {
                            assert_from_an_index(&db, &sql, is_bounded);
                            seen += 1;
                        }
                    }
                }
            }
        }
        assert!(seen >= 40, "{seen} queries");
    }

    fn stretches_of_the_audit_log(db) {
        let ada = somebody(&db, "ada").id;
        let none = AuditFilter::default();
        let filters = [
            none.clone(),
            AuditFilter { event: Some(AuditEvent::Login), ..none.clone() },
            AuditFilter { actor_id: Some(ada), ..none.clone() },
            AuditFilter { user_id: Some(ada), ..none.clone() },
            AuditFilter { since: Some(at(0)), until: Some(at(9)), ..none },
        ];
        let mut seen = 0;
        for filter in filters {
            for descending in [false, true] {
                for (part, is_bounded) in parts(SortValue::Time(at(0)), false) {
                    let sort = Sort { key: AuditSortKey::CreatedAt, descending };
                    let request = PageRequest { filter: filter.clone(), sort, part, size: 20 };
                    for sql in queries(&db, move |c| audit::list(c, &request).map(drop)) {
                        assert_from_an_index(&db, &sql, is_bounded);
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen >= 20, "{seen} queries");
    }

    /// What the worker and the tokens in its mail need, and sweeping.
    fn mail_tokens_and_sweeping(db) {
        let ada = somebody(&db, "ada");
        let (older, newer) = (mail(&ada, MailKind::VerifyEmail, 0), mail(&ada, MailKind::VerifyEmail, 1));
        put(&db, &older).unwrap();
        put(&db, &newer).unwrap();
        let token = OneTimeToken {
            id: OneTimeTokenId::new(at(0), &*ENTROPY),
            user_id: ada.id,
            purpose: TokenPurpose::VerifyEmail,
            email: ada.email.clone(),
            created_at: at(0),
            expires_at: at(1),
        };
        const VERIFY: TokenPurpose = TokenPurpose::VerifyEmail;
        let (user, email, id) = (ada.id, ada.email, token.id);
        let [held, first, second, third] = std::array::from_fn(|_| newer.clone());
        let all = [
            queries(&db, |c| outbox::any_due(c, at(0)).map(drop)),
            queries(&db, |c| outbox::has_waiting_for_anyone(c, 3).map(drop)),
            queries(&db, |c| outbox::bring_forward(c, at(0), at(1)).map(drop)),
            queries(&db, |c| outbox::lease(c, at(5_000_000), at(6_000_000), 8).map(drop)),
            queries(&db, move |c| outbox::held(c, &held).map(drop)),
            queries(&db, move |c| outbox::supersede(c, &newer).map(drop)),
            queries(&db, move |c| outbox::set_token(c, first.id, id)),
            queries(&db, move |c| outbox::retry(c, &first, at(0), "")),
            queries(&db, move |c| outbox::bury(c, &second, at(0), "")),
            queries(&db, |c| outbox::dead_letters(c, 8).map(drop)),
            queries(&db, |c| outbox::counts(c).map(drop)),
            queries(&db, |c| outbox::revive(c, at(0)).map(drop)),
            queries(&db, move |c| outbox::remove(c, &third)),
            queries(&db, move |c| one_time::replace(c, &token, &[1; 32])),
            queries(&db, move |c| one_time::find(c, &[1; 32], VERIFY, at(0)).map(drop)),
            queries(&db, move |c| one_time::newest(c, user, VERIFY).map(drop)),
            queries(&db, move |c| one_time::consume(c, &[1; 32], VERIFY, at(0))),
            queries(&db, move |c| one_time::void_all(c, user, &email)),
            queries(&db, |c| sweep::sessions(c, at(0)).map(drop)),
            queries(&db, |c| sweep::one_time_tokens(c, at(0)).map(drop)),
            queries(&db, |c| sweep::dead_letters(c, at(0)).map(drop)),
            queries(&db, |c| sweep::audit(c, at(0)).map(drop)),
        ];
        for sql in &all {
            assert!(!sql.is_empty());
            for sql in sql {
                // The partial indexes hold nothing else than what is counted, listed or revived.
                let whole = ["count(*)", "COUNT(*)", "DESC", "IS NOT NULL"].iter().any(|part| sql.contains(part));
                assert_from_an_index(&db, sql, !whole);
            }
        }
    }

    /// What every request asks is found by keys.
    fn lookups(db) {
        let ada = somebody(&db, "ada");
        let (lamp, session) = (item(&ada, "Lamp"), session(&ada));
        store_item(&db, &lamp).unwrap();
        store_session(&db, &session).unwrap();
        let another = crate::support::session(&ada);
        let (user, email, session) = (ada.id, ada.email.clone(), session.id);
        let all = [
            queries(&db, move |c| sessions::authenticate(c, session, user, 0, at(0)).map(drop)),
            queries(&db, move |c| sessions::refresh(c, session, 0, at(0), &LIMITS, &RequestContext::default()).map(drop)),
            queries(&db, move |c| users::find_with_hash_by_email(c, &email).map(drop)),
            queries(&db, move |c| items::find_for_change(c, lamp.id).map(drop)),
            queries(&db, move |c| items::update(c, lamp, at(1)).map(drop)),
            queries(&db, move |c| users::any_admin(c).map(drop)),
            queries(&db, move |c| users::update(c, ada, at(1)).map(drop)),
            queries(&db, move |c| sessions::insert(c, &another).map(drop)),
            queries(&db, move |c| sessions::end_all(c, user, None).map(drop)),
        ];
        for sql in &all {
            assert!(!sql.is_empty());
            for sql in sql.iter().filter(|sql| !sql.contains("pg_advisory_xact_lock")) {
                // With so few rows PostgreSQL counts administrators by whichever index comes first.
                assert_from_an_index(&db, sql, !sql.starts_with("SELECT COUNT"));
            }
        }
    }
}
