//! What goes wrong between here and the mailbox, and what becomes of the message.

use std::time::Duration;

use plinth_domain::mail::MAX_ATTEMPTS;
use plinth_domain::{MailKind, TokenPurpose};
use plinth_persistence::outbox;
use plinth_testing::on_both;
use plinth_testing::smtp::{Fault, Step};

use crate::support::{Office, token};

const RESET: TokenPurpose = TokenPurpose::ResetPassword;

fn answer(text: &str) -> Fault {
    Fault::Answer(text.to_owned())
}

on_both! {
    fn while_the_server_is_down_a_message_waits_longer_each_time(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        let mail = office.mail(MailKind::VerifyEmail, &ada);
        office.server.fail(4, Step::Connect, Fault::Close);
        assert_eq!(office.round(), 1);
        for wait in [10, 20, 40] {
            assert_eq!(office.round_after(wait - 5), 0, "not before {wait} seconds");
            assert_eq!(office.round_after(6), 1, "after {wait} seconds");
        }
        assert_eq!((office.server.messages().len(), office.counts()), (0, (1, 0)));
        assert_eq!(office.noted("attempts"), "4");
        assert!(office.noted("last_error").contains("cannot be reached"), "{}", office.noted("last_error"));
        assert_eq!(office.round_after(81), 1);
        let messages = office.server.messages();
        assert_eq!((messages.len(), office.counts()), (1, (0, 0)));
        assert_eq!(messages[0].header("message-id"), format!("<{}@plinth.example>", mail.id));
    }

    fn the_token_is_the_same_while_it_is_good_and_then_a_fresh_one(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::ResetPassword, &ada);
        // The server takes each, and is gone before it says so.
        office.server.fail(3, Step::Content, Fault::TakeAndClose);
        office.round();
        office.round_after(11);
        office.round_after(35 * 60);
        let messages = office.server.wait_for(3);
        let tokens: Vec<String> = messages.iter().map(|message| token(&message.link())).collect();
        assert_eq!(tokens[0], tokens[1]);
        assert_ne!(tokens[1], tokens[2]);
        assert!(!office.is_good(&tokens[0], RESET) && office.is_good(&tokens[2], RESET));
        assert!(messages[1].text().contains("29 minutes"), "it says how long it is good from now");
        assert!(messages[2].text().contains("30 minutes"));
        let ids: Vec<String> = messages.iter().map(|message| message.header("message-id")).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(office.counts(), (1, 0), "nobody has said that it was taken");
        office.round_after(60);
        assert_eq!((office.server.messages().len(), office.counts()), (4, (0, 0)));
    }

    fn what_the_server_may_take_later_is_tried_again(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        for (step, text) in [
            (Step::Mail, "421 4.3.2 not now"),
            (Step::Rcpt, "450 4.2.1 busy"),
            (Step::Data, "451 4.3.0 no room"),
            (Step::Content, "452 4.3.1 no room"),
        ] {
            office.mail(MailKind::VerifyEmail, &ada);
            office.server.fail(1, step, answer(text));
            office.round();
            assert_eq!(office.counts(), (1, 0), "{text}");
            assert!(office.noted("last_error").contains(&text[..3]), "{}", office.noted("last_error"));
            assert_eq!(office.round_after(11), 1);
            assert_eq!(office.counts(), (0, 0), "{text}");
        }
        assert_eq!(office.server.messages().len(), 4);
    }

    fn what_the_server_never_takes_is_given_up_until_it_is_revived(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::VerifyEmail, &ada);
        office.server.fail(1, Step::Rcpt, answer("550 5.1.1 nobody of that name"));
        assert_eq!(office.round(), 1);
        assert_eq!(office.counts(), (0, 1));
        assert!(office.noted("last_error").contains("550"), "{}", office.noted("last_error"));
        assert_eq!(office.round_after(7 * 24 * 60 * 60), 0);
        let now = plinth_domain::Clock::now(&office.clock);
        assert_eq!(office.write(move |c| outbox::revive(c, now)), 1);
        assert_eq!(office.round(), 1);
        assert_eq!((office.server.messages().len(), office.counts()), (1, (0, 0)));
    }

    fn after_the_last_attempt_a_message_is_given_up(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::VerifyEmail, &ada);
        office.server.fail(100, Step::Connect, Fault::Close);
        for attempt in 1..=MAX_ATTEMPTS {
            assert_eq!(office.counts(), (1, 0), "before attempt {attempt}");
            assert_eq!(office.round_after(4 * 60 * 60), 1);
        }
        assert_eq!(office.counts(), (0, 1));
        assert_eq!(office.noted("attempts"), MAX_ATTEMPTS.to_string());
    }

    /// As when the process is killed each time, by that very message.
    fn a_message_that_ends_whoever_sends_it_is_given_up_too(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::VerifyEmail, &ada);
        for _ in 0..MAX_ATTEMPTS {
            office.clock.advance(Duration::from_secs(10));
            let now = plinth_domain::Clock::now(&office.clock);
            assert_eq!(office.write(move |c| outbox::lease(c, now, now, 8)).len(), 1);
        }
        assert_eq!(office.round_after(10), 1);
        assert_eq!((office.counts(), office.server.messages().len()), ((0, 1), 0));
    }

    fn nothing_secret_is_kept_of_what_the_server_says(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::ResetPassword, &ada);
        office.server.fail(1, Step::Content, Fault::TakeAndClose);
        office.round();
        let link = office.server.wait_for(1)[0].link();
        let spam = format!("451 4.7.1 looks like spam: {link} {}", token(&link));
        office.server.fail(1, Step::Content, answer(&spam));
        office.round_after(11);
        let kept = office.noted("last_error");
        assert!(kept.contains("451") && !kept.contains(&token(&link)) && !kept.contains("?token="), "{kept}");
    }
}
