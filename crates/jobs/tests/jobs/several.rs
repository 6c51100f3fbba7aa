//! Several postmen, some of whom do not come back.

use std::collections::HashMap;
use std::time::Duration;

use plinth_domain::MailKind;
use plinth_jobs::Stopper;
use plinth_testing::on_both;
use plinth_testing::smtp::{Fault, Step};

use crate::support::{Office, token};

on_both! {
    fn two_at_once_send_each_message_once(db) {
        const MAILS: usize = 50;
        let office = Office::open(db);
        for n in 0..MAILS {
            let user = office.user(&format!("user{n}"));
            office.mail(MailKind::VerifyEmail, &user);
        }
        let (stopper, stop) = Stopper::new();
        let postmen = [office.postman.clone(), office.another_postman()];
        let running = postmen.map(|postman| office.runtime.spawn(postman.run(stop.clone())));
        office.server.wait_for(MAILS);
        // Whatever would be sent twice is so now.
        std::thread::sleep(Duration::from_millis(300));
        stopper.stop();
        office.runtime.block_on(async {
            for running in running {
                running.await.unwrap();
            }
        });
        let mut sent: HashMap<String, usize> = HashMap::new();
        for message in office.server.messages() {
            *sent.entry(message.to[0].clone()).or_default() += 1;
        }
        assert_eq!(sent.len(), MAILS);
        assert!(sent.values().all(|times| *times == 1), "{sent:?}");
        assert_eq!(office.counts(), (0, 0));
    }

    /// One takes the message and is gone.
    fn what_one_took_and_did_not_send_another_sends_after_the_lease(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        let mail = office.mail(MailKind::VerifyEmail, &ada);
        office.server.fail(1, Step::Ehlo, Fault::Stall);
        let postman = office.another_postman();
        let lost = office.runtime.spawn(async move { postman.round().await });
        while office.server.commands().is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        lost.abort();
        assert!(office.runtime.block_on(lost).is_err());
        assert_eq!(office.round_after(4 * 60), 0, "it is leased");
        assert_eq!(office.round_after(61), 1);
        let messages = office.server.messages();
        assert_eq!((messages.len(), office.counts()), (1, (0, 0)));
        assert_eq!(messages[0].header("message-id"), format!("<{}@plinth.example>", mail.id));
    }

    /// One sends the message and is gone before it is noted.
    fn what_was_sent_but_not_noted_is_sent_again_as_the_same(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::ResetPassword, &ada);
        // The server has it and never says so.
        office.server.fail(1, Step::Content, Fault::TakeAndClose);
        office.server.fail(1, Step::Content, Fault::Stall);
        office.round();
        office.clock.advance(Duration::from_secs(11));
        let postman = office.another_postman();
        let lost = office.runtime.spawn(async move { postman.round().await });
        while office.server.commands().iter().filter(|line| *line == "DATA").count() < 2 {
            std::thread::sleep(Duration::from_millis(5));
        }
        // The message itself comes next.
        std::thread::sleep(Duration::from_millis(200));
        lost.abort();
        let _ = office.runtime.block_on(lost);
        assert_eq!(office.round_after(5 * 60 + 1), 1);
        let messages = office.server.messages();
        assert_eq!((messages.len(), office.counts()), (2, (0, 0)));
        assert_eq!(messages[0].header("message-id"), messages[1].header("message-id"));
        assert_eq!(messages[0].header("date"), messages[1].header("date"));
        assert_eq!(token(&messages[0].link()), token(&messages[1].link()));
    }
}
