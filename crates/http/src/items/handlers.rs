//! What is done about items.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use plinth_domain::items::visible_owner;
use plinth_domain::{Item, ItemId, Page, User};
use plinth_persistence::{Connection, items};
use plinth_realtime::Event;

use super::dto::{ItemCreate, ItemList, ItemListParams, ItemUpdate};
use crate::answer::{self, Answer};
use crate::caller::Caller;
use crate::conditions::{Conditions, IfMatch, etag};
use crate::error::ApiError;
use crate::extract::{Body, NoParameters, PathId, Query};
use crate::listing::{self, PageParams};
use crate::openapi::{Authenticated, Forbidden, InvalidQuery, JsonBody, NotFound, PreconditionFailed};

/// List items
///
/// One's own, or everybody's for editors and administrators; by page, with the number of all, or by cursor, which costs
/// the same however far into the list it is.
#[utoipa::path(
    get, path = "/items", operation_id = "list_items", tag = "items", params(PageParams, ItemListParams),
    responses((status = 200, description = "The items.", body = Page<Item>), Authenticated, Forbidden, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn list(caller: Caller, query: Query<ItemList>, request: HttpRequest) -> Answer {
    let owner = listing::sent(&request, "owner_id").and_then(|value| value.parse().ok());
    let turn = listing::turn(&caller, &request).await?;
    let page = caller
        .read(move |connection, user| {
            let _turn = turn;
            visible_owner(user, owner)?;
            let ItemList(asked) = query.valid()?;
            let mut request = asked.clone();
            request.filter.owner = visible_owner(user, asked.filter.owner)?;
            Ok(answer::page(items::list(connection, &request)?, &asked))
        })
        .await?;
    Ok(answer::ok(&page))
}

/// Create an item
#[utoipa::path(
    post, path = "/items", operation_id = "create_item", tag = "items", request_body = ItemCreate,
    responses(
        (status = 201, description = "The new item.", body = Item, headers(
            ("Location" = String, description = "Where the item is found."),
            ("ETag" = String, description = "The tag of this version."),
        )),
        Authenticated, JsonBody,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn create(caller: Caller, body: Body<ItemCreate>) -> Answer {
    let app = caller.app();
    let now = app.now();
    let id = ItemId::new(now, &*app.entropy);
    let work = move |connection: &mut Connection, user: &User| {
        let ItemCreate { title, description, price } = body.valid()?;
        let item =
            Item { id, owner_id: user.id, title, description, price, created_at: now, updated_at: now };
        items::insert(connection, &item)?;
        Ok(item)
    };
    let item = caller.write_one_and_tell(work, |item| Some(Event::item_created(item))).await?;
    let location = format!("{}/items/{}", caller.app().settings.api_prefix, item.id);
    Ok(with_etag(answer::created(&location, &item), &item))
}

/// Show an item
#[utoipa::path(
    get, path = "/items/{id}", operation_id = "get_item", tag = "items",
    params(("id" = uuid::Uuid, Path, description = "The item's id."), ("If-None-Match" = Option<String>, Header, description = "Tags of the versions that the client has.")),
    responses(
        (status = 200, description = "The item.", body = Item, headers(("ETag" = String, description = "The tag of this version."))),
        (status = 304, description = "The client has this version.", headers(("ETag" = String, description = "The tag of this version."))),
        Authenticated, NotFound, InvalidQuery,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn get(
    caller: Caller,
    id: PathId<ItemId>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Answer {
    let item = caller
        .read(move |connection, user| {
            query.valid()?;
            visible(items::find(connection, id.valid()?)?, user)
        })
        .await?;
    if Conditions::read(request.headers()).is_known(&etag(item.updated_at)) {
        return Ok(with_etag(HttpResponse::NotModified().finish(), &item));
    }
    Ok(with_etag(answer::ok(&item), &item))
}

/// Change an item
///
/// With `If-Match`, only the version that has this tag.
#[utoipa::path(
    patch, path = "/items/{id}", operation_id = "update_item", tag = "items", request_body = ItemUpdate,
    params(("id" = uuid::Uuid, Path, description = "The item's id."), IfMatch),
    responses(
        (status = 200, description = "The item.", body = Item, headers(("ETag" = String, description = "The tag of this version."))),
        Authenticated, Forbidden, NotFound, JsonBody, PreconditionFailed,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn update_patch(
    caller: Caller,
    id: PathId<ItemId>,
    body: Body<ItemUpdate>,
    request: HttpRequest,
) -> Answer {
    let now = caller.app().now();
    let conditions = Conditions::read(request.headers());
    let work = move |connection: &mut Connection, user: &User| {
        let mut item = changeable(connection, user, id)?;
        let changes = body.valid()?;
        conditions.require_match(item.updated_at)?;
        changes.apply(&mut item);
        Ok(items::update(connection, item, now)?)
    };
    let item = caller.write_and_tell(work, |item| Some(Event::item_updated(item))).await?;
    Ok(with_etag(answer::ok(&item), &item))
}

/// Change an item, as PATCH does
#[utoipa::path(
    put, path = "/items/{id}", operation_id = "replace_item", tag = "items", request_body = ItemUpdate,
    params(("id" = uuid::Uuid, Path, description = "The item's id."), IfMatch),
    responses(
        (status = 200, description = "The item.", body = Item, headers(("ETag" = String, description = "The tag of this version."))),
        Authenticated, Forbidden, NotFound, JsonBody, PreconditionFailed,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn update_put(
    caller: Caller,
    id: PathId<ItemId>,
    body: Body<ItemUpdate>,
    request: HttpRequest,
) -> Answer {
    update_patch(caller, id, body, request).await
}

/// Delete an item
///
/// With `If-Match`, only the version that has this tag.
#[utoipa::path(
    delete, path = "/items/{id}", operation_id = "delete_item", tag = "items",
    params(("id" = uuid::Uuid, Path, description = "The item's id."), IfMatch),
    responses(
        (status = 204, description = "The item is deleted."),
        Authenticated, Forbidden, NotFound, PreconditionFailed, InvalidQuery,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn delete(
    caller: Caller,
    id: PathId<ItemId>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Answer {
    let conditions = Conditions::read(request.headers());
    let work = move |connection: &mut Connection, user: &User| {
        let item = changeable(connection, user, id)?;
        query.valid()?;
        conditions.require_match(item.updated_at)?;
        items::delete(connection, item.id)?;
        Ok(item)
    };
    caller.write_and_tell(work, |item| Some(Event::item_deleted(item))).await?;
    Ok(answer::done())
}

/// An item that the user may see; any other does not exist for them.
fn visible(item: Item, user: &User) -> Result<Item, ApiError> {
    if item.is_visible_to(user) { Ok(item) } else { Err(ApiError::NotFound) }
}

/// An item that the user may change, locked until the change is made.
fn changeable(connection: &mut Connection, user: &User, id: PathId<ItemId>) -> Result<Item, ApiError> {
    let item = visible(items::find_for_change(connection, id.valid()?)?, user)?;
    item.may_be_changed_by(user)?;
    Ok(item)
}

fn with_etag(mut response: HttpResponse, item: &Item) -> HttpResponse {
    if let Ok(tag) = header::HeaderValue::from_str(&etag(item.updated_at)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
