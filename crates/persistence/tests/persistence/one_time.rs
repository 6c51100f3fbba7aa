//! One-time tokens: good once, for one purpose, until they run out or a newer one comes.

use plinth_domain::{Email, Mail, MailKind, OneTimeToken, OneTimeTokenId, TokenPurpose, User};
use plinth_persistence::one_time::{self, Digest};
use plinth_persistence::{Connection, Error, Result, outbox};
use plinth_testing::{TestDb, on_both};

use crate::outbox::{mail, put};
use crate::support::{ENTROPY, at, count, lines, seconds, somebody};

const VERIFY: TokenPurpose = TokenPurpose::VerifyEmail;
const RESET: TokenPurpose = TokenPurpose::ResetPassword;

/// Stores a token that is good from 0 to 100 seconds.
fn store(db: &TestDb, user: &User, purpose: TokenPurpose, digest: u8) -> Result<OneTimeTokenId> {
    let token = OneTimeToken {
        id: OneTimeTokenId::new(at(0), &*ENTROPY),
        user_id: user.id,
        purpose,
        email: user.email.clone(),
        created_at: at(0),
        expires_at: seconds(100),
    };
    let id = token.id;
    db.write(move |c| one_time::replace(c, &token, &[digest; 32]))?;
    Ok(id)
}

fn find(
    db: &TestDb,
    digest: Digest,
    purpose: TokenPurpose,
    second: i64,
) -> Result<(plinth_domain::UserId, Email)> {
    db.read(move |c| one_time::find(c, &digest, purpose, seconds(second)))
}

fn consume(db: &TestDb, digest: u8, purpose: TokenPurpose, second: i64) -> Result<()> {
    db.write(move |c| one_time::consume(c, &[digest; 32], purpose, seconds(second)))
}

fn is_missing<T: std::fmt::Debug>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::NotFound))
}

on_both! {
    fn a_token_is_found_by_digest_and_purpose_until_it_runs_out(db) {
        let ada = somebody(&db, "ada");
        store(&db, &ada, VERIFY, 1).unwrap();
        assert_eq!(find(&db, [1; 32], VERIFY, 99).unwrap(), (ada.id, ada.email));
        assert!(is_missing(&find(&db, [1; 32], VERIFY, 100)));
        assert!(is_missing(&find(&db, [1; 32], RESET, 0)));
        let mut close = [1; 32];
        close[31] ^= 1;
        assert!(is_missing(&find(&db, close, VERIFY, 0)));
    }

    fn a_token_is_used_up_once_for_its_purpose_while_it_is_good(db) {
        let ada = somebody(&db, "ada");
        store(&db, &ada, VERIFY, 1).unwrap();
        assert!(is_missing(&consume(&db, 1, RESET, 0)));
        assert!(is_missing(&consume(&db, 2, VERIFY, 0)));
        assert!(is_missing(&consume(&db, 1, VERIFY, 100)));
        consume(&db, 1, VERIFY, 99).unwrap();
        assert!(is_missing(&consume(&db, 1, VERIFY, 99)) && is_missing(&find(&db, [1; 32], VERIFY, 0)));
    }

    fn of_twenty_at_once_one_uses_a_token_up(db) {
        let ada = somebody(&db, "ada");
        store(&db, &ada, RESET, 1).unwrap();
        let results = db.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let database = db.database().clone();
                let consume = |c: &mut Connection| one_time::consume(c, &[1; 32], RESET, at(0));
                tasks.spawn(async move { database.write(consume).await });
            }
            tasks.join_all().await
        });
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert_eq!(results.iter().filter(|result| is_missing(result)).count(), 19);
    }

    fn a_newer_token_takes_the_place_of_the_older_for_that_user_and_purpose(db) {
        let (ada, bob) = (somebody(&db, "ada"), somebody(&db, "bob"));
        let newest = |user: &User, purpose| {
            let id = user.id;
            db.read(move |c| one_time::newest(c, id, purpose)).unwrap()
        };
        assert_eq!(newest(&ada, VERIFY), None);
        store(&db, &ada, VERIFY, 1).unwrap();
        let reset = store(&db, &ada, RESET, 2).unwrap();
        store(&db, &bob, VERIFY, 3).unwrap();
        let newer = store(&db, &ada, VERIFY, 4).unwrap();
        assert!(is_missing(&find(&db, [1; 32], VERIFY, 0)));
        for (digest, purpose) in [(2, RESET), (3, VERIFY), (4, VERIFY)] {
            find(&db, [digest; 32], purpose, 0).unwrap();
        }
        assert_eq!(newest(&ada, VERIFY), Some((newer, seconds(100))));
        assert_eq!(newest(&ada, RESET), Some((reset, seconds(100))));
    }

    fn a_token_is_somebodys(db) {
        assert!(matches!(store(&db, &crate::support::user("nobody"), VERIFY, 1), Err(Error::ForeignKey)));
        assert_eq!(count(&db, "one_time_tokens"), 0);
    }

    fn all_of_one_user_are_void_with_the_mail_that_would_carry_some(db) {
        let (ada, bob) = (somebody(&db, "ada"), somebody(&db, "bob"));
        for (user, digest) in [(&ada, 1), (&bob, 3)] {
            store(&db, user, VERIFY, digest).unwrap();
            store(&db, user, RESET, digest + 1).unwrap();
            for kind in MailKind::ALL {
                put(&db, &mail(user, kind, 0)).unwrap();
            }
            put(&db, &Mail { user_id: None, ..mail(user, MailKind::ResetPassword, 0) }).unwrap();
        }
        // To the address that ada wants.
        let wanted = Email::parse("ada@example.org").unwrap();
        put(&db, &Mail { to: wanted, ..mail(&ada, MailKind::VerifyEmail, 0) }).unwrap();
        // Given up, and never to be revived.
        let dead = mail(&ada, MailKind::ResetPassword, 0);
        put(&db, &dead).unwrap();
        db.write(move |c| outbox::bury(c, &dead, at(0), "no")).unwrap();

        let (id, email) = (ada.id, ada.email.clone());
        db.write(move |c| one_time::void_all(c, id, &email)).unwrap();
        assert!(is_missing(&find(&db, [1; 32], VERIFY, 0)) && is_missing(&find(&db, [2; 32], RESET, 0)));
        assert!(find(&db, [3; 32], VERIFY, 0).is_ok() && find(&db, [4; 32], RESET, 0).is_ok());
        let left = |to: &str| {
            lines(&db, &format!("SELECT kind AS line FROM outbox WHERE recipient = '{to}' ORDER BY kind"))
        };
        assert_eq!(left("ada@example.com"), ["email_change_requested", "email_changed"], "she is still told");
        assert_eq!(left("ada@example.org"), [""; 0]);
        assert_eq!(left("bob@example.com").len(), 5);
    }
}
