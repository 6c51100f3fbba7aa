//! A thousand connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use plinth_domain::Role;
use plinth_realtime::{HubSettings, Link, Out};
use serde_json::json;

use crate::support::{admin, event, local, member, run, viewer, waiting};

#[test]
fn everyone_gets_everything_while_the_slow_are_closed() {
    run(async {
        let hub = local(HubSettings { queue: 100, ..HubSettings::default() });
        let editor = |number| hub.connect(member(number, Role::Editor), None).unwrap();
        let mut slow: Vec<Link> = (1_000..1_100).map(editor).collect();
        let delivered = Arc::new(AtomicUsize::new(0));
        for mut link in (0..1_000).map(editor) {
            let delivered = Arc::clone(&delivered);
            tokio::spawn(async move {
                while let Out::Text(_) = link.next().await {
                    delivered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let publisher = hub.clone();
        let count = Arc::clone(&delivered);
        let published = tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            for round in 1..=10 {
                for _ in 0..50 {
                    publisher.publish(event(5_000, "lamp"));
                }
                // Those who read keep up, as between requests.
                while count.load(Ordering::SeqCst) < round * 50 * 1_000 {
                    assert!(started.elapsed() < Duration::from_secs(60), "{count:?} delivered");
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        published.await.unwrap();
        assert_eq!(delivered.load(Ordering::SeqCst), 1_000 * 500);
        for link in &mut slow {
            assert_eq!(waiting(link), [json!(1013)]);
        }
        assert_eq!(hub.connections(), 1_000);
    });
}

#[test]
fn messages_from_many_threads_all_arrive() {
    run(async {
        let hub = local(HubSettings { queue: 10_000, ..HubSettings::default() });
        let mut reader = admin(&hub, 0);
        let senders: Vec<_> = (1..=8)
            .map(|number| {
                let link = viewer(&hub, number);
                tokio::task::spawn_blocking(move || {
                    for n in 0..500 {
                        link.receive(&json!({ "n": n }).to_string());
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        let got = waiting(&mut reader);
        assert_eq!(got.len(), 8 * 500);
        // Each sender's in the order in which it sent them.
        for number in 1..=8 {
            let from = crate::support::user(number).to_string();
            let theirs: Vec<_> = got.iter().filter(|value| value["from"] == *from).collect();
            assert!(theirs.len() == 500 && theirs.is_sorted_by_key(|value| value["n"].as_u64()));
        }
    });
}

#[test]
fn connecting_and_leaving_costs_the_same_among_many() {
    let hub = local(HubSettings::default());
    let links: Vec<Link> = (0..10_000).map(|number| viewer(&hub, number)).collect();
    for link in &links {
        link.receive(r#"{"join":"all"}"#);
    }
    let started = Instant::now();
    drop(links);
    // A search through the channel at each leave would be fifty million steps.
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(hub.connections(), 0);
}
