//! Health, the start page, and the public keys.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::Service;
use crate::settings::HttpSettings;

/// The longest that finding out about readiness takes.
const READINESS_TIMEOUT: Duration = Duration::from_secs(2);

/// That the server runs.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Liveness {
    /// Always `ok`.
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// Whether the server can do its work.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Readiness {
    /// `healthy` or `unhealthy`.
    #[schema(value_type = String, example = "healthy")]
    status: &'static str,
    /// What it uses, each `ok` or not. Redis, where it is used, may be `away`: the server goes on without.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"database": "ok"}))]
    checks: BTreeMap<&'static str, &'static str>,
}

/// What this is and where to read on.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Start {
    /// The project's name.
    #[schema(example = "Plinth")]
    name: String,
    /// The version of the server.
    #[schema(value_type = String, example = "0.1.0")]
    version: &'static str,
    /// The path of the documentation; null where it is switched off.
    #[schema(value_type = Option<String>, required = true, example = "/docs")]
    docs: Option<&'static str>,
    /// The path of the OpenAPI document.
    #[schema(value_type = String, example = "/openapi.json")]
    openapi: &'static str,
}

/// A JSON Web Key Set (RFC 7517 §5).
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what the auth crate makes")]
pub(crate) struct KeySet {
    /// The public keys; none where tokens are signed with a shared secret.
    #[schema(example = json!([]))]
    keys: Vec<serde_json::Value>,
}

/// Answers as long as the process serves requests at all, and touches nothing.
#[utoipa::path(get, path = "/health", operation_id = "liveness", tag = "service", security(()), summary = "Liveness",
    responses((status = 200, description = "The server runs.", body = Liveness)))]
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Liveness { status: "ok" })
}

/// Answers whether requests can be served now: whether the database answers, and the server is not shutting down.
#[utoipa::path(get, path = "/health/ready", operation_id = "readiness", tag = "service", security(()), summary = "Readiness",
    responses(
        (status = 200, description = "Ready.", body = Readiness),
        (status = 503, description = "Not ready.", body = Readiness,
            headers(("Retry-After" = u32, description = "When to ask again, in seconds.")),
            example = json!({"status": "unhealthy", "checks": {"database": "failed"}}))))]
pub(super) async fn ready(service: web::Data<Service>) -> HttpResponse {
    let mut healthy = !service.draining.is_draining();
    let mut checks = BTreeMap::new();
    if healthy {
        match tokio::time::timeout(READINESS_TIMEOUT, (service.readiness)()).await {
            Ok(found) => {
                healthy = found.iter().all(|check| check.is_ready);
                checks.extend(found.into_iter().map(|check| (check.name, check.state)));
            }
            Err(_) => {
                healthy = false;
                checks.insert("readiness", "timed out");
            }
        }
    } else {
        checks.insert("server", "shutting down");
    }
    let (mut response, status) = if healthy {
        (HttpResponse::Ok(), "healthy")
    } else {
        let mut response = HttpResponse::ServiceUnavailable();
        response.insert_header((header::RETRY_AFTER, "2"));
        (response, "unhealthy")
    };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(Readiness { status, checks })
}

/// Says what this is and where its documentation is.
#[utoipa::path(get, path = "/", operation_id = "start", tag = "service", security(()), summary = "Start page",
    responses((status = 200, description = "What this is.", body = Start)))]
pub(super) async fn start(
    request: HttpRequest,
    service: web::Data<Service>,
    settings: web::Data<HttpSettings>,
) -> HttpResponse {
    // What a browser that comes here wants to see is the web app, where that is served from here.
    if let Some(site) = service.site() {
        return site.index(&request);
    }
    HttpResponse::Ok().json(Start {
        name: settings.project_name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        docs: service.docs.is_some().then_some("/docs"),
        openapi: "/openapi.json",
    })
}

/// The public keys that access tokens can be verified with.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "jwks", tag = "service", security(()),
    summary = "Public keys",
    responses((status = 200, description = "The keys (RFC 7517).", body = KeySet)))]
pub(super) async fn jwks(service: web::Data<Service>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(service.access.jwks())
}
