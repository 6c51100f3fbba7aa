//! Who may do what: every operation of the served document, by everyone, in one table.
//!
//! An operation without a row fails, and so does a row without an operation. How a row is tried out is in
//! `matrix_trial.rs`.

use std::collections::BTreeSet;

use plinth_testing::{TestApp, on_both};

use crate::matrix_trial::{Document, Trial};

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// What the operation asks for, about the owner or the owner's item.
    Good,
    /// A body or a query string with an unknown field.
    Bad,
    /// A body that is not JSON, as JSON.
    Malformed,
    /// No media type that is read here.
    Media,
    /// The id of nobody and nothing.
    UnknownId,
    /// No id at all, where an id should stand.
    NoId,
    /// A condition that does not hold.
    Stale,
    /// This body.
    Body(&'static str),
    /// This query string.
    Query(&'static str),
}

use Sent::{Bad, Body, Good, Malformed, Media, NoId, Query, Stale, UnknownId};

/// Those who try, in the order of the columns: `owner` is a viewer, whose account or item it is about, `viewer`
/// one who has nothing to do with it; `off` has been deactivated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Anonymous,
    Off,
    Viewer,
    Owner,
    Editor,
    Admin,
}

const EVERYONE: [Who; 6] = [Who::Anonymous, Who::Off, Who::Viewer, Who::Owner, Who::Editor, Who::Admin];

/// The answer is the same to all.
const fn all(status: u16) -> [u16; 6] {
    [status; 6]
}

/// The answer is the same to all who are signed in.
const fn bearer(status: u16) -> [u16; 6] {
    [401, 401, status, status, status, status]
}

/// An account that is taken from the start.
const TAKEN: &str = r#"{"email": "Standing@example.com", "password": "correct horse battery"}"#;
const OF_ANOTHER: &str = "owner_id=01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";
const WRONG_PASSWORD: &str = r#"{"current_password": "wrong password", "email": "other@example.com"}"#;
const RESET_WITH_NOTHING: &str = r#"{"token": "x", "new_password": "a new password"}"#;
const TAKEN_EMAIL: &str = r#"{"current_password": "correct horse battery", "email": "standing@example.com"}"#;

#[rustfmt::skip]
const TABLE: &[(&str, Sent, [u16; 6])] = &[
    //                                            anonymous off viewer owner editor admin
    ("GET /", Good, all(200)),
    ("GET /.well-known/jwks.json", Good, all(200)),
    ("GET /api/docs", Good, all(200)),
    ("GET /api/health", Good, all(200)),
    ("GET /api/openapi.json", Good, all(200)),
    ("GET /api/redoc", Good, all(200)),
    ("GET /docs", Good, all(200)),
    ("GET /health", Good, all(200)),
    ("GET /health/ready", Good, all(200)),
    ("GET /openapi.json", Good, all(200)),
    ("GET /redoc", Good, all(200)),

    ("GET /asyncapi.yaml", Good, all(200)),
    ("GET /api/asyncapi.yaml", Good, all(200)),
    // Without an upgrade: `ws_handshake.rs` has those with one.
    ("GET /api/ws", Good, bearer(426)),
    ("GET /api/ws", Bad, bearer(422)),
    ("GET /api/ws/{user_id}", Good,                      [401, 401, 403, 426, 403, 403]),
    ("GET /api/ws/{user_id}", Bad,                       [401, 401, 403, 422, 403, 403]),
    ("GET /api/ws/{user_id}", UnknownId, bearer(403)),
    ("GET /api/ws/{user_id}", NoId, bearer(404)),
    ("GET /ws/{user_id}", Good,                          [401, 401, 403, 426, 403, 403]),
    ("GET /ws/{user_id}", UnknownId, bearer(403)),

    ("POST /api/auth/register", Good, all(200)),
    ("POST /api/auth/register", Bad, all(422)),
    ("POST /api/auth/register", Malformed, all(400)),
    ("POST /api/auth/register", Media, all(415)),
    ("POST /api/auth/register", Body(TAKEN), all(409)),
    ("POST /api/auth/login", Good, all(200)),
    ("POST /api/auth/login", Body("username=a&password=b"), all(400)),
    ("POST /api/auth/login", Body("username=a"), all(400)),
    ("POST /api/auth/login", Body("username=a&password=b&grant_type=c"), all(400)),
    ("POST /api/auth/login", Media, all(415)),
    ("POST /token", Good, all(200)),
    ("POST /token", Body("username=a&password=b"), all(400)),
    ("POST /token", Body("username=%ff&password=b"), all(400)),
    ("POST /token", Media, all(415)),
    ("POST /api/auth/refresh", Good, all(200)),
    ("POST /api/auth/refresh", Bad, all(422)),
    ("POST /api/auth/refresh", Malformed, all(400)),
    ("POST /api/auth/refresh", Media, all(415)),
    ("POST /api/auth/refresh", Body(r#"{"refresh_token": "x"}"#), all(400)),
    ("POST /api/auth/logout", Good, bearer(204)),
    ("POST /api/auth/test-token", Good, bearer(200)),
    ("GET /api/auth/sessions", Good, bearer(200)),
    ("GET /api/auth/sessions", Bad, bearer(422)),
    ("DELETE /api/auth/sessions", Good, bearer(204)),
    ("DELETE /api/auth/sessions", Bad, bearer(422)),
    ("DELETE /api/auth/sessions/{id}", Good,             [401, 401, 404, 204, 404, 404]),
    ("DELETE /api/auth/sessions/{id}", Bad, bearer(422)),
    ("DELETE /api/auth/sessions/{id}", UnknownId, bearer(404)),
    ("DELETE /api/auth/sessions/{id}", NoId, bearer(404)),
    ("POST /api/auth/password/forgot", Good, all(202)),
    ("POST /api/auth/password/forgot", Bad, all(422)),
    ("POST /api/auth/password/forgot", Malformed, all(400)),
    ("POST /api/auth/password/forgot", Media, all(415)),
    ("POST /api/auth/password/forgot", Body(r#"{"email": "nobody@example.com"}"#), all(202)),
    ("POST /api/auth/password/reset", Good, all(204)),
    ("POST /api/auth/password/reset", Bad, all(422)),
    ("POST /api/auth/password/reset", Malformed, all(400)),
    ("POST /api/auth/password/reset", Media, all(415)),
    ("POST /api/auth/password/reset", Body(RESET_WITH_NOTHING), all(400)),
    ("POST /api/auth/email/verify", Good, all(204)),
    ("POST /api/auth/email/verify", Bad, all(422)),
    ("POST /api/auth/email/verify", Malformed, all(400)),
    ("POST /api/auth/email/verify", Media, all(415)),
    ("POST /api/auth/email/verify", Body(r#"{"token": "x"}"#), all(400)),
    // Of an address that somebody else has by now.
    ("POST /api/auth/email/verify", Stale, all(409)),
    ("POST /api/auth/email/resend", Good, bearer(202)),
    ("POST /api/auth/email/resend", Bad, bearer(422)),

    ("GET /api/users", Good,                             [401, 401, 403, 403, 200, 200]),
    ("GET /api/users", Bad,                              [401, 401, 403, 403, 422, 422]),
    ("GET /api/users", Query("include_deleted=true"),    [401, 401, 403, 403, 403, 200]),
    ("POST /api/users", Good,                            [401, 401, 403, 403, 403, 201]),
    ("POST /api/users", Bad,                             [401, 401, 403, 403, 403, 422]),
    ("POST /api/users", Malformed,                       [401, 401, 403, 403, 403, 400]),
    ("POST /api/users", Media,                           [401, 401, 403, 403, 403, 415]),
    ("POST /api/users", Body(TAKEN),                     [401, 401, 403, 403, 403, 409]),
    ("GET /api/users/me", Good, bearer(200)),
    ("PUT /api/users/me", Good, bearer(200)),
    ("PUT /api/users/me", Bad, bearer(422)),
    ("PUT /api/users/me", Malformed, bearer(400)),
    ("PUT /api/users/me", Media, bearer(415)),
    ("PUT /api/users/me", Body(WRONG_PASSWORD), bearer(400)),
    ("PUT /api/users/me", Body(TAKEN_EMAIL), bearer(409)),
    ("PATCH /api/users/me", Good, bearer(200)),
    ("PATCH /api/users/me", Bad, bearer(422)),
    ("PATCH /api/users/me", Malformed, bearer(400)),
    ("PATCH /api/users/me", Media, bearer(415)),
    ("PATCH /api/users/me", Body(WRONG_PASSWORD), bearer(400)),
    ("PATCH /api/users/me", Body(TAKEN_EMAIL), bearer(409)),
    ("POST /api/users/me/delete", Good, bearer(204)),
    ("POST /api/users/me/delete", Bad, bearer(422)),
    ("POST /api/users/me/delete", Malformed, bearer(400)),
    ("POST /api/users/me/delete", Media, bearer(415)),
    ("POST /api/users/me/delete", Body(r#"{"current_password": "wrong"}"#), bearer(400)),
    ("GET /api/users/{id}", Good,                        [401, 401, 403, 200, 200, 200]),
    ("GET /api/users/{id}", UnknownId,                   [401, 401, 403, 403, 404, 404]),
    ("GET /api/users/{id}", NoId,                        [401, 401, 403, 403, 404, 404]),
    ("PUT /api/users/{id}", Good,                        [401, 401, 403, 403, 200, 200]),
    ("PUT /api/users/{id}", UnknownId,                   [401, 401, 403, 403, 404, 404]),
    ("PUT /api/users/{id}", Bad,                         [401, 401, 403, 403, 422, 422]),
    ("PUT /api/users/{id}", Malformed,                   [401, 401, 403, 403, 400, 400]),
    ("PUT /api/users/{id}", Media,                       [401, 401, 403, 403, 415, 415]),
    ("PUT /api/users/{id}", Body(r#"{"role": "viewer"}"#), [401, 401, 403, 403, 403, 200]),
    ("PATCH /api/users/{id}", Good,                      [401, 401, 403, 403, 200, 200]),
    ("PATCH /api/users/{id}", UnknownId,                 [401, 401, 403, 403, 404, 404]),
    ("PATCH /api/users/{id}", NoId,                      [401, 401, 403, 403, 404, 404]),
    ("PATCH /api/users/{id}", Bad,                       [401, 401, 403, 403, 422, 422]),
    ("PATCH /api/users/{id}", Malformed,                 [401, 401, 403, 403, 400, 400]),
    ("PATCH /api/users/{id}", Media,                     [401, 401, 403, 403, 415, 415]),
    ("PATCH /api/users/{id}", Body(r#"{"role": "admin"}"#), [401, 401, 403, 403, 403, 200]),
    ("PATCH /api/users/{id}", Body(r#"{"is_active": false}"#), [401, 401, 403, 403, 403, 200]),
    ("PATCH /api/users/{id}", Body(r#"{"password": "a new password"}"#), [401, 401, 403, 403, 403, 200]),
    ("PATCH /api/users/{id}", Body(TAKEN_EMAIL),         [401, 401, 403, 403, 403, 409]),
    ("DELETE /api/users/{id}", Good,                     [401, 401, 403, 403, 403, 204]),
    ("DELETE /api/users/{id}", UnknownId,                [401, 401, 403, 403, 403, 404]),
    ("DELETE /api/users/{id}", NoId,                     [401, 401, 403, 403, 403, 404]),
    // About an account that was deleted, so its owner is nobody; and about one that was not.
    ("POST /api/users/{id}/restore", Good,               [401, 401, 403, 401, 403, 200]),
    ("POST /api/users/{id}/restore", Stale,              [401, 401, 403, 403, 403, 409]),
    ("POST /api/users/{id}/restore", UnknownId,          [401, 401, 403, 403, 403, 404]),

    ("GET /api/items", Good, bearer(200)),
    ("GET /api/items", Bad, bearer(422)),
    ("GET /api/items", Query(OF_ANOTHER),                [401, 401, 403, 403, 200, 200]),
    ("POST /api/items", Good, bearer(201)),
    ("POST /api/items", Bad, bearer(422)),
    ("POST /api/items", Malformed, bearer(400)),
    ("POST /api/items", Media, bearer(415)),
    ("GET /api/items/{id}", Good,                        [401, 401, 404, 200, 200, 200]),
    ("GET /api/items/{id}", UnknownId, bearer(404)),
    ("GET /api/items/{id}", NoId, bearer(404)),
    ("PUT /api/items/{id}", Good,                        [401, 401, 404, 200, 403, 200]),
    ("PUT /api/items/{id}", Bad,                         [401, 401, 404, 422, 403, 422]),
    ("PUT /api/items/{id}", Malformed,                   [401, 401, 404, 400, 403, 400]),
    ("PUT /api/items/{id}", Media,                       [401, 401, 404, 415, 403, 415]),
    ("PUT /api/items/{id}", UnknownId, bearer(404)),
    ("PUT /api/items/{id}", Stale,                       [401, 401, 404, 412, 403, 412]),
    ("PATCH /api/items/{id}", Good,                      [401, 401, 404, 200, 403, 200]),
    ("PATCH /api/items/{id}", Bad,                       [401, 401, 404, 422, 403, 422]),
    ("PATCH /api/items/{id}", Malformed,                 [401, 401, 404, 400, 403, 400]),
    ("PATCH /api/items/{id}", Media,                     [401, 401, 404, 415, 403, 415]),
    ("PATCH /api/items/{id}", UnknownId, bearer(404)),
    ("PATCH /api/items/{id}", NoId, bearer(404)),
    ("PATCH /api/items/{id}", Stale,                     [401, 401, 404, 412, 403, 412]),
    ("DELETE /api/items/{id}", Good,                     [401, 401, 404, 204, 403, 204]),
    ("DELETE /api/items/{id}", UnknownId, bearer(404)),
    ("DELETE /api/items/{id}", NoId, bearer(404)),
    ("DELETE /api/items/{id}", Stale,                    [401, 401, 404, 412, 403, 412]),

    ("GET /api/audit", Good,                             [401, 401, 403, 403, 403, 200]),
    ("GET /api/audit", Bad,                              [401, 401, 403, 403, 403, 422]),
    ("GET /api/audit", Query("event=login&page_size=1"), [401, 401, 403, 403, 403, 200]),
    ("GET /api/audit", Query("event=nothing"),           [401, 401, 403, 403, 403, 422]),
];

on_both! {
    fn everyone_gets_what_the_table_says(db) {
        let app = TestApp::start(db);
        let document = Document::served_by(&app);
        let tried: BTreeSet<&str> = TABLE.iter().map(|(operation, ..)| *operation).collect();
        let operations = document.operations();
        assert_eq!(
            tried,
            operations.iter().map(String::as_str).collect(),
            "rows of the table, and operations"
        );

        let mut trial = Trial::new(&app);
        let mut wrong = Vec::new();
        for (operation, sent, statuses) in TABLE {
            for (who, status) in EVERYONE.into_iter().zip(statuses) {
                let answer = trial.request(operation, *sent, who);
                let mut faults = document.faults(operation, &answer);
                if answer.status != *status {
                    faults.push(format!("{} instead of {status}", answer.status));
                }
                if !faults.is_empty() {
                    wrong.push(format!("{who:?} {operation} {sent:?}: {}", faults.join(", ")));
                }
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}
