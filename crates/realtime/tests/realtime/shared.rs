//! Several instances on one Redis.

use std::sync::Arc;
use std::time::Duration;

use plinth_domain::{Role, SystemClock};
use plinth_realtime::{Event, Hub, HubSettings, Out};
use plinth_testing::redis::DedicatedRedis;
use serde_json::json;

use crate::support::{
    Instance, account, admin, code, event, is_resync, member, next, run, seq, session, title, until, up_to,
    user, viewer, waiting,
};

/// A case with a Redis of its own: publications are not kept apart by the number of the database.
macro_rules! on_redis {
    ($($(#[$meta:meta])* async fn $name:ident($redis:ident) $body:block)*) => {$(
        $(#[$meta])*
        #[test]
        fn $name() {
            if let Some($redis) = DedicatedRedis::start() {
                run(async { $body });
            }
        }
    )*};
}
pub(crate) use on_redis;

on_redis! {
    async fn messages_cross(redis) {
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&redis.url()).await);
        let (mut ada, mut bob) = (viewer(&one.hub, 1), viewer(&two.hub, 2));
        ada.receive(r#"{"text":"to all"}"#);
        ada.receive(&json!({ "to": user(2), "text": "to you" }).to_string());
        for link in [&mut ada, &mut bob] {
            link.receive(r#"{"join":"a"}"#);
        }
        let joined = up_to(&mut bob, |value| value["joined"] == "a").await;
        ada.receive(r#"{"channel":"a","text":"to us"}"#);
        let mut got = up_to(&mut bob, |value| value["text"] == "to us").await;
        got.extend(joined);
        for (key, text) in [("from", "to all"), ("to", "to you"), ("channel", "to us")] {
            let message = got.iter().find(|value| value["text"] == text).unwrap();
            assert!(message[key].is_string() && message["from"] == user(1).to_string(), "{message}");
        }
        let own = up_to(&mut ada, |value| value["text"] == "to us").await;
        assert!(own.iter().any(|value| value["text"] == "to all"));
        assert!(!own.iter().any(|value| value["text"] == "to you"));
        // Refused before it goes anywhere.
        ada.receive(r#"{"channel":"b"}"#);
        assert_eq!(code(&next(&mut ada).await), "not_a_member");
    }

    async fn events_have_one_order_for_all(redis) {
        let url = redis.url();
        let all = [Instance::start(&url).await, Instance::start(&url).await, Instance::start(&url).await];
        let links: Vec<_> = all
            .iter()
            .map(|instance| {
                let mut link = admin(&instance.hub, 1);
                tokio::spawn(async move {
                    let mut got = Vec::new();
                    while got.len() < 600 {
                        got.push(next(&mut link).await);
                    }
                    got
                })
            })
            .collect();
        let publishers: Vec<_> = all
            .iter()
            .map(|instance| {
                let hub = instance.hub.clone();
                tokio::spawn(async move {
                    for n in 0..200 {
                        hub.publish(event(9, &n.to_string()));
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for publisher in publishers {
            publisher.await.unwrap();
        }
        let mut orders = Vec::new();
        for link in links {
            let got = link.await.unwrap();
            assert!(got.windows(2).all(|pair| seq(&pair[0]) < seq(&pair[1])));
            assert!(got.iter().all(|value| seq(value) < 1 << 53));
            orders.push(got);
        }
        assert!(orders[0] == orders[1] && orders[1] == orders[2]);
    }

    async fn ends_and_roles_reach_all_instances(redis) {
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&redis.url()).await);
        let (mut phone, mut laptop) = (viewer(&one.hub, 1), viewer(&two.hub, 1));
        let (mut bob, mut eve) = (viewer(&two.hub, 2), admin(&two.hub, 3));
        one.hub.end_session(session(1));
        assert_eq!(waiting(&mut phone), [json!(4401)]);
        assert_eq!(next(&mut laptop).await, json!(4401));
        one.hub.publish(Event::user_updated(&account(3, Role::Viewer)));
        one.hub.publish(event(9, "not for viewers"));
        one.hub.publish(event(3, "own"));
        assert_eq!(next(&mut eve).await["event"], "user.updated");
        assert_eq!(title(&next(&mut eve).await), "own");
        one.hub.publish(Event::user_deleted(&account(3, Role::Viewer)));
        assert_eq!(next(&mut eve).await["event"], "user.deleted");
        assert_eq!(next(&mut eve).await, json!(4401));
        one.hub.end_sessions_of(user(2), None);
        assert_eq!(next(&mut bob).await, json!(4401));
        assert_eq!(two.hub.connections(), 0);
    }

    async fn a_client_of_a_killed_instance_resumes_on_a_new_one(redis) {
        let one = Instance::start(&redis.url()).await;
        let mut ada = viewer(&one.hub, 1);
        for name in ["a", "b", "c"] {
            one.hub.publish(event(1, name));
        }
        let since = seq(&next(&mut ada).await);
        assert_eq!(title(&up_to(&mut ada, |value| title(value) == "c").await[0]), "b");
        drop((ada, one));
        let two = Instance::start(&redis.url()).await;
        let mut ada = two.hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
        two.hub.publish(event(1, "d"));
        let got = up_to(&mut ada, |value| title(value) == "d").await;
        assert_eq!(crate::support::titles(&got), ["b", "c", "d"]);
        // From before the stream began.
        let mut stranger = two.hub.connect(member(1, Role::Viewer), Some(since - 5)).unwrap();
        assert!(is_resync(&waiting(&mut stranger)[0]));
    }

    async fn a_client_that_hops_between_instances_gets_everything_once(redis) {
        let all = [Instance::start(&redis.url()).await, Instance::start(&redis.url()).await];
        let mut observer = admin(&all[0].hub, 9);
        let publishers = all.each_ref().map(|instance| {
            let hub = instance.hub.clone();
            tokio::spawn(async move {
                for n in 0..300 {
                    hub.publish(event(1, &n.to_string()));
                    tokio::time::sleep(Duration::from_micros(n % 7 * 300)).await;
                }
            })
        });
        let clients = [1, 2, 3, 4].map(|step| {
            let hubs = all.each_ref().map(|instance| instance.hub.clone());
            tokio::spawn(async move {
                let (mut seen, mut got) = (None, Vec::new());
                for hop in 0.. {
                    let mut link = hubs[hop % 2].connect(member(1, Role::Viewer), seen).unwrap();
                    // As much as is there, or a few more: both the past and the present.
                    for _ in 0..step * 3 {
                        let Ok(out) = tokio::time::timeout(Duration::from_millis(500), link.next()).await else {
                            return got;
                        };
                        let Out::Text(text) = out else { panic!("closed") };
                        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                        seen = Some(seq(&value));
                        got.push(value);
                    }
                }
                got
            })
        });
        for publisher in publishers {
            publisher.await.unwrap();
        }
        let mut order = Vec::new();
        while order.len() < 600 {
            order.push(seq(&next(&mut observer).await));
        }
        for client in clients {
            let got = client.await.unwrap();
            let mut seen = None;
            for value in &got {
                // An instance that lags behind the one before does not know that number yet.
                if !is_resync(value)
                    && let Some(before) = seen
                {
                    let next = order.iter().find(|known| **known > before);
                    assert_eq!(next, Some(&seq(value)));
                }
                seen = Some(seq(value));
            }
            assert_eq!(seen.as_ref(), order.last());
            assert!(got.iter().filter(|value| !is_resync(value)).count() > 300);
        }
    }

    async fn the_stream_is_bounded_and_its_start_is_known(redis) {
        let settings = HubSettings { log_events: 100, queue: 2_000, ..HubSettings::default() };
        let (hub, bus) = Hub::shared(settings, Arc::new(SystemClock), &redis.url()).unwrap();
        let bus = tokio::spawn(bus.run(std::future::pending()));
        until("connected", || !hub.is_degraded()).await;
        let mut ada = viewer(&hub, 1);
        for n in 0..1_000 {
            hub.publish(event(1, &n.to_string()));
        }
        let got = up_to(&mut ada, |value| title(value) == "999").await;
        assert_eq!(got.len(), 1_000);
        let mut redis_client = client(&redis).await;
        let kept: usize = redis::cmd("XLEN").arg(STREAM).query_async(&mut redis_client).await.unwrap();
        assert!((100..=300).contains(&kept), "{kept}");
        bus.abort();
        let two = Instance::start(&redis.url()).await;
        // The first that is kept follows this one.
        let edge = 1_000 - kept - 1;
        let mut known = two.hub.connect(member(1, Role::Viewer), Some(seq(&got[edge]))).unwrap();
        assert_eq!(waiting(&mut known).len(), kept);
        let mut unknown = two.hub.connect(member(1, Role::Viewer), Some(seq(&got[edge - 1]))).unwrap();
        assert!(is_resync(&waiting(&mut unknown)[0]));
    }

    async fn what_is_not_ours_is_ignored(redis) {
        let one = Instance::start(&redis.url()).await;
        let mut ada = viewer(&one.hub, 1);
        let mut other = client(&redis).await;
        let id = user(1);
        for garbage in [
            "".to_owned(),
            "hello".to_owned(),
            "1 e".to_owned(),
            "1 e 5 4 {}".to_owned(),
            "1 e x y {}\n".to_owned(),
            format!("1 e {} 0 {{}}\n", u64::MAX),
            "1 m 1 1 {\"user\":7}\ntext".to_owned(),
            format!("2 m 1 1 {{\"user\":\"{id}\"}}\n{{}}"),
            "1 x 1 1 \"everyone\"\n{}".to_owned(),
        ] {
            let _: () = redis::cmd("PUBLISH").arg(CHANNEL).arg(garbage).query_async(&mut other).await.unwrap();
        }
        let _: () = redis::cmd("PUBLISH").arg(CHANNEL).arg(b"\xff\xfe").query_async(&mut other).await.unwrap();
        // The one that looks like an event of ours may have us resync, and does no more.
        one.hub.publish(event(1, "a"));
        up_to(&mut ada, |value| is_resync(value) || value["item"]["title"] == "a").await;
        one.hub.publish(event(1, "b"));
        let got = up_to(&mut ada, |value| value["item"]["title"] == "b").await;
        assert!(got.iter().all(|value| is_resync(value) || value["item"].is_object()), "{got:?}");
        assert!(!one.hub.is_degraded());
    }

    async fn an_event_of_another_version_is_a_gap(redis) {
        let one = Instance::start(&redis.url()).await;
        let mut ada = viewer(&one.hub, 1);
        one.hub.publish(event(1, "a"));
        let newest = seq(&next(&mut ada).await);
        let mut other = client(&redis).await;
        let _: String = redis::cmd("XADD")
            .arg(STREAM)
            .arg(format!("{}-0", newest + 1))
            .arg(&["v", "2", "x", "y"])
            .query_async(&mut other)
            .await
            .unwrap();
        one.hub.publish(event(1, "b"));
        let resync = next(&mut ada).await;
        assert!(is_resync(&resync), "{resync}");
        one.hub.publish(event(1, "c"));
        assert_eq!(title(&next(&mut ada).await), "c");
    }

    async fn a_stop_sends_what_waits(redis) {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let settings = HubSettings::default();
        let (hub, bus) = Hub::shared(settings, Arc::new(SystemClock), &redis.url()).unwrap();
        let bus = tokio::spawn(bus.run(async {
            let _ = stopped.await;
        }));
        let two = Instance::start(&redis.url()).await;
        let mut ada = viewer(&two.hub, 1);
        until("connected", || !hub.is_degraded()).await;
        for n in 0..200 {
            hub.publish(event(1, &n.to_string()));
        }
        stop.send(()).unwrap();
        bus.await.unwrap();
        assert_eq!(up_to(&mut ada, |value| title(value) == "199").await.len(), 200);
        assert!(hub.is_degraded());
    }
}

pub(crate) const CHANNEL: &str = "plinth:realtime:1:0";
pub(crate) const STREAM: &str = "plinth:realtime:1:0:log";

pub(crate) async fn client(redis: &DedicatedRedis) -> redis::aio::MultiplexedConnection {
    redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

#[test]
fn only_a_redis_url_is_taken_and_it_is_repeated_nowhere() {
    let hub = |url: &str| Hub::shared(HubSettings::default(), Arc::new(SystemClock), url);
    for url in ["", "redis", "http://localhost", "postgres://u:secret@localhost/db"] {
        let error = hub(url).err().unwrap();
        assert!(!error.to_string().contains("secret") && !format!("{error:?}").contains("secret"));
    }
    let (hub, bus) = hub("redis://:secret@localhost:1/0").unwrap();
    assert!(!format!("{hub:?} {bus:?}").contains("secret"));
}
