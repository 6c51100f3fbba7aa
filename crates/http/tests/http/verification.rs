//! Proving an address: after registering, when asked again, and when the address changes.

use std::time::Duration;

use plinth_domain::Role;
use plinth_mail::Kept;
use plinth_testing::{Answer, Client, PASSWORD, TestApp, on_both};
use serde_json::{Value, json};

use crate::forgot::all_mail;

const ADA: &str = "ada@example.com";
const NEW: &str = "new@example.com";
const ME: &str = "/api/users/me";
const PAGE: &str = "/verify-email";

fn register(app: &TestApp) -> Client {
    app.anyone().post("/api/auth/register", &json!({"email": ADA, "password": PASSWORD})).expect(200);
    app.bearer(&app.login(ADA, PASSWORD).expect(200))
}

fn verify(app: &TestApp, token: &str) -> Answer {
    app.anyone().post("/api/auth/email/verify", &json!({ "token": token }))
}

fn resend(user: &Client) -> Answer {
    user.send("POST", "/api/auth/email/resend", &[], Vec::new())
}

/// Asks for another address.
fn ask(user: &Client, email: &str) -> Answer {
    user.patch(ME, &json!({"email": email, "current_password": PASSWORD}))
}

/// The email, the one that waits, and whether the email is proven.
#[track_caller]
fn standing(user: &Client) -> (String, Value, bool) {
    let me = user.get(ME).expect(200).json();
    (me["email"].as_str().unwrap().to_owned(), me["pending_email"].clone(), me["email_verified"] == true)
}

#[track_caller]
fn expect_standing(user: &Client, email: &str, pending: Option<&str>, verified: bool) {
    assert_eq!(standing(user), (email.to_owned(), json!(pending), verified));
}

#[track_caller]
fn expect_dead(app: &TestApp, token: &str) {
    verify(app, token).expect_problem(400, "invalid_token");
}

/// The messages of that subject's beginning to that address.
fn about(app: &TestApp, email: &str, subject: &str) -> Vec<Kept> {
    let all = all_mail(app).into_iter();
    all.filter(|kept| kept.to.as_str() == email && kept.subject.starts_with(subject)).collect()
}

const CONFIRM: &str = "Confirm your email address";
const ABOUT_TO_CHANGE: &str = "Your email address at Plinth is about to change";
const CHANGED: &str = "Your email address at Plinth has changed";

on_both! {
    fn registering_mails_a_link_that_proves_the_address(db) {
        let app = TestApp::start(db);
        let ada = register(&app);
        expect_standing(&ada, ADA, None, false);
        let token = app.token_mailed(ADA, PAGE, 1);
        assert!(verify(&app, &token).expect(204).body.is_empty());
        expect_standing(&ada, ADA, None, true);
        // Once, and nothing but what it is for.
        expect_dead(&app, &token);
        expect_dead(&app, "nonsense");
        let post = |body: Value| app.anyone().post("/api/auth/email/verify", &body);
        post(json!({"code": token})).expect_fields(&[("/token", "required"), ("/code", "unknown_field")]);
        assert_eq!(all_mail(&app).len(), 1);
    }

    fn an_address_that_is_taken_gets_no_second_mail(db) {
        let app = TestApp::start(db);
        register(&app);
        let again = app.anyone().post("/api/auth/register", &json!({"email": ADA, "password": PASSWORD}));
        again.expect_problem(409, "email_taken");
        assert_eq!(all_mail(&app).len(), 1);
    }

    fn a_token_is_good_for_a_day(db) {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        // The clock goes on by itself while this runs.
        const LEEWAY: Duration = Duration::from_secs(60);
        let app = TestApp::start(db);
        register(&app);
        let late = app.token_mailed(ADA, PAGE, 1);
        app.clock.advance(DAY);
        expect_dead(&app, &late);
        resend(&app.bearer(&app.login(ADA, PASSWORD).expect(200))).expect(202);
        let early = app.token_mailed(ADA, PAGE, 2);
        app.clock.advance(DAY - LEEWAY);
        verify(&app, &early).expect(204);
    }

    fn asking_again_replaces_the_token(db) {
        let app = TestApp::start(db);
        let ada = register(&app);
        let first = app.token_mailed(ADA, PAGE, 1);
        let answer = resend(&ada).expect(202);
        assert!(answer.body.is_empty());
        let second = app.token_mailed(ADA, PAGE, 2);
        assert_ne!(first, second);
        expect_dead(&app, &first);
        verify(&app, &second).expect(204);
        // There is nothing left to prove.
        assert_eq!(resend(&ada).expect(202).body, answer.body);
        assert_eq!(all_mail(&app).len(), 2);
        resend(&app.anyone()).expect_problem(401, "unauthenticated");
    }

    fn ones_own_new_address_waits_until_it_is_proven(db) {
        let app = TestApp::start(db);
        let ada = register(&app);
        verify(&app, &app.token_mailed(ADA, PAGE, 1)).expect(204);
        let other = app.login(ADA, PASSWORD).expect(200);
        let changed = ask(&ada, " New@Example.com").expect(200).json();
        assert_eq!((&changed["email"], &changed["pending_email"]), (&json!(ADA), &json!(NEW)));
        expect_standing(&ada, ADA, Some(NEW), true);
        app.login(ADA, PASSWORD).expect(200);
        app.login(NEW, PASSWORD).expect_problem(400, "invalid_grant");

        let token = app.token_mailed(NEW, PAGE, 1);
        let told = about(&app, ADA, ABOUT_TO_CHANGE);
        assert!(told.len() == 1 && told[0].text.contains(NEW) && told[0].html.contains(NEW));
        assert!(!told[0].text.contains(&token), "only the new address gets the link");

        verify(&app, &token).expect(204);
        expect_standing(&ada, NEW, None, true);
        expect_dead(&app, &token);
        // The sessions live on, and the old address is free.
        app.bearer(&other).get(ME).expect(200);
        app.refresh(&other.text("refresh_token")).expect(200);
        app.login(NEW, PASSWORD).expect(200);
        app.login(ADA, PASSWORD).expect_problem(400, "invalid_grant");
        register(&app);
    }

    fn a_newer_change_replaces_the_one_that_waits(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        ask(&ada, NEW).expect(200);
        let first = app.token_mailed(NEW, PAGE, 1);
        ask(&ada, "newer@example.com").expect(200);
        let second = app.token_mailed("newer@example.com", PAGE, 1);
        expect_dead(&app, &first);
        expect_standing(&ada, ADA, Some("newer@example.com"), false);
        verify(&app, &second).expect(204);
        expect_standing(&ada, "newer@example.com", None, true);
        assert_eq!(about(&app, ADA, ABOUT_TO_CHANGE).len(), 2);
    }

    fn the_present_address_again_takes_the_change_back(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        ask(&ada, NEW).expect(200);
        let token = app.token_mailed(NEW, PAGE, 1);
        // A change of the name does not.
        ada.patch(ME, &json!({"full_name": "Ada"})).expect(200);
        expect_standing(&ada, ADA, Some(NEW), false);
        ada.patch(ME, &json!({ "email": "ADA@example.com" })).expect(200);
        expect_standing(&ada, ADA, None, false);
        expect_dead(&app, &token);
        expect_standing(&ada, ADA, None, false);
    }

    fn a_token_of_the_present_address_leaves_what_waits(db) {
        let app = TestApp::start(db);
        let ada = register(&app);
        let old = app.token_mailed(ADA, PAGE, 1);
        ask(&ada, NEW).expect(200);
        let new = app.token_mailed(NEW, PAGE, 1);
        expect_dead(&app, &old);
        expect_standing(&ada, ADA, Some(NEW), false);
        // Asking again concerns the address that waits.
        resend(&ada).expect(202);
        let newer = app.token_mailed(NEW, PAGE, 2);
        expect_dead(&app, &new);
        verify(&app, &newer).expect(204);
        expect_standing(&ada, NEW, None, true);
        assert_eq!(about(&app, ADA, CONFIRM).len(), 1);
    }

    fn an_address_that_somebody_has_is_refused_at_once(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        app.user(Role::Viewer, "new");
        ask(&ada, NEW).expect_problem(409, "email_taken");
        expect_standing(&ada, ADA, None, false);
        assert!(all_mail(&app).is_empty());
    }

    fn an_address_that_was_taken_meanwhile_is_refused_when_it_is_proven(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), app.viewer("ada"));
        ask(&ada, NEW).expect(200);
        let token = app.token_mailed(NEW, PAGE, 1);
        let other = app.user(Role::Viewer, "new");
        verify(&app, &token).expect_problem(409, "email_taken");
        expect_standing(&ada, ADA, Some(NEW), false);
        // Free again, and the token is not used up.
        admin.delete(&format!("/api/users/{}", other.id)).expect(204);
        verify(&app, &token).expect(204);
        expect_standing(&ada, NEW, None, true);
    }

    fn of_two_who_want_an_address_the_first_gets_it(db) {
        let app = TestApp::start(db);
        let (ada, bob) = (app.viewer("ada"), app.viewer("bob"));
        ask(&ada, NEW).expect(200);
        let adas = app.token_mailed(NEW, PAGE, 1);
        ask(&bob, NEW).expect(200);
        let bobs = app.token_mailed(NEW, PAGE, 2);
        verify(&app, &bobs).expect(204);
        verify(&app, &adas).expect_problem(409, "email_taken");
        expect_standing(&bob, NEW, None, true);
        expect_standing(&ada, ADA, Some(NEW), false);
    }

    fn a_change_of_password_voids_the_token_but_not_the_wish(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        ask(&ada, NEW).expect(200);
        let token = app.token_mailed(NEW, PAGE, 1);
        let body = json!({"password": "battery staple horse", "current_password": PASSWORD});
        ada.patch(ME, &body).expect(200);
        expect_dead(&app, &token);
        expect_standing(&ada, ADA, Some(NEW), false);
        resend(&ada).expect(202);
        verify(&app, &app.token_mailed(NEW, PAGE, 2)).expect(204);
        expect_standing(&ada, NEW, None, true);
    }

    fn tokens_of_accounts_that_are_gone_are_void(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), register(&app));
        let user = format!("/api/users/{}", ada.id());
        let first = app.token_mailed(ADA, PAGE, 1);
        admin.patch(&user, &json!({"is_active": false})).expect(200);
        expect_dead(&app, &first);
        admin.patch(&user, &json!({"is_active": true})).expect(200);
        expect_dead(&app, &first);
        resend(&app.bearer(&app.login(ADA, PASSWORD).expect(200))).expect(202);
        let second = app.token_mailed(ADA, PAGE, 2);
        admin.delete(&user).expect(204);
        expect_dead(&app, &second);
        admin.send("POST", &format!("{user}/restore"), &[], Vec::new()).expect(200);
        expect_dead(&app, &second);
    }

    fn an_admin_changes_anothers_address_at_once(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), register(&app));
        verify(&app, &app.token_mailed(ADA, PAGE, 1)).expect(204);
        ask(&ada, "other@example.com").expect(200);
        let waiting = app.token_mailed("other@example.com", PAGE, 1);
        admin.patch(&format!("/api/users/{}", ada.id()), &json!({ "email": NEW })).expect(200);
        expect_standing(&ada, NEW, None, false);
        expect_dead(&app, &waiting);
        app.login(NEW, PASSWORD).expect(200);
        app.login(ADA, PASSWORD).expect_problem(400, "invalid_grant");
        let told = about(&app, ADA, CHANGED);
        assert!(told.len() == 1 && told[0].text.contains(NEW) && told[0].html.contains(NEW));
        let token = app.token_mailed(NEW, PAGE, 1);
        assert!(!told[0].text.contains(&token));
        verify(&app, &token).expect(204);
        expect_standing(&ada, NEW, None, true);
    }

    fn an_admin_waits_for_the_own_address_too(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let own = format!("/api/users/{}", admin.id());
        let body = json!({"email": NEW, "current_password": PASSWORD});
        admin.patch(&own, &body).expect(200);
        expect_standing(&admin, "admin@example.com", Some(NEW), false);
        verify(&app, &app.token_mailed(NEW, PAGE, 1)).expect(204);
        expect_standing(&admin, NEW, None, true);
    }

    fn without_mail_a_change_takes_effect_at_once(db) {
        let app = TestApp::start_with(db, |settings| settings.mail_enabled = false);
        let ada = register(&app);
        ask(&ada, NEW).expect(200);
        expect_standing(&ada, NEW, None, false);
        app.login(NEW, PASSWORD).expect(200);
        resend(&ada).expect(202);
        app.anyone().post("/api/auth/password/forgot", &json!({ "email": NEW })).expect(202);
        assert!(all_mail(&app).is_empty());
    }
}
