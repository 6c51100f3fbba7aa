//! Removing what is no longer of any use: only that, and a batch at a time.

use plinth_domain::audit::AuditEntry;
use plinth_domain::{
    AuditEvent, AuditId, MailKind, OneTimeToken, OneTimeTokenId, RequestContext, Session, Timestamp,
    TokenPurpose,
};
use plinth_persistence::{Connection, Result, audit, one_time, outbox, sessions, sweep};
use plinth_testing::{TestDb, on_both};

use crate::outbox::{mail, put};
use crate::support::{ENTROPY, at, count, database, execute, seconds, session, somebody};

/// Sweeps until nothing is left to sweep; how much each batch removed.
fn batches(
    db: &TestDb,
    sweep: fn(&mut Connection, Timestamp) -> Result<usize>,
    until: Timestamp,
) -> Vec<usize> {
    let mut batches = Vec::new();
    loop {
        let removed = db.write(move |c| sweep(c, until)).unwrap();
        if removed == 0 {
            return batches;
        }
        batches.push(removed);
    }
}

fn entry(second: i64) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(seconds(second), &*ENTROPY),
        at: seconds(second),
        event: AuditEvent::Login.into(),
        actor_id: None,
        user_id: None,
        context: RequestContext::default(),
        details: Vec::new(),
    }
}

on_both! {
    fn sessions_that_ran_out_go_in_batches(db) {
        let ada = somebody(&db, "ada");
        let old = sweep::BATCH * 2 + 3;
        let ends = [vec![0; old], vec![1]].concat().into_iter().map(seconds);
        let all: Vec<Session> = ends
            .map(|expires_at| Session { created_at: seconds(-9), expires_at, ..session(&ada) })
            .collect();
        db.write(move |c| all.iter().try_for_each(|session| sessions::insert(c, session))).unwrap();
        assert_eq!(batches(&db, sweep::sessions, seconds(-1)), [0; 0]);
        assert_eq!(batches(&db, sweep::sessions, seconds(0)), [sweep::BATCH, sweep::BATCH, 3]);
        assert_eq!(count(&db, "sessions"), 1);
    }

    fn tokens_that_ran_out_go(db) {
        let (ada, bob) = (somebody(&db, "ada"), somebody(&db, "bob"));
        for (user, ends) in [(ada, 0), (bob, 1)] {
            let token = OneTimeToken {
                id: OneTimeTokenId::new(at(0), &*ENTROPY),
                user_id: user.id,
                purpose: TokenPurpose::VerifyEmail,
                email: user.email,
                created_at: at(0),
                expires_at: seconds(ends),
            };
            let digest = [u8::try_from(ends).unwrap(); 32];
            db.write(move |c| one_time::replace(c, &token, &digest)).unwrap();
        }
        assert_eq!(batches(&db, sweep::one_time_tokens, seconds(0)), [1]);
        assert_eq!(count(&db, "one_time_tokens"), 1);
    }

    fn old_dead_letters_go_and_mail_on_its_way_stays(db) {
        let ada = somebody(&db, "ada");
        for died in [Some(0), Some(1), None] {
            let mail = mail(&ada, MailKind::VerifyEmail, -1_000);
            put(&db, &mail).unwrap();
            if let Some(second) = died {
                db.write(move |c| outbox::bury(c, &mail, seconds(second), "no")).unwrap();
            }
        }
        assert_eq!(batches(&db, sweep::dead_letters, seconds(1)), [1]);
        assert_eq!(db.read(outbox::counts).unwrap(), outbox::Counts { waiting: 1, dead: 1 });
    }

    fn old_entries_of_the_audit_log_go_in_batches(db) {
        let entries: Vec<_> = (0..sweep::BATCH + 10).map(|n| entry(i64::try_from(n).unwrap())).collect();
        db.write(move |c| entries.iter().try_for_each(|entry| audit::record(c, entry))).unwrap();
        let last_but_four = seconds(i64::try_from(sweep::BATCH + 5).unwrap());
        assert_eq!(batches(&db, sweep::audit, last_but_four), [sweep::BATCH, 5]);
        assert_eq!(count(&db, "audit"), 5);
    }

    /// Accounts are named by what was swept, and by what was not.
    fn nothing_else_goes(db) {
        let ada = somebody(&db, "ada");
        crate::support::store_session(&db, &session(&ada)).unwrap();
        crate::support::store_item(&db, &crate::support::item(&ada, "Lamp")).unwrap();
        batches(&db, sweep::sessions, Timestamp::from_micros(253_402_300_799_999_999).unwrap());
        assert_eq!([count(&db, "sessions"), count(&db, "users"), count(&db, "items")], [0, 1, 1]);
    }
}

/// A row that somebody has in hand is not waited for.
#[test]
fn sweeping_waits_for_nobody_on_postgres() {
    let Some(db) = TestDb::postgres() else { return };
    let ada = somebody(&db, "ada");
    for _ in 0..2 {
        crate::support::store_session(
            &db,
            &Session { created_at: seconds(-9), expires_at: at(0), ..session(&ada) },
        )
        .unwrap();
    }
    let other = database(&db, 1);
    let (has, held) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let swept = db.block_on(async {
        let holding = tokio::spawn(async move {
            let work = move |c: &mut Connection| {
                execute(c, "SELECT id FROM sessions ORDER BY id LIMIT 1 FOR UPDATE")?;
                has.send(()).unwrap();
                let _ = released.recv();
                Ok::<_, plinth_persistence::Error>(())
            };
            other.write(work).await
        });
        held.recv().unwrap();
        let swept = db.database().write(|c| sweep::sessions(c, at(0))).await;
        drop(release);
        holding.await.unwrap().unwrap();
        swept
    });
    assert_eq!(swept.unwrap(), 1);
    assert_eq!(batches(&db, sweep::sessions, at(0)), [1]);
}
