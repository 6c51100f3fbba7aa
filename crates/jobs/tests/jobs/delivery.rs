//! A message arrives, once, and says what it should.

use plinth_domain::{MailKind, TokenPurpose};
use plinth_testing::on_both;
use plinth_testing::smtp::{Fault, Step};

use crate::support::{APP, Office, token};

on_both! {
    fn each_kind_arrives_once_with_its_link(db) {
        let office = Office::open(db);
        for (n, kind) in MailKind::ALL.into_iter().enumerate() {
            let ada = office.user(&format!("ada{n}"));
            let mail = office.mail(kind, &ada);
            assert_eq!((office.round(), office.round()), (1, 0));
            assert_eq!(office.counts(), (0, 0));
            let messages = office.server.messages();
            assert_eq!(messages.len(), n + 1);
            let message = &messages[n];
            assert_eq!(message.from, "noreply@plinth.example");
            assert_eq!(message.to, [ada.email.to_string()]);
            assert_eq!(message.header("message-id"), format!("<{}@plinth.example>", mail.id));
            assert_eq!(message.header("to"), ada.email.as_str());
            assert_eq!(message.header("auto-submitted"), "auto-generated");
            match kind.purpose() {
                Some(purpose) => {
                    let link = message.link();
                    assert!(link.starts_with(&format!("{APP}{}?token=", purpose.page())), "{link}");
                    assert!(message.html().contains(&token(&link)));
                    assert!(office.is_good(&token(&link), purpose));
                    let valid_for = if kind == MailKind::ResetPassword { "30 minutes" } else { "24 hours" };
                    assert!(message.text().contains(valid_for), "{}", message.text());
                }
                None => {
                    assert!(message.text().contains("ada@example.org") && !message.text().contains("token="));
                }
            }
        }
    }

    fn what_is_stored_holds_neither_token_nor_link(db) {
        let office = Office::open(db);
        let ada = office.user("ada");
        office.mail(MailKind::ResetPassword, &ada);
        // It is sent, and stays in the outbox.
        office.server.fail(1, Step::Content, Fault::TakeAndClose);
        office.round();
        let sent = token(&office.server.wait_for(1)[0].link());
        assert!(sent.len() == 43 && office.is_good(&sent, TokenPurpose::ResetPassword));
        let stored = office.all_that_is_stored();
        let holds = |text: &[u8]| stored.windows(text.len()).any(|part| part == text);
        assert!(holds(b"ada@example.com"), "this is where it would be");
        for secret in [sent.as_bytes(), b"token=", APP.as_bytes()] {
            assert!(!holds(secret));
        }
    }

    fn more_than_a_round_carries_arrives_all_the_same(db) {
        let office = Office::open(db);
        for n in 0..20 {
            let user = office.user(&format!("user{n}"));
            office.mail(MailKind::VerifyEmail, &user);
        }
        assert_eq!([office.round(), office.round(), office.round(), office.round()], [8, 8, 4, 0]);
        let messages = office.server.messages();
        let mut to: Vec<String> = messages.into_iter().flat_map(|message| message.to).collect();
        to.sort();
        to.dedup();
        assert_eq!(to.len(), 20);
    }
}
