//! Passwords that are too easy to guess, wherever one is set.

use plinth_domain::Role;
use plinth_domain::passwords::PasswordRules;
use plinth_testing::{Answer, Client, PASSWORD, TestApp, TestDb, on_both};
use serde_json::{Value, json};

const ME: &str = "/api/users/me";
/// Refused as common, as made of the project's name, and as made of the own address.
const EASY: [(&str, &str); 4] = [
    ("Password123", "too_common"),
    ("12345678", "too_common"),
    ("plinth-2026", "too_common"),
    ("ada_lovelace1815", "password_is_email"),
];
const ADDRESS: &str = "ada.lovelace@example.com";

fn start(db: TestDb, check_common: bool) -> TestApp {
    TestApp::start_as(db, |setup| setup.password_rules = PasswordRules::new(check_common, "Plinth"))
}

/// Ada, who has signed in, and an administrator.
fn people(app: &TestApp) -> (Client, Client) {
    app.user(Role::Viewer, "ada.lovelace");
    (app.bearer(&app.login(ADDRESS, PASSWORD).expect(200)), app.admin())
}

fn reset_token(app: &TestApp) -> String {
    app.anyone().post("/api/auth/password/forgot", &json!({ "email": ADDRESS })).expect(202);
    app.token_mailed(ADDRESS, "/reset-password", 1)
}

/// One try to set a password.
type Try<'a> = Box<dyn Fn(&str) -> Answer + 'a>;

/// Everything that sets a password for Ada's account or her address, and the name of the field there.
fn ways<'a>(
    app: &'a TestApp,
    ada: &'a Client,
    admin: &'a Client,
    id: &'a str,
    token: &'a str,
) -> Vec<(&'static str, Try<'a>)> {
    let anyone = app.anyone();
    let reset = anyone.clone();
    vec![
        (
            "/password",
            Box::new(move |password| {
                anyone.post("/api/auth/register", &json!({"email": ADDRESS, "password": password}))
            }),
        ),
        (
            "/password",
            Box::new(|password| admin.post("/api/users", &json!({"email": ADDRESS, "password": password}))),
        ),
        (
            "/password",
            Box::new(|password| ada.patch(ME, &json!({"password": password, "current_password": PASSWORD}))),
        ),
        (
            "/password",
            Box::new(move |password| {
                admin.patch(&format!("/api/users/{id}"), &json!({"password": password}))
            }),
        ),
        (
            "/new_password",
            Box::new(move |password| {
                let body = json!({"token": token, "new_password": password});
                reset.post("/api/auth/password/reset", &body)
            }),
        ),
    ]
}

on_both! {
    fn easy_passwords_are_refused_wherever_one_is_set(db) {
        let app = start(db, true);
        let (ada, admin) = people(&app);
        let (id, token) = (ada.id(), reset_token(&app));
        let hash = app.stored(ADDRESS).unwrap().1;
        for (pointer, attempt) in ways(&app, &ada, &admin, &id, &token) {
            for (password, code) in EASY {
                attempt(password).expect_fields(&[(pointer, code)]);
            }
            attempt(ADDRESS).expect_fields(&[(pointer, "password_is_email")]);
        }
        assert_eq!(app.stored(ADDRESS).unwrap().1, hash);
        // None of it used the token up.
        let body = json!({"token": token, "new_password": "battery staple horse"});
        app.anyone().post("/api/auth/password/reset", &body).expect(204);
    }

    fn they_are_named_together_with_the_rest(db) {
        let app = start(db, true);
        let (ada, admin) = people(&app);
        let id = ada.id();
        let bad = |answer: Answer, others: &[(&str, &str)]| {
            answer.expect_fields(&[&[("/password", "too_common")], others].concat());
        };
        let with = |more: Value| {
            let mut body = json!({"password": "Password123"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let new = with(json!({"email": "new@example.com", "full_name": " ", "nonsense": 1}));
        let named = [("/full_name", "blank"), ("/nonsense", "unknown_field")];
        bad(app.anyone().post("/api/auth/register", &new), &named);
        bad(admin.post("/api/users", &new), &named);
        let change = with(json!({"full_name": " ", "nonsense": 1}));
        bad(ada.patch(ME, &change), &[named[0], named[1], ("/current_password", "required")]);
        bad(admin.patch(&format!("/api/users/{id}"), &change), &named);
        let body = json!({"token": reset_token(&app), "new_password": "Password123", "nonsense": 1});
        app.anyone()
            .post("/api/auth/password/reset", &body)
            .expect_fields(&[("/new_password", "too_common"), ("/nonsense", "unknown_field")]);
    }

    fn the_address_is_the_one_after_the_change(db) {
        let app = start(db, true);
        let (ada, admin) = people(&app);
        let change = |email: &str| {
            json!({"email": email, "password": "grace_hopper1906", "current_password": PASSWORD})
        };
        ada.patch(ME, &change("grace.hopper@example.com"))
            .expect_fields(&[("/password", "password_is_email")]);
        let mut body = change("grace.hopper@example.com");
        body.as_object_mut().unwrap().remove("current_password");
        let other = format!("/api/users/{}", ada.id());
        admin.patch(&other, &body).expect_fields(&[("/password", "password_is_email")]);
        ada.patch(ME, &change("kit@example.com")).expect(200);
    }

    fn switched_off_they_pass_but_for_the_own_address(db) {
        let app = start(db, false);
        let (ada, admin) = people(&app);
        let (id, token) = (ada.id(), reset_token(&app));
        for (pointer, attempt) in ways(&app, &ada, &admin, &id, &token) {
            attempt(ADDRESS).expect_fields(&[(pointer, "password_is_email")]);
        }
        for (n, (password, _)) in EASY.into_iter().enumerate() {
            let email = format!("ada.lovelace{n}@example.com");
            let body = json!({"email": email, "password": password});
            app.anyone().post("/api/auth/register", &body).expect(200);
            app.login(&email, password).expect(200);
        }
        let body = json!({"token": token, "new_password": "Password123"});
        app.anyone().post("/api/auth/password/reset", &body).expect(204);
        app.login(ADDRESS, "Password123").expect(200);
    }
}
