//! What is logged about a request, and what is not.

use plinth_testing::Log;
use tracing_subscriber::filter::LevelFilter;

use crate::support::start;

/// Asks for that path under an id of its own; the lines that were logged under it.
fn logged(path: &str, id: &str) -> Vec<serde_json::Value> {
    let log = Log::of_process(LevelFilter::INFO);
    start().send("GET", path, &[("x-request-id", id)], "");
    let written = log.text();
    let lines = written.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["fields"]["request_id"] == id).collect()
}

#[test]
fn a_request_is_one_line_of_fields() {
    let user = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";
    let lines = logged(&format!("/as/{user}?token=hunter2"), "log-one");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["level"], "INFO");
    let fields = &lines[0]["fields"];
    assert_eq!((&fields["method"], &fields["route"]), (&"GET".into(), &"/as/{id}".into()));
    assert_eq!((&fields["status"], &fields["user_id"]), (&403.into(), &user.into()));
    let duration = fields["duration_ms"].as_f64().unwrap();
    assert!(duration > 0.0 && duration < 10_000.0, "{duration}");
    assert!(!lines[0].to_string().contains("hunter2"));
}

#[test]
fn an_unknown_path_is_not_logged() {
    let lines = logged("/reset/hunter2", "log-unknown");
    assert_eq!((lines.len(), &lines[0]["fields"]["route"]), (1, &"-".into()));
    assert!(!lines[0].to_string().contains("hunter2"));
    assert!(lines[0]["fields"]["user_id"].is_null());
}

#[test]
fn probes_are_not_logged() {
    assert_eq!(logged("/health", "log-probe").len() + logged("/api/health", "log-probe").len(), 0);
}

#[test]
fn the_cause_of_a_failure_is_logged_once() {
    for (path, cause) in
        [("/fail", "the secret is squirrel"), ("/panic", "a handler panicked: the secret is squirrel")]
    {
        let id = format!("log{}", path.replace('/', "-"));
        let lines = logged(path, &id);
        let errors: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
        assert_eq!((lines.len(), errors.len()), (2, 1), "{lines:?}");
        assert_eq!(errors[0]["fields"]["cause"], cause);
    }
}
