//! How jobs are told to end, and how soon they do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use plinth_domain::MailKind;
use plinth_jobs::{Postman, PostmanSettings, Stop, Stopper};
use plinth_testing::on_both;
use plinth_testing::smtp::{Fault, Step};
use tokio::task::JoinHandle;

use crate::support::Office;

/// Ends sooner than it would give up what it is at.
fn assert_ends(office: &Office, job: JoinHandle<()>) {
    let began = Instant::now();
    let ended = office.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), job).await });
    ended.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

/// A postman that looks into the outbox once an hour, unless it is woken.
fn sleepy(office: &Office) -> Postman {
    let settings =
        PostmanSettings { interval: Duration::from_secs(3_600), ..office.postman.settings.clone() };
    Postman { settings, ..office.postman.clone() }
}

on_both! {
    fn an_idle_postman_ends_at_once(db) {
        let office = Office::open(db);
        let (stopper, stop) = Stopper::new();
        let job = office.runtime.spawn(sleepy(&office).run(stop));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!job.is_finished());
        stopper.stop();
        assert_ends(&office, job);
    }

    fn a_postman_that_is_woken_sends_at_once(db) {
        let office = Office::open(db);
        let (_stopper, stop) = Stopper::new();
        let postman = sleepy(&office);
        let bell = Arc::clone(&postman.wakeup);
        let job = office.runtime.spawn(postman.run(stop));
        let ada = office.user("ada");
        for n in 1..=3 {
            office.mail(MailKind::EmailChanged, &ada);
            bell.notify_one();
            office.server.wait_for(n);
        }
        assert!(!job.is_finished());
        job.abort();
    }

    fn what_is_being_sent_is_sent_to_its_end(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        let (stopper, stop) = Stopper::new();
        for _ in 0..30 {
            office.mail(MailKind::EmailChanged, &ada);
        }
        let job = office.runtime.spawn(office.postman.clone().run(stop));
        office.server.wait_for(1);
        stopper.stop();
        assert_ends(&office, job);
        let (waiting, dead) = office.counts();
        let sent = u64::try_from(office.server.messages().len()).unwrap();
        assert_eq!((waiting + sent, dead), (30, 0), "each is sent or waits");
    }

    fn a_send_that_does_not_end_is_given_up_and_made_up_for(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::VerifyEmail, &ada);
        office.server.fail(1, Step::Data, Fault::Stall);
        let (stopper, stop) = Stopper::new();
        let job = office.runtime.spawn(office.postman.clone().run(stop));
        while !office.server.commands().iter().any(|line| line == "DATA") {
            std::thread::sleep(Duration::from_millis(5));
        }
        stopper.stop();
        assert_ends(&office, job);
        assert_eq!((office.server.messages().len(), office.counts()), (0, (1, 0)));
        assert_eq!(office.round_after(301), 1);
        assert_eq!((office.server.messages().len(), office.counts()), (1, (0, 0)));
    }

    fn a_postman_that_was_told_before_it_began_does_nothing(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::VerifyEmail, &ada);
        let (stopper, stop) = Stopper::new();
        stopper.stop();
        let job = office.runtime.spawn(office.postman.clone().run(stop));
        assert_ends(&office, job);
        assert_eq!((office.server.messages().len(), office.counts()), (0, (1, 0)));
    }
}

fn on_time<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

#[test]
fn every_clone_is_told_and_stays_told() {
    let (stopper, mut stop) = Stopper::new();
    let mut other: Stop = stop.clone();
    assert!(!stop.is_told() && !other.is_told());
    on_time(async {
        assert!(stop.pause(Duration::from_millis(5)).await, "nobody has told it");
        stopper.stop();
        other.told().await;
        stop.told().await;
        stop.told().await;
        assert!(!stop.pause(Duration::from_secs(3_600)).await);
    });
    assert!(stop.is_told() && other.is_told() && other.clone().is_told());
    stopper.stop();
}

#[test]
fn a_stopper_that_is_dropped_has_told_all() {
    let (stopper, mut stop) = Stopper::new();
    let waiting = std::thread::spawn({
        let mut stop = stop.clone();
        move || on_time(async move { stop.pause(Duration::from_secs(60)).await })
    });
    std::thread::sleep(Duration::from_millis(20));
    drop(stopper);
    assert!(!waiting.join().unwrap());
    assert!(stop.is_told());
    on_time(stop.told());
}

#[test]
fn a_stopper_whom_nobody_hears_does_no_harm() {
    let (stopper, stop) = Stopper::new();
    drop(stop);
    stopper.stop();
}
