//! The mailbox for development.

use plinth_domain::MailId;
use plinth_mail::{Mailbox, Mailer, Message};
use plinth_testing::TestEntropy;

use crate::support::{at, id, message, message_to, sender};

fn another(entropy: &TestEntropy) -> Message {
    Message { id: MailId::new(at(), entropy), ..message() }
}

#[tokio::test]
async fn it_keeps_what_is_sent() {
    let mailbox = Mailbox::new();
    let message = message();
    Mailer::mailbox(mailbox.clone(), sender()).send(&message).await.unwrap();
    let kept = mailbox.get(id()).unwrap();
    assert_eq!((&kept.to, &kept.subject, &kept.at), (&message.to, &message.content.subject, &message.at));
    assert_eq!((&kept.text, &kept.html), (&message.content.text, &message.content.html));
    assert_eq!(kept.message_id, "<01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e@example.com>");
    assert_eq!(mailbox.list(), std::slice::from_ref(&kept));
    assert!(!format!("{mailbox:?} {kept:?}").contains("token"));
    mailbox.clear();
    assert!(mailbox.list().is_empty() && mailbox.get(id()).is_none());
}

#[tokio::test]
async fn it_keeps_the_newest_and_lists_them_first() {
    let (mailbox, entropy) = (Mailbox::with_room_for(3), TestEntropy::default());
    let mailer = Mailer::mailbox(mailbox.clone(), sender());
    let messages: Vec<Message> = (0..5).map(|_| another(&entropy)).collect();
    for message in &messages {
        mailer.send(message).await.unwrap();
    }
    let ids = |mailbox: &Mailbox| mailbox.list().iter().map(|kept| kept.id).collect::<Vec<_>>();
    assert_eq!(ids(&mailbox), [messages[4].id, messages[3].id, messages[2].id]);
    // A second attempt at one of them.
    mailer.send(&messages[3]).await.unwrap();
    assert_eq!(ids(&mailbox), [messages[3].id, messages[4].id, messages[2].id]);
}

#[tokio::test]
async fn it_refuses_what_could_not_be_sent() {
    let mailbox = Mailbox::new();
    let message =
        Message { to: plinth_domain::Email::from_stored("a b@c".to_owned()), ..message_to("a@example.com") };
    let error =
        Mailer::mailbox(mailbox.clone(), sender()).send(&message).await.expect_err("it has no address");
    assert!(error.is_permanent() && mailbox.list().is_empty(), "{error}");
}
