//! Lists of users: who sees them, what they hold, and in which order.

use std::time::Duration;

use plinth_domain::Role;
use plinth_testing::{Client, TestApp, encoded, on_both};
use serde_json::{Value, json};

/// Creates a user through an administrator, with that name or none.
fn create(admin: &Client, email: &str, name: Option<&str>) -> Value {
    let body = json!({"email": email, "password": "correct horse battery", "full_name": name});
    admin.post("/api/users", &body).expect(201).json()
}

/// The emails of a list, without the administrator's own.
#[track_caller]
fn emails(admin: &Client, query: &str) -> Vec<String> {
    let page = admin.get(&format!("/api/users?{query}")).expect(200);
    let emails = page.each("email");
    emails
        .iter()
        .map(|email| email.as_str().unwrap().replace("@example.com", ""))
        .filter(|email| email != "admin")
        .collect()
}

on_both! {
    fn editors_and_admins_list_users(db) {
        let app = TestApp::start(db);
        let (admin, eve, ada) = (app.admin(), app.editor(), app.viewer("ada"));
        for caller in [&admin, &eve] {
            let answer = caller.get("/api/users?sort=email").expect(200);
            assert_eq!(answer.header("cache-control"), "private, no-cache");
            assert_eq!(answer.each("email"), ["ada@example.com", "admin@example.com", "editor@example.com"]);
            assert_eq!(answer.json()["items"][0], ada.get("/api/users/me").json());
        }
        ada.get("/api/users").expect_problem(403, "forbidden");
        ada.get("/api/users?page_size=0&x=1").expect_problem(403, "forbidden");
        app.anyone().get("/api/users?page_size=0").expect_problem(401, "unauthenticated");
    }

    fn the_newest_come_first(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        for name in ["a", "b", "c"] {
            app.clock.advance(Duration::from_secs(1));
            create(&admin, &format!("{name}@example.com"), None);
        }
        assert_eq!(emails(&admin, ""), ["c", "b", "a"]);
        assert_eq!(emails(&admin, "sort=-created_at"), ["c", "b", "a"]);
        assert_eq!(emails(&admin, "sort=created_at"), ["a", "b", "c"]);
    }

    fn text_sorts_by_code_point_of_its_folded_form_and_nulls_last(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        for (email, name) in [
            ("n1", Some("zoe")),
            ("n2", Some("Ada")),
            ("n3", None),
            ("n4", Some("ada b")),
            ("n5", Some("Émile")),
            ("n6", Some("_x")),
            ("n7", Some("ÖRJAN")),
            ("n8", Some("örjaN a")),
            ("n9", Some("Straße")),
            ("n10", Some("STRASSF")),
        ] {
            create(&admin, &format!("{email}@example.com"), name);
        }
        let rising = ["n6", "n2", "n4", "n9", "n10", "n1", "n5", "n7", "n8"];
        let mut expected = rising.to_vec();
        expected.push("n3");
        assert_eq!(emails(&admin, "sort=full_name"), expected);
        let mut expected: Vec<&str> = rising.into_iter().rev().collect();
        expected.push("n3");
        assert_eq!(emails(&admin, "sort=-full_name"), expected);
        let by_email = ["n10", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"];
        assert_eq!(emails(&admin, "sort=email"), by_email);
        assert_eq!(emails(&admin, "sort=-email"), by_email.into_iter().rev().collect::<Vec<_>>());
    }

    fn search_ignores_case_in_all_of_unicode(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        create(&admin, "a@example.com", Some("Émile Zola"));
        create(&admin, "b@example.com", Some("Straße 100%"));
        create(&admin, "c@example.com", Some("ΣΊΣΥΦΟΣ snake_case"));
        create(&admin, "d@example.com", Some("back\\slash [x] * ?"));
        create(&admin, "e@example.com", None);
        for (search, found) in [
            ("émile", vec!["a"]),
            ("E\u{301}MILE", vec!["a"]),
            ("emile", vec![]),
            ("LE zo", vec!["a"]),
            ("STRASSE", vec!["b"]),
            ("straße", vec!["b"]),
            ("σίσυφος", vec!["c"]),
            ("%", vec!["b"]),
            ("_", vec!["c"]),
            ("snake_", vec!["c"]),
            ("snak_", vec![]),
            ("1%0", vec![]),
            ("\\", vec!["d"]),
            ("k\\s", vec!["d"]),
            ("*", vec!["d"]),
            ("'", vec![]),
            ("C@EXAMPLE", vec!["c"]),
            // Nothing is found across the end of the email.
            ("comémile", vec![]),
            ("com émile", vec![]),
            ("", vec!["a", "b", "c", "d", "e"]),
        ] {
            assert_eq!(emails(&admin, &format!("sort=email&search={}", encoded(search))), found, "{search}");
        }
        let long = "é".repeat(201);
        admin
            .get(&format!("/api/users?search={}", encoded(&long)))
            .expect_fields(&[("query/search", "too_long")]);
        admin.get("/api/users?search=a%00b").expect_fields(&[("query/search", "nul_character")]);
    }

    fn filters_narrow_the_list(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        app.user(Role::Editor, "eve");
        app.user(Role::Viewer, "ada");
        let off = app.user(Role::Viewer, "off");
        admin.patch(&format!("/api/users/{}", off.id), &json!({"is_active": false})).expect(200);
        for (query, found) in [
            ("role=viewer", vec!["ada", "off"]),
            ("role=editor", vec!["eve"]),
            ("role=admin", vec![]),
            ("is_active=true", vec!["ada", "eve"]),
            ("is_active=false", vec!["off"]),
            ("role=viewer&is_active=true&search=A", vec!["ada"]),
            ("role=editor&search=ada", vec![]),
        ] {
            assert_eq!(emails(&admin, &format!("sort=email&{query}")), found, "{query}");
        }
        let page = admin.get("/api/users?role=viewer&page_size=1").expect(200).json();
        assert_eq!((&page["total"], &page["page"], &page["page_size"]), (&json!(2), &json!(1), &json!(1)));
    }

    fn deleted_users_are_shown_to_admins_who_ask(db) {
        let app = TestApp::start(db);
        let (admin, eve) = (app.admin(), app.editor());
        let gone = app.user(Role::Viewer, "gone");
        admin.delete(&format!("/api/users/{}", gone.id)).expect(204);
        for query in ["sort=email", "sort=email&include_deleted=false"] {
            assert_eq!(emails(&admin, query), ["editor"]);
            assert_eq!(emails(&eve, query), ["editor"]);
        }
        let all = admin.get("/api/users?sort=email&include_deleted=true").expect(200);
        assert_eq!(all.each("email"), ["admin@example.com", "editor@example.com", "gone@example.com"]);
        assert!(all.json()["items"][2]["deleted_at"].is_string());
        assert_eq!(all.json()["total"], 3);
        eve.get("/api/users?include_deleted=true").expect_problem(403, "forbidden");
        // The role is looked at first.
        eve.get("/api/users?include_deleted=true&page_size=0").expect_problem(403, "forbidden");
        eve.get("/api/users?include_deleted=maybe").expect_fields(&[("query/include_deleted", "wrong_type")]);
    }
}
