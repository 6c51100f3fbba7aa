//! One-time tokens. Of its text a row has only the digest; a token that was used, replaced or made void has no row.

use diesel::prelude::*;
use plinth_domain::{Email, MailKind, OneTimeToken, OneTimeTokenId, Timestamp, TokenPurpose, UserId};

use crate::Result;
use crate::connection::AnyConnection as Connection;
use crate::error::touched;
use crate::schema::{one_time_tokens, outbox};
use crate::types::{At, Key};

/// The SHA-256 of a token's text.
pub type Digest = [u8; 32];

#[derive(Insertable)]
#[diesel(table_name = one_time_tokens, treat_none_as_default_value = false)]
struct New<'a> {
    id: Key,
    user_id: Key,
    purpose: &'a str,
    digest: &'a [u8],
    email: &'a str,
    created_at: At,
    expires_at: At,
}

/// Stores a token, in the place of the one that its user had for the same purpose. The caller holds the user with
/// [`crate::users::find_for_change`], so that two cannot be stored at once.
///
/// # Errors
/// [`crate::Error::ForeignKey`] if the user does not exist.
pub fn replace(connection: &mut Connection, token: &OneTimeToken, digest: &Digest) -> Result<()> {
    diesel::delete(one_time_tokens::table)
        .filter(one_time_tokens::user_id.eq(Key::from(token.user_id)))
        .filter(one_time_tokens::purpose.eq(token.purpose.as_str()))
        .execute(connection)?;
    let row = New {
        id: token.id.into(),
        user_id: token.user_id.into(),
        purpose: token.purpose.as_str(),
        digest,
        email: token.email.as_str(),
        created_at: token.created_at.into(),
        expires_at: token.expires_at.into(),
    };
    diesel::insert_into(one_time_tokens::table).values(row).execute(connection)?;
    Ok(())
}

/// Whose token that is, and which address it was sent to, if it is good for that purpose now. Leaves it as it is.
///
/// # Errors
/// [`crate::Error::NotFound`] if it is not good, whatever the reason.
pub fn find(
    connection: &mut Connection,
    digest: &Digest,
    purpose: TokenPurpose,
    now: Timestamp,
) -> Result<(UserId, Email)> {
    let (user, email) = one_time_tokens::table
        .filter(one_time_tokens::digest.eq(digest.as_slice()))
        .filter(one_time_tokens::purpose.eq(purpose.as_str()))
        .filter(one_time_tokens::expires_at.gt(At(now)))
        .select((one_time_tokens::user_id, one_time_tokens::email))
        .first::<(Key, String)>(connection)?;
    Ok((user.id(), Email::from_stored(email)))
}

/// Uses a token up. Of several that try at once one succeeds.
///
/// # Errors
/// [`crate::Error::NotFound`] if it is not good, whatever the reason.
pub fn consume(
    connection: &mut Connection,
    digest: &Digest,
    purpose: TokenPurpose,
    now: Timestamp,
) -> Result<()> {
    let used = diesel::delete(one_time_tokens::table)
        .filter(one_time_tokens::digest.eq(digest.as_slice()))
        .filter(one_time_tokens::purpose.eq(purpose.as_str()))
        .filter(one_time_tokens::expires_at.gt(At(now)))
        .execute(connection)?;
    touched(used)
}

/// The newest token of a user for that purpose, and when it runs out or has.
///
/// # Errors
/// None of its own.
pub fn newest(
    connection: &mut Connection,
    user: UserId,
    purpose: TokenPurpose,
) -> Result<Option<(OneTimeTokenId, Timestamp)>> {
    let found = one_time_tokens::table
        .filter(one_time_tokens::user_id.eq(Key::from(user)))
        .filter(one_time_tokens::purpose.eq(purpose.as_str()))
        .select((one_time_tokens::id, one_time_tokens::expires_at))
        .first::<(Key, At)>(connection)
        .optional()?;
    Ok(found.map(|(id, expires_at)| (id.id(), expires_at.0)))
}

/// Makes all tokens of a user void, those too that mail on its way would carry: what they are for is no longer so.
/// `email` is the address that the user has, or had until now.
///
/// # Errors
/// None of its own.
pub fn void_all(connection: &mut Connection, user: UserId, email: &Email) -> Result<()> {
    diesel::delete(one_time_tokens::table)
        .filter(one_time_tokens::user_id.eq(Key::from(user)))
        .execute(connection)?;
    let carriers = MailKind::ALL.into_iter().filter(|kind| kind.purpose().is_some());
    for kind in carriers.map(MailKind::as_str) {
        diesel::delete(outbox::table)
            .filter(outbox::user_id.eq(Key::from(user)))
            .filter(outbox::kind.eq(kind))
            .execute(connection)?;
        diesel::delete(outbox::table)
            .filter(outbox::user_id.is_null())
            .filter(outbox::recipient.eq(email.as_str()))
            .filter(outbox::kind.eq(kind))
            .execute(connection)?;
    }
    Ok(())
}
