//! The OpenAPI document (version 3.1).
//!
//! Operations are declared beside their handlers, without the prefix. A resource adds its own to the list of
//! `ResourceOperations`; errors that many operations share are the types of [`responses`].

use std::collections::BTreeSet;

use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::security::{
    Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, License, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    Schema, Server, Type,
};
use utoipa::{PartialSchema, openapi::tag::TagBuilder};

use crate::error::CODES;
use crate::problem::{FieldError, Problem};
use crate::settings::HttpSettings;

pub mod responses;

pub use responses::*;

const DESCRIPTION: &str = "Accounts, sessions, roles and items.\n\n\
    Every answer carries `x-request-id`. Whatever is not a success is a problem document (RFC 9457) with a stable \
    `code`. Sign in with *Authorize*: the email is the username.\n\n\
    What is said over WebSocket is in [asyncapi.yaml](/asyncapi.yaml).";

const TAGS: [(&str, &str); 6] = [
    ("auth", "Registration, login, sessions and recovery by mail."),
    ("users", "Accounts, one's own and those of others."),
    ("items", "A resource that users own."),
    ("realtime", "Messages and events over WebSocket."),
    ("audit", "Who did what to whom, when and from where."),
    ("service", "Health, keys and documentation."),
];

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    crate::service::handlers::start,
    crate::service::handlers::live,
    crate::service::handlers::ready,
    crate::service::handlers::jwks,
    crate::service::docs::openapi,
    crate::service::docs::asyncapi,
    crate::service::docs::swagger,
    crate::service::docs::redoc
))]
struct ServiceOperations;

#[derive(utoipa::OpenApi)]
#[openapi(paths(crate::auth::handlers::token))]
struct RootOperations;

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    crate::auth::handlers::register,
    crate::auth::handlers::login,
    crate::auth::handlers::refresh,
    crate::auth::handlers::logout,
    crate::auth::handlers::test_token,
    crate::auth::sessions::list,
    crate::auth::sessions::end,
    crate::auth::sessions::end_others,
    crate::auth::recovery::forgot,
    crate::auth::recovery::reset,
    crate::auth::recovery::verify,
    crate::auth::recovery::resend,
    crate::users::handlers::list,
    crate::users::handlers::create,
    crate::users::handlers::me,
    crate::users::handlers::update_me_put,
    crate::users::handlers::update_me_patch,
    crate::users::handlers::delete_me,
    crate::users::handlers::get,
    crate::users::handlers::update_put,
    crate::users::handlers::update_patch,
    crate::users::handlers::delete,
    crate::users::handlers::restore,
    crate::items::handlers::list,
    crate::items::handlers::create,
    crate::items::handlers::get,
    crate::items::handlers::update_put,
    crate::items::handlers::update_patch,
    crate::items::handlers::delete,
    crate::audit::handlers::list,
    crate::realtime::handlers::connect,
    crate::realtime::handlers::connect_as
))]
struct ResourceOperations;

/// The document of a server with these settings.
pub fn document(settings: &HttpSettings) -> OpenApi {
    let license = License::builder()
        .name(env!("CARGO_PKG_LICENSE"))
        .identifier(Some(env!("CARGO_PKG_LICENSE")))
        .build();
    let info = InfoBuilder::new()
        .title(&settings.project_name)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(license))
        .build();
    let tags =
        TAGS.map(|(name, description)| TagBuilder::new().name(name).description(Some(description)).build());
    let mut document = OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("/")]))
        .tags(Some(tags))
        .components(Some(components(settings).build()))
        .build()
        .merge_from(ServiceOperations::openapi())
        .merge_from(RootOperations::openapi());
    if settings.static_dir.is_some() {
        leave_out_start(&mut document);
    }
    let mut resources = ResourceOperations::openapi();
    refer_to_rows(&mut resources);
    if settings.auth_cookies {
        leave_out_refresh_token(&mut document);
        leave_out_refresh_token(&mut resources);
    }
    let prefix = settings.api_prefix.as_str();
    if prefix.is_empty() {
        return document.merge_from(resources);
    }
    for (path, alias) in [
        ("/health/ready", "/health"),
        ("/openapi.json", "/openapi.json"),
        ("/asyncapi.yaml", "/asyncapi.yaml"),
        ("/docs", "/docs"),
        ("/redoc", "/redoc"),
    ] {
        also_at(&mut document, path, &format!("{prefix}{alias}"));
    }
    let mut document = document.nest(prefix, resources);
    let (path, alias) = ("/ws/{user_id}", "root_connect_as");
    if let Some(mut item) = document.paths.paths.get(&format!("{prefix}{path}")).cloned() {
        if let Some(operation) = item.get.as_mut() {
            operation.operation_id = Some(alias.to_owned());
        }
        document.paths.paths.insert(path.to_owned(), item);
    }
    document
}

/// The same as text: pretty, in a stable order, with a line feed at the end.
pub fn document_json(settings: &HttpSettings) -> String {
    // Strings, numbers, lists and maps with text keys only: this cannot fail.
    let mut text = document(settings).to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Lets `Page_User` hold `User`s: utoipa writes out what stands for a type parameter, and a generated client would have
/// a second type of the same shape for each list.
fn refer_to_rows(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    for (name, page) in &mut components.schemas {
        let Some(row) = name.strip_prefix("Page_") else { continue };
        let RefOr::T(Schema::Object(page)) = page else { continue };
        let Some(RefOr::T(Schema::Array(rows))) = page.properties.get_mut("items") else { continue };
        rows.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(row).into()));
    }
}

/// What stands at `/` where the web app is served is its first page, and no operation.
fn leave_out_start(document: &mut OpenApi) {
    document.paths.paths.shift_remove("/");
    if let Some(components) = &mut document.components {
        components.schemas.remove("Start");
    }
}

/// Where a cookie keeps the refresh token, answers are without it, and requests may be, or may have no body at all.
/// What sets the cookie is refused to pages of other origins.
fn leave_out_refresh_token(document: &mut OpenApi) {
    for operation in document.paths.paths.values_mut().filter_map(|item| item.post.as_mut()) {
        let id = operation.operation_id.as_deref();
        if matches!(id, Some("login" | "token" | "refresh")) {
            let refused = Ref::from_response_name(responses::ORIGIN_REFUSED);
            operation.responses.responses.insert("403".to_owned(), refused.into());
        }
        if id == Some("refresh")
            && let Some(RefOr::T(body)) = &mut operation.request_body
        {
            body.required = Some(Required::False);
        }
    }
    let Some(components) = &mut document.components else { return };
    for name in ["Tokens", "Refresh"] {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
            object.required.retain(|field| field != "refresh_token");
        }
    }
}

/// Declares the `GET` of a path at another path too.
fn also_at(document: &mut OpenApi, path: &str, alias: &str) {
    let Some(mut item) = document.paths.paths.get(path).cloned() else { return };
    if let Some(Operation { operation_id: Some(id), .. }) = item.get.as_mut() {
        id.insert_str(0, "api_");
    }
    document.paths.paths.insert(alias.to_owned(), item);
}

fn components(settings: &HttpSettings) -> ComponentsBuilder {
    let login = format!("{}/auth/login", settings.api_prefix);
    let password = OAuth2::with_description(
        [Flow::Password(Password::new(login, Scopes::new()))],
        "Signs in with email and password. First-party login in the form of OAuth 2, not an authorization server.",
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token."))
        .build();
    // Generated clients may put these in in the order of the alphabet, each over the one before (openapi-generator's
    // typescript-fetch does): the last one has to be the one that they know how to send.
    let components = ComponentsBuilder::new()
        .security_scheme("OAuth2Password", SecurityScheme::OAuth2(password))
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .schema("FieldError", FieldError::schema())
        .schema("Problem", Problem::schema())
        .schema("ProblemCode", problem_codes());
    let components = responses::all()
        .into_iter()
        .fold(components, |components, (name, response)| components.response(name, response));
    if settings.auth_cookies {
        components
            .response("RefreshRefused", responses::refresh_with_cookie_refused())
            .response(responses::ORIGIN_REFUSED, responses::origin_refused())
    } else {
        components
    }
}

/// The codes as a type of their own, which nothing refers to: were `Problem.code` of this type, clients that refuse
/// values they do not know would fail with the next code. An `anyOf` of it and any string would say both, but
/// openapi-generator makes an empty type of that.
fn problem_codes() -> Schema {
    let codes: BTreeSet<&str> = CODES.iter().map(|(code, ..)| *code).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "Every value that `code` of a problem has today. More may be added: a client has to stand one that it \
             does not know.",
        ))
        .enum_values(Some(codes))
        .into()
}
