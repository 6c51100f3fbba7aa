//! Limits on registrations, on mail that is asked for, and on refreshes.

use plinth_testing::redis::DedicatedRedis;
use plinth_testing::{Answer, PASSWORD, TestDb};
use serde_json::json;

use crate::limits::{Limited, Start, expect_limited, limited, only, remaining};

fn register(app: &Limited, name: &str) -> Answer {
    let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
    app.anyone().post("/api/auth/register", &body)
}

fn forgot(app: &Limited, email: &str) -> Answer {
    app.anyone().post("/api/auth/password/forgot", &json!({ "email": email }))
}

limited! {
    fn registrations_of_an_address_count(start) {
        let app = start.app(|rates| rates.register_per_ip = only(3));
        let answer = register(&app, "ada").expect(200);
        assert_eq!(remaining(&answer, "register-ip"), 2);
        // What cannot be an account is none, and a taken address is an attempt.
        app.anyone().post("/api/auth/register", &json!({"email": "x"})).expect(422);
        register(&app, "ada").expect_problem(409, "email_taken");
        register(&app, "bob").expect(200);
        expect_limited(register(&app, "eve"), "register-ip");
        assert!(app.stored("eve@example.com").is_none());
        forgot(&app, "ada@example.com").expect(202);
    }

    fn a_registration_is_a_mail_to_its_address(start) {
        let app = start.app(|rates| rates.mail_per_address = only(2));
        let answer = register(&app, "ada").expect(200);
        assert_eq!((remaining(&answer, "mail-address"), remaining(&answer, "register-ip")), (1, 999));
        register(&app, "ADA").expect_problem(409, "email_taken");
        expect_limited(register(&app, "ada"), "mail-address");
        expect_limited(forgot(&app, "ada@example.com"), "mail-address");
        register(&app, "bob").expect(200);
    }

    fn mail_to_an_address_is_limited_whether_or_not_it_is_known(start) {
        let app = start.app(|rates| rates.mail_per_address = only(2));
        app.viewer("ada");
        for address in ["ada@example.com", "nobody@example.com"] {
            let answer = forgot(&app, address).expect(202);
            assert_eq!(remaining(&answer, "mail-address"), 1);
            forgot(&app, &format!(" {} ", address.to_uppercase())).expect(202);
            expect_limited(forgot(&app, address), "mail-address");
        }
        forgot(&app, "no address").expect(422);
    }

    fn mail_that_an_address_asks_for_is_limited_apart_from_its_logins(start) {
        let app = start.app(|rates| rates.login_per_ip = only(3));
        let ada = app.viewer("ada");
        forgot(&app, "one@example.com").expect(202);
        ada.post("/api/auth/email/resend", &json!({})).expect(202);
        let change = json!({"email": "ada@example.org", "current_password": PASSWORD});
        ada.patch("/api/users/me", &change).expect(200);
        expect_limited(forgot(&app, "two@example.com"), "mail-ip");
        expect_limited(ada.post("/api/auth/email/resend", &json!({})), "mail-ip");
        let again = json!({"email": "ada@example.net", "current_password": PASSWORD});
        expect_limited(ada.patch("/api/users/me", &again), "mail-ip");
        app.login("ada@example.com", PASSWORD).expect(200);
    }

    fn all_that_is_mailed_to_an_address_counts_together(start) {
        let app = start.app(|rates| rates.mail_per_address = only(3));
        let ada = app.viewer("ada");
        ada.post("/api/auth/email/resend", &json!({})).expect(202);
        forgot(&app, "ada@example.com").expect(202);
        let change = |email: &str| {
            ada.patch("/api/users/me", &json!({"email": email, "current_password": PASSWORD}))
        };
        change("ada@example.org").expect(200);
        expect_limited(forgot(&app, "ada@example.com"), "mail-address");
        // The present address would be told.
        expect_limited(change("ada@example.net"), "mail-address");
        // What waits to be proven is mailed to the new address.
        ada.post("/api/auth/email/resend", &json!({})).expect(202);
        ada.post("/api/auth/email/resend", &json!({})).expect(202);
        expect_limited(ada.post("/api/auth/email/resend", &json!({})), "mail-address");
        assert_eq!(ada.get("/api/users/me").expect(200).text("pending_email"), "ada@example.org");
    }

    fn refreshes_of_a_session_count(start) {
        let app = start.app(|rates| rates.refresh_per_session = only(3));
        app.viewer("ada");
        let [one, other] = [(); 2].map(|()| app.login("ada@example.com", PASSWORD).expect(200));
        let mut token = one.text("refresh_token");
        for left in [2, 1, 0] {
            let answer = app.refresh(&token).expect(200);
            assert_eq!(remaining(&answer, "refresh-session"), left);
            token = answer.text("refresh_token");
        }
        let refused = app.refresh(&token);
        let body = refused.json();
        assert!(body["error"].is_string() && body["error_description"] == body["detail"], "{body}");
        expect_limited(refused, "refresh-session");
        // Nothing has become of the session, nor of others.
        app.bearer(&one).get("/api/users/me").expect(200);
        app.refresh(&other.text("refresh_token")).expect(200);
        for _ in 0..5 {
            let answer = app.refresh("garbage").expect_problem(400, "invalid_grant");
            assert_eq!(answer.header("ratelimit"), "");
        }
    }
}
