//! Every stretch of a list is read from an index, in the index's order: what the databases say about the queries that
//! are really run.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel::{Connection as _, RunQueryDsl, sql_types::Text};
use plinth_domain::Role;
use plinth_domain::items::{ItemFilter, ItemSortKey};
use plinth_domain::paging::{PageRequest, Part, Position, Sort, SortValue};
use plinth_domain::users::{UserFilter, UserSortKey};
use plinth_persistence::{Connection, Error, Result, items, sessions, users};
use plinth_testing::{TestDb, on_both};
use uuid::Uuid;

use crate::support::{LIMITS, at, execute, item, session, somebody, store_item, store_session};

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
            queries(&db, move |c| sessions::refresh(c, session, 0, at(0), &LIMITS).map(drop)),
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
