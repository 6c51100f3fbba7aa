//! The list of the audit log: who may read it, in which order, and which part of it.

use std::time::Duration;

use plinth_auth::SystemEntropy;
use plinth_domain::audit::{AuditEntry, EventName};
use plinth_domain::{AuditId, RequestContext, Role, Timestamp};
use plinth_persistence::audit;
use plinth_testing::{Answer, Client, PASSWORD, TestApp, encoded, on_both};
use serde_json::{Value, json};

const AUDIT: &str = "/api/audit";

/// Some instant.
fn start() -> Timestamp {
    Timestamp::parse("2026-11-20T10:15:25.123456Z").unwrap()
}

/// An application whose clock stands still, and an administrator of it.
fn started(db: plinth_testing::TestDb) -> (TestApp, Client) {
    let app = TestApp::start(db);
    app.clock.stand_at(start());
    let admin = app.admin();
    (app, admin)
}

fn ids(page: &Answer) -> Vec<Value> {
    page.clone().expect(200).each("id")
}

/// Follows the cursors from the first page on.
fn by_cursor(admin: &Client, query: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("{AUDIT}?{query}&cursor={cursor}")).expect(200);
        let body = page.json();
        assert_eq!((&body["total"], &body["page"]), (&Value::Null, &Value::Null));
        found.extend(ids(&page));
        match body["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
    }
}

on_both! {
    fn the_newest_come_first_in_numbered_pages_with_a_total(db) {
        let (app, admin) = started(db);
        app.user(Role::Viewer, "ada");
        for n in 1..=4 {
            app.clock.stand_at(start().plus(Duration::from_secs(n)));
            app.login("ada@example.com", "wrong password").expect(400);
        }
        let page = admin.get(&format!("{AUDIT}?page_size=2&page=2")).expect(200);
        assert_eq!(page.header("cache-control"), "private, no-cache");
        let body = page.json();
        assert_eq!(
            (&body["total"], &body["page"], &body["page_size"]),
            (&json!(5), &json!(2), &json!(2))
        );
        let at = |n| json!(start().plus(Duration::from_secs(n)));
        assert_eq!(page.each("created_at"), [at(2), at(1)]);
        let all = admin.get(AUDIT).expect(200);
        assert_eq!(all.each("created_at"), [at(4), at(3), at(2), at(1), at(0)]);
        assert_eq!(all.json()["page_size"], 20);
        let oldest = admin.get(&format!("{AUDIT}?sort=created_at")).expect(200);
        assert_eq!(oldest.each("created_at"), [at(0), at(1), at(2), at(3), at(4)]);
        let beyond = admin.get(&format!("{AUDIT}?page=9")).expect(200).json();
        assert_eq!((&beyond["items"], &beyond["total"]), (&json!([]), &json!(5)));

        let mut first = oldest.json()["items"][0].clone();
        let names: Vec<String> = first.as_object().unwrap().keys().cloned().collect();
        let mut expected = [
            "id", "created_at", "event", "actor_id", "user_id", "ip", "user_agent", "request_id", "details",
        ];
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(first["event"].take(), "login");
    }

    fn cursors_go_over_entries_of_the_same_instant(db) {
        let (app, admin) = started(db);
        app.user(Role::Viewer, "ada");
        for _ in 0..7 {
            app.login("ada@example.com", "wrong password").expect(400);
        }
        let newest = ids(&admin.get(AUDIT));
        assert_eq!(newest.len(), 8);
        let mut oldest = newest.clone();
        oldest.reverse();
        for size in [1, 2, 3, 8, 9] {
            assert_eq!(by_cursor(&admin, &format!("page_size={size}")), newest);
            assert_eq!(by_cursor(&admin, &format!("page_size={size}&sort=created_at")), oldest);
        }
        // What is added meanwhile is newer, and moves nothing.
        let first = admin.get(&format!("{AUDIT}?page_size=5&cursor=")).expect(200);
        app.clock.stand_at(start().plus(Duration::from_secs(1)));
        app.login("ada@example.com", PASSWORD).expect(200);
        let rest = admin.get(&format!("{AUDIT}?page_size=5&cursor={}", first.text("next_cursor")));
        assert_eq!([ids(&first), ids(&rest)].concat(), newest);
    }

    fn an_event_of_a_newer_version_is_shown_as_it_is(db) {
        let (app, admin) = started(db);
        let entry = AuditEntry {
            id: AuditId::new(start(), &SystemEntropy),
            at: start().plus(Duration::from_secs(1)),
            event: EventName::from_stored("passkey_added".to_owned()),
            actor_id: None,
            user_id: None,
            context: RequestContext::default(),
            details: Vec::new(),
        };
        app.db.write(move |c| audit::record(c, &entry)).unwrap();
        assert_eq!(admin.get(AUDIT).expect(200).each("event"), ["passkey_added", "login"]);
        // A filter takes the names that are known here.
        admin.get(&format!("{AUDIT}?event=passkey_added")).expect(422);
    }

    fn filters_narrow_the_list(db) {
        let (app, admin) = started(db);
        let ada = app.user(Role::Viewer, "ada").id.to_string();
        let path = format!("/api/users/{ada}");
        app.clock.stand_at(start().plus(Duration::from_secs(1)));
        app.login("ada@example.com", PASSWORD).expect(200);
        app.clock.stand_at(start().plus(Duration::from_secs(2)));
        admin.patch(&path, &json!({"role": "editor"})).expect(200);
        app.clock.stand_at(start().plus(Duration::from_secs(3)));
        app.login("nobody@example.com", PASSWORD).expect(400);
        let by = admin.id();
        let list = |query: &str| -> Vec<String> {
            let page = admin.get(&format!("{AUDIT}?{query}")).expect(200);
            let events: Vec<_> =
                page.each("event").iter().map(|event| event.as_str().unwrap().to_owned()).collect();
            assert_eq!(page.json()["total"], events.len());
            assert_eq!(by_cursor(&admin, &format!("{query}&page_size=1")), ids(&page));
            events
        };
        let none: [&str; 0] = [];
        assert_eq!(list("event=login"), ["login", "login"]);
        assert_eq!(list("event=deleted"), none);
        assert_eq!(list(&format!("actor_id={by}")), ["role_changed", "login"]);
        assert_eq!(list(&format!("actor_id={}", ada.to_uppercase())), ["login"]);
        assert_eq!(list(&format!("user_id={ada}")), ["role_changed", "login"]);
        assert_eq!(list(&format!("user_id={ada}&actor_id={by}")), ["role_changed"]);
        assert_eq!(list(&format!("user_id={ada}&actor_id={by}&event=login")), none);
        assert_eq!(list("user_id=01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e"), none);
        // `since` belongs to it, `until` does not.
        let second = start().plus(Duration::from_secs(2));
        let (at, after) = (encoded(&second.to_string()), encoded(&second.next().to_string()));
        assert_eq!(list(&format!("since={at}")), ["login_failed", "role_changed"]);
        assert_eq!(list(&format!("since={after}")), ["login_failed"]);
        assert_eq!(list(&format!("until={at}")), ["login", "login"]);
        assert_eq!(list(&format!("until={after}")), ["role_changed", "login", "login"]);
        assert_eq!(list(&format!("since={at}&until={after}")), ["role_changed"]);
        assert_eq!(list(&format!("since={after}&until={at}")), none);
        // The same instant elsewhere.
        let elsewhere = encoded("2026-11-20T12:15:27.123456+02:00");
        assert_eq!(list(&format!("since={elsewhere}&until={after}")), ["role_changed"]);
        for far in ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00+23:59"] {
            assert_eq!(list(&format!("since={}", encoded(far))).len(), 4);
        }
        for far in ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:59"] {
            assert_eq!(list(&format!("until={}", encoded(far))).len(), 4);
        }
    }

    fn everything_that_is_wrong_is_named(db) {
        let (app, admin) = started(db);
        app.login("nobody@example.com", PASSWORD).expect(400);
        let bad = |query: &str, fields: &[(&str, &str)]| {
            admin.get(&format!("{AUDIT}?{query}")).expect_fields(fields);
        };
        bad(
            "event=Login&actor_id=no-id&user_id=&since=yesterday&until=2026-11-20&sort=event&page=0&page_size=101&x=1",
            &[
                ("query/event", "invalid_choice"),
                ("query/actor_id", "invalid_id"),
                ("query/user_id", "invalid_id"),
                ("query/since", "invalid_time"),
                ("query/until", "invalid_time"),
                ("query/sort", "invalid_choice"),
                ("query/page", "out_of_range"),
                ("query/page_size", "out_of_range"),
                ("query/x", "unknown_field"),
            ],
        );
        bad("search=a", &[("query/search", "unknown_field")]);
        bad("event=", &[("query/event", "invalid_choice")]);
        bad("event=login&event=login", &[("query/event", "duplicate_field")]);
        bad("user_id=01990d5c7b1e7c3a9f610d9a3f1c2b4e", &[("query/user_id", "invalid_id")]);
        // A plus sign that was not encoded is a blank.
        bad("since=2026-11-20T12:15:27+02:00", &[("query/since", "invalid_time")]);
        bad("since=2026-02-30T00:00:00Z", &[("query/since", "invalid_time")]);
        bad("page=1&cursor=", &[("query/cursor", "conflicting_fields")]);
        let cursor = admin.get(&format!("{AUDIT}?page_size=1")).expect(200).text("next_cursor");
        for query in ["sort=created_at", "event=login", "since=2026-11-20T00:00:00Z"] {
            bad(&format!("{query}&cursor={cursor}"), &[("query/cursor", "invalid_cursor")]);
        }
        bad("cursor=x", &[("query/cursor", "invalid_cursor")]);
        admin.get(&format!("{AUDIT}?cursor={cursor}")).expect(200);
    }

    fn administrators_alone_read_it(db) {
        let (app, admin) = started(db);
        for query in ["", "?event=login", "?x=1"] {
            let path = format!("{AUDIT}{query}");
            app.anyone().get(&path).expect_problem(401, "unauthenticated");
        }
        for who in [app.editor(), app.viewer("ada")] {
            for query in ["", "?x=1", &format!("?user_id={}", who.id())] {
                who.get(&format!("{AUDIT}{query}")).expect_problem(403, "forbidden");
            }
        }
        // It is read, and nothing else.
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            admin.json(method, AUDIT, &[], &json!({})).expect_problem(405, "method_not_allowed");
        }
    }
}
