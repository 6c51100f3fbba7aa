//! Paging, sorting and searching, as all lists do it.

use std::collections::HashSet;
use std::time::Duration;

use plinth_testing::{Client, TestApp, encoded, on_both};
use serde_json::{Value, json};

fn create(client: &Client, title: &str, price: Value) {
    client.post("/api/items", &json!({"title": title, "price": price})).expect(201);
}

/// Walks a list by cursor from its beginning; `between` is done after each page.
fn walk(client: &Client, path: &str, mut between: impl FnMut()) -> Vec<Value> {
    let mut cursor = String::new();
    let mut rows = Vec::new();
    loop {
        let page = client.get(&format!("{path}&cursor={}", encoded(&cursor))).expect(200).json();
        assert_eq!(
            (&page["total"], &page["page"]),
            (&Value::Null, &Value::Null),
            "by cursor nothing is counted"
        );
        let size = usize::try_from(page["page_size"].as_u64().unwrap()).unwrap();
        let found = page["items"].as_array().unwrap();
        rows.extend(found.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(found.len(), size, "only the last page is not full");
                cursor = next.to_owned();
            }
            None => return rows,
        }
        between();
    }
}

fn field(rows: &[Value], name: &str) -> Vec<Value> {
    rows.iter().map(|row| row[name].clone()).collect()
}

on_both! {
    fn pages_are_counted(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for n in 0..25 {
            create(&ada, &format!("{n:02}"), Value::Null);
        }
        let page = |query: &str| ada.get(&format!("/api/items?sort=title&{query}")).expect(200);
        let first = page("").json();
        assert_eq!(
            (&first["total"], &first["page"], &first["page_size"]),
            (&json!(25), &json!(1), &json!(20))
        );
        assert_eq!(page("").each("title").len(), 20);
        let last = page("page=2");
        assert_eq!(last.each("title"), ["20", "21", "22", "23", "24"]);
        assert_eq!(
            (&last.json()["total"], &last.json()["page"], &last.json()["next_cursor"]),
            (&json!(25), &json!(2), &Value::Null)
        );
        assert_eq!(page("page=3&page_size=10").each("title"), ["20", "21", "22", "23", "24"]);
        assert_eq!(page("page=25&page_size=1").json()["next_cursor"], Value::Null);
        assert_eq!(page("page_size=100").each("title").len(), 25);
        for beyond in ["page=3", "page=2147483647&page_size=100"] {
            let answer = page(beyond);
            assert_eq!((answer.each("title").len(), &answer.json()["total"]), (0, &json!(25)));
            assert_eq!(answer.json()["next_cursor"], Value::Null);
        }
        // A numbered page says how to go on by cursor.
        let next = page("page=2&page_size=10").text("next_cursor");
        assert_eq!(
            page(&format!("page_size=10&cursor={next}")).each("title"),
            ["20", "21", "22", "23", "24"]
        );
    }

    fn an_empty_list_is_a_page_too(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for (query, total, page) in [("", json!(0), json!(1)), ("?cursor=", Value::Null, Value::Null)] {
            assert_eq!(
                ada.get(&format!("/api/items{query}")).expect(200).json(),
                json!({"items": [], "total": total, "page": page, "page_size": 20, "next_cursor": null})
            );
        }
    }

    fn a_query_string_is_refused_with_all_its_faults(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        for path in ["/api/items", "/api/users"] {
            let list = |query: &str| admin.get(&format!("{path}?{query}"));
            list("page=0&page_size=101&sort=id&limit=5&offset=0").expect_fields(&[
                ("query/page", "out_of_range"),
                ("query/page_size", "out_of_range"),
                ("query/sort", "invalid_choice"),
                ("query/limit", "unknown_field"),
                ("query/offset", "unknown_field"),
            ]);
            list("page=1&page=2&search=a&search=a&sort=&page_size=x").expect_fields(&[
                ("query/page", "duplicate_field"),
                ("query/search", "duplicate_field"),
                ("query/sort", "invalid_choice"),
                ("query/page_size", "wrong_type"),
            ]);
            for (size, code) in [
                ("0", "out_of_range"),
                ("-1", "wrong_type"),
                ("", "wrong_type"),
                ("1.5", "out_of_range"),
                ("99999999999999999999", "out_of_range"),
            ] {
                list(&format!("page_size={size}")).expect_fields(&[("query/page_size", code)]);
            }
            for sort in ["--created_at", "+title", "CREATED_AT", "created_at,email", "-", "password_hash"] {
                list(&format!("sort={}", encoded(sort))).expect_fields(&[("query/sort", "invalid_choice")]);
            }
            list("page=1&cursor=").expect_fields(&[("query/cursor", "conflicting_fields")]);
            list("page=2147483648").expect_fields(&[("query/page", "out_of_range")]);
        }
        admin.get("/api/users?role=root&is_active=1&include_deleted=").expect_fields(&[
            ("query/role", "invalid_choice"),
            ("query/is_active", "wrong_type"),
            ("query/include_deleted", "wrong_type"),
        ]);
        // Each list has its own orders.
        admin.get("/api/users?sort=title").expect_fields(&[("query/sort", "invalid_choice")]);
        admin.get("/api/items?sort=email").expect_fields(&[("query/sort", "invalid_choice")]);
    }

    fn a_walk_by_cursor_sees_every_row_once_whatever_is_added(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for n in 0..12 {
            // Ties in every order but one.
            create(
                &ada,
                if n % 2 == 0 { "same" } else { "Same" },
                if n % 3 == 0 { Value::Null } else { json!(1) },
            );
        }
        let before: HashSet<Value> =
            ada.get("/api/items?page_size=100").expect(200).each("id").into_iter().collect();
        for sort in
            ["created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "price", "-price"]
        {
            let rows = walk(&ada, &format!("/api/items?page_size=5&sort={sort}"), || {
                app.clock.advance(Duration::from_secs(1));
                create(&ada, "a first", json!(0));
                create(&ada, "z last", json!(2));
            });
            let ids = field(&rows, "id");
            let distinct: HashSet<Value> = ids.iter().cloned().collect();
            assert_eq!(distinct.len(), ids.len(), "{sort}: none twice");
            assert!(before.is_subset(&distinct), "{sort}: none is missing");
        }
    }

    fn a_walk_gives_what_the_pages_give(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for (title, price) in [
            ("b", json!(3)),
            ("B", Value::Null),
            ("a", json!(0)),
            ("c", Value::Null),
            ("A", json!(3)),
            ("é", json!(0.01)),
            ("z", json!(9_999_999_999.99_f64)),
        ] {
            create(&ada, title, price);
        }
        for sort in
            ["created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "price", "-price"]
        {
            let all = ada.get(&format!("/api/items?sort={sort}")).expect(200).each("id");
            assert_eq!(all.len(), 7);
            for size in [1, 2, 3, 7] {
                let walked = walk(&ada, &format!("/api/items?sort={sort}&page_size={size}"), || {});
                assert_eq!(field(&walked, "id"), all, "{sort} by {size}");
                let paged: Vec<Value> = (1..=7_u32.div_ceil(size))
                    .flat_map(|page| {
                        ada.get(&format!("/api/items?sort={sort}&page_size={size}&page={page}"))
                            .expect(200)
                            .each("id")
                    })
                    .collect();
                assert_eq!(paged, all, "{sort} by pages of {size}");
            }
        }
    }

    fn prices_sort_as_numbers_with_none_last_both_ways(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for price in [json!(10), Value::Null, json!(9.5), json!(0), Value::Null, json!(100)] {
            create(&ada, "x", price);
        }
        let sorted = |sort: &str| ada.get(&format!("/api/items?sort={sort}")).expect(200).each("price");
        let none = Value::Null;
        assert_eq!(
            sorted("price"),
            [json!(0.0), json!(9.5), json!(10.0), json!(100.0), none.clone(), none.clone()]
        );
        assert_eq!(sorted("-price"), [json!(100.0), json!(10.0), json!(9.5), json!(0.0), none.clone(), none]);
    }

    fn titles_and_changes_sort_both_ways(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for title in ["banana", "Apple", "_", "Éclair", "apple pie"] {
            app.clock.advance(Duration::from_secs(1));
            create(&ada, title, Value::Null);
        }
        let sorted = |sort: &str| ada.get(&format!("/api/items?sort={sort}")).expect(200).each("title");
        assert_eq!(sorted("title"), ["_", "Apple", "apple pie", "banana", "Éclair"]);
        assert_eq!(sorted("-title"), ["Éclair", "banana", "apple pie", "Apple", "_"]);
        assert_eq!(sorted("updated_at"), ["banana", "Apple", "_", "Éclair", "apple pie"]);
        let banana = ada.get("/api/items?sort=created_at").expect(200).each("id")[0].clone();
        app.clock.advance(Duration::from_secs(1));
        ada.patch(&format!("/api/items/{}", banana.as_str().unwrap()), &json!({"price": 1})).expect(200);
        assert_eq!(sorted("-updated_at"), ["banana", "apple pie", "Éclair", "_", "Apple"]);
        assert_eq!(sorted("created_at"), ["banana", "Apple", "_", "Éclair", "apple pie"]);
    }

    fn items_are_found_by_title_and_description(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let make = |title: &str, description: Value| {
            ada.post("/api/items", &json!({"title": title, "description": description})).expect(201);
        };
        make("Größe 100%", json!("aus Holz"));
        make("under_score", json!("ÉTÉ"));
        make("back\\slash", Value::Null);
        make("line", json!("one\ntwo"));
        for (search, found) in [
            ("GRÖSSE", vec!["Größe 100%"]),
            ("HOLZ", vec!["Größe 100%"]),
            ("été", vec!["under_score"]),
            ("_", vec!["under_score"]),
            ("%", vec!["Größe 100%"]),
            ("%25", vec![]),
            ("\\", vec!["back\\slash"]),
            ("e\nt", vec!["line"]),
            ("100%aus", vec![]),
        ] {
            let list = ada.get(&format!("/api/items?search={}", encoded(search))).expect(200);
            assert_eq!(list.each("title"), found, "{search:?}");
        }
        let walked = walk(&ada, "/api/items?search=e&page_size=1&sort=title", || {});
        assert_eq!(field(&walked, "title"), ["Größe 100%", "line", "under_score"]);
    }
}
