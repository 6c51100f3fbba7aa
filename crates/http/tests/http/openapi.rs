//! The OpenAPI document: complete, the one that is committed, and right about where things are.

use std::collections::BTreeSet;
use std::path::Path;

use plinth_http::HttpSettings;
use plinth_http::error::CODES;
use plinth_http::openapi::document_json;
use plinth_testing::{PASSWORD, TestApp, TestDb};
use serde_json::{Value, json};

fn document() -> Value {
    serde_json::from_str(&document_json(&HttpSettings::default())).unwrap()
}

/// Every operation with its name.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| -> Vec<(String, Value)> {
        item.as_object()
            .unwrap()
            .iter()
            .map(|(method, operation)| (format!("{method} {path}"), operation.clone()))
            .collect()
    };
    let names: Vec<String> = paths.iter().flat_map(of_path).map(|(name, _)| name).collect();
    let values = paths.values().flat_map(|item| item.as_object().unwrap().values());
    names.into_iter().zip(values).collect()
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Whether nobody needs an example to know what a value looks like.
fn speaks_for_itself(document: &Value, schema: &Value) -> bool {
    let schema = resolved(document, schema);
    let kind = &schema["type"];
    let is = |name: &str| kind == name || kind.as_array().is_some_and(|kinds| kinds.contains(&json!(name)));
    let made_of = ["oneOf", "anyOf", "allOf"].iter().find_map(|key| schema[key].as_array());
    is("boolean")
        || is("null")
        || is("object") && schema["properties"].is_object()
        || is("object") && schema["additionalProperties"].is_object()
        || schema["enum"].is_array()
        || schema["const"].is_string()
        || has_example(schema)
        || is("array") && speaks_for_itself(document, &schema["items"])
        || made_of.is_some_and(|parts| parts.iter().all(|part| speaks_for_itself(document, part)))
}

fn has_example(value: &Value) -> bool {
    ["example", "examples", "default"].iter().any(|key| !value[key].is_null())
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let again = "cargo run -- openapi > docs/openapi.json";
    let committed = std::fs::read_to_string(&path);
    let committed =
        committed.unwrap_or_else(|error| panic!("docs/openapi.json: {error}; make it with: {again}"));
    // Served under the settings of a new checkout, but for the environment, which it does not depend on.
    let app = TestApp::start(TestDb::sqlite());
    for at in ["/openapi.json", "/api/openapi.json"] {
        let served = app.anyone().get(at).expect(200);
        assert_eq!(served.header("content-type"), "application/json");
        let served = String::from_utf8(served.body).unwrap();
        assert!(served == committed, "docs/openapi.json is not what {at} serves; make it anew with: {again}");
    }
}

#[test]
fn every_operation_is_named_and_explained() {
    let document = document();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no operationId"));
        assert!(ids.insert(id), "{id} is there twice");
        assert!(
            operation["summary"].as_str().is_some_and(|text| !text.is_empty() && !text.ends_with('.')),
            "{name}: {}",
            operation["summary"]
        );
        let its_tags = operation["tags"].as_array().unwrap_or_else(|| panic!("{name} has no tag"));
        assert!(its_tags.len() == 1 && tags.contains(its_tags[0].as_str().unwrap()), "{name}: {its_tags:?}");
        assert!(
            operation["responses"]
                .as_object()
                .unwrap()
                .keys()
                .any(|status| status.starts_with('2') || status == "101"),
            "{name}"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: {parameter}");
        }
    }
}

#[test]
fn every_request_body_has_an_example() {
    let document = document();
    let mut bodies = 0;
    for (name, operation) in operations(&document) {
        for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            bodies += 1;
            let schema = resolved(&document, &content["schema"]);
            let of_properties = schema["properties"].as_object().is_some_and(|properties| {
                properties.values().all(|property| speaks_for_itself(&document, property))
            });
            assert!(has_example(content) || has_example(schema) || of_properties, "{name}: {media_type}");
        }
    }
    assert!(bodies >= 12, "{bodies}");
}

#[test]
fn every_property_shows_what_it_looks_like() {
    let document = document();
    let mut silent = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            if !speaks_for_itself(&document, schema) {
                silent.push(format!("{name}.{property}"));
            }
            if schema["description"].is_null() && resolved(&document, schema)["description"].is_null() {
                silent.push(format!("{name}.{property} (description)"));
            }
        }
    }
    assert!(silent.is_empty(), "no example: {silent:?}");
}

#[test]
fn every_error_is_a_problem_with_examples() {
    let document = document();
    for (name, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let is_readiness = name.ends_with("/health") || name.ends_with("/health/ready");
            if !status.starts_with(['4', '5']) || is_readiness {
                continue;
            }
            let response = resolved(&document, response);
            let content = &response["content"]["application/problem+json"];
            assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{name} {status}");
            let examples = content["examples"].as_object().unwrap();
            assert!(!examples.is_empty(), "{name} {status}");
            for (code, example) in examples {
                assert_eq!(
                    (&example["value"]["code"], example["value"]["status"].to_string()),
                    (&json!(code), status.clone()),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn the_codes_of_problems_are_listed_and_may_grow() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let codes: BTreeSet<&str> = CODES.iter().map(|(code, ..)| *code).collect();
    assert_eq!(
        (&schemas["ProblemCode"]["type"], &schemas["ProblemCode"]["enum"]),
        (&json!("string"), &json!(codes))
    );
    // A client of today reads what a newer server answers.
    let code = &schemas["Problem"]["properties"]["code"];
    assert_eq!((&code["type"], &code["enum"], &code["$ref"]), (&json!("string"), &Value::Null, &Value::Null));
}

#[test]
fn lists_hold_the_rows_that_are_shown_alone_too() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    for row in ["User", "Item", "AuditEntry"] {
        assert_eq!(
            schemas[format!("Page_{row}")]["properties"]["items"]["items"]["$ref"],
            format!("#/components/schemas/{row}")
        );
    }
    let sessions = &document["paths"]["/api/auth/sessions"]["get"]["responses"]["200"];
    assert_eq!(
        sessions["content"]["application/json"]["schema"],
        json!({"type": "array", "items": {"$ref": "#/components/schemas/Session"}})
    );
    let names = |name: &str| -> BTreeSet<String> {
        let object = &schemas[name];
        let required = object["required"].as_array().unwrap().iter();
        let required: BTreeSet<_> = required.map(|field| field.as_str().unwrap().to_owned()).collect();
        assert_eq!(required, object["properties"].as_object().unwrap().keys().cloned().collect(), "{name}");
        required
    };
    let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    assert_eq!(
        names("Session"),
        set(&["id", "created_at", "last_used_at", "expires_at", "ip", "user_agent", "current"])
    );
    assert_eq!(names("Tokens"), set(&["access_token", "refresh_token", "token_type", "expires_in"]));
    assert_eq!(names("Refresh"), set(&["refresh_token"]));
    assert_eq!(
        names("AuditEntry"),
        set(&[
            "id",
            "created_at",
            "event",
            "actor_id",
            "user_id",
            "ip",
            "user_agent",
            "request_id",
            "details"
        ])
    );
    let events: Vec<&str> = plinth_domain::AuditEvent::ALL.iter().map(|event| event.as_str()).collect();
    let parameters = document["paths"]["/api/audit"]["get"]["parameters"].as_array().unwrap();
    let filter = parameters.iter().find(|parameter| parameter["name"] == "event").unwrap();
    assert_eq!(filter["schema"]["enum"], json!(events));
    // A client of today reads what a newer server has written.
    let event = &schemas["AuditEntry"]["properties"]["event"];
    assert_eq!(
        (&event["type"], &event["enum"], &event["$ref"]),
        (&json!("string"), &Value::Null, &Value::Null)
    );
}

#[test]
fn with_a_cookie_the_refresh_token_may_be_missing() {
    let settings = HttpSettings { auth_cookies: true, ..HttpSettings::default() };
    for prefix in ["/api", ""] {
        let of = |settings: &HttpSettings| -> Value {
            let settings = HttpSettings { api_prefix: prefix.to_owned(), ..settings.clone() };
            serde_json::from_str(&document_json(&settings)).unwrap()
        };
        let (with, without) = (of(&settings), of(&HttpSettings::default()));
        let body = |document: &Value| {
            document["paths"][format!("{prefix}/auth/refresh")]["post"]["requestBody"]["required"].clone()
        };
        assert_eq!((body(&with), body(&without)), (json!(false), json!(true)));
        let codes = |document: &Value| -> Vec<String> {
            let content = &document["components"]["responses"]["RefreshRefused"]["content"];
            content["application/problem+json"]["examples"].as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(codes(&with), ["invalid_grant", "invalid_request", "malformed_json"]);
        assert_eq!(codes(&without), ["invalid_grant", "malformed_json"]);
        for path in [&format!("{prefix}/auth/login"), &format!("{prefix}/auth/refresh"), "/token"] {
            let refused = |document: &Value| document["paths"][path]["post"]["responses"]["403"].clone();
            let example = resolved(&with, &refused(&with))["content"]["application/problem+json"]["examples"]
                ["origin_refused"]["value"]
                .clone();
            assert_eq!(example["error"], "invalid_request", "{path}");
            assert_eq!(refused(&without), Value::Null, "{path}");
        }
        for (name, kept) in
            [("Tokens", json!(["access_token", "token_type", "expires_in"])), ("Refresh", Value::Null)]
        {
            let (with, without) =
                (&with["components"]["schemas"][name], &without["components"]["schemas"][name]);
            assert_eq!(with["required"], kept, "{name}");
            assert_eq!(with["properties"], without["properties"], "{name}");
        }
    }
}

#[test]
fn whoever_is_limited_is_told_for_how_long() {
    let document = document();
    let response = &document["components"]["responses"]["RateLimited"];
    let headers: BTreeSet<&String> = response["headers"].as_object().unwrap().keys().collect();
    assert_eq!(headers.into_iter().collect::<Vec<_>>(), ["RateLimit", "RateLimit-Policy", "Retry-After"]);
    let limited: BTreeSet<String> = operations(&document)
        .into_iter()
        .filter(|(_, operation)| {
            operation["responses"]["429"]["$ref"] == "#/components/responses/RateLimited"
        })
        .map(|(name, _)| name)
        .collect();
    let expected = [
        "patch /api/users/me",
        "patch /api/users/{id}",
        "post /api/auth/email/resend",
        "post /api/auth/login",
        "post /api/auth/password/forgot",
        "post /api/auth/refresh",
        "post /api/auth/register",
        "post /api/users/me/delete",
        "post /token",
        "put /api/users/me",
        "put /api/users/{id}",
    ];
    assert_eq!(limited.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn who_needs_a_token_says_so() {
    let document = document();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["OAuth2Password"]["type"], "oauth2");
    assert_eq!(schemes["OAuth2Password"]["flows"]["password"]["tokenUrl"], "/api/auth/login");
    assert_eq!(
        (&schemes["bearer"]["type"], &schemes["bearer"]["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
    for (name, operation) in operations(&document) {
        let needs_token = !operation["responses"]["401"].is_null();
        let expected =
            if needs_token { json!([{"OAuth2Password": []}, {"bearer": []}]) } else { json!([{}]) };
        assert_eq!(operation["security"], expected, "{name}");
    }
}

#[test]
fn the_token_url_signs_in() {
    let app = TestApp::start(TestDb::sqlite());
    app.user(plinth_domain::Role::Viewer, "ada");
    let url =
        app.openapi()["components"]["securitySchemes"]["OAuth2Password"]["flows"]["password"]["tokenUrl"]
            .clone();
    // As Swagger UI sends it.
    let form = [
        ("grant_type", "password"),
        ("username", "ada@example.com"),
        ("password", PASSWORD),
        ("client_id", ""),
        ("client_secret", ""),
    ];
    let tokens = app.anyone().form(url.as_str().unwrap(), &form).expect(200);
    app.bearer(&tokens).get("/api/users/me").expect(200);
}

#[test]
fn without_a_prefix_everything_stands_at_the_root() {
    let app = TestApp::start_with(TestDb::sqlite(), |settings| settings.api_prefix = String::new());
    let document = app.openapi();
    let paths = document["paths"].as_object().unwrap();
    assert!(
        paths.keys().all(|path| !path.starts_with("/api") && !path.starts_with("//")),
        "{:?}",
        paths.keys()
    );
    let with_prefix = self::document();
    let root = |path: &str| path.strip_prefix("/api").unwrap_or(path).to_owned();
    let expected: BTreeSet<String> =
        with_prefix["paths"].as_object().unwrap().keys().map(|path| root(path)).collect();
    assert_eq!(paths.keys().cloned().collect::<BTreeSet<_>>(), expected);

    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    app.anyone().post("/auth/register", &body).expect(200);
    let tokens = app
        .anyone()
        .form("/auth/login", &[("username", "ada@example.com"), ("password", PASSWORD)])
        .expect(200);
    app.anyone().form("/token", &[("username", "ada@example.com"), ("password", PASSWORD)]).expect(200);
    let ada = app.bearer(&tokens);
    let id = ada.get("/users/me").expect(200).text("id");
    ada.get(&format!("/users/{id}")).expect(200);
    let made = ada.post("/items", &json!({"title": "Lamp"})).expect(201);
    assert_eq!(made.header("location"), format!("/items/{}", made.text("id")));
    ada.get(made.header("location")).expect(200);
    for path in
        ["/", "/health", "/health/ready", "/openapi.json", "/docs", "/redoc", "/.well-known/jwks.json"]
    {
        app.anyone().get(path).expect(200);
    }
    for path in ["/api/users/me", "/api/health", "/api/openapi.json"] {
        ada.get(path).expect_problem(404, "unknown_route");
    }
}

#[test]
fn a_new_user_is_where_the_location_says_without_a_prefix_too() {
    let app = TestApp::start_with(TestDb::sqlite(), |settings| settings.api_prefix = String::new());
    app.user(plinth_domain::Role::Admin, "root");
    let tokens =
        app.anyone().form("/token", &[("username", "root@example.com"), ("password", PASSWORD)]).expect(200);
    let root = app.bearer(&tokens);
    let made = root.post("/users", &json!({"email": "new@example.com", "password": PASSWORD})).expect(201);
    assert_eq!(made.header("location"), format!("/users/{}", made.text("id")));
    root.get(made.header("location")).expect(200);
}
