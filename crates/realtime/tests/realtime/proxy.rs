//! What is lost where the connection to Redis ends at a bad moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plinth_domain::{Role, SystemClock};
use plinth_realtime::{Hub, HubSettings};
use plinth_testing::redis::DedicatedRedis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::shared::{STREAM, client, on_redis};
use crate::support::{
    Instance, event, is_resync, member, next, run, seq, title, until, up_to, viewer, waiting,
};

/// A way to Redis that can be cut.
struct Proxy {
    port: u16,
    /// False while nothing comes through.
    open: watch::Sender<bool>,
    /// Is cut where the stream is read for that many times; 0 for never.
    reads_left: Arc<AtomicUsize>,
}

impl Proxy {
    async fn start(redis: &DedicatedRedis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, redis_port) = (listener.local_addr().unwrap().port(), redis.port());
        let (open, is_open) = watch::channel(true);
        let reads_left = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&reads_left);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (mut is_open, left) = (is_open.clone(), Arc::clone(&left));
                tokio::spawn(async move {
                    if *is_open.borrow_and_update() {
                        tokio::select! {
                            _ = is_open.wait_for(|open| !open) => {}
                            _ = carry(near, redis_port, &left) => {}
                        }
                    }
                });
            }
        });
        Self { port, open, reads_left }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

async fn carry(mut near: TcpStream, port: u16, left: &AtomicUsize) -> std::io::Result<()> {
    let mut far = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut asked, mut answered) = ([0; 16_384], [0; 16_384]);
    loop {
        tokio::select! {
            read = near.read(&mut asked) => {
                let bytes = &asked[..read?];
                let reads = bytes.windows(6).any(|part| part == b"XRANGE");
                if bytes.is_empty() || reads && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) == Ok(1) {
                    return Ok(());
                }
                far.write_all(bytes).await?;
            }
            read = far.read(&mut answered) => match read? {
                0 => return Ok(()),
                length => near.write_all(&answered[..length]).await?,
            },
        }
    }
}

on_redis! {
    async fn catching_up_that_is_cut_short_is_told(redis) {
        let proxy = Proxy::start(&redis).await;
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&proxy.url()).await);
        let mut ada = viewer(&two.hub, 1);
        one.hub.publish(event(1, "first"));
        let since = seq(&next(&mut ada).await);
        proxy.open.send_replace(false);
        until("cut", || two.hub.is_degraded()).await;
        for n in 0..800 {
            one.hub.publish(event(1, &n.to_string()));
        }
        let mut observer = one.hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
        up_to(&mut observer, |value| title(value) == "799").await;
        // What comes next after the first is gone: two pages are left.
        let _: usize =
            redis::cmd("XTRIM").arg(STREAM).arg(&["MAXLEN", "700"]).query_async(&mut client(&redis).await).await.unwrap();
        proxy.reads_left.store(2, Ordering::SeqCst);
        proxy.open.send_replace(true);
        let got = up_to(&mut ada, |value| value["item"]["title"] == "799").await;
        assert!(is_resync(&got[0]), "{} came, first {}", got.len(), got[0]);
        assert_eq!(proxy.reads_left.load(Ordering::SeqCst), 0);
        // It has gone on from there, and has everything.
        assert_eq!(got.len(), 201);
        assert_eq!(got.iter().filter(|value| is_resync(value)).count(), 1);
        assert!(got.is_sorted_by_key(seq));
    }

    async fn redis_that_fails_at_the_stop_is_a_loss_and_no_panic(redis) {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (hub, bus) = Hub::shared(HubSettings::default(), Arc::new(SystemClock), &redis.url()).unwrap();
        let bus = tokio::spawn(bus.run(async {
            let _ = stopped.await;
        }));
        until("connected", || !hub.is_degraded()).await;
        let mut ada = viewer(&hub, 1);
        redis.pause();
        stop.send(()).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        hub.publish(event(1, "too late"));
        bus.await.unwrap();
        assert!(hub.is_degraded());
        assert!(is_resync(&waiting(&mut ada)[0]));
    }

    async fn a_bus_that_is_aborted_leaves_nothing_behind_in_silence(redis) {
        let one = Instance::start(&redis.url()).await;
        let mut ada = viewer(&one.hub, 1);
        redis.pause();
        one.hub.publish(event(1, "in doubt"));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        one.hub.publish(event(1, "waits"));
        one.abort();
        until("aborted", || one.hub.is_degraded()).await;
        assert!(is_resync(&next(&mut ada).await));
    }

    async fn a_write_of_unknown_outcome_is_a_loss_everywhere(redis) {
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&redis.url()).await);
        let (mut ada, mut bob) = (viewer(&one.hub, 1), viewer(&two.hub, 1));
        one.hub.publish(event(1, "before"));
        let since = seq(&next(&mut ada).await);
        next(&mut bob).await;
        one.hub.lost_an_event();
        one.hub.publish(event(1, "after"));
        for link in [&mut ada, &mut bob] {
            let told = next(link).await;
            assert!(is_resync(&told) && seq(&told) > since, "{told}");
            assert_eq!(title(&next(link).await), "after");
        }
        // And at once where there is no Redis to tell of it.
        redis.stop();
        until("noticed", || one.hub.is_degraded()).await;
        one.hub.lost_an_event();
        assert!(is_resync(&waiting(&mut ada)[0]));
    }

    async fn a_resync_does_not_go_back_behind_what_the_client_has_seen(redis) {
        redis.stop();
        let one = Instance::start_lonely(&redis.url());
        let mut ada = one.hub.connect(member(1, Role::Viewer), Some(5_000)).unwrap();
        assert_eq!(seq(&waiting(&mut ada)[0]), 5_000);
        let mut bob = viewer(&one.hub, 1);
        one.hub.publish(event(1, "lost"));
        let told = next(&mut ada).await;
        assert!(is_resync(&told) && seq(&told) == 5_000, "{told}");
        assert_eq!(seq(&next(&mut bob).await), 0);
        redis.start_again();
        until("back", || !one.hub.is_degraded()).await;
        assert!(seq(&up_to(&mut ada, |value| seq(value) > 5_000).await[0]) >= 5_000);
    }

    async fn while_cut_off_others_may_know_more(redis) {
        let proxy = Proxy::start(&redis).await;
        let (one, two) = (Instance::start(&redis.url()).await, Instance::start(&proxy.url()).await);
        let (mut ada, mut bob) = (viewer(&one.hub, 1), viewer(&two.hub, 1));
        one.hub.publish(event(1, "a"));
        next(&mut ada).await;
        next(&mut bob).await;
        proxy.open.send_replace(false);
        until("cut", || two.hub.is_degraded()).await;
        one.hub.publish(event(1, "b"));
        let since = seq(&next(&mut ada).await);
        let mut ada = two.hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
        let told = waiting(&mut ada);
        assert!(is_resync(&told[0]) && seq(&told[0]) == since, "{told:?}");
    }
}
