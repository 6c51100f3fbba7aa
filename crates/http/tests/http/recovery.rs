//! Setting a forgotten password anew: what the token in the mail is good for, and until when.

use std::thread;
use std::time::Duration;

use plinth_auth::OneTimeTokens;
use plinth_domain::{OneTimeTokenId, Role, TokenPurpose};
use plinth_persistence::one_time;
use plinth_testing::{Answer, PASSWORD, SECRET, TestApp, on_both, postgres};
use serde_json::{Value, json};

use crate::forgot::{all_mail, forgot};

const ADA: &str = "ada@example.com";
const NEW: &str = "new@example.com";
const NEW_PASSWORD: &str = "battery staple horse";
const ME: &str = "/api/users/me";
const PAGE: &str = "/reset-password";

fn reset(app: &TestApp, token: &str, password: &str) -> Answer {
    app.anyone().post("/api/auth/password/reset", &json!({ "token": token, "new_password": password }))
}

/// The token that Ada is mailed, as the so-manieth.
#[track_caller]
fn token(app: &TestApp, count: usize) -> String {
    forgot(app, ADA).expect(202);
    app.token_mailed(ADA, PAGE, count)
}

#[track_caller]
fn expect_dead(app: &TestApp, token: &str) {
    let before = app.stored(ADA).map(|(_, hash)| hash);
    reset(app, token, "another good password").expect_problem(400, "invalid_token");
    assert_eq!(app.stored(ADA).map(|(_, hash)| hash), before);
}

on_both! {
    fn a_reset_sets_the_password_and_ends_every_session(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let sessions = [app.login(ADA, PASSWORD).expect(200), app.login(ADA, PASSWORD).expect(200)];
        let token = token(&app, 1);
        // Asking alone changes nothing.
        app.login(ADA, PASSWORD).expect(200);
        let answer = reset(&app, &token, NEW_PASSWORD).expect(204);
        assert!(answer.body.is_empty());
        for session in &sessions {
            app.bearer(session).get(ME).expect_problem(401, "invalid_token");
            app.refresh(&session.text("refresh_token")).expect_problem(400, "invalid_grant");
        }
        app.login(ADA, PASSWORD).expect_problem(400, "invalid_grant");
        let me = app.bearer(&app.login(ADA, NEW_PASSWORD).expect(200)).get(ME).expect(200).json();
        assert_eq!(me["email_verified"], true, "the mail has arrived");
        expect_dead(&app, &token);
    }

    fn a_reset_drops_a_change_of_email(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        ada.patch(ME, &json!({"email": NEW, "current_password": PASSWORD})).expect(200);
        let proof = app.token_mailed(NEW, "/verify-email", 1);
        reset(&app, &token(&app, 1), NEW_PASSWORD).expect(204);
        assert_eq!(app.stored(ADA).unwrap().0.pending_email, None);
        let verify = app.anyone().post("/api/auth/email/verify", &json!({ "token": proof }));
        verify.expect_problem(400, "invalid_token");
        assert!(app.stored(NEW).is_none());
    }

    fn a_token_is_good_once_however_many_try(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let token = token(&app, 1);
        let answers: Vec<(String, Answer)> = thread::scope(|scope| {
            let tries: Vec<_> = (0..20)
                .map(|n| {
                    let (app, token, password) = (&app, &token, format!("good password {n}"));
                    scope.spawn(move || (password.clone(), reset(app, token, &password)))
                })
                .collect();
            tries.into_iter().map(|attempt| attempt.join().unwrap()).collect()
        });
        let (done, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(_, answer)| answer.status == 204);
        assert_eq!((done.len(), refused.len()), (1, 19));
        for (password, answer) in refused {
            answer.expect_problem(400, "invalid_token");
            app.login(ADA, &password).expect_problem(400, "invalid_grant");
        }
        app.login(ADA, &done[0].0).expect(200);
    }

    fn a_token_is_good_for_half_an_hour(db) {
        const LIFE: Duration = Duration::from_secs(30 * 60);
        // The clock goes on by itself while this runs.
        const LEEWAY: Duration = Duration::from_secs(60);
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let late = token(&app, 1);
        app.clock.advance(LIFE);
        expect_dead(&app, &late);
        let early = token(&app, 2);
        app.clock.advance(LIFE - LEEWAY);
        reset(&app, &early, NEW_PASSWORD).expect(204);
    }

    fn a_newer_token_and_a_change_of_the_account_void_it(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), app.viewer("ada"));
        let user = format!("/api/users/{}", ada.id());
        let first = token(&app, 1);
        let second = token(&app, 2);
        assert_ne!(first, second);
        expect_dead(&app, &first);

        ada.patch(ME, &json!({"password": NEW_PASSWORD, "current_password": PASSWORD})).expect(200);
        expect_dead(&app, &second);

        let third = token(&app, 3);
        admin.patch(&user, &json!({"password": PASSWORD})).expect(200);
        expect_dead(&app, &third);

        let fourth = token(&app, 4);
        admin.patch(&user, &json!({"is_active": false})).expect(200);
        expect_dead(&app, &fourth);
        admin.patch(&user, &json!({"is_active": true})).expect(200);
        expect_dead(&app, &fourth);

        // What is no credential leaves it good.
        let fifth = token(&app, 5);
        admin.patch(&user, &json!({"role": "editor", "full_name": "Ada"})).expect(200);
        app.login(ADA, PASSWORD).expect(200);
        reset(&app, &fifth, NEW_PASSWORD).expect(204);

        let sixth = token(&app, 6);
        admin.delete(&user).expect(204);
        expect_dead(&app, &sixth);
        admin.post(&format!("{user}/restore"), &json!({}));
        expect_dead(&app, &sixth);
    }

    fn a_change_of_email_voids_it(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), app.viewer("ada"));
        let first = token(&app, 1);
        ada.patch(ME, &json!({"email": NEW, "current_password": PASSWORD})).expect(200);
        expect_dead(&app, &first);
        let second = token(&app, 2);
        let proof = app.token_mailed(NEW, "/verify-email", 1);
        app.anyone().post("/api/auth/email/verify", &json!({ "token": proof })).expect(204);
        reset(&app, &second, NEW_PASSWORD).expect_problem(400, "invalid_token");
        forgot(&app, NEW).expect(202);
        let third = app.token_mailed(NEW, PAGE, 1);
        admin.patch(&format!("/api/users/{}", ada.id()), &json!({"email": ADA})).expect(200);
        expect_dead(&app, &third);
        app.login(ADA, PASSWORD).expect(200);
    }

    fn a_token_is_good_for_one_purpose(db) {
        let app = TestApp::start(db);
        let body = json!({"email": ADA, "password": PASSWORD});
        app.anyone().post("/api/auth/register", &body).expect(200);
        let proof = app.token_mailed(ADA, "/verify-email", 1);
        let reset_token = token(&app, 1);
        let verify = |token: &str| app.anyone().post("/api/auth/email/verify", &json!({ "token": token }));
        expect_dead(&app, &proof);
        verify(&reset_token).expect_problem(400, "invalid_token");
        assert!(!app.stored(ADA).unwrap().0.email_verified);
        // Neither was used up by that.
        verify(&proof).expect(204);
        reset(&app, &reset_token, NEW_PASSWORD).expect(204);
    }

    fn what_is_no_token_is_refused(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let token = token(&app, 1);
        let mut changed = token.clone();
        let last = changed.pop().unwrap();
        changed.push(if last == 'A' { 'B' } else { 'A' });
        let others = [
            String::new(),
            "x".to_owned(),
            "é\u{1F511}".to_owned(),
            "' OR 1=1 --".to_owned(),
            "A".repeat(43),
            "A".repeat(100_000),
            changed,
            format!("{token}="),
            format!(" {token}"),
            token.to_uppercase(),
            token.to_lowercase(),
        ];
        for other in &others {
            expect_dead(&app, other);
        }
        reset(&app, &token, NEW_PASSWORD).expect(204);
    }

    fn a_refused_password_leaves_the_token_good(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let token = token(&app, 1);
        let hash = app.stored(ADA).unwrap().1;
        let post = |body: Value| app.anyone().post("/api/auth/password/reset", &body);
        post(json!({"new_password": "short", "password": PASSWORD})).expect_fields(&[
            ("/token", "required"),
            ("/new_password", "too_short"),
            ("/password", "unknown_field"),
        ]);
        for (password, code) in [
            ("short", "too_short"),
            (&*"x".repeat(257), "too_long"),
            ("         ", "blank"),
            ("Ada@Example.com", "password_is_email"),
        ] {
            reset(&app, &token, password).expect_fields(&[("/new_password", code)]);
        }
        app.anyone().json_text("POST", "/api/auth/password/reset", "{").expect(400);
        assert_eq!(app.stored(ADA).unwrap().1, hash);
        reset(&app, &token, NEW_PASSWORD).expect(204);
    }

    fn no_token_can_be_made_from_the_database(db) {
        let app = TestApp::start(db);
        let user = app.user(Role::Viewer, "ada");
        let token = token(&app, 1);
        assert!(!all_mail(&app).is_empty());
        let bytes = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, &token).unwrap();
        let found: Vec<&str> = if app.db.is_postgres() {
            at_rest_in_postgres(&app, &token, &bytes)
        } else {
            at_rest_in_sqlite(&app, &token, &bytes)
        };
        // That the digest is found shows that the search finds what is there.
        assert_eq!(found, ["digest"]);
        // Whoever has the rows lacks the key.
        let purpose = TokenPurpose::ResetPassword;
        let newest = app.db.read(move |connection| one_time::newest(connection, user.id, purpose));
        let (id, _) = newest.unwrap().unwrap();
        let made = |secret: &[u8], id: OneTimeTokenId| {
            OneTimeTokens::new(secret).make(id.uuid()).as_str().to_owned()
        };
        assert_eq!(made(SECRET, id), token);
        let other = made(b"another secret, of 32 bytes and more too", id);
        expect_dead(&app, &other);
        reset(&app, &token, NEW_PASSWORD).expect(204);
    }
}

/// What there is of a token in the files of the database.
fn at_rest_in_sqlite(app: &TestApp, token: &str, bytes: &[u8]) -> Vec<&'static str> {
    let path = app.db.url().trim_start_matches("sqlite://");
    let mut all = std::fs::read(path).unwrap();
    all.extend(std::fs::read(format!("{path}-wal")).unwrap_or_default());
    let digest = OneTimeTokens::digest(token);
    let kinds: [(&str, &[u8]); 3] = [("text", token.as_bytes()), ("bytes", bytes), ("digest", &digest)];
    let found = kinds.into_iter().filter(|(_, what)| all.windows(what.len()).any(|part| part == *what));
    found.map(|(kind, _)| kind).collect()
}

/// What there is of a token in the tables of the database.
fn at_rest_in_postgres(app: &TestApp, token: &str, bytes: &[u8]) -> Vec<&'static str> {
    let server = postgres::server().unwrap();
    let query = |sql: &str| server.query(app.db.url(), sql);
    let tables = query("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'");
    let all: String =
        tables.lines().map(|table| query(&format!("SELECT row_to_json(t)::text FROM {table} t"))).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (of_text, of_bytes, of_digest) =
        (hex(token.as_bytes()), hex(bytes), hex(&OneTimeTokens::digest(token)));
    let kinds = [("text", token), ("text", &*of_text), ("bytes", &*of_bytes), ("digest", &*of_digest)];
    kinds.into_iter().filter(|(_, what)| all.contains(what)).map(|(kind, _)| kind).collect()
}
