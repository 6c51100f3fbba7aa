//! What is logged about mail, and what never is.

use plinth_domain::MailKind;
use plinth_testing::smtp::{Fault, Step};
use plinth_testing::{Log, on_both};
use tracing_subscriber::filter::LevelFilter;

use crate::support::{Office, token};

fn log() -> &'static Log {
    Log::of_process(LevelFilter::TRACE)
}

on_both! {
    fn what_becomes_of_a_message_is_logged_and_nothing_that_it_says(db) {
        log();
        let office = Office::open(db);
        let ada = office.user("ada");
        let mail = office.mail(MailKind::ResetPassword, &ada);
        office.server.fail(1, Step::Content, Fault::TakeAndClose);
        office.round();
        let link = office.server.wait_for(1)[0].link();
        let told = |code: &str| Fault::Answer(format!("{code} 5.7.1 {link} {} <ada@example.com>", token(&link)));
        office.server.fail(1, Step::Content, told("451"));
        office.round_after(11);
        office.server.fail(1, Step::Content, told("554"));
        office.round_after(21);
        assert_eq!(office.counts(), (0, 1));
        let now = plinth_domain::Clock::now(&office.clock);
        office.write(move |c| plinth_persistence::outbox::revive(c, now));
        office.round();
        assert_eq!(office.counts(), (0, 0));

        let all = log().text();
        let id = mail.id.to_string();
        let lines: Vec<serde_json::Value> = all
            .lines()
            .filter(|line| line.contains(&id))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let seen: Vec<(&str, &str)> = lines
            .iter()
            .map(|line| (line["level"].as_str().unwrap(), line["fields"]["message"].as_str().unwrap()))
            .collect();
        let expected = [
            ("WARN", "mail was not sent"),
            ("WARN", "mail was not sent"),
            ("ERROR", "mail was given up"),
            ("INFO", "mail was sent"),
        ];
        assert_eq!(seen, expected);
        assert!(lines.iter().all(|line| line["fields"]["kind"] == "reset_password"));
        assert_eq!(lines[2]["fields"]["attempt"], 3);
        assert!(lines[2]["fields"]["cause"].as_str().unwrap().contains("554"));
        assert!(all.lines().any(|line| line.contains(r#""dead_letters":1"#)), "they are counted");
        let ours: String = all.lines().filter(|line| line.contains(r#""target":"plinth"#)).collect();
        for secret in [token(&link).as_str(), "?token=", "Lovelace"] {
            assert!(!all.contains(secret), "{secret} was logged");
        }
        assert!(!ours.is_empty());
    }
}
