//! Swagger UI and ReDoc. The binary serves every file of them, and the policy of the pages lets them load nothing
//! from elsewhere.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};

use super::Service;
use crate::answer::Answer;
use crate::conditions::Conditions;
use crate::error::ApiError;
use crate::settings::HttpSettings;

/// Scripts come from us alone and never stand in the page. Both tools make style elements of their own; ReDoc
/// searches in a worker that it starts from a blob.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const SWAGGER_FILES: [&str; 3] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/// The pages and their files, with everything that can be computed beforehand.
pub(super) struct Docs {
    project: String,
    assets: Vec<Asset>,
}

struct Asset {
    name: &'static str,
    media_type: String,
    bytes: Bytes,
    etag: String,
}

impl Docs {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        let script = "text/javascript; charset=utf-8";
        let ours: [(&str, &[u8]); 3] = [
            ("swagger.js", include_bytes!("pages/swagger.js")),
            ("redoc.js", include_bytes!("pages/redoc.js")),
            ("redoc.standalone.js", include_bytes!("../../assets/redoc/redoc.standalone.js")),
        ];
        let mut assets: Vec<Asset> = ours
            .into_iter()
            .map(|(name, bytes)| Asset::new(name, script, Bytes::from_static(bytes)))
            .collect();
        let config = Arc::new(utoipa_swagger_ui::Config::from("openapi.json"));
        for name in SWAGGER_FILES {
            if let Ok(Some(file)) = utoipa_swagger_ui::serve(name, Arc::clone(&config)) {
                let bytes = match file.bytes {
                    Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                    Cow::Owned(bytes) => Bytes::from(bytes),
                };
                assets.push(Asset::new(name, &file.content_type, bytes));
            }
        }
        Self { project: escape(&settings.project_name), assets }
    }

    fn page(&self, template: &str, tool: &str, base: &str) -> HttpResponse {
        let html = template.replace("{title}", &format!("{} – {tool}", self.project)).replace("{base}", base);
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            .body(html)
    }
}

impl Asset {
    fn new(name: &'static str, media_type: &str, bytes: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        let etag = format!("\"{:016x}\"", hasher.finish());
        Self { name, media_type: media_type.to_owned(), bytes, etag }
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let unchanged = Conditions::read(request.headers()).is_known(&self.etag);
        let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        // The names do not change with the content, so a browser has to ask again after a day.
        response
            .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
            .insert_header((header::ETAG, self.etag.as_str()));
        if unchanged {
            return response.finish();
        }
        response.insert_header((header::CONTENT_TYPE, self.media_type.as_str())).body(self.bytes.clone())
    }
}

/// The pages, both at the root and below the prefix, refer to files and document beside themselves: a proxy that
/// passes on only what is below the prefix passes on all of them.
fn base<'a>(request: &HttpRequest, settings: &'a HttpSettings) -> &'a str {
    let prefix = &settings.api_prefix;
    if !prefix.is_empty() && request.path().starts_with(prefix.as_str()) { prefix } else { "" }
}

/// Swagger UI: reads the OpenAPI document, signs in, and tries operations out.
#[utoipa::path(get, path = "/docs", operation_id = "swagger_ui", tag = "service", security(()),
    summary = "Swagger UI",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String, example = "<!doctype html>"),
        crate::openapi::UnknownRoute))]
pub(super) async fn swagger(
    request: HttpRequest,
    service: web::Data<Service>,
    settings: web::Data<HttpSettings>,
) -> Answer {
    let docs = service.docs.as_ref().ok_or(ApiError::UnknownRoute)?;
    Ok(docs.page(include_str!("pages/swagger.html"), "Swagger UI", base(&request, &settings)))
}

/// ReDoc: reads the OpenAPI document.
#[utoipa::path(get, path = "/redoc", operation_id = "redoc", tag = "service", security(()),
    summary = "ReDoc",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String, example = "<!doctype html>"),
        crate::openapi::UnknownRoute))]
pub(super) async fn redoc(
    request: HttpRequest,
    service: web::Data<Service>,
    settings: web::Data<HttpSettings>,
) -> Answer {
    let docs = service.docs.as_ref().ok_or(ApiError::UnknownRoute)?;
    Ok(docs.page(include_str!("pages/redoc.html"), "ReDoc", base(&request, &settings)))
}

/// A file of one of the pages.
pub(super) async fn asset(request: HttpRequest, service: web::Data<Service>) -> Answer {
    let docs = service.docs.as_ref().ok_or(ApiError::UnknownRoute)?;
    let name = request.match_info().query("file");
    docs.assets
        .iter()
        .find(|asset| asset.name == name)
        .map(|asset| asset.answer(&request))
        .ok_or(ApiError::UnknownRoute)
}

/// The OpenAPI document of this server.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "service", security(()),
    summary = "OpenAPI document",
    responses((status = 200, description = "The document.", content_type = "application/json", body = serde_json::Value,
        example = json!({"openapi": "3.1.0"}))))]
pub(super) async fn openapi(service: web::Data<Service>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(service.openapi.clone())
}

/// The AsyncAPI document: what is said over WebSocket.
#[utoipa::path(get, path = "/asyncapi.yaml", operation_id = "asyncapi", tag = "service", security(()),
    summary = "AsyncAPI document",
    responses((status = 200, description = "The document.", content_type = "application/yaml", body = serde_json::Value,
        example = json!({"asyncapi": "3.0.0"}))))]
pub(super) async fn asyncapi() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/yaml")))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(include_str!("../../../../docs/asyncapi.yaml"))
}

/// Text as it stands in HTML, between tags or in an attribute.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
