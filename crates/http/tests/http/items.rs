//! Items: who sees and changes whose, and what they hold.

use plinth_testing::{Answer, Client, TestApp, on_both};
use serde_json::{Value, json};

const ITEMS: &str = "/api/items";
const UNKNOWN: &str = "/api/items/01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";

/// Creates an item and gives where it is found.
fn create(client: &Client, title: &str) -> String {
    client.post(ITEMS, &json!({"title": title})).expect(201).header("location").to_owned()
}

/// Sends an item with a price written like that.
fn with_price(client: &Client, price: &str) -> Answer {
    client.json_text("POST", ITEMS, &format!(r#"{{"title": "Lamp", "price": {price}}}"#))
}

on_both! {
    fn anyone_signed_in_creates_items(db) {
        let app = TestApp::start(db);
        for ada in [app.viewer("ada"), app.editor(), app.admin()] {
            let answer = ada
                .post(ITEMS, &json!({"title": " Lamp ", "description": " of brass ", "price": 12.5}))
                .expect(201);
            let item = answer.json();
            assert_eq!(answer.header("cache-control"), "private, no-cache");
            assert_eq!(answer.header("location"), format!("{ITEMS}/{}", item["id"].as_str().unwrap()));
            assert!(answer.header("etag").starts_with('"'), "a strong tag: {}", answer.header("etag"));
            assert_eq!(item.as_object().unwrap().len(), 7);
            assert_eq!(item["owner_id"], ada.id());
            assert_eq!(
                (&item["title"], &item["description"], &item["price"]),
                (&json!("Lamp"), &json!(" of brass "), &json!(12.5))
            );
            assert_eq!(item["created_at"], item["updated_at"]);

            let found = ada.get(answer.header("location")).expect(200);
            assert_eq!(found.json(), item);
            assert_eq!(found.header("etag"), answer.header("etag"));
            assert_eq!(found.header("cache-control"), "private, no-cache");
        }
    }

    fn a_title_is_all_it_takes(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for body in [json!({"title": "Lamp"}), json!({"title": "Lamp", "description": null, "price": null})] {
            let item = ada.post(ITEMS, &body).expect(201).json();
            assert_eq!((&item["description"], &item["price"]), (&Value::Null, &Value::Null));
        }
        let item =
            ada.post(ITEMS, &json!({"title": "Lamp", "description": "", "price": 0})).expect(201).json();
        assert_eq!((&item["description"], &item["price"]), (&json!(""), &json!(0.0)));
    }

    fn every_bad_field_is_named_at_once(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        ada.post(ITEMS, &json!({})).expect_fields(&[("/title", "required")]);
        ada.post(
            ITEMS,
            &json!({"title": null, "description": 1, "price": true, "owner_id": ada.id(), "id": 1}),
        )
        .expect_fields(&[
            ("/title", "null_not_allowed"),
            ("/description", "wrong_type"),
            ("/price", "wrong_type"),
            ("/owner_id", "unknown_field"),
            ("/id", "unknown_field"),
        ]);
        for (title, code) in [
            ("", "blank"),
            (" \t\u{2003}", "blank"),
            (&"é".repeat(201), "too_long"),
            ("a\0", "nul_character"),
        ] {
            ada.post(ITEMS, &json!({"title": title, "description": "x\0", "price": -1})).expect_fields(&[
                ("/title", code),
                ("/description", "nul_character"),
                ("/price", "out_of_range"),
            ]);
        }
        ada.post(ITEMS, &json!({"title": "x", "description": "é".repeat(10_001)}))
            .expect_fields(&[("/description", "too_long")]);
        assert_eq!(ada.get(ITEMS).expect(200).json()["total"], 0);
        ada.post(
            ITEMS,
            &json!({"title": format!(" {} ", "é".repeat(200)), "description": "é".repeat(10_000)}),
        )
        .expect(201);
    }

    fn a_price_is_exact(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for (sent, shown) in [
            ("12.340", "12.34"),
            ("1e2", "100.0"),
            ("1E+2", "100.0"),
            ("12.5e-1", "1.25"),
            ("0", "0.0"),
            ("-0", "0.0"),
            ("0.01", "0.01"),
            ("0.10", "0.1"),
            ("0.29", "0.29"),
            ("1.15", "1.15"),
            ("4503599627.37", "4503599627.37"),
            ("9999999999.99", "9999999999.99"),
            ("999999999999e-2", "9999999999.99"),
            ("100000e-5", "1.0"),
        ] {
            let made = with_price(&ada, sent).expect(201);
            let found = ada.get(made.header("location")).expect(200);
            for answer in [made, found] {
                let text = String::from_utf8(answer.body).unwrap();
                assert!(text.contains(&format!("\"price\":{shown},")), "{sent}: {text}");
            }
        }
        for (sent, code) in [
            ("12.345", "too_many_decimals"),
            ("0.001", "too_many_decimals"),
            ("1e-3", "too_many_decimals"),
            ("\"12.5\"", "wrong_type"),
            ("\"\"", "wrong_type"),
            ("[1]", "wrong_type"),
            ("{}", "wrong_type"),
            ("false", "wrong_type"),
            ("-0.01", "out_of_range"),
            ("-1", "out_of_range"),
            ("10000000000", "out_of_range"),
            ("1e10", "out_of_range"),
            ("1e400", "out_of_range"),
            ("9999999999.991", "too_many_decimals"),
        ] {
            with_price(&ada, sent).expect_fields(&[("/price", code)]);
        }
        for no_json in ["+1", "01", "1.", ".5", "NaN", "Infinity", "0x10", "1_000"] {
            with_price(&ada, no_json).expect_problem(400, "malformed_json");
        }
    }

    fn put_and_patch_change_what_they_name(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for method in ["PUT", "PATCH"] {
            let made =
                ada.post(ITEMS, &json!({"title": "Lamp", "description": "Brass", "price": 12.5})).expect(201);
            let path = made.header("location").to_owned();
            let mut expected = made.json();
            for (body, field, value) in [
                (json!({"title": " Table "}), "title", json!("Table")),
                (json!({"description": null}), "description", Value::Null),
                (json!({"description": "Oak"}), "description", json!("Oak")),
                (json!({"price": null}), "price", Value::Null),
                (json!({"price": 7}), "price", json!(7.0)),
            ] {
                let before = ada.get(&path).expect(200);
                let answer = ada.json(method, &path, &[], &body).expect(200);
                let item = answer.json();
                assert!(
                    item["updated_at"].as_str() > before.json()["updated_at"].as_str(),
                    "versions differ"
                );
                assert_ne!(answer.header("etag"), before.header("etag"));
                expected[field] = value;
                expected["updated_at"] = item["updated_at"].clone();
                assert_eq!(item, expected, "{method} {body}");
                let found = ada.get(&path).expect(200);
                assert_eq!((found.json(), found.header("etag")), (item, answer.header("etag")));
            }
            ada.json(method, &path, &[], &json!({"title": null, "price": "1", "owner_id": null}))
                .expect_fields(&[
                    ("/title", "null_not_allowed"),
                    ("/price", "wrong_type"),
                    ("/owner_id", "unknown_field"),
                ]);
            assert_eq!(ada.get(&path).expect(200).json(), expected);
        }
    }

    fn another_viewers_item_does_not_exist(db) {
        let app = TestApp::start(db);
        let (ada, bob) = (app.viewer("ada"), app.viewer("bob"));
        let lamp = create(&ada, "Lamp");
        for path in [lamp.as_str(), UNKNOWN, "/api/items/1", "/api/items/LAMP"] {
            bob.get(path).expect_problem(404, "not_found");
            bob.patch(path, &json!({"title": "Mine"})).expect_problem(404, "not_found");
            bob.put(path, &json!({"title": ""})).expect_problem(404, "not_found");
            bob.delete(path).expect_problem(404, "not_found");
            bob.send("DELETE", path, &[("if-match", "\"x\"")], Vec::new()).expect_problem(404, "not_found");
        }
        assert_eq!(ada.get(&lamp).expect(200).text("title"), "Lamp");
    }

    fn an_editor_sees_but_does_not_change(db) {
        let app = TestApp::start(db);
        let (ada, eve) = (app.viewer("ada"), app.editor());
        let lamp = create(&ada, "Lamp");
        assert_eq!(eve.get(&lamp).expect(200).text("title"), "Lamp");
        eve.patch(&lamp, &json!({"title": "Mine"})).expect_problem(403, "forbidden");
        eve.put(&lamp, &json!({"title": ""})).expect_problem(403, "forbidden");
        eve.delete(&lamp).expect_problem(403, "forbidden");
        eve.delete(UNKNOWN).expect_problem(404, "not_found");
        assert_eq!(ada.get(&lamp).expect(200).text("title"), "Lamp");
        let own = create(&eve, "Own");
        eve.patch(&own, &json!({"title": "Changed"})).expect(200);
        eve.delete(&own).expect(204);
    }

    fn an_admin_changes_and_deletes_everybodys(db) {
        let app = TestApp::start(db);
        let (ada, admin) = (app.viewer("ada"), app.admin());
        let lamp = create(&ada, "Lamp");
        let changed = admin.patch(&lamp, &json!({"title": "Table"})).expect(200);
        assert_eq!((changed.text("owner_id"), ada.get(&lamp).text("title")), (ada.id(), "Table".to_owned()));
        admin.delete(&lamp).expect(204);
        ada.get(&lamp).expect_problem(404, "not_found");
    }

    fn a_deleted_item_is_gone(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let (lamp, table) = (create(&ada, "Lamp"), create(&ada, "Table"));
        let answer = ada.delete(&lamp).expect(204);
        assert!(answer.body.is_empty());
        ada.get(&lamp).expect_problem(404, "not_found");
        ada.patch(&lamp, &json!({"title": "x"})).expect_problem(404, "not_found");
        ada.delete(&lamp).expect_problem(404, "not_found");
        assert_eq!(ada.get(ITEMS).expect(200).each("title"), ["Table"]);
        ada.get(&table).expect(200);
    }

    fn who_sees_everybodys_items_may_ask_for_one_owners(db) {
        let app = TestApp::start(db);
        let (ada, bob, eve, admin) = (app.viewer("ada"), app.viewer("bob"), app.editor(), app.admin());
        for (client, title) in [(&ada, "a"), (&bob, "b"), (&eve, "e"), (&admin, "x")] {
            create(client, title);
        }
        let list = |client: &Client, query: &str| client.get(&format!("{ITEMS}?sort=title&{query}"));
        let of = |client: &Client| format!("owner_id={}", client.id());
        assert_eq!(list(&ada, "").expect(200).each("title"), ["a"]);
        assert_eq!(list(&ada, &of(&ada)).expect(200).each("title"), ["a"]);
        for client in [&eve, &admin] {
            assert_eq!(list(client, "").expect(200).each("title"), ["a", "b", "e", "x"]);
            assert_eq!(list(client, &of(&ada)).expect(200).each("title"), ["a"]);
            assert_eq!(list(client, &of(client)).expect(200).json()["total"], 1);
            assert_eq!(
                list(client, "owner_id=01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e").expect(200).json()["total"],
                0
            );
            list(client, "owner_id=me&x=1")
                .expect_fields(&[("query/owner_id", "invalid_id"), ("query/x", "unknown_field")]);
        }
        list(&ada, &of(&bob)).expect_problem(403, "forbidden");
        list(&ada, "owner_id=01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e").expect_problem(403, "forbidden");
        // Refused for whose they are, before the rest is looked at.
        list(&ada, &format!("page_size=0&{}", of(&bob))).expect_problem(403, "forbidden");
        list(&ada, "owner_id=me").expect_fields(&[("query/owner_id", "invalid_id")]);
        assert_eq!(list(&ada, "search=b").expect(200).json()["total"], 0, "searching finds nobody else's");
    }
}
