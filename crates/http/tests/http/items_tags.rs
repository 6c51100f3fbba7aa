//! Entity tags: changing only the version that was seen, and not sending one that is known (RFC 9110 §13).

use std::thread;

use plinth_testing::{Answer, Client, TestApp, on_both};
use serde_json::json;

/// A new item of that client's: where it is found, and its tag.
fn lamp(client: &Client) -> (String, String) {
    let made = client.post("/api/items", &json!({"title": "Lamp"})).expect(201);
    (made.header("location").to_owned(), made.header("etag").to_owned())
}

fn patch_if(client: &Client, path: &str, condition: &str) -> Answer {
    client.json("PATCH", path, &[("if-match", condition)], &json!({"title": "Table"}))
}

fn get_unless(client: &Client, path: &str, condition: &str) -> Answer {
    client.send("GET", path, &[("if-none-match", condition)], Vec::new())
}

/// Conditions that do not hold for a version with this tag.
fn other_conditions(tag: &str) -> Vec<String> {
    vec![
        "\"other\"".to_owned(),
        "\"\"".to_owned(),
        "\"a\", \"b\"".to_owned(),
        // Strong comparison: a weak tag never matches.
        format!("W/{tag}"),
        format!("\"a\", W/{tag}"),
        // No tags at all.
        tag.trim_matches('"').to_owned(),
        String::new(),
        "\"*\"".to_owned(),
        format!("\"a, {}\"", tag.trim_matches('"')),
    ]
}

on_both! {
    fn a_change_asks_for_the_version_that_was_seen(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for list in [
            |_: &str| "*".to_owned(),
            |tag: &str| tag.to_owned(),
            |tag: &str| format!("\"a\",{tag} , W/\"b\""),
            |tag: &str| format!("\"a, b\", {tag}"),
        ] {
            let (path, tag) = lamp(&ada);
            let changed = patch_if(&ada, &path, &list(&tag)).expect(200);
            assert_ne!(changed.header("etag"), tag);
            assert_eq!(ada.get(&path).expect(200).text("title"), "Table");
            // The tag of the version before is no longer right.
            patch_if(&ada, &path, &tag).expect_problem(412, "precondition_failed");
            ada.send("DELETE", &path, &[("if-match", &list(changed.header("etag")))], Vec::new()).expect(204);
        }
        let (path, tag) = lamp(&ada);
        // Several lines are one list.
        let lines = [("if-match", "\"a\""), ("if-match", tag.as_str())];
        ada.json("PUT", &path, &lines, &json!({"title": "Table"})).expect(200);
    }

    fn another_version_is_not_changed(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let (path, tag) = lamp(&ada);
        let before = ada.get(&path).expect(200).json();
        for condition in other_conditions(&tag) {
            for method in ["PUT", "PATCH"] {
                ada.json(method, &path, &[("if-match", &condition)], &json!({"title": "Table"}))
                    .expect_problem(412, "precondition_failed");
            }
            ada.send("DELETE", &path, &[("if-match", &condition)], Vec::new())
                .expect_problem(412, "precondition_failed");
            let found = ada.get(&path).expect(200);
            assert_eq!((found.json(), found.header("etag")), (before.clone(), tag.as_str()), "{condition}");
        }
    }

    fn a_version_that_is_known_is_not_sent_again(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let (path, tag) = lamp(&ada);
        for condition in
            ["*", &tag, &format!("W/{tag}"), &format!("\"a\", {tag}"), &format!("\"a, b\",W/{tag}")]
        {
            let answer = get_unless(&ada, &path, condition).expect(304);
            assert_eq!(answer.header("etag"), tag);
            assert_eq!(answer.header("cache-control"), "private, no-cache");
            assert!(answer.body.is_empty());
            let head = ada.send("HEAD", &path, &[("if-none-match", condition)], Vec::new()).expect(304);
            assert_eq!(head.header("etag"), tag);
        }
        for condition in ["\"other\"", "", tag.trim_matches('"'), "W/\"a\", \"b\""] {
            assert_eq!(get_unless(&ada, &path, condition).expect(200).text("title"), "Lamp");
        }
        ada.patch(&path, &json!({"title": "Table"})).expect(200);
        assert_eq!(get_unless(&ada, &path, &tag).expect(200).text("title"), "Table");
        // What one may not see has no version.
        app.viewer("bob")
            .send("GET", &path, &[("if-none-match", "*")], Vec::new())
            .expect_problem(404, "not_found");
        app.anyone()
            .send("GET", &path, &[("if-none-match", "*")], Vec::new())
            .expect_problem(401, "unauthenticated");
    }

    fn of_two_changes_of_one_version_at_once_one_is_made(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for round in 0..10 {
            let (path, tag) = lamp(&ada);
            let answers: Vec<Answer> = thread::scope(|scope| {
                let changes: Vec<_> = (0..2)
                    .map(|n| {
                        let body = json!({"title": format!("Table {n}")});
                        let (ada, path, tag) = (&ada, &path, &tag);
                        scope.spawn(move || ada.json("PATCH", path, &[("if-match", tag)], &body))
                    })
                    .collect();
                changes.into_iter().map(|change| change.join().unwrap()).collect()
            });
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            let winner = answers.iter().find(|answer| answer.status == 200);
            let winner = winner.unwrap_or_else(|| panic!("round {round}: {statuses:?}"));
            assert!(statuses.contains(&412), "round {round}: {statuses:?}");
            let found = ada.get(&path).expect(200);
            assert_eq!((found.json(), found.header("etag")), (winner.json(), winner.header("etag")));
        }
    }

    fn versions_differ_also_when_they_follow_at_once(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let (path, tag) = lamp(&ada);
        let mut tags = vec![tag];
        for _ in 0..20 {
            tags.push(ada.patch(&path, &json!({})).expect(200).header("etag").to_owned());
        }
        let all = tags.len();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), all);
    }
}
