//! The OpenAPI document (version 3.1).
//!
//! Operations are declared beside their handlers, without the prefix. A resource adds its own to the list of
//! `ResourceOperations`; errors that many operations share are the types of [`responses`].

use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::security::{
    Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder, Ref, RefOr, Schema, Server,
};
use utoipa::{PartialSchema, openapi::tag::TagBuilder};

use crate::problem::{FieldError, Problem};
use crate::settings::HttpSettings;

pub mod responses;

pub use responses::*;

const DESCRIPTION: &str = "Accounts, sessions, roles and items.\n\n\
    Every answer carries `x-request-id`. Whatever is not a success is a problem document (RFC 9457) with a stable \
    `code`. Sign in with *Authorize*: the email is the username.";

const TAGS: [(&str, &str); 4] = [
    ("auth", "Registration, login and sessions."),
    ("users", "Accounts, one's own and those of others."),
    ("items", "A resource that users own."),
    ("service", "Health, keys and documentation."),
];

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    crate::service::handlers::start,
    crate::service::handlers::live,
    crate::service::handlers::ready,
    crate::service::handlers::jwks,
    crate::service::docs::openapi,
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
    crate::items::handlers::delete
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
    let mut resources = ResourceOperations::openapi();
    refer_to_rows(&mut resources);
    let prefix = settings.api_prefix.as_str();
    if prefix.is_empty() {
        return document.merge_from(resources);
    }
    for (path, alias) in [
        ("/health/ready", "/health"),
        ("/openapi.json", "/openapi.json"),
        ("/docs", "/docs"),
        ("/redoc", "/redoc"),
    ] {
        also_at(&mut document, path, &format!("{prefix}{alias}"));
    }
    document.nest(prefix, resources)
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
    let components = ComponentsBuilder::new()
        .security_scheme("oauth2", SecurityScheme::OAuth2(password))
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .schema("FieldError", FieldError::schema())
        .schema("Problem", Problem::schema());
    responses::all()
        .into_iter()
        .fold(components, |components, (name, response)| components.response(name, response))
}
