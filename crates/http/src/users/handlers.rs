//! What is done about users.

use actix_web::HttpRequest;
use plinth_domain::users::{Touches, UserJson};
use plinth_domain::{AuditEvent, Page, Permission, User, UserId};
use plinth_persistence::{Connection, users};
use plinth_realtime::Event;

use super::change;
use super::dto::{DeleteMe, MeUpdate, MeUpdateJson, UserCreate, UserList, UserListParams, UserUpdate};
use super::proof::{Attempt, Proof, Prover, ROUNDS};
use crate::answer::{self, Answer};
use crate::auth::cookie;
use crate::caller::{Caller, own};
use crate::client::Client;
use crate::error::ApiError;
use crate::extract::{Body, NoParameters, PathId, Query};
use crate::journal::Journal;
use crate::listing::{self, PageParams};
use crate::openapi::{
    Authenticated, EmailTaken, EmailTakenOrLastAdmin, EmailTakenOrNotDeleted, Forbidden, InvalidQuery,
    JsonBody, LastAdmin, NotFound, RateLimited, WrongPassword,
};
use crate::throttle::Throttle;

/// List users
///
/// By page, with the number of all, or by cursor, which costs the same however far into the list it is.
#[utoipa::path(
    get, path = "/users", operation_id = "list_users", tag = "users", params(PageParams, UserListParams),
    responses((status = 200, description = "The users.", body = Page<UserJson<'static>>), Authenticated, Forbidden, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn list(caller: Caller, query: Query<UserList>, request: HttpRequest) -> Answer {
    let asks_for_deleted = listing::sent(&request, "include_deleted").is_some_and(|value| value == "true");
    let page = caller
        .read(move |connection, user| {
            user.role.require(Permission::ReadUsers)?;
            if asks_for_deleted {
                user.role.require(Permission::ReadDeletedUsers)?;
            }
            let UserList(request) = query.valid()?;
            if request.filter.include_deleted {
                user.role.require(Permission::ReadDeletedUsers)?;
            }
            Ok(answer::page(users::list(connection, &request)?, &request))
        })
        .await?;
    Ok(answer::ok(&page))
}

/// Create a user
#[utoipa::path(
    post, path = "/users", operation_id = "create_user", tag = "users", request_body = UserCreate,
    responses(
        (status = 201, description = "The new user.", body = UserJson<'static>,
            headers(("Location" = String, description = "Where the user is found."))),
        Authenticated, Forbidden, JsonBody, EmailTaken,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn create(caller: Caller, client: Client, body: Body<UserCreate>) -> Answer {
    let app = caller.app().clone();
    let asked = caller
        .read(move |_, user| {
            user.role.require(Permission::ManageUsers)?;
            let (asked, mut errors) = body.with_errors()?;
            app.check_password("/password", &asked.password, &asked.email, &mut errors);
            if errors.is_empty() { Ok(asked) } else { Err(ApiError::Invalid(errors)) }
        })
        .await?;
    let app = caller.app();
    let hash = app.passwords.hash(asked.password).await?;
    let journal = Journal::new(app, client.0);
    let id = UserId::new(journal.now, &*app.entropy);
    let mut new = User::new(id, asked.email, asked.full_name, asked.role, journal.now);
    new.is_active = asked.is_active;
    let new = caller
        .write(move |connection, user| {
            user.role.require(Permission::ManageUsers)?;
            users::insert(connection, &new, hash.as_str())?;
            let entry = journal.note(AuditEvent::UserCreated).by(user.id).to(new.id);
            entry.with("role", new.role).write(connection)?;
            Ok(new)
        })
        .await?;
    Ok(answer::created(&format!("{}/users/{}", caller.app().settings.api_prefix, new.id), &new))
}

/// Show one's own account
#[utoipa::path(
    get, path = "/users/me", operation_id = "get_me", tag = "users",
    responses((status = 200, description = "The account.", body = UserJson<'static>), Authenticated, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn me(caller: Caller, query: Query<NoParameters>) -> Answer {
    let me = caller.read(move |_, user| query.valid().map(|_| user.clone())).await?;
    Ok(answer::ok(&me))
}

/// Change one's own account
///
/// A new password or email needs the current password; a new password ends the other sessions.
#[utoipa::path(
    patch, path = "/users/me", operation_id = "update_me", tag = "users", request_body = MeUpdateJson,
    responses(
        (status = 200, description = "The account.", body = UserJson<'static>),
        Authenticated, JsonBody, WrongPassword, EmailTaken, RateLimited,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn update_me_patch(
    caller: Caller,
    client: Client,
    throttle: Throttle,
    body: Body<MeUpdate>,
) -> Answer {
    let app = caller.app().clone();
    let asked = caller
        .read(move |connection, user| {
            let (MeUpdate(update), errors) = body.with_errors()?;
            change::look_at(&app, connection, user, true, update, errors)
        })
        .await?;
    let kept = Some(caller.session()?);
    let find = |connection: &mut Connection, user: &User| own(users::find_for_change(connection, user.id));
    asked.carry_out(&caller, client, throttle, kept, find).await
}

/// Change one's own account, as PATCH does
#[utoipa::path(
    put, path = "/users/me", operation_id = "replace_me", tag = "users", request_body = MeUpdateJson,
    responses(
        (status = 200, description = "The account.", body = UserJson<'static>),
        Authenticated, JsonBody, WrongPassword, EmailTaken, RateLimited,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn update_me_put(
    caller: Caller,
    client: Client,
    throttle: Throttle,
    body: Body<MeUpdate>,
) -> Answer {
    update_me_patch(caller, client, throttle, body).await
}

/// Delete one's own account
#[utoipa::path(
    post, path = "/users/me/delete", operation_id = "delete_me", tag = "users", request_body = DeleteMe,
    responses(
        (status = 204, description = "The account is deleted."),
        Authenticated, JsonBody, WrongPassword, LastAdmin, RateLimited,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn delete_me(
    caller: Caller,
    client: Client,
    throttle: Throttle,
    body: Body<DeleteMe>,
) -> Answer {
    let (me, mut proof, mut stored) = caller
        .read(move |connection, user| {
            let DeleteMe { current_password } = body.valid()?;
            Ok((user.clone(), Proof::new(current_password), users::password_hash(connection, user.id)?))
        })
        .await?;
    let journal = Journal::new(caller.app(), client.0);
    let mut prover = Prover::new(caller.app(), throttle, &journal, &me);
    for _ in 0..ROUNDS {
        proof.check(&mut prover, stored).await?;
        let journal = journal.clone();
        let work = move |connection: &mut Connection, user: &User| {
            let me = own(users::find_for_change(connection, user.id))?;
            match proof.lacks(connection, me.id)? {
                Some(stored) => Ok(Attempt::Unproven(proof, stored)),
                None => change::delete(connection, me, user.id, &journal).map(Attempt::Done),
            }
        };
        (proof, stored) = match caller.write_and_tell(work, Attempt::event).await? {
            Attempt::Done(_) => {
                let mut response = answer::done();
                cookie::clear(&caller.app().settings, &mut response);
                return Ok(response);
            }
            Attempt::Unproven(proof, stored) => (proof, stored),
        };
    }
    Err(ApiError::WrongPassword)
}

/// Show a user
///
/// Oneself, or anybody for editors and administrators.
#[utoipa::path(
    get, path = "/users/{id}", operation_id = "get_user", tag = "users",
    params(("id" = uuid::Uuid, Path, description = "The user's id.")),
    responses((status = 200, description = "The user.", body = UserJson<'static>), Authenticated, Forbidden, NotFound, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn get(caller: Caller, id: PathId<UserId>, query: Query<NoParameters>) -> Answer {
    let found = caller
        .read(move |connection, user| match id.valid() {
            Ok(id) => {
                user.may_read(id)?;
                query.valid()?;
                Ok(users::find(connection, id)?)
            }
            Err(error) => {
                user.role.require(Permission::ReadUsers)?;
                Err(error)
            }
        })
        .await?;
    Ok(answer::ok(&found))
}

/// Change a user
///
/// An editor changes the full name of viewers only. A new password, or `is_active: false`, ends all of the user's
/// sessions. On oneself a new password or email needs the current password.
#[utoipa::path(
    patch, path = "/users/{id}", operation_id = "update_user", tag = "users", request_body = UserUpdate,
    params(("id" = uuid::Uuid, Path, description = "The user's id.")),
    responses(
        (status = 200, description = "The user.", body = UserJson<'static>),
        Authenticated, Forbidden, NotFound, JsonBody, WrongPassword, EmailTakenOrLastAdmin, RateLimited,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn update_patch(
    caller: Caller,
    client: Client,
    throttle: Throttle,
    id: PathId<UserId>,
    body: Body<UserUpdate>,
) -> Answer {
    let app = caller.app().clone();
    let (id, touches, asked) = caller
        .read(move |connection, user| {
            let body = body.with_errors();
            let touches = body.as_ref().map_or(Touches::default(), |(update, _)| update.sent.touches);
            user.may_change_some_users(touches)?;
            let target = users::find(connection, id.valid()?)?;
            user.may_change(&target, touches)?;
            let (update, errors) = body?;
            let asked = change::look_at(&app, connection, &target, user.id == target.id, update, errors)?;
            Ok((target.id, touches, asked))
        })
        .await?;
    let find = move |connection: &mut Connection, user: &User| {
        let target = users::find_for_change(connection, id)?;
        user.may_change(&target, touches)?;
        Ok(target)
    };
    asked.carry_out(&caller, client, throttle, None, find).await
}

/// Change a user, as PATCH does
#[utoipa::path(
    put, path = "/users/{id}", operation_id = "replace_user", tag = "users", request_body = UserUpdate,
    params(("id" = uuid::Uuid, Path, description = "The user's id.")),
    responses(
        (status = 200, description = "The user.", body = UserJson<'static>),
        Authenticated, Forbidden, NotFound, JsonBody, WrongPassword, EmailTakenOrLastAdmin, RateLimited,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn update_put(
    caller: Caller,
    client: Client,
    throttle: Throttle,
    id: PathId<UserId>,
    body: Body<UserUpdate>,
) -> Answer {
    update_patch(caller, client, throttle, id, body).await
}

/// Delete a user
///
/// The account is kept for restoring, but gone for everybody; its email is free, its sessions end, its items stay.
#[utoipa::path(
    delete, path = "/users/{id}", operation_id = "delete_user", tag = "users",
    params(("id" = uuid::Uuid, Path, description = "The user's id.")),
    responses((status = 204, description = "The user is deleted."), Authenticated, Forbidden, NotFound, LastAdmin, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn delete(
    caller: Caller,
    client: Client,
    id: PathId<UserId>,
    query: Query<NoParameters>,
) -> Answer {
    let journal = Journal::new(caller.app(), client.0);
    let work = move |connection: &mut Connection, user: &User| {
        user.role.require(Permission::ManageUsers)?;
        query.valid()?;
        let target = users::find_for_change(connection, id.valid()?)?;
        let is_own = target.id == user.id;
        Ok((change::delete(connection, target, user.id, &journal)?, is_own))
    };
    let (_, is_own) = caller.write_and_tell(work, |(deleted, _)| Some(Event::user_deleted(deleted))).await?;
    let mut response = answer::done();
    if is_own {
        cookie::clear(&caller.app().settings, &mut response);
    }
    Ok(response)
}

/// Restore a deleted user
#[utoipa::path(
    post, path = "/users/{id}/restore", operation_id = "restore_user", tag = "users",
    params(("id" = uuid::Uuid, Path, description = "The user's id.")),
    responses(
        (status = 200, description = "The user.", body = UserJson<'static>),
        Authenticated, Forbidden, NotFound, EmailTakenOrNotDeleted, InvalidQuery,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn restore(
    caller: Caller,
    client: Client,
    id: PathId<UserId>,
    query: Query<NoParameters>,
) -> Answer {
    let journal = Journal::new(caller.app(), client.0);
    let work = move |connection: &mut Connection, user: &User| {
        user.role.require(Permission::ManageUsers)?;
        query.valid()?;
        let mut target = users::find_even_deleted_for_change(connection, id.valid()?)?;
        if target.deleted_at.take().is_none() {
            return Err(ApiError::NotDeleted);
        }
        let target = users::update(connection, target, journal.now)?;
        journal.note(AuditEvent::Restored).by(user.id).to(target.id).write(connection)?;
        Ok(target)
    };
    let restored = caller.write_and_tell(work, |restored| Some(Event::user_updated(restored))).await?;
    Ok(answer::ok(&restored))
}
