//! Health, documentation and keys.

use plinth_http::HttpSettings;
use plinth_http::openapi::document_json;

use crate::support::{settings, start, start_with};

#[test]
fn health_tells_live_from_ready() {
    let server = start();
    assert_eq!(server.get("/health").text(), r#"{"status":"ok"}"#);
    for path in ["/health/ready", "/api/health"] {
        assert_eq!(server.get(path).text(), r#"{"status":"healthy","checks":{"database":"ok"}}"#);
    }
    server.draining.start();
    for path in ["/health/ready", "/api/health"] {
        let answer = server.get(path);
        assert_eq!((answer.status, &answer.json()["status"]), (503, &"unhealthy".into()));
        assert_eq!(answer.header("content-type"), "application/json");
        assert!(!answer.header("retry-after").is_empty());
    }
    assert_eq!(server.get("/health").status, 200, "it still lives");
}

#[test]
fn the_start_page_and_the_keys() {
    let server = start();
    let start = server.get("/").json();
    assert_eq!((&start["docs"], &start["openapi"]), (&"/docs".into(), &"/openapi.json".into()));
    assert_eq!(server.get("/.well-known/jwks.json").text(), r#"{"keys":[]}"#);
}

#[test]
fn the_pages_load_only_what_the_server_has() {
    let server = start();
    for page in ["/docs", "/api/docs", "/redoc", "/api/redoc", "/docs/"] {
        let answer = server.get(page);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/html; charset=utf-8"),
            "{page}"
        );
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
        let prefix = if page.starts_with("/api") { "/api" } else { "" };
        let links: Vec<&str> = ["href=\"", "src=\"", "data-openapi=\""]
            .iter()
            .flat_map(|start| answer.text().split(start).skip(1))
            .map(|rest| rest.split('"').next().unwrap())
            .filter(|link| !link.starts_with("data:"))
            .collect();
        assert!(links.len() >= 3, "{page} {links:?}");
        for link in links {
            assert!(link.starts_with(&format!("{prefix}/")), "{link}");
            let file = server.get(link);
            assert_eq!(file.status, 200, "{link}");
            let tag = file.header("etag");
            if !tag.is_empty() {
                assert!(file.header("cache-control").contains("max-age="));
                let again = server.send("GET", link, &[("if-none-match", tag)], "");
                assert_eq!((again.status, again.text(), again.header("etag")), (304, "", tag), "{link}");
            }
        }
    }
    assert_eq!(server.get("/docs/assets/nothing.js").problem(), "unknown_route");
}

#[test]
fn the_pages_can_be_switched_off() {
    let server = start_with(HttpSettings { docs_enabled: false, ..settings() });
    for path in ["/docs", "/redoc", "/api/docs", "/api/redoc", "/docs/assets/swagger.js"] {
        assert_eq!(server.get(path).problem(), "unknown_route", "{path}");
    }
    assert!(server.get("/").json()["docs"].is_null());
    assert_eq!(server.get("/openapi.json").status, 200);
}

#[test]
fn a_project_name_is_text_in_the_pages() {
    let server =
        start_with(HttpSettings { project_name: "<script>alert(1)</script>".to_owned(), ..settings() });
    assert!(!server.get("/docs").text().contains("<script>alert"));
}

#[test]
fn the_document_follows_the_prefix() {
    let served = start().get("/api/openapi.json");
    assert_eq!(served.text(), document_json(&settings()));
    assert!(served.text().ends_with("}\n"));
    let document = served.json();
    assert_eq!(document["openapi"], "3.1.0");
    let flow = |document: &serde_json::Value| {
        document["components"]["securitySchemes"]["OAuth2Password"]["flows"]["password"]["tokenUrl"].clone()
    };
    assert_eq!(flow(&document), "/api/auth/login");
    assert!(document["paths"]["/api/health"]["get"].is_object());
    let bare: serde_json::Value =
        serde_json::from_str(&document_json(&HttpSettings { api_prefix: String::new(), ..settings() }))
            .unwrap();
    assert_eq!(flow(&bare), "/auth/login");
    let paths = bare["paths"].as_object().unwrap();
    assert!(paths.keys().all(|path| path.starts_with('/') && !path.starts_with("/api")), "{paths:?}");
}

#[test]
fn operation_ids_are_unique_and_references_lead_somewhere() {
    let text = document_json(&settings());
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut ids: Vec<&str> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for reference in text.split("\"$ref\": \"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn an_empty_prefix_is_served_at_the_root() {
    let server = start_with(HttpSettings { api_prefix: String::new(), ..settings() });
    assert_eq!(server.get("/health").text(), r#"{"status":"ok"}"#);
    assert_eq!(server.get("/docs").status, 200);
    assert_eq!(server.get("/api/health").problem(), "unknown_route");
}
