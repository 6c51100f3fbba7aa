//! Redis goes away, stands still, forgets, and comes back.

use std::time::{Duration, Instant};

use plinth_domain::Role;
use plinth_testing::Log;
use plinth_testing::redis::DedicatedRedis;
use serde_json::json;

use crate::shared::{client, on_redis};
use crate::support::{
    Instance, account, admin, event, is_resync, member, next, run, seq, session, title, until, up_to, user,
    viewer, waiting,
};

on_redis! {
    async fn a_restart_costs_nobody_the_connection_and_everyone_resyncs(redis) {
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&redis.url()).await);
        let (mut ada, mut bob) = (viewer(&one.hub, 1), viewer(&two.hub, 1));
        one.hub.publish(event(1, "before"));
        let since = seq(&next(&mut ada).await);
        next(&mut bob).await;
        redis.stop();
        until("noticed", || one.hub.is_degraded() && two.hub.is_degraded()).await;
        // A message stays on the instance, and an event has its connections resync at once.
        ada.receive(r#"{"text":"anyone?"}"#);
        assert_eq!(waiting(&mut ada)[0]["text"], "anyone?");
        one.hub.publish(event(1, "lost"));
        let told = waiting(&mut ada);
        assert!(told.len() == 1 && is_resync(&told[0]), "{told:?}");
        assert_eq!(waiting(&mut bob).len(), 0);
        // Nobody can resume where something was lost.
        let mut late = one.hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
        assert!(is_resync(&waiting(&mut late)[0]));
        redis.start_again();
        until("back", || !one.hub.is_degraded() && !two.hub.is_degraded()).await;
        for link in [&mut ada, &mut bob] {
            assert!(seq(&up_to(link, is_resync).await[0]) > since);
        }
        two.hub.publish(event(1, "after"));
        for link in [&mut ada, &mut bob] {
            let got = up_to(link, |value| value["item"]["title"] == "after").await;
            assert!(got[..got.len() - 1].iter().all(is_resync), "{got:?}");
            assert!(seq(got.last().unwrap()) > since);
        }
        let mut late = two.hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
        assert!(is_resync(&waiting(&mut late)[0]));
    }

    async fn no_event_is_missing_without_a_resync_between(redis) {
        let all = [Instance::start(&redis.url()).await, Instance::start(&redis.url()).await];
        let readers = all.each_ref().map(|instance| {
            let mut link = viewer(&instance.hub, 1);
            tokio::spawn(async move { up_to(&mut link, |value| value["item"]["title"] == "end").await })
        });
        for n in 0..600 {
            all[0].hub.publish(event(1, &n.to_string()));
            match n {
                150 | 400 => redis.stop(),
                250 | 420 => redis.start_again(),
                _ => tokio::time::sleep(Duration::from_millis(3)).await,
            }
        }
        until("back", || all.iter().all(|instance| !instance.hub.is_degraded())).await;
        all[0].hub.publish(event(1, "end"));
        for reader in readers {
            let got = reader.await.unwrap();
            let mut follows = Some(0);
            let mut served = 0;
            for value in &got[..got.len() - 1] {
                if is_resync(value) {
                    follows = None;
                    continue;
                }
                let number: u32 = title(value).parse().unwrap();
                assert_eq!(follows.unwrap_or(number), number, "{got:?}");
                follows = Some(number + 1);
                served += 1;
            }
            assert!(follows.is_none_or(|next| next == 600));
            assert!((50..600).contains(&served), "{served}");
        }
    }

    async fn a_redis_that_stands_still_is_away(redis) {
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&redis.url()).await);
        let (mut ada, mut bob) = (viewer(&one.hub, 1), viewer(&two.hub, 1));
        redis.pause();
        // Nothing of this waits for Redis.
        let started = Instant::now();
        one.hub.publish(event(1, "in doubt"));
        ada.receive(r#"{"text":"in doubt"}"#);
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
        let got = up_to(&mut ada, |value| value["text"] == "in doubt").await;
        assert!(one.hub.is_degraded());
        until("noticed", || two.hub.is_degraded()).await;
        redis.resume();
        until("back", || !one.hub.is_degraded() && !two.hub.is_degraded()).await;
        // It may have been done after all; that it was not is what must not stay unknown.
        if !got.iter().any(is_resync) {
            up_to(&mut ada, is_resync).await;
        }
        up_to(&mut bob, is_resync).await;
        one.hub.publish(event(1, "after"));
        for link in [&mut ada, &mut bob] {
            up_to(link, |value| value["item"]["title"] == "after").await;
        }
    }

    async fn a_short_absence_is_caught_up(redis) {
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&redis.url()).await);
        let mut bob = viewer(&two.hub, 1);
        one.hub.publish(event(1, "a"));
        next(&mut bob).await;
        // Cuts the second's connections alone, which were made last.
        let mut other = client(&redis).await;
        let list: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut other).await.unwrap();
        let mut ids: Vec<u64> = list
            .lines()
            .filter_map(|line| line.strip_prefix("id=")?.split_once(' ')?.0.parse().ok())
            .collect();
        ids.sort_unstable();
        // Two of each instance and this one.
        assert_eq!(ids.len(), 5, "{list}");
        for id in &ids[2..4] {
            let _: () = redis::cmd("CLIENT").arg(&["KILL", "ID"]).arg(id).query_async(&mut other).await.unwrap();
        }
        for name in ["b", "c", "d"] {
            one.hub.publish(event(1, name));
        }
        let got = up_to(&mut bob, |value| value["item"]["title"] == "d").await;
        assert_eq!(crate::support::titles(&got), ["b", "c", "d"]);
    }

    async fn a_flushed_redis_is_noticed_with_the_next_event(redis) {
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&redis.url()).await);
        let (mut ada, mut bob) = (viewer(&one.hub, 1), viewer(&two.hub, 1));
        one.hub.publish(event(1, "a"));
        let since = seq(&next(&mut ada).await);
        next(&mut bob).await;
        let _: () = redis::cmd("FLUSHALL").query_async(&mut client(&redis).await).await.unwrap();
        two.hub.publish(event(1, "b"));
        for link in [&mut ada, &mut bob] {
            let told = next(link).await;
            assert!(is_resync(&told) && seq(&told) > since, "{told}");
        }
        two.hub.publish(event(1, "c"));
        for link in [&mut ada, &mut bob] {
            assert_eq!(title(&next(link).await), "c");
        }
    }

    async fn who_is_to_go_goes_without_redis_too(redis) {
        let one = Instance::start(&redis.url()).await;
        let (mut ada, mut bob, mut eve) = (viewer(&one.hub, 1), viewer(&one.hub, 2), admin(&one.hub, 3));
        redis.stop();
        until("noticed", || one.hub.is_degraded()).await;
        one.hub.end_session(session(1));
        assert_eq!(waiting(&mut ada), [json!(4401)]);
        one.hub.publish(plinth_realtime::Event::user_deleted(&account(2, Role::Viewer)));
        assert_eq!(waiting(&mut bob).last(), Some(&json!(4401)));
        one.hub.publish(plinth_realtime::Event::user_updated(&account(3, Role::Viewer)));
        eve.receive(r#"{"join":"role.admin"}"#);
        assert!(waiting(&mut eve).iter().any(|value| value["error"]["code"] == "channel_forbidden"));
        assert_eq!(one.hub.sessions(), [(session(3), user(3))]);
    }

    async fn many_losses_are_few_resyncs(redis) {
        let one = Instance::start(&redis.url()).await;
        let mut ada = viewer(&one.hub, 1);
        redis.stop();
        until("noticed", || one.hub.is_degraded()).await;
        for _ in 0..1_000 {
            one.hub.publish(event(1, "lost"));
        }
        assert_eq!(waiting(&mut ada).len(), 1);
        // And one for those that came right after it.
        assert!(is_resync(&next(&mut ada).await));
    }
}

#[test]
fn a_server_starts_without_redis() {
    let Some(redis) = DedicatedRedis::start() else { return };
    run(async {
        redis.stop();
        let one = Instance::start_lonely(&redis.url());
        let mut ada = viewer(&one.hub, 1);
        assert!(one.hub.is_degraded());
        ada.receive(r#"{"text":"alone"}"#);
        assert_eq!(next(&mut ada).await["text"], "alone");
        one.hub.publish(event(1, "lost"));
        assert!(is_resync(&next(&mut ada).await));
        redis.start_again();
        until("connected", || !one.hub.is_degraded()).await;
        up_to(&mut ada, |value| is_resync(value) && seq(value) > 0).await;
        one.hub.publish(event(1, "a"));
        assert_eq!(title(&up_to(&mut ada, |value| value["item"].is_object()).await.pop().unwrap()), "a");
    });
}

#[test]
fn an_outage_is_two_lines_without_the_password() {
    let Some(redis) = DedicatedRedis::start_with(&["--requirepass", "kestrel"]) else { return };
    let log = Log::default();
    // While there is one subscriber only, a line that another test's thread comes by first is off for good.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    // Without times, in which the digits of the port may be.
    let subscriber =
        tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).without_time().finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // One thread: the subscriber is this thread's.
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let url = redis.url().replace("redis://", "redis://:kestrel@");
        let one = Instance::start(&url).await;
        redis.stop();
        until("noticed", || one.hub.is_degraded()).await;
        one.hub.publish(event(1, "lost"));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        redis.start_again();
        until("back", || !one.hub.is_degraded()).await;
    });
    let log = log.text();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("plinth_realtime")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains("WARN") && lines[0].contains("Redis is away"), "{log}");
    assert!(lines[1].contains("INFO") && lines[1].contains("Redis is back"), "{log}");
    assert!(!log.contains("kestrel") && !log.contains(&redis.port().to_string()), "{log}");
}

#[test]
fn what_the_bus_cannot_take_is_told() {
    let Some(redis) = DedicatedRedis::start() else { return };
    // One thread: as long as this does not wait, the bus takes nothing.
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&redis.url()).await);
        let (mut ada, mut bob) = (viewer(&one.hub, 1), viewer(&two.hub, 1));
        for n in 0..5_000 {
            ada.receive(&json!({ "n": n }).to_string());
        }
        let refused = waiting(&mut ada);
        assert!(refused.len() > 500 && refused.iter().all(|value| value["error"]["code"] == "overloaded"));
        for link in [&mut ada, &mut bob] {
            let mut next_number = 0;
            while next_number < 5_000 - refused.len() {
                assert_eq!(next(link).await["n"], next_number);
                next_number += 1;
            }
        }
        for _ in 0..5_000 {
            one.hub.publish(event(1, "a"));
        }
        let told = waiting(&mut ada);
        assert!(told.len() == 1 && is_resync(&told[0]), "{told:?}");
        assert!(!one.hub.is_degraded());
        // On the other instance too, among those that came through.
        up_to(&mut bob, is_resync).await;
        one.hub.publish(event(1, "after"));
        for link in [&mut ada, &mut bob] {
            up_to(link, |value| value["item"]["title"] == "after").await;
        }
    });
}
