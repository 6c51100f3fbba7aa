//! SIGKILL in the middle of writing, again and again: what was acknowledged is kept.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use plinth_testing::{Client, postgres};
use serde_json::{Value, json};

use crate::raw::{self, Lost};
use crate::support::{CHEAP, PATIENCE, Server, folder};

/// How many write at once. Each has at most one request in flight.
const WRITERS: usize = 4;

/// Items by their title, as they were answered.
type Items = BTreeMap<String, Value>;

#[test]
fn sqlite_keeps_what_was_acknowledged() {
    let folder = folder();
    die_and_look(folder.path(), &[CHEAP], 20, |client| {
        // While the server runs, as a backup tool would look.
        assert_sound(&folder.path().join("data/plinth.db"));
        client.get("/health/ready").expect(200);
    });
    assert_sound(&folder.path().join("data/plinth.db"));
}

#[test]
fn postgres_keeps_what_was_acknowledged() {
    let Some(server) = postgres::server() else { return };
    let url = server.create_database("plinth_killed");
    let folder = folder();
    die_and_look(folder.path(), &[CHEAP, ("DATABASE_URL", &url)], 5, |_| {
        assert_eq!(server.query(&url, "SELECT count(*) - count(DISTINCT title) FROM items"), "0");
    });
    server.drop_database(&url);
}

/// Writes and dies that many times. After each start `look` is called, and everything acknowledged so far is there.
fn die_and_look(folder: &Path, variables: &[(&str, &str)], rounds: usize, look: impl Fn(&Client)) {
    let mut server = Server::start(folder, variables);
    let ada = server.sign_up("ada@example.com");
    let mut kept = Items::new();
    let mut cut_off = 0;
    for round in 0..rounds {
        let (acknowledged, cut) = write_until_killed(&mut server, ada.token(), round);
        kept.extend(acknowledged);
        cut_off += cut;
        server = Server::start(folder, variables);
        // The key and the session are still there, too.
        let client = server.client().with_token(ada.token());
        assert_kept(&kept, &all_items(&client), (round + 1) * WRITERS);
        look(&client);
    }
    assert!(cut_off >= rounds / 2, "only {cut_off} requests were in flight when it was killed");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
}

/// Creates items until the server is killed, which happens at a random moment. Returns those that were acknowledged,
/// and how many more requests were sent and never answered.
fn write_until_killed(server: &mut Server, token: &str, round: usize) -> (Items, usize) {
    let port = server.port;
    let written = &AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    let mut items = Items::new();
                    for n in 0.. {
                        let title = format!("round {round} writer {writer} item {n}");
                        let wanted = json!({"title": title, "description": title.repeat(9), "price": n});
                        match raw::post(port, "/api/items", token, &wanted) {
                            Ok(reply) => {
                                assert_eq!(reply.status, 201, "{}", reply.body);
                                let item = reply.json();
                                assert_eq!(item["description"], wanted["description"]);
                                items.insert(title, item);
                                written.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(lost) => return (items, usize::from(lost == Lost::CutOff)),
                        }
                    }
                    unreachable!("it writes until it is cut off")
                })
            })
            .collect();
        let random = RandomState::new().build_hasher().finish();
        let enough = usize::try_from(1 + random % 40).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while written.load(Ordering::Relaxed) < enough {
            // A writer that ends before the kill has failed, and tells why when it is joined.
            if Instant::now() > deadline || writers.iter().any(std::thread::ScopedJoinHandle::is_finished) {
                break;
            }
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(random / 40 % 4000));
        server.kill();
        let (mut items, mut cut_off) = (Items::new(), 0);
        for writer in writers {
            let (written, cut) = writer.join().unwrap();
            items.extend(written);
            cut_off += cut;
        }
        assert!(items.len() >= enough, "only {} of {enough} items in time", items.len());
        (items, cut_off)
    })
}

/// Every item that the client may see, as the list shows it.
fn all_items(client: &Client) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/api/items?page_size=100&cursor={cursor}")).expect(200).json();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return items,
        }
    }
}

/// Each acknowledged item is stored as it was answered, none twice, and there are at most that many beside them.
fn assert_kept(kept: &Items, stored: &[Value], in_flight: usize) {
    let by_title: Items =
        stored.iter().map(|item| (item["title"].as_str().unwrap().to_owned(), item.clone())).collect();
    assert_eq!(by_title.len(), stored.len(), "an item is there twice");
    for (title, item) in kept {
        assert_eq!(by_title.get(title), Some(item), "{title} was acknowledged");
    }
    assert!(stored.len() <= kept.len() + in_flight, "{} stored, {} acknowledged", stored.len(), kept.len());
}

/// SQLite's own checks of the file.
fn assert_sound(file: &Path) {
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let integrity = "(SELECT group_concat(integrity_check) FROM pragma_integrity_check)";
    let integrity: String = diesel::select(sql::<Text>(integrity)).get_result(&mut connection).unwrap();
    assert_eq!(integrity, "ok");
    let orphans = "(SELECT count(*) FROM pragma_foreign_key_check)";
    let orphans: i64 = diesel::select(sql::<BigInt>(orphans)).get_result(&mut connection).unwrap();
    assert_eq!(orphans, 0, "rows that refer to none");
}
