//! There is always at least one active administrator, whoever asks and however many at once.

use std::thread;

use plinth_domain::Role;
use plinth_testing::{Answer, Client, PASSWORD, TestApp, on_both};
use serde_json::json;

fn at(client: &Client) -> String {
    format!("/api/users/{}", client.id())
}

/// How many administrators could sign in.
fn active_admins(app: &TestApp) -> usize {
    let observer = app.login("observer@example.com", PASSWORD).expect(200);
    let page = app.bearer(&observer).get("/api/users?role=admin&is_active=true").expect(200);
    page.each("id").len()
}

/// Two administrators and somebody who sees what becomes of them.
fn two_admins(app: &TestApp) -> (Client, Client) {
    app.user(Role::Editor, "observer");
    (app.signed_in(Role::Admin, "a"), app.signed_in(Role::Admin, "b"))
}

/// What both are answered who do this at the same time.
fn both(first: impl FnOnce() -> Answer + Send, second: impl FnOnce() -> Answer + Send) -> [Answer; 2] {
    thread::scope(|scope| {
        let (first, second) = (scope.spawn(first), scope.spawn(second));
        [first.join().unwrap(), second.join().unwrap()]
    })
}

/// Makes both administrators active again, for the next round, by the one who is left.
fn reinstate(app: &TestApp) -> (Client, Client) {
    let sign_in = |name: &str| app.login(&format!("{name}@example.com"), PASSWORD);
    for (one, other) in [("a", "b"), ("b", "a")] {
        let answer = sign_in(one);
        let admin = if answer.status == 200 { app.bearer(&answer) } else { continue };
        if admin.get("/api/users?include_deleted=true").status != 200 {
            continue;
        }
        let all = admin.get("/api/users?include_deleted=true").expect(200).json();
        let fallen = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|user| user["email"] == format!("{other}@example.com"));
        let fallen = fallen.unwrap();
        let path = format!("/api/users/{}", fallen["id"].as_str().unwrap());
        if fallen["deleted_at"].is_string() {
            admin.post(&format!("{path}/restore"), &json!({})).expect(200);
        }
        admin.patch(&path, &json!({"role": "admin", "is_active": true})).expect(200);
    }
    (app.bearer(&sign_in("a").expect(200)), app.bearer(&sign_in("b").expect(200)))
}

/// Lets two administrators do the same to each other ten times over.
fn duel(app: &TestApp, act: impl Fn(&Client, &str) -> Answer + Sync, done: u16) {
    let (mut a, mut b) = two_admins(app);
    for round in 0..10 {
        let (to_a, to_b) = (at(&a), at(&b));
        let answers = both(|| act(&a, &to_b), || act(&b, &to_a));
        let statuses = answers.each_ref().map(|answer| answer.status);
        assert!(statuses.contains(&done), "round {round}: {statuses:?}");
        for answer in answers {
            match answer.status {
                status if status == done => {}
                409 => drop(answer.expect_problem(409, "last_admin")),
                // The other was faster: this one is no administrator any more, or not even somebody.
                403 => drop(answer.expect_problem(403, "forbidden")),
                _ => drop(answer.expect_problem(401, "invalid_token")),
            }
        }
        assert_eq!(active_admins(app), 1, "round {round}: {statuses:?}");
        (a, b) = reinstate(app);
    }
}

on_both! {
    fn the_last_admin_stays(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        // Neither of these counts.
        let off = app.user(Role::Admin, "off");
        admin.patch(&format!("/api/users/{}", off.id), &json!({"is_active": false})).expect(200);
        let gone = app.user(Role::Admin, "gone");
        admin.delete(&format!("/api/users/{}", gone.id)).expect(204);
        let me = at(&admin);
        let before = admin.get(&me).expect(200).json();
        for body in [
            json!({"role": "editor"}),
            json!({"role": "viewer", "full_name": "X"}),
            json!({"is_active": false}),
        ] {
            admin.patch(&me, &body).expect_problem(409, "last_admin");
            admin.put(&me, &body).expect_problem(409, "last_admin");
        }
        admin.delete(&me).expect_problem(409, "last_admin");
        let delete =
            |password: &str| admin.post("/api/users/me/delete", &json!({"current_password": password}));
        delete(PASSWORD).expect_problem(409, "last_admin");
        delete("wrong password").expect_problem(400, "wrong_password");
        assert_eq!(
            admin.get(&me).expect(200).json(),
            before,
            "nothing has changed, and nobody is signed out"
        );
        // What does not make the last admin less of one is allowed.
        admin.patch(&me, &json!({"role": "admin", "is_active": true, "full_name": "Root"})).expect(200);
    }

    fn one_of_two_admins_may_go(db) {
        let app = TestApp::start(db);
        let (a, b) = two_admins(&app);
        assert_eq!(a.patch(&at(&a), &json!({"role": "viewer"})).expect(200).text("role"), "viewer");
        a.get("/api/users").expect_problem(403, "forbidden");
        b.patch(&at(&b), &json!({"role": "viewer"})).expect_problem(409, "last_admin");
        b.patch(&at(&a), &json!({"role": "admin"})).expect(200);
        b.delete(&at(&b)).expect(204);
        assert_eq!(active_admins(&app), 1);
    }

    fn two_admins_who_demote_each_other_leave_one(db) {
        let app = TestApp::start(db);
        duel(&app, |admin, other| admin.patch(other, &json!({"role": "viewer"})), 200);
    }

    fn two_admins_who_deactivate_each_other_leave_one(db) {
        let app = TestApp::start(db);
        duel(&app, |admin, other| admin.patch(other, &json!({"is_active": false})), 200);
    }

    fn two_admins_who_delete_each_other_leave_one(db) {
        let app = TestApp::start(db);
        duel(&app, |admin, other| admin.delete(other), 204);
    }

    fn two_admins_who_delete_themselves_leave_one(db) {
        let app = TestApp::start(db);
        let own = json!({"current_password": PASSWORD});
        duel(&app, |admin, _| admin.post("/api/users/me/delete", &own), 204);
    }

    fn two_admins_who_demote_themselves_leave_one(db) {
        let app = TestApp::start(db);
        duel(&app, |admin, _| admin.patch(&at(admin), &json!({"role": "viewer"})), 200);
    }
}
