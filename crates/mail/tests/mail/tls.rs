//! Encryption, with a server whose certificate nobody trusts unless told to.

use std::process::Command;

use plinth_mail::{Mailer, SmtpUrl, Stage};
use plinth_testing::SmtpServer;
use plinth_testing::smtp::{ServerTls, SmtpOptions};

use crate::support::{impatient, mailer, message, refused, sender};

fn server(tls: ServerTls) -> SmtpServer {
    let credentials = Some(("ada".to_owned(), "correct-horse-battery".to_owned()));
    SmtpServer::with(SmtpOptions { tls, credentials, ..SmtpOptions::default() })
}

async fn refused_by(server: &SmtpServer, url: &str) -> Stage {
    let error = mailer(url).send(&message()).await.expect_err("the certificate is not to be trusted");
    assert!(!error.is_permanent(), "{error}");
    assert!(server.messages().is_empty());
    assert!(!server.commands().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")));
    error.stage()
}

#[tokio::test]
async fn an_unknown_certificate_is_refused() {
    let implicit = server(ServerTls::Implicit);
    assert_eq!(refused_by(&implicit, &implicit.url()).await, Stage::Connect);
    for mode in ["required", "opportunistic"] {
        let offered = server(ServerTls::Offered);
        assert_eq!(refused_by(&offered, &format!("{}?tls={mode}", offered.url())).await, Stage::StartTls);
    }
}

#[tokio::test]
async fn required_means_required() {
    let server = server(ServerTls::No);
    assert_eq!(refused_by(&server, &format!("{}?tls=required", server.url())).await, Stage::StartTls);
}

#[tokio::test]
async fn a_server_on_this_machine_may_go_without() {
    let offered = server(ServerTls::Offered);
    mailer(&offered.url()).send(&message()).await.unwrap();
    assert!(!offered.messages()[0].encrypted);

    let plain = server(ServerTls::No);
    for mode in ["opportunistic", "none"] {
        mailer(&format!("{}?tls={mode}", plain.url())).send(&message()).await.unwrap();
    }
    assert_eq!(plain.messages().len(), 2);
}

#[tokio::test]
async fn plain_talk_with_a_tls_port_is_transient() {
    let server = server(ServerTls::Implicit);
    let url = format!("smtp://localhost:{}", server.address().port());
    let error = impatient(&url).send(&message()).await.expect_err("they do not understand each other");
    assert!(!error.is_permanent(), "{error}");
    let plain = SmtpServer::start();
    assert!(!refused(&server, &message()).await.is_permanent());
    let url = format!("smtps://localhost:{}", plain.address().port());
    assert!(!mailer(&url).send(&message()).await.expect_err("no TLS there").is_permanent());
}

const CHILD: &str = "PLINTH_MAIL_TEST_URLS";

/// OpenSSL reads once in a process whom it trusts, so the trusting half runs in another one, as an operator would run
/// it who has an authority of their own.
#[test]
fn a_trusted_certificate_is_taken_for_its_host_alone() {
    let (implicit, offered) = (server(ServerTls::Implicit), server(ServerTls::Offered));
    let folder = tempfile::TempDir::new().unwrap();
    let bundle = folder.path().join("authorities.pem");
    std::fs::write(&bundle, [implicit.certificate_pem(), offered.certificate_pem()].concat()).unwrap();

    let wrong_host = implicit.url().replace("localhost", "127.0.0.1");
    let urls = [
        implicit.url(),
        format!("{}?tls=required", offered.url()),
        format!("{}?tls=opportunistic", offered.url()),
        wrong_host,
    ];
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tls::child", "--nocapture"])
        .env("SSL_CERT_FILE", &bundle)
        .env(CHILD, urls.join(" "))
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));

    assert_eq!((implicit.messages().len(), offered.messages().len()), (1, 2));
    for message in implicit.messages().iter().chain(&offered.messages()) {
        assert!(message.encrypted);
        assert_eq!(message.user.as_deref(), Some("ada"));
    }
    // Before TLS the server learned nothing but that there is a client.
    assert!(offered.commands()[0].starts_with("EHLO") && offered.commands()[1] == "STARTTLS");
}

/// The other process of the case above, which counts what arrived; it does nothing by itself.
#[tokio::test]
async fn child() {
    let Ok(urls) = std::env::var(CHILD) else { return };
    let mut urls: Vec<SmtpUrl> = urls.split(' ').map(|url| url.parse().unwrap()).collect();
    let wrong_host = urls.pop().unwrap();
    for url in urls {
        Mailer::smtp(&url, sender()).unwrap().send(&message()).await.unwrap();
    }
    let error =
        Mailer::smtp(&wrong_host, sender()).unwrap().send(&message()).await.expect_err("another host");
    assert!(error.stage() == Stage::Connect && !error.is_permanent(), "{error}");
}
