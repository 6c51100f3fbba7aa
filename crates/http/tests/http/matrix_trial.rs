//! How a row of the matrix is tried out, and what the served document says about the answer.

use std::collections::BTreeSet;

use plinth_domain::Role;
use plinth_testing::{Answer, Client, PASSWORD, TestApp, encoded};
use serde_json::{Value, json};

use crate::matrix::{Sent, Who};

const NOBODY: &str = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// The OpenAPI document that an application serves.
pub(crate) struct Document(Value);

impl Document {
    pub(crate) fn served_by(app: &TestApp) -> Self {
        Self(app.openapi())
    }

    /// Every operation, as its method and path.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        let paths = self.0["paths"].as_object().unwrap();
        let of_path = |(path, item): (&String, &Value)| -> Vec<String> {
            let methods = item.as_object().unwrap().keys().filter(|key| *key != "parameters");
            methods.map(|method| format!("{} {path}", method.to_uppercase())).collect()
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// In what an answer is not as the document declares it.
    pub(crate) fn faults(&self, operation: &str, answer: &Answer) -> Vec<String> {
        let (method, path) = operation.split_once(' ').unwrap();
        let responses = &self.0["paths"][path][method.to_lowercase()]["responses"];
        let declared = &responses[answer.status.to_string()];
        if declared.is_null() {
            return vec![format!("the status {} is not declared", answer.status)];
        }
        let declared = match declared["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap(),
            None => declared,
        };
        let mut faults = Vec::new();
        let media_type = answer.header("content-type").split(';').next().unwrap_or_default().trim();
        let content = &declared["content"];
        match content.as_object() {
            Some(content) if !content.contains_key(media_type) => {
                faults.push(format!("the media type {media_type:?} is not declared"));
            }
            None if !answer.body.is_empty() => faults.push("a body is not declared".to_owned()),
            _ => {}
        }
        for header in declared["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            if answer.header(header).is_empty() {
                faults.push(format!("the header {header} is missing"));
            }
        }
        if answer.status >= 400 {
            let problem = answer.json();
            let code = problem["code"].as_str().unwrap_or_default();
            if media_type != "application/problem+json" {
                faults.push(format!("the media type is {media_type}"));
            } else if content[media_type]["examples"][code].is_null() {
                faults.push(format!("the code {code:?} is not declared for {}", answer.status));
            }
        }
        faults
    }
}

/// An application in which every request finds its own owner, caller and item.
pub(crate) struct Trial<'a> {
    app: &'a TestApp,
    /// An administrator who is in none of the rows, so nobody is the last.
    standing: Client,
    made: u32,
}

/// Whom and what a request is about.
struct Owner {
    client: Client,
    email: String,
    refresh_token: String,
    session: String,
    item: String,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self { app, standing: app.signed_in(Role::Admin, "standing"), made: 0 }
    }

    /// The answer to that request by them.
    pub(crate) fn request(&mut self, operation: &str, sent: Sent, who: Who) -> Answer {
        let owner = self.owner();
        let caller = match who {
            Who::Anonymous => self.app.anyone(),
            Who::Owner => owner.client.clone(),
            Who::Viewer => self.sign_in(Role::Viewer),
            Who::Editor => self.sign_in(Role::Editor),
            Who::Admin => self.sign_in(Role::Admin),
            Who::Off => {
                let client = self.sign_in(Role::Admin);
                let account = format!("/api/users/{}", client.id());
                self.standing.patch(&account, &json!({"is_active": false})).expect(200);
                client
            }
        };
        let (method, path) = operation.split_once(' ').unwrap();
        let path = self.path(path, sent, &owner);
        let takes_body = matches!(method, "PUT" | "PATCH")
            || method == "POST"
                && !["/logout", "/test-token", "/restore", "/resend"].iter().any(|end| path.ends_with(end));
        let mut headers = Vec::new();
        let mut body = Vec::new();
        if takes_body {
            let (media_type, text) = self.body(operation, sent, &owner);
            headers.push(("content-type", media_type));
            body = text.into_bytes();
        }
        if sent == Sent::Stale {
            headers.push(("if-match", "\"another\""));
        }
        caller.send(method, &path, &headers, body)
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("user{}", self.made)
    }

    fn sign_in(&mut self, role: Role) -> Client {
        let name = self.name();
        self.app.signed_in(role, &name)
    }

    fn owner(&mut self) -> Owner {
        let name = self.name();
        let email = self.app.user(Role::Viewer, &name).email.into_string();
        let tokens = self.app.login(&email, PASSWORD).expect(200);
        let client = self.app.bearer(&tokens);
        let session = self.app.refresh.read(&tokens.text("refresh_token")).unwrap().0.to_string();
        let item = client.post("/api/items", &json!({"title": "Lamp"})).expect(201).text("id");
        Owner { client, email, refresh_token: tokens.text("refresh_token"), session, item }
    }

    fn path(&self, template: &str, sent: Sent, owner: &Owner) -> String {
        let account = owner.client.id();
        if template.ends_with("/restore") && sent == Sent::Good {
            self.standing.delete(&format!("/api/users/{account}")).expect(204);
        }
        let id = match sent {
            Sent::UnknownId => NOBODY,
            Sent::NoId => "no-id",
            _ if template.contains("/items/") => &owner.item,
            _ if template.contains("/sessions/") => &owner.session,
            _ => &account,
        };
        let path = template.replace("{id}", id).replace("{user_id}", id);
        match sent {
            Sent::Query(query) => format!("{path}?{query}"),
            Sent::Bad => format!("{path}?bad=1"),
            _ => path,
        }
    }

    /// The media type and the body.
    fn body(&mut self, operation: &str, sent: Sent, owner: &Owner) -> (&'static str, String) {
        let is_form = operation == "POST /token" || operation == "POST /api/auth/login";
        let media_type = if is_form { FORM } else { JSON };
        match sent {
            Sent::Body(body) => return (media_type, body.to_owned()),
            Sent::Bad => return (media_type, r#"{"bad": 1}"#.to_owned()),
            Sent::Malformed => return (media_type, "{".to_owned()),
            Sent::Media => return ("text/plain", "{}".to_owned()),
            _ => {}
        }
        if is_form {
            let form = format!("username={}&password={}", encoded(&owner.email), encoded(PASSWORD));
            return (FORM, form);
        }
        let body = match operation {
            "POST /api/auth/register" | "POST /api/users" => {
                json!({"email": format!("{}@example.com", self.name()), "password": PASSWORD})
            }
            "POST /api/auth/refresh" => json!({"refresh_token": owner.refresh_token}),
            "POST /api/auth/password/forgot" => json!({"email": owner.email}),
            "POST /api/auth/password/reset" => {
                self.app
                    .anyone()
                    .post("/api/auth/password/forgot", &json!({"email": owner.email}))
                    .expect(202);
                let token = self.app.token_mailed(&owner.email, "/reset-password", 1);
                json!({"token": token, "new_password": "a new password"})
            }
            "POST /api/auth/email/verify" => json!({"token": self.proof_of_address(sent, owner)}),
            "POST /api/users/me/delete" => json!({"current_password": PASSWORD}),
            _ if operation.contains("/users") => json!({"full_name": "Somebody"}),
            _ => json!({"title": "Table"}),
        };
        (JSON, body.to_string())
    }

    /// The token that proves the owner's address; or one that the owner asked for, and that somebody else was faster
    /// to take.
    fn proof_of_address(&mut self, sent: Sent, owner: &Owner) -> String {
        if sent != Sent::Stale {
            owner.client.post("/api/auth/email/resend", &json!({})).expect(202);
            return self.app.token_mailed(&owner.email, "/verify-email", 1);
        }
        let name = self.name();
        let wanted = format!("{name}@example.com");
        let body = json!({"email": wanted, "current_password": PASSWORD});
        owner.client.patch("/api/users/me", &body).expect(200);
        let token = self.app.token_mailed(&wanted, "/verify-email", 1);
        self.app.user(Role::Viewer, &name);
        token
    }
}
