//! Messages that nobody needs any more by the time that they would be sent.

use std::time::Duration;

use plinth_domain::{Clock, Email, Mail, MailKind, TokenPurpose};
use plinth_persistence::{one_time, outbox, users};
use plinth_testing::on_both;
use plinth_testing::smtp::{Fault, Step};

use crate::support::{Office, token};

on_both! {
    fn a_newer_request_withdraws_the_older(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        for kind in [MailKind::ResetPassword, MailKind::VerifyEmail] {
            let before = office.server.messages().len();
            office.mail(kind, &ada);
            office.clock.advance(Duration::from_secs(1));
            let newer = office.mail(kind, &ada);
            office.round();
            let messages = office.server.messages();
            assert_eq!(messages.len(), before + 1, "one of two");
            assert_eq!(messages[before].header("message-id"), format!("<{}@plinth.example>", newer.id));
            assert!(office.is_good(&token(&messages[before].link()), kind.purpose().unwrap()));
            assert_eq!(office.counts(), (0, 0));
        }
    }

    fn a_message_that_waits_for_another_attempt_is_withdrawn_by_a_newer_one(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::ResetPassword, &ada);
        office.server.fail(1, Step::Content, Fault::TakeAndClose);
        office.round();
        office.mail(MailKind::ResetPassword, &ada);
        assert_eq!(office.round(), 1);
        assert_eq!((office.round_after(3_600), office.counts()), (0, (0, 0)));
        let messages = office.server.messages();
        let tokens: Vec<String> = messages.iter().map(|message| token(&message.link())).collect();

        assert_eq!(tokens.len(), 2);
        assert_ne!(tokens[0], tokens[1]);
        assert!(!office.is_good(&tokens[0], TokenPurpose::ResetPassword));
    }

    fn what_voids_tokens_withdraws_the_mail_that_would_carry_some(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::ResetPassword, &ada);
        office.mail(MailKind::VerifyEmail, &ada);
        office.mail(MailKind::EmailChanged, &ada);
        let (id, email) = (ada.id, ada.email);
        office.write(move |c| {
            users::find_for_change(c, id)?;
            one_time::void_all(c, id, &email)
        });
        office.round();
        let messages = office.server.messages();
        assert_eq!((messages.len(), office.counts()), (1, (0, 0)));
        assert!(!messages[0].text().contains("token="), "only what is told is sent");
    }

    /// A postman has taken it, and is about to send it.
    fn a_message_that_was_taken_and_then_withdrawn_is_not_sent(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.server.fail(1, Step::Mail, Fault::Close);
        office.mail(MailKind::ResetPassword, &ada);
        office.round();
        let (id, email) = (ada.id, ada.email);
        office.write(move |c| one_time::void_all(c, id, &email));
        assert_eq!((office.round_after(11), office.server.messages().len(), office.counts()), (0, 0, (0, 0)));
    }

    fn who_is_gone_switched_off_or_unknown_gets_no_token(db) {
        let office = Office::open(db);
        let (gone, off, nobody) = (office.user("gone"), office.user("off"), office.user("nobody"));
        for user in [&gone, &off] {
            office.mail(MailKind::ResetPassword, user);
            office.mail(MailKind::VerifyEmail, user);
        }
        let to_nobody = Mail {
            to: Email::parse("who@example.com").unwrap(),
            ..office.mail(MailKind::ResetPassword, &nobody)
        };
        office.write(move |c| {
            let leased = plinth_domain::Mail { attempts: 0, ..to_nobody.clone() };
            outbox::remove(c, &leased)?;
            outbox::put(c, &to_nobody)
        });
        let now = office.clock.now();
        for (mut user, deleted) in [(gone, true), (off, false)] {
            office.write(move |c| {
                user.deleted_at = deleted.then_some(now);
                user.is_active = deleted;
                users::update(c, user, now)
            });
        }
        assert_eq!(office.round(), 5);
        assert_eq!((office.server.messages().len(), office.counts()), (0, (0, 0)));
    }

    fn what_is_proven_need_not_be_proven(db) {
        let office = Office::open(db);
        let mut ada = office.user("ada");
        office.mail(MailKind::VerifyEmail, &ada);
        let now = office.clock.now();
        office.write(move |c| {
            ada.email_verified = true;
            users::update(c, ada, now)
        });
        assert_eq!(office.round(), 1);
        assert_eq!((office.server.messages().len(), office.counts()), (0, (0, 0)));
    }

    fn an_address_that_waits_is_proven_by_its_own_mail(db) {
        let office = Office::open(db);
        let mut ada = office.user("ada");
        let wanted = Email::parse("ada@example.org").unwrap();
        let now = office.clock.now();
        (ada.email_verified, ada.pending_email) = (true, Some(wanted.clone()));
        let stored = ada.clone();
        office.write(move |c| users::update(c, stored, now));
        let asked = plinth_domain::User { email: wanted.clone(), ..ada.clone() };
        office.mail(MailKind::VerifyEmail, &asked);
        office.mail(MailKind::EmailChangeRequested, &ada);
        office.round();
        let messages = office.server.messages();
        let mut to: Vec<String> = messages.into_iter().flat_map(|message| message.to).collect();
        to.sort();
        assert_eq!(to, ["ada@example.com", "ada@example.org"]);
        let link = office.server.messages().iter().find(|m| m.to == ["ada@example.org"]).unwrap().link();
        let digest = plinth_auth::OneTimeTokens::digest(&token(&link));
        let now = office.clock.now();
        let found = office.db.read(move |c| one_time::find(c, &digest, TokenPurpose::VerifyEmail, now));
        assert_eq!(found.unwrap(), (ada.id, wanted));
    }
}
