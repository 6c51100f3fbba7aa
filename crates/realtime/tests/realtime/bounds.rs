//! What is bounded in bytes.

use std::time::Duration;

use plinth_realtime::HubSettings;
use serde_json::json;

use crate::support::{code, local, run, viewer, waiting};

/// A frame of that many bytes.
fn frame(bytes: usize) -> String {
    let empty = r#"{"a":""}"#.len();
    json!({ "a": "x".repeat(bytes - empty) }).to_string()
}

#[test]
fn who_lets_too_many_bytes_wait_is_slow() {
    let hub = local(HubSettings { queue_bytes: 10_000, ..HubSettings::default() });
    let (mut slow, mut quick) = (viewer(&hub, 1), viewer(&hub, 2));
    for _ in 0..4 {
        quick.receive(&frame(3_000));
        assert_eq!(waiting(&mut quick).len(), 1);
    }
    assert_eq!(waiting(&mut slow), [json!(1013)]);
    // What was taken is not counted any more, and one message always fits.
    for _ in 0..4 {
        quick.receive(&frame(20_000));
        assert_eq!(waiting(&mut quick).len(), 1);
    }
}

#[test]
fn a_user_may_send_so_many_bytes_from_all_connections_together() {
    let settings =
        HubSettings { user_bytes_per_second: 1, user_burst_bytes: 2_500, ..HubSettings::default() };
    let hub = local(settings);
    let (mut phone, mut laptop, mut other) = (viewer(&hub, 1), viewer(&hub, 1), viewer(&hub, 2));
    phone.receive(&frame(1_000));
    laptop.receive(&frame(1_000));
    phone.receive(&frame(1_000));
    let got = waiting(&mut phone);
    assert_eq!((got.len(), code(&got[2])), (3, "too_much_data"));
    assert_eq!((waiting(&mut laptop).len(), waiting(&mut other).len()), (2, 2));
    // A refused frame takes nothing: a smaller one has room. Nonsense counts too.
    phone.receive(&"x".repeat(450));
    phone.receive(&frame(450));
    assert_eq!(waiting(&mut phone).iter().map(code).collect::<Vec<_>>(), ["invalid_json", "too_much_data"]);
    // Nor does it help to come back.
    drop((phone, laptop));
    let mut again = viewer(&hub, 1);
    again.receive(&frame(450));
    assert_eq!(code(&waiting(&mut again)[0]), "too_much_data");
    other.receive(&frame(1_000));
    assert_eq!(waiting(&mut other).len(), 1);
}

#[test]
fn the_budget_of_a_user_fills_again() {
    run(async {
        let settings =
            HubSettings { user_bytes_per_second: 1_000, user_burst_bytes: 1_000, ..HubSettings::default() };
        let hub = local(settings);
        let mut ada = viewer(&hub, 1);
        for _ in 0..2 {
            ada.receive(&frame(1_000));
            assert!(waiting(&mut ada)[0]["a"].is_string());
            ada.receive(&frame(1_000));
            assert_eq!(code(&waiting(&mut ada)[0]), "too_much_data");
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
    });
}
