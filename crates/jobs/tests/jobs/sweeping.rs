//! The sweeper removes what is old, and goes on until it is told to stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use plinth_auth::SystemEntropy;
use plinth_domain::audit::AuditEntry;
use plinth_domain::sessions::Rotation;
use plinth_domain::{AuditEvent, AuditId, Clock, MailKind, RequestContext, Session, SessionId, User};
use plinth_jobs::{Retention, Stopper, Sweeper};
use plinth_persistence::{audit, outbox, sessions, sweep};
use plinth_testing::on_both;
use plinth_testing::smtp::{Fault, Step};

use crate::support::Office;

const DAY: u64 = 24 * 60 * 60;

fn sweeper(office: &Office, audit: Option<Duration>) -> Sweeper {
    Sweeper {
        db: office.db.database().clone(),
        clock: Arc::new(office.clock.clone()),
        retention: Retention { audit, ..Retention::default() },
        first: Duration::from_millis(20),
        interval: Duration::from_millis(20),
    }
}

/// A session that is good for an hour.
fn sign_in(office: &Office, user: &User) {
    let now = office.clock.now();
    let session = Session {
        id: SessionId::new(now, &SystemEntropy),
        user_id: user.id,
        rotation: Rotation::START,
        created_at: now,
        last_used_at: now,
        expires_at: now.plus(Duration::from_secs(3_600)),
        ip: None,
        user_agent: None,
    };
    office.write(move |c| sessions::insert(c, &session));
}

fn note(office: &Office) {
    let now = office.clock.now();
    let entry = AuditEntry {
        id: AuditId::new(now, &SystemEntropy),
        at: now,
        event: AuditEvent::Login.into(),
        actor_id: None,
        user_id: None,
        context: RequestContext::default(),
        details: Vec::new(),
    };
    office.write(move |c| audit::record(c, &entry));
}

/// How many sessions, tokens, dead letters and entries of the audit log there are.
fn left(office: &Office) -> [usize; 4] {
    ["sessions", "one_time_tokens", "outbox", "audit"].map(|table| office.count(table))
}

on_both! {
    fn each_thing_goes_when_its_time_is_over(db) {
        let office = Office::open(db);
        let (_stopper, stop) = Stopper::new();
        let ada = office.user("ada");
        sign_in(&office, &ada);
        office.server.fail(1, Step::Rcpt, Fault::Answer("550 no".to_owned()));
        office.mail(MailKind::VerifyEmail, &ada);
        office.round();
        note(&office);
        let sweeper = sweeper(&office, Some(Duration::from_secs(365 * DAY)));
        let after = |seconds| {
            office.clock.advance(Duration::from_secs(seconds));
            office.runtime.block_on(sweeper.sweep(&stop));
            left(&office)
        };
        assert_eq!(after(3_500), [1, 1, 1, 1]);
        assert_eq!(after(200), [0, 1, 1, 1]);
        assert_eq!(after(DAY), [0, 0, 1, 1]);
        assert_eq!(after(28 * DAY), [0, 0, 1, 1]);
        assert_eq!(after(2 * DAY), [0, 0, 0, 1]);
        assert_eq!(after(330 * DAY), [0, 0, 0, 1]);
        assert_eq!(after(5 * DAY), [0, 0, 0, 0]);
    }

    fn the_audit_log_may_be_kept_for_ever(db) {
        let office = Office::open(db);
        let (_stopper, stop) = Stopper::new();
        note(&office);
        office.clock.advance(Duration::from_secs(3_000 * DAY));
        office.runtime.block_on(sweeper(&office, None).sweep(&stop));
        assert_eq!(office.count("audit"), 1);
    }

    fn it_sweeps_again_and_again_until_it_is_told(db) {
        let office = Office::open(db);
        let (stopper, stop) = Stopper::new();
        let ada = office.user("ada");
        let job = office.runtime.spawn(sweeper(&office, None).run(stop));
        for _ in 0..2 {
            sign_in(&office, &ada);
            office.clock.advance(Duration::from_secs(3_601));
            let began = Instant::now();
            while office.count("sessions") > 0 {
                assert!(began.elapsed() < Duration::from_secs(10), "it is not swept");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        stopper.stop();
        office.runtime.block_on(job).unwrap();
        sign_in(&office, &ada);
        office.clock.advance(Duration::from_secs(3_601));
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(office.count("sessions"), 1, "nobody sweeps any more");
    }

    fn the_first_round_does_not_wait_for_the_interval(db) {
        let office = Office::open(db);
        let (stopper, stop) = Stopper::new();
        let ada = office.user("ada");
        sign_in(&office, &ada);
        office.clock.advance(Duration::from_secs(3_601));
        let sweeper = Sweeper { interval: Duration::from_secs(DAY), ..sweeper(&office, None) };
        let job = office.runtime.spawn(sweeper.run(stop));
        let began = Instant::now();
        while office.count("sessions") > 0 {
            assert!(began.elapsed() < Duration::from_secs(10), "it is not swept");
            std::thread::sleep(Duration::from_millis(5));
        }
        sign_in(&office, &ada);
        office.clock.advance(Duration::from_secs(3_601));
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(office.count("sessions"), 1, "the second one does");
        stopper.stop();
        office.runtime.block_on(job).unwrap();
    }

    fn a_round_takes_all_batches_unless_it_is_told_to_stop(db) {
        let office = Office::open(db);
        let entries = 2 * sweep::BATCH + 1;
        let now = office.clock.now();
        office.write(move |c| {
            (0..entries).try_for_each(|_| {
                let id = AuditId::new(now, &SystemEntropy);
                let context = RequestContext::default();
                let (event, actor_id, user_id, details) = (AuditEvent::Login.into(), None, None, Vec::new());
                audit::record(c, &AuditEntry { id, at: now, event, actor_id, user_id, context, details })
            })
        });
        office.clock.advance(Duration::from_secs(DAY));
        let sweeper = sweeper(&office, Some(Duration::from_secs(3_600)));
        let (stopper, stop) = Stopper::new();
        stopper.stop();
        office.runtime.block_on(sweeper.sweep(&stop));
        assert_eq!(office.count("audit"), sweep::BATCH + 1, "one batch");
        let (_stopper, stop) = Stopper::new();
        office.runtime.block_on(sweeper.sweep(&stop));
        assert_eq!(office.count("audit"), 0);
    }

    fn mail_of_a_clock_that_was_ahead_is_sent_when_it_is_right_again(db) {
        let office = Office::open(db);
        let (_stopper, stop) = Stopper::new();
        let ada = office.user("ada");
        let mut mail = office.mail(MailKind::EmailChanged, &ada);
        let put = mail.clone();
        office.write(move |c| outbox::remove(c, &put));
        mail.created_at = mail.created_at.plus(Duration::from_secs(400 * DAY));
        office.write(move |c| outbox::put(c, &mail));
        assert_eq!(office.round(), 0);
        office.runtime.block_on(sweeper(&office, None).sweep(&stop));
        assert_eq!((office.round(), office.server.messages().len()), (1, 1));
    }
}
