//! Both databases have the same tables, columns and indexes, and the queries know all of them.

use plinth_testing::TestDb;

use crate::support::lines;

const OWN: &str = "__diesel_schema_migrations";

/// `table.column type null?`, with the types named alike.
fn columns(db: &TestDb) -> Vec<String> {
    if db.is_postgres() {
        return lines(
            db,
            &format!(
                "SELECT table_name || '.' || ordinal_position || ' ' || column_name || ' ' || data_type || ' ' || \
                 CASE is_nullable WHEN 'YES' THEN 'null' ELSE 'not null' END AS line \
                 FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '{OWN}' \
                 ORDER BY table_name, ordinal_position"
            ),
        );
    }
    lines(
        db,
        &format!(
            "SELECT t.name || '.' || (c.cid + 1) || ' ' || c.name || ' ' || c.type || ' ' || \
             CASE c.\"notnull\" WHEN 0 THEN 'null' ELSE 'not null' END AS line \
             FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name <> '{OWN}' \
             ORDER BY t.name, c.cid"
        ),
    )
}

fn indexes(db: &TestDb) -> Vec<String> {
    lines(
        db,
        if db.is_postgres() {
            "SELECT tablename || ' ' || indexname AS line FROM pg_indexes \
             WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey' ORDER BY 1"
        } else {
            "SELECT tbl_name || ' ' || name AS line FROM sqlite_master \
             WHERE type = 'index' AND name NOT LIKE 'sqlite_autoindex%' ORDER BY 1"
        },
    )
}

/// SQLite's types beside PostgreSQL's. An integer is also a flag, an instant or a number.
const SAME: [(&str, &[&str]); 3] = [
    ("BLOB", &["uuid", "bytea"]),
    ("TEXT", &["text"]),
    ("INTEGER", &["boolean", "timestamp with time zone", "integer", "bigint"]),
];

#[test]
fn both_databases_have_the_same_schema() {
    let sqlite = TestDb::sqlite();
    let Some(postgres) = TestDb::postgres() else { return };
    assert_eq!(indexes(&sqlite), indexes(&postgres));
    let (here, there) = (columns(&sqlite), columns(&postgres));
    assert!(here.len() > 20, "{here:?}");
    assert_eq!(here.len(), there.len(), "{here:#?} {there:#?}");
    for (here, there) in here.iter().zip(&there) {
        let alike = SAME.iter().any(|(sqlite, postgres)| {
            let parts = here.split_once(&format!(" {sqlite} "));
            parts.is_some_and(|(column, null)| {
                postgres.iter().any(|kind| *there == format!("{column} {kind} {null}"))
            })
        });
        assert!(alike, "{here} and {there}");
    }
}

#[test]
fn sqlite_checks_the_types_of_what_it_stores() {
    let db = TestDb::sqlite();
    let loose = lines(
        &db,
        &format!(
            "SELECT name AS line FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND strict = 0 AND name <> '{OWN}' AND name NOT LIKE 'sqlite%'"
        ),
    );
    assert!(loose.is_empty(), "{loose:?}");
}

/// The columns that the code reads and writes, as its own table definitions name them.
#[test]
fn the_queries_know_every_column() {
    let source = include_str!("../../src/schema.rs");
    let mut known = vec![];
    let mut table = "";
    let mut number = 0;
    for line in source.lines().map(str::trim).filter(|line| !line.starts_with("diesel::")) {
        if let Some((name, _)) = line.split_once(" (id) {") {
            (table, number) = (name, 0);
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            number += 1;
            let (kind, null) = match kind.strip_prefix("Nullable<") {
                Some(kind) => (kind.trim_end_matches('>'), "null"),
                None => (kind, "not null"),
            };
            let kind = match kind {
                "Id" | "Binary" => "BLOB",
                "Text" => "TEXT",
                _ => "INTEGER",
            };
            known.push(format!("{table}.{number} {column} {kind} {null}"));
        }
    }
    known.sort_by(|a, b| a.split('.').next().cmp(&b.split('.').next()));
    assert_eq!(known, columns(&TestDb::sqlite()));
}
