//! What the server tells by itself: who gets to know which change, and what a client that was away has missed.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use plinth_domain::{Role, Timestamp};
use plinth_testing::socket::Socket;
use plinth_testing::{Client, PASSWORD, TestApp, on_both};
use serde_json::{Value, json};

const ITEMS: &str = "/api/items";
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who is connected.
struct Watcher {
    name: &'static str,
    client: Client,
    socket: Socket,
}

/// The owner of what is changed, another viewer, an editor, and an administrator.
fn watchers(app: &TestApp) -> [Watcher; 4] {
    [
        ("owner", app.viewer("ada")),
        ("viewer", app.viewer("bob")),
        ("editor", app.editor()),
        ("admin", app.admin()),
    ]
    .map(|(name, client)| {
        let socket = Socket::connect(app.address(), client.token());
        Watcher { name, client, socket }
    })
}

/// Of these frames the one that is there, without its number, which is greater than the last.
#[track_caller]
fn single(frames: Vec<Value>, last: &mut u64) -> Option<Value> {
    assert!(frames.len() <= 1, "{frames:?}");
    let mut frame = frames.into_iter().next()?;
    let seq = frame.as_object_mut().unwrap().remove("seq").unwrap().as_u64().unwrap();
    assert!(seq > *last, "{seq} after {last}");
    *last = seq;
    Some(frame)
}

/// Does something and checks that those with these names, and only they, get this one event.
#[track_caller]
fn tells(watchers: &mut [Watcher], names: &[&str], act: impl FnOnce(&[Watcher]) -> Value) {
    let wanted = act(watchers);
    let mut seqs = BTreeSet::new();
    for watcher in watchers {
        let mut seq = 0;
        let got = single(watcher.socket.so_far(), &mut seq);
        let expected = names.contains(&watcher.name).then(|| wanted.clone());
        assert_eq!(got, expected, "{}", watcher.name);
        if got.is_some() {
            seqs.insert(seq);
        }
    }
    assert_eq!(seqs.len(), 1, "it is one event");
}

on_both! {
    fn an_item_is_told_to_whoever_may_read_it(db) {
        let app = TestApp::start(db);
        let mut watchers = watchers(&app);
        let readers = ["owner", "editor", "admin"];
        let mut id = String::new();
        tells(&mut watchers, &readers, |them| {
            let body = json!({"title": "Amber lamp", "description": null, "price": 12.5});
            let item = them[0].client.post(ITEMS, &body).expect(201).json();
            id = format!("{ITEMS}/{}", item["id"].as_str().unwrap());
            // Told to the same who get it when they ask.
            for watcher in them {
                let may_read = watcher.client.get(&id).status == 200;
                assert_eq!(may_read, readers.contains(&watcher.name), "{}", watcher.name);
            }
            json!({"event": "item.created", "item": item})
        });
        for by in [0, 3] {
            tells(&mut watchers, &readers, |them| {
                let body = json!({"title": format!("Lamp {by}"), "price": 1e2});
                let item = them[by].client.patch(&id, &body).expect(200).json();
                assert_eq!(item, them[2].client.get(&id).expect(200).json());
                json!({"event": "item.updated", "item": item})
            });
        }
        tells(&mut watchers, &readers, |them| {
            let mut item = them[0].client.get(&id).expect(200).json();
            them[3].client.delete(&id).expect(204);
            // Later than every version there was.
            let version: Timestamp = serde_json::from_value(item["updated_at"].take()).unwrap();
            item["updated_at"] = json!(version.next());
            json!({"event": "item.deleted", "item": item})
        });
        // One's own as an editor, which no viewer may read.
        tells(&mut watchers, &["editor", "admin"], |them| {
            json!({"event": "item.created", "item": them[2].client.post(ITEMS, &json!({"title": "x"})).expect(201).json()})
        });
    }

    fn a_user_is_told_to_that_user_and_to_administrators(db) {
        let app = TestApp::start(db);
        let mut watchers = watchers(&app);
        let own = ["owner", "admin"];
        let path = format!("/api/users/{}", watchers[0].client.id());
        let updated = |user: Value| json!({"event": "user.updated", "user": user});
        tells(&mut watchers, &own, |them| {
            let user = them[0].client.patch("/api/users/me", &json!({"full_name": "Ada L."})).expect(200).json();
            assert_eq!(user, them[3].client.get(&path).expect(200).json());
            updated(user)
        });
        tells(&mut watchers, &own, |them| {
            updated(them[2].client.patch(&path, &json!({"full_name": "Ada"})).expect(200).json())
        });
        tells(&mut watchers, &own, |them| {
            let body = json!({"email": "lovelace@example.com", "current_password": PASSWORD});
            updated(them[0].client.patch("/api/users/me", &body).expect(200).json())
        });
        let token = app.token_mailed("lovelace@example.com", "/verify-email", 1);
        tells(&mut watchers, &own, |them| {
            app.anyone().post("/api/auth/email/verify", &json!({"token": token})).expect(204);
            updated(them[0].client.get("/api/users/me").expect(200).json())
        });
        tells(&mut watchers, &own, |them| {
            updated(them[3].client.patch(&path, &json!({"role": "editor"})).expect(200).json())
        });
        // Somebody who is not connected; administrators alone may read it.
        app.user(Role::Viewer, "joe");
        let joe = app.stored("joe@example.com").unwrap().0;
        let joes = format!("/api/users/{}", joe.id);
        tells(&mut watchers, &["admin"], |them| {
            updated(them[3].client.patch(&joes, &json!({"is_active": false})).expect(200).json())
        });
        tells(&mut watchers, &["admin"], |them| {
            them[3].client.delete(&joes).expect(204);
            let list = them[3].client.get("/api/users?include_deleted=true&search=joe@").expect(200).json();
            assert!(list["items"][0]["deleted_at"].is_string(), "{list}");
            json!({"event": "user.deleted", "user": list["items"][0]})
        });
        tells(&mut watchers, &["admin"], |them| {
            updated(them[3].client.post(&format!("{joes}/restore"), &json!({})).expect(200).json())
        });
    }

    fn who_is_deleted_learns_it_before_the_end(db) {
        let app = TestApp::start(db);
        let [mut owner, _, _, admin] = watchers(&app);
        admin.client.delete(&format!("/api/users/{}", owner.client.id())).expect(204);
        let told = owner.socket.expect_close(4401);
        assert_eq!(told.len(), 1, "{told:?}");
        let told: Value = serde_json::from_str(&told[0]).unwrap();
        assert_eq!(told["event"], "user.deleted");
        assert!(told["user"]["deleted_at"].is_string(), "{told}");
    }

    fn nothing_is_told_of_what_is_refused(db) {
        let app = TestApp::start(db);
        let mut watchers = watchers(&app);
        let [owner, viewer, editor, admin] = [0, 1, 2, 3].map(|n| watchers[n].client.clone());
        let item = owner.post(ITEMS, &json!({"title": "Amber lamp"})).expect(201);
        let id = format!("{ITEMS}/{}", item.text("id"));
        for watcher in &mut watchers {
            watcher.socket.so_far();
        }
        let stale = [("If-Match", "\"stale\"")];
        owner.json("PATCH", &id, &stale, &json!({"title": "x"})).expect_problem(412, "precondition_failed");
        owner.send("DELETE", &id, &stale, Vec::new()).expect_problem(412, "precondition_failed");
        editor.patch(&id, &json!({"title": "x"})).expect_problem(403, "forbidden");
        editor.delete(&id).expect_problem(403, "forbidden");
        viewer.patch(&id, &json!({"title": "x"})).expect_problem(404, "not_found");
        viewer.delete(&id).expect_problem(404, "not_found");
        app.anyone().delete(&id).expect_problem(401, "unauthenticated");
        owner.patch(&id, &json!({"title": ""})).expect(422);
        owner.post(ITEMS, &json!({"title": "x", "price": -1})).expect(422);
        let user = format!("/api/users/{}", viewer.id());
        admin.patch(&user, &json!({"email": "ada@example.com"})).expect_problem(409, "email_taken");
        admin.delete(&format!("/api/users/{}", admin.id())).expect_problem(409, "last_admin");
        admin.patch(&format!("/api/users/{}", admin.id()), &json!({"role": "viewer"})).expect_problem(409, "last_admin");
        editor.patch(&user, &json!({"role": "admin"})).expect_problem(403, "forbidden");
        viewer.patch("/api/users/me", &json!({"password": "another good one", "current_password": "wrong"})).expect(400);
        admin.post(&format!("{user}/restore"), &json!({})).expect_problem(409, "not_deleted");
        for watcher in &mut watchers {
            assert_eq!(watcher.socket.so_far(), Vec::<Value>::new(), "{}", watcher.name);
        }
    }

    fn who_hangs_up_is_told_about_too(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let mut socket = Socket::connect(app.address(), ada.token());
        for n in 0..40_u64 {
            let body = json!({"title": format!("item {n}")}).to_string();
            let mut stream = TcpStream::connect(app.address()).unwrap();
            write!(
                stream,
                "POST {ITEMS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                ada.token(),
                body.len()
            )
            .unwrap();
            std::thread::sleep(Duration::from_micros(n * 500));
            drop(stream);
        }
        // Whatever became of each: what is stored was told.
        let (mut told, deadline) = (BTreeSet::new(), Instant::now() + PATIENCE);
        loop {
            for event in socket.so_far() {
                assert!(told.insert(event["item"]["title"].to_string()), "told twice: {event}");
            }
            let page = ada.get("/api/items?page_size=100").expect(200);
            let stored: BTreeSet<_> = page.each("title").iter().map(Value::to_string).collect();
            if stored == told && stored.len() >= 3 {
                break;
            }
            assert!(Instant::now() < deadline, "stored {stored:?}, told {told:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn a_changed_role_acts_on_the_next_event(db) {
        let app = TestApp::start(db);
        let (admin, ada, bob) = (app.admin(), app.viewer("ada"), app.viewer("bob"));
        let path = format!("/api/users/{}", ada.id());
        let mut socket = Socket::connect(app.address(), ada.token());
        let mut told_of = |role: &str| {
            admin.patch(&path, &json!({"role": role})).expect(200);
            bob.post(ITEMS, &json!({"title": role})).expect(201);
            let frames = socket.so_far();
            assert_eq!(frames[0]["user"]["role"], role, "{frames:?}");
            frames.iter().filter(|frame| frame["event"] == "item.created").count()
        };
        assert_eq!(told_of("editor"), 1);
        assert_eq!(told_of("viewer"), 0);
        assert_eq!(told_of("admin"), 1);
        assert_eq!(told_of("viewer"), 0);
        // What was missed is given by the role of today.
        let mut resumed = Socket::resume(app.address(), ada.token(), first_seq(&app, &admin));
        let frames = resumed.so_far();
        assert!(frames.iter().all(|frame| frame["event"] != "item.created"), "{frames:?}");
    }
}

/// The number of an event of now.
pub(crate) fn first_seq(app: &TestApp, client: &Client) -> u64 {
    let mut socket = Socket::connect(app.address(), client.token());
    client.patch("/api/users/me", &json!({"full_name": "Somebody"})).expect(200);
    let event = socket.json();
    assert_eq!(event["event"], "user.updated");
    event["seq"].as_u64().unwrap()
}
