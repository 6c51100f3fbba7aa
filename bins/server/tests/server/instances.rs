//! Several instances on one PostgreSQL and one Redis: what happens on one is told on all, and none needs the other.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use plinth_testing::redis::DedicatedRedis;
use plinth_testing::socket::{Frame, Socket};
use plinth_testing::{Client, postgres};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{CHEAP, GOOD_KEY, PASSWORD, PATIENCE, Server, folder};

const ITEMS: &str = "/api/items";

/// Two instances, and what they share.
struct Instances {
    one: Server,
    two: Server,
    redis: DedicatedRedis,
    postgres: &'static postgres::Server,
    url: String,
    folder: TempDir,
}

impl Instances {
    fn start() -> Option<Self> {
        let postgres = postgres::server()?;
        let redis = DedicatedRedis::start()?;
        let url = postgres.create_database("plinth_instances");
        let folder = folder();
        let redis_url = redis.url();
        let variables = [CHEAP, GOOD_KEY, ("DATABASE_URL", &*url), ("REDIS_URL", &*redis_url)];
        let one = Server::start(folder.path(), &variables);
        let two = Server::start(folder.path(), &variables);
        let instances = Self { one, two, redis, postgres, url, folder };
        Some(instances)
    }

    /// That client, on the other instance.
    fn on_two(&self, client: &Client) -> Client {
        self.two.client().with_token(client.token())
    }

    /// Waits until what is said on one instance is heard on the other, both ways. While the bus comes up messages
    /// reach only those on the same instance.
    #[track_caller]
    fn wait_until_connected(&self, client: &Client) {
        let (mut here, mut there) = (connect(&self.one, client), connect(&self.two, client));
        reach(&mut here, &mut there);
        reach(&mut there, &mut here);
    }

    /// Ends both in order.
    fn end(mut self) {
        for server in [&mut self.one, &mut self.two] {
            server.signal("TERM");
            assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
        }
        self.postgres.drop_database(&self.url);
    }
}

fn address(server: &Server) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], server.port))
}

fn connect(server: &Server, client: &Client) -> Socket {
    Socket::connect(address(server), client.token())
}

/// Reads on until a frame is like that.
#[track_caller]
fn until(socket: &mut Socket, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match socket.next_within(left) {
            Some(Frame::Text(text)) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                if is_it(&frame) {
                    return frame;
                }
            }
            other => panic!("{what} never came, but {other:?}"),
        }
    }
}

/// Speaks until the other hears it.
#[track_caller]
fn reach(speaker: &mut Socket, listener: &mut Socket) {
    let deadline = Instant::now() + PATIENCE;
    let mark = format!("{:?}", Instant::now());
    for n in 1.. {
        speaker.send(&json!({"mark": mark, "n": n}));
        let round = Instant::now() + Duration::from_millis(300);
        while let Some(frame) = listener.next_within(round.saturating_duration_since(Instant::now())) {
            let Frame::Text(text) = frame else { panic!("{frame:?}") };
            let frame: Value = serde_json::from_str(&text).unwrap();
            if frame["mark"] == *mark {
                // Whoever connects after this is not to hear a mark that is still under way.
                let is_last = |frame: &Value| frame["mark"] == *mark && frame["n"] == n;
                if !is_last(&frame) {
                    until(listener, "the last mark", is_last);
                }
                until(speaker, "one's own last mark", is_last);
                return;
            }
        }
        assert!(Instant::now() < deadline, "the instances never meet");
    }
}

fn is_event(name: &'static str) -> impl Fn(&Value) -> bool {
    move |frame| frame["event"] == name
}

#[test]
fn messages_and_events_cross_and_one_may_die() {
    let Some(mut instances) = Instances::start() else { return };
    let ada = instances.one.sign_up("ada@example.com");
    let bob = instances.two.sign_up("bob@example.com");
    instances.wait_until_connected(&ada);
    let mut here = connect(&instances.one, &ada);
    let mut there = connect(&instances.two, &instances.on_two(&ada));
    let mut bobs = connect(&instances.two, &bob);

    // To everyone, to one, to a channel: each comes once, in order.
    bobs.send(&json!({"join": "lobby"}));
    assert_eq!(bobs.json(), json!({"joined": "lobby"}));
    here.send(&json!({"join": "lobby"}));
    assert_eq!(here.json(), json!({"joined": "lobby"}));
    here.send(&json!({"n": 1}));
    here.send(&json!({"n": 2, "to": bob.id()}));
    here.send(&json!({"n": 3, "channel": "lobby"}));
    here.send(&json!({"n": 4}));
    let numbers = |socket: &mut Socket, count: usize| -> Vec<Value> {
        (0..count)
            .map(|_| socket.json())
            .inspect(|frame| assert_eq!(frame["from"], ada.id()))
            .map(|frame| frame["n"].clone())
            .collect()
    };
    assert_eq!(numbers(&mut bobs, 4), [1, 2, 3, 4]);
    assert_eq!(numbers(&mut here, 3), [1, 3, 4]);
    assert_eq!(numbers(&mut there, 2), [1, 4]);

    // An event has the same number everywhere.
    let item = ada.post(ITEMS, &json!({"title": "Amber lamp"})).expect(201).json();
    let event = here.json();
    assert_eq!((&event["event"], &event["item"]), (&json!("item.created"), &item));
    assert_eq!(there.json(), event);
    let last = event["seq"].as_u64().unwrap();

    // One dies; what happens meanwhile its clients get from the other.
    instances.one.kill();
    assert_eq!(here.next_frame(), Frame::End);
    let on_two = instances.on_two(&ada);
    let mut titles = Vec::new();
    for n in 0..5 {
        on_two.post(ITEMS, &json!({"title": format!("item {n}")})).expect(201);
        titles.push(json!(format!("item {n}")));
    }
    let missed =
        |socket: &mut Socket| (0..5).map(|_| socket.json()["item"]["title"].clone()).collect::<Vec<_>>();
    let mut resumed = Socket::resume(address(&instances.two), ada.token(), last);
    assert_eq!(missed(&mut resumed), titles);
    // Who was there all the time is there still.
    assert_eq!(missed(&mut there), titles);
    bobs.send(&json!({"n": 5, "to": on_two.id()}));
    assert_eq!((&resumed.json()["n"], &there.json()["n"]), (&json!(5), &json!(5)));

    // A new one in its place knows what happened before it came.
    let redis_url = instances.redis.url();
    let variables = [CHEAP, GOOD_KEY, ("DATABASE_URL", &*instances.url), ("REDIS_URL", &*redis_url)];
    instances.one = Server::start(instances.folder.path(), &variables);
    instances.wait_until_connected(&ada);
    let mut back = Socket::resume(address(&instances.one), ada.token(), last);
    assert_eq!(missed(&mut back), titles);
    instances.end();
}

#[test]
fn redis_may_go_and_come_back() {
    let Some(instances) = Instances::start() else { return };
    let ada = instances.one.sign_up("ada@example.com");
    let on_two = instances.on_two(&ada);
    instances.wait_until_connected(&ada);
    let mut here = connect(&instances.one, &ada);
    let mut there = connect(&instances.two, &on_two);

    let (over, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // Ends the writers where the rest fails.
        let _over = Over(&over);
        for writer in [&ada, &on_two] {
            let (over, written) = (&over, &written);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    writer.post(ITEMS, &json!({"title": "Amber lamp"})).expect(201);
                    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
                    written.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(50));
                }
            });
        }
        // It goes with all that it holds, then it stands still.
        for restart in [true, false] {
            until(&mut here, "an event", is_event("item.created"));
            until(&mut there, "an event", is_event("item.created"));
            if restart {
                instances.redis.stop()
            } else {
                instances.redis.pause()
            }
            until(&mut here, "a resync", is_event("resync"));
            until(&mut there, "a resync", is_event("resync"));
            // Those on the same instance still talk.
            let mark = format!("alone {restart}");
            here.send(&json!({"mark": mark}));
            until(&mut here, "one's own message", |frame| frame["mark"] == mark);
            let before = written.load(Ordering::Relaxed);
            wait_for("writes without Redis", || written.load(Ordering::Relaxed) > before + 10);
            if restart {
                instances.redis.start_again()
            } else {
                instances.redis.resume()
            }
            // The last resync is one to the number that all share; then events and messages cross again.
            reach(&mut here, &mut there);
            reach(&mut there, &mut here);
        }
    });
    // What is told now is told to all, once, with the same number, and can be resumed.
    let (mut here, mut there) = (connect(&instances.one, &ada), connect(&instances.two, &on_two));
    let title = "after all";
    ada.post(ITEMS, &json!({"title": title})).expect(201);
    let is_it = |frame: &Value| frame["item"]["title"] == title;
    let first = until(&mut here, title, is_it);
    assert_eq!(first, until(&mut there, title, is_it));
    let seq = first["seq"].as_u64().unwrap();
    on_two.post(ITEMS, &json!({"title": "and on"})).expect(201);
    let next = until(&mut here, "and on", is_event("item.created"));
    let mut resumed = Socket::resume(address(&instances.two), ada.token(), seq);
    assert_eq!(until(&mut resumed, "what was missed", |_| true), next);
    instances.end();
}

#[test]
fn a_session_that_ends_on_one_ends_on_all() {
    const LIMIT: Duration = Duration::from_secs(5);
    let Some(instances) = Instances::start() else { return };
    let ada = instances.one.sign_up("ada@example.com");
    instances.wait_until_connected(&ada);
    for redis in ["there", "away", "standing still"] {
        match redis {
            "away" => instances.redis.stop(),
            "standing still" => {
                instances.redis.start_again();
                instances.wait_until_connected(&ada);
                instances.redis.pause();
            }
            _ => {}
        }
        let ending = instances.one.sign_in("ada@example.com", PASSWORD);
        let mut there = connect(&instances.two, &instances.on_two(&ending));
        let mut here = connect(&instances.one, &ending);
        let mut other = connect(&instances.two, &instances.on_two(&ada));
        ending.post("/api/auth/logout", &json!({})).expect(204);
        let ended = Instant::now();
        for socket in [&mut there, &mut here] {
            let left = LIMIT.saturating_sub(ended.elapsed());
            let frame = socket.next_within(left);
            assert!(matches!(frame, Some(Frame::Close(4401, _))), "Redis is {redis}: {frame:?}");
        }
        other.send(&json!({"still": "here"}));
        until(&mut other, "one's own message", |frame| frame["still"] == "here");
    }
    instances.redis.resume();
    instances.end();
}

/// Says that it is over, in whatever way it ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[track_caller]
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "no {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
