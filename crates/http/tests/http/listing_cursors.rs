//! Cursors that do not belong to the list they are used with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use plinth_domain::Role;
use plinth_testing::{Client, TestApp, encoded, on_both};
use serde_json::json;

/// An administrator, with three items and three users besides.
fn admin_of_some(app: &TestApp) -> Client {
    let admin = app.admin();
    for n in 0..3 {
        admin.post("/api/items", &json!({"title": format!("x{n}"), "price": n})).expect(201);
        app.user(Role::Viewer, &format!("x{n}"));
    }
    admin
}

on_both! {
    fn a_cursor_belongs_to_its_list(db) {
        let app = TestApp::start(db);
        let admin = admin_of_some(&app);
        let cursor = |path: &str| admin.get(path).expect(200).text("next_cursor");
        let owner = admin.id();
        let items = cursor("/api/items?page_size=1&search=x&sort=price");
        admin.get(&format!("/api/items?search=x&sort=price&page_size=2&cursor={items}")).expect(200);
        admin.get(&format!("/api/items?search=X&sort=price&cursor={items}")).expect(200);
        for query in [
            "search=x&sort=-price".to_owned(),
            "search=x&sort=title".to_owned(),
            "search=x".to_owned(),
            "sort=price".to_owned(),
            "search=x1&sort=price".to_owned(),
            format!("search=x&sort=price&owner_id={owner}"),
        ] {
            admin
                .get(&format!("/api/items?{query}&cursor={items}"))
                .expect_fields(&[("query/cursor", "invalid_cursor")]);
        }
        let users = cursor("/api/users?page_size=1&role=viewer&sort=email");
        for query in [
            "role=viewer&sort=-email",
            "sort=email",
            "role=editor&sort=email",
            "role=viewer&sort=email&is_active=true",
            "role=viewer&sort=email&include_deleted=true",
        ] {
            admin
                .get(&format!("/api/users?{query}&cursor={users}"))
                .expect_fields(&[("query/cursor", "invalid_cursor")]);
        }
        admin
            .get(&format!("/api/users?role=viewer&sort=email&page=1&cursor={users}&x=1"))
            .expect_fields(&[("query/cursor", "conflicting_fields"), ("query/x", "unknown_field")]);
    }

    fn a_malformed_cursor_is_refused(db) {
        let app = TestApp::start(db);
        let admin = admin_of_some(&app);
        for sort in ["created_at", "title", "price"] {
            let list =
                |cursor: &str| admin.get(&format!("/api/items?sort={sort}&cursor={}", encoded(cursor)));
            let good =
                admin.get(&format!("/api/items?sort={sort}&page_size=1")).expect(200).text("next_cursor");
            list(&good).expect(200);
            for bad in ["x", "!", "é", "null", " ", &format!("{good}="), &good[..30], &"A".repeat(5000)] {
                list(bad).expect_fields(&[("query/cursor", "invalid_cursor")]);
            }
            // Whatever is altered, it is a cursor or none: never a failure.
            for at in 0..good.len() {
                for other in ["A", "g", "_", "3"] {
                    let altered = format!("{}{other}{}", &good[..at], &good[at + 1..]);
                    let answer = list(&altered);
                    if answer.status != 200 {
                        answer.expect_fields(&[("query/cursor", "invalid_cursor")]);
                    }
                }
            }
        }
    }

    fn a_forged_cursor_is_refused_or_harmless(db) {
        let app = TestApp::start(db);
        let admin = admin_of_some(&app);
        app.editor();
        // Version, fingerprint and id stay; the kind of value and the value are others.
        const KIND: usize = 25;
        let values: [(u8, &[u8]); 9] = [
            (b't', &[0; 8]),
            (b't', &i64::MIN.to_be_bytes()),
            (b't', &i64::MAX.to_be_bytes()),
            // The years -200,000 and 200,000: databases do not have them.
            (b't', &(-6_373_000_000_000_000_000_i64).to_be_bytes()),
            (b't', &6_249_000_000_000_000_000_i64.to_be_bytes()),
            (b'n', &[0; 8]),
            (b'n', &i64::MIN.to_be_bytes()),
            (b's', b"text"),
            (b'-', b""),
        ];
        let orders = [
            (
                "items",
                ["created_at", "-created_at", "updated_at", "title", "-title", "price", "-price"].as_slice(),
            ),
            ("users", &["created_at", "-created_at", "email", "-email", "full_name", "-full_name"]),
            ("audit", &["created_at", "-created_at"]),
        ];
        for (list, sort) in orders.iter().flat_map(|(list, sorts)| sorts.iter().map(move |sort| (list, sort)))
        {
            let good =
                admin.get(&format!("/api/{list}?sort={sort}&page_size=1")).expect(200).text("next_cursor");
            let head = BASE64.decode(&good).unwrap()[..KIND].to_vec();
            for (kind, value) in values {
                let forged = BASE64.encode([head.as_slice(), &[kind], value].concat());
                let answer = admin.get(&format!("/api/{list}?sort={sort}&cursor={forged}"));
                if answer.status != 200 {
                    answer.expect_fields(&[("query/cursor", "invalid_cursor")]);
                }
            }
        }
    }
}
