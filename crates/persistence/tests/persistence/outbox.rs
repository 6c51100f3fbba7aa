//! Mail on its way out: who gets which message when, and what becomes of it.

use std::collections::HashSet;
use std::time::Duration;

use plinth_domain::{Email, Mail, MailId, MailKind, OneTimeTokenId, Timestamp, User};
use plinth_persistence::outbox::{self, Counts};
use plinth_persistence::{Error, Result};
use plinth_testing::{TestDb, on_both};

use crate::support::{ENTROPY, at, count, database, execute, lines, seconds, somebody};

/// A message to the user that was asked for at that second.
pub(crate) fn mail(user: &User, kind: MailKind, second: i64) -> Mail {
    Mail {
        id: MailId::new(seconds(second), &*ENTROPY),
        kind,
        to: user.email.clone(),
        user_id: Some(user.id),
        new_email: None,
        token_id: None,
        created_at: seconds(second),
        attempts: 0,
    }
}

pub(crate) fn put(db: &TestDb, mail: &Mail) -> Result<()> {
    let mail = mail.clone();
    db.write(move |c| outbox::put(c, &mail))
}

/// Takes what is due at that second, for ten seconds.
fn lease(db: &TestDb, second: i64, limit: i64) -> Vec<Mail> {
    db.write(move |c| outbox::lease(c, seconds(second), seconds(second + 10), limit)).unwrap()
}

fn ids(mails: &[Mail]) -> Vec<MailId> {
    mails.iter().map(|mail| mail.id).collect()
}

fn counts(db: &TestDb) -> (u64, u64) {
    let Counts { waiting, dead } = db.read(outbox::counts).unwrap();
    (waiting, dead)
}

fn held(db: &TestDb, mail: &Mail) -> Result<Option<OneTimeTokenId>> {
    let mail = mail.clone();
    db.read(move |c| outbox::held(c, &mail))
}

fn retry(db: &TestDb, mail: &Mail, due: Timestamp, why: &'static str) -> Result<()> {
    let mail = mail.clone();
    db.write_one(move |c| outbox::retry(c, &mail, due, why))
}

fn bury(db: &TestDb, mail: &Mail, now: Timestamp) -> Result<()> {
    let mail = mail.clone();
    db.write_one(move |c| outbox::bury(c, &mail, now, "550 nobody of that name"))
}

fn remove(db: &TestDb, mail: &Mail) -> Result<()> {
    let mail = mail.clone();
    db.write_one(move |c| outbox::remove(c, &mail))
}

fn supersede(db: &TestDb, mail: &Mail) -> bool {
    let mail = mail.clone();
    db.write(move |c| outbox::supersede(c, &mail)).unwrap()
}

trait WriteOne {
    fn write_one<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut plinth_persistence::Connection) -> Result<T> + Send + 'static,
    ) -> Result<T>;
}

impl WriteOne for TestDb {
    fn write_one<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut plinth_persistence::Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.block_on(self.database().write_one(work))
    }
}

on_both! {
    fn a_message_comes_out_as_it_was_put_in(db) {
        let ada = somebody(&db, "ada");
        let full = Mail {
            new_email: Some(Email::parse("ada@example.org").unwrap()),
            token_id: Some(OneTimeTokenId::new(at(0), &*ENTROPY)),
            ..mail(&ada, MailKind::EmailChanged, 0)
        };
        let all = MailKind::ALL.map(|kind| Mail { user_id: None, ..mail(&ada, kind, 1) });
        put(&db, &full).unwrap();
        all.iter().for_each(|mail| put(&db, mail).unwrap());
        let mut leased = lease(&db, 1, 10);
        assert_eq!(leased.remove(0), Mail { attempts: 1, ..full });
        assert_eq!(leased.len(), all.len());
        for mail in all {
            assert!(leased.contains(&Mail { attempts: 1, ..mail }));
        }
    }

    fn nobody_is_written_to_who_is_not_there(db) {
        let nobody = crate::support::user("nobody");
        assert!(matches!(put(&db, &mail(&nobody, MailKind::VerifyEmail, 0)), Err(Error::ForeignKey)));
        assert_eq!(count(&db, "outbox"), 0);
    }

    fn what_is_due_is_taken_oldest_first_and_so_many(db) {
        let ada = somebody(&db, "ada");
        let due = |second| db.read(move |c| outbox::any_due(c, seconds(second))).unwrap();
        let mails: Vec<Mail> = [3, 1, 2, 9].map(|second| mail(&ada, MailKind::VerifyEmail, second)).into();
        assert!(!due(100));
        mails.iter().for_each(|mail| put(&db, mail).unwrap());
        assert!(!due(0) && due(1));
        assert_eq!(lease(&db, 0, 10), []);
        assert_eq!(ids(&lease(&db, 3, 2)), [mails[1].id, mails[2].id]);
        assert_eq!(ids(&lease(&db, 3, 2)), [mails[0].id]);
        assert!(!due(8) && lease(&db, 8, 2).is_empty());
        assert_eq!(ids(&lease(&db, 9, 2)), [mails[3].id]);
    }

    fn a_lease_that_ran_out_is_given_again_and_no_longer_holds(db) {
        let ada = somebody(&db, "ada");
        put(&db, &mail(&ada, MailKind::VerifyEmail, 0)).unwrap();
        let first = lease(&db, 0, 1).remove(0);
        assert_eq!(lease(&db, 9, 1), []);
        let second = lease(&db, 10, 1).remove(0);
        assert_eq!((second.id, first.attempts, second.attempts), (first.id, 1, 2));

        assert!(matches!(held(&db, &first), Err(Error::NotFound)));
        assert!(matches!(retry(&db, &first, seconds(11), "late"), Err(Error::NotFound)));
        assert!(matches!(bury(&db, &first, seconds(11)), Err(Error::NotFound)));
        assert!(matches!(remove(&db, &first), Err(Error::NotFound)));
        assert_eq!((lease(&db, 12, 1), counts(&db)), (vec![], (1, 0)));
        assert_eq!(held(&db, &second).unwrap(), None);
        remove(&db, &second).unwrap();
        assert_eq!(counts(&db), (0, 0));
        let (retried, buried) = (retry(&db, &second, at(0), ""), bury(&db, &second, at(0)));
        for gone in [remove(&db, &second), retried, buried, held(&db, &second).map(drop)] {
            assert!(matches!(gone, Err(Error::NotFound)));
        }
    }

    fn a_message_that_failed_waits_and_keeps_its_token_and_the_reason(db) {
        let ada = somebody(&db, "ada");
        put(&db, &mail(&ada, MailKind::VerifyEmail, 0)).unwrap();
        let leased = lease(&db, 0, 1).remove(0);
        let token = OneTimeTokenId::new(at(0), &*ENTROPY);
        let id = leased.id;
        db.write(move |c| outbox::set_token(c, id, token)).unwrap();
        assert_eq!(held(&db, &leased).unwrap(), Some(token));
        retry(&db, &leased, seconds(100), "451 later").unwrap();
        assert_eq!(lines(&db, "SELECT last_error AS line FROM outbox"), ["451 later"]);
        assert_eq!(lease(&db, 99, 1), []);
        assert_eq!(lease(&db, 100, 1), [Mail { attempts: 2, token_id: Some(token), ..leased }]);
        let other = MailId::new(at(0), &*ENTROPY);
        assert!(matches!(db.write(move |c| outbox::set_token(c, other, token)), Err(Error::NotFound)));
    }

    fn what_was_given_up_stays_until_it_is_revived(db) {
        let ada = somebody(&db, "ada");
        for second in [0, 1, 2] {
            put(&db, &mail(&ada, MailKind::VerifyEmail, second)).unwrap();
        }
        let leased = lease(&db, 1, 10);
        bury(&db, &leased[0], seconds(20)).unwrap();
        bury(&db, &leased[1], seconds(21)).unwrap();
        assert_eq!(counts(&db), (1, 2));
        assert_eq!(lease(&db, 1_000, 10).len(), 1, "the dead are not sent");
        let dead = db.read(|c| outbox::dead_letters(c, 10)).unwrap();
        let shown = dead.iter().map(|letter| (letter.mail.id, letter.dead_at, letter.why.as_str()));
        let shown: Vec<_> = shown.collect();
        let why = "550 nobody of that name";
        assert_eq!(shown, [(leased[1].id, seconds(21), why), (leased[0].id, seconds(20), why)]);
        assert_eq!(db.read(|c| outbox::dead_letters(c, 1)).unwrap().len(), 1);

        assert_eq!(db.write(|c| outbox::revive(c, seconds(30))).unwrap(), 2);
        assert_eq!((counts(&db), db.write(|c| outbox::revive(c, seconds(30))).unwrap()), ((3, 0), 0));
        assert_eq!(lease(&db, 29, 10), []);
        let again = lease(&db, 30, 10);
        assert_eq!(again.iter().map(|mail| mail.attempts).collect::<Vec<_>>(), [1, 1], "counted anew");
    }

    fn what_waits_for_anyone_is_counted_up_to_a_number(db) {
        let ada = somebody(&db, "ada");
        let enough = |count| db.read(move |c| outbox::has_waiting_for_anyone(c, count)).unwrap();
        let unknown = |second| Mail { user_id: None, ..mail(&ada, MailKind::ResetPassword, second) };
        put(&db, &mail(&ada, MailKind::VerifyEmail, 0)).unwrap();
        assert_eq!([0, 1, 2].map(enough), [true, false, false]);
        put(&db, &unknown(1)).unwrap();
        put(&db, &unknown(2)).unwrap();
        assert_eq!([1, 2, 3].map(enough), [true, true, false]);
        let leased = lease(&db, 1, 10);
        assert_eq!([2, 3].map(enough), [true, false], "on its way is not yet sent");
        bury(&db, &leased[1], seconds(1)).unwrap();
        assert_eq!([1, 2].map(enough), [true, false]);
    }

    fn each_message_is_given_to_one_of_twenty_at_once(db) {
        const MAILS: i64 = 60;
        let ada = somebody(&db, "ada");
        for second in 0..MAILS {
            put(&db, &mail(&ada, MailKind::VerifyEmail, second)).unwrap();
        }
        let others: Vec<_> = (0..4).map(|_| database(&db, 4)).collect();
        let leased = db.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for n in 0..20 {
                let database = others[n % others.len()].clone();
                tasks.spawn(async move {
                    let mut mine = Vec::new();
                    loop {
                        let some = database
                            .write(|c| outbox::lease(c, seconds(MAILS), seconds(MAILS + 10), 3))
                            .await
                            .unwrap();
                        if some.is_empty() {
                            return mine;
                        }
                        mine.extend(ids(&some));
                    }
                });
            }
            tasks.join_all().await.concat()
        });
        // What another had in hand just then is passed over, so all may have gone away too early.
        let rest = ids(&lease(&db, MAILS, 100));
        let all: Vec<MailId> = leased.into_iter().chain(rest).collect();
        assert_eq!(all.len(), usize::try_from(MAILS).unwrap());
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "some twice");
    }

    fn a_kind_of_a_newer_version_stops_nobody(db) {
        let ada = somebody(&db, "ada");
        put(&db, &mail(&ada, MailKind::VerifyEmail, 0)).unwrap();
        db.write(|c| execute(c, "UPDATE outbox SET kind = 'invoice'")).unwrap();
        put(&db, &mail(&ada, MailKind::VerifyEmail, 1)).unwrap();
        let leased = lease(&db, 1, 10);
        assert_eq!(leased.iter().map(|mail| mail.created_at).collect::<Vec<_>>(), [seconds(1)]);
        let kept = lines(&db, "SELECT CAST(attempts AS text) AS line FROM outbox WHERE kind = 'invoice'");
        assert_eq!(kept, ["0"], "it is left for whoever knows it");
        assert_eq!(lease(&db, 5, 10), []);
    }

    fn a_newer_message_takes_the_place_of_the_older_of_its_kind(db) {
        let (ada, bob) = (somebody(&db, "ada"), somebody(&db, "bob"));
        let kept = [
            mail(&ada, MailKind::ResetPassword, 1),
            mail(&bob, MailKind::VerifyEmail, 1),
            // Bob wants ada's address, and has yet to prove it.
            Mail { to: ada.email.clone(), ..mail(&bob, MailKind::VerifyEmail, 1) },
            Mail { user_id: None, ..mail(&ada, MailKind::VerifyEmail, 1) },
        ];
        let [dead, older, newest] = [0, 1, 2].map(|second| mail(&ada, MailKind::VerifyEmail, second));
        for mail in kept.iter().chain([&older, &dead, &newest]) {
            put(&db, mail).unwrap();
        }
        bury(&db, &dead, seconds(3)).unwrap();
        assert!(!supersede(&db, &older), "a newer one waits");
        assert_eq!(count(&db, "outbox"), 7);
        assert!(supersede(&db, &newest));
        let mut left = ids(&lease(&db, 5, 10));
        let mut wanted: Vec<MailId> = kept.iter().map(|mail| mail.id).chain([newest.id]).collect();
        left.sort();
        wanted.sort();
        assert_eq!(left, wanted);
        assert_eq!(counts(&db), (5, 0));

        let nobody_in_particular = Mail { user_id: None, ..mail(&ada, MailKind::VerifyEmail, 9) };
        put(&db, &nobody_in_particular).unwrap();
        assert!(supersede(&db, &nobody_in_particular));
        assert_eq!(counts(&db), (5, 0));
    }

    fn what_was_put_while_the_clock_was_ahead_is_brought_forward(db) {
        let ada = somebody(&db, "ada");
        let day = 24 * 60 * 60;
        for second in [day, day + 1, 400 * day] {
            put(&db, &mail(&ada, MailKind::VerifyEmail, second)).unwrap();
        }
        let dead = mail(&ada, MailKind::VerifyEmail, 500 * day);
        put(&db, &dead).unwrap();
        bury(&db, &dead, at(0)).unwrap();
        let forward = |c: &mut plinth_persistence::Connection| outbox::bring_forward(c, at(0), seconds(86_400));
        assert_eq!(db.write(forward).unwrap(), 2);
        assert_eq!((db.write(forward).unwrap(), lease(&db, 0, 10).len()), (0, 2));
    }

    /// A request that withdraws several messages and a worker that takes them never wait for each other.
    fn taking_and_withdrawing_at_once_never_lock_each_other_out(db) {
        let ada = somebody(&db, "ada");
        let other = database(&db, 4);
        db.block_on(async {
            for round in 0..40_i64 {
                for (second, kind) in [(0, MailKind::ResetPassword), (1, MailKind::VerifyEmail)] {
                    let mail = mail(&ada, kind, round * 100 + second);
                    db.database().write(move |c| outbox::put(c, &mail)).await.unwrap();
                }
                let now = seconds(round * 100 + 50);
                let (user, email) = (ada.id, ada.email.clone());
                let (taken, withdrawn) = tokio::join!(
                    other.write(move |c| outbox::lease(c, now, now.plus(Duration::from_secs(10)), 10)),
                    db.database().write(move |c| {
                        plinth_persistence::users::find_for_change(c, user)?;
                        plinth_persistence::one_time::void_all(c, user, &email)
                    }),
                );
                taken.unwrap();
                withdrawn.unwrap();
            }
        });
        assert_eq!(counts(&db), (0, 0));
    }
}
