//! Searches wait for a turn, so that they leave room for everybody else.

use std::thread;
use std::time::{Duration, Instant};

use plinth_testing::{TestApp, on_both};

on_both! {
    fn a_search_waits_for_its_turn_and_no_other_request_does(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let path = "/api/items";
        let turns: Vec<_> =
            (0..app.searches.free()).map(|_| app.db.block_on(app.searches.turn(true)).unwrap()).collect();
        assert!(!turns.is_empty() && app.searches.free() == 0);
        let begun = Instant::now();
        let refused = admin.get(&format!("{path}?search=a")).expect_problem(503, "unavailable");
        assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
        assert_eq!(refused.header("retry-after"), "2");
        for free in ["", "?search=", "?page_size=5"] {
            admin.get(&format!("{path}{free}")).expect(200);
        }
        // Few may search for users, and that is short: it has no turns.
        admin.get("/api/users?search=a").expect(200);
        app.anyone().get(&format!("{path}?search=a")).expect_problem(401, "unauthenticated");
        thread::scope(|scope| {
            let search = scope.spawn(|| admin.get("/api/items?search=a").status);
            thread::sleep(Duration::from_millis(100));
            drop(turns);
            assert_eq!(search.join().unwrap(), 200);
        });
        admin.get(&format!("{path}?search=a")).expect(200);
        admin.get(&format!("{path}?search=a&page=0")).expect_problem(422, "invalid_fields");
        assert!(app.searches.free() > 0, "a turn is given back");
    }
}
