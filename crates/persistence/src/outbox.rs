//! Mail on its way out. A row is written in the transaction of the change that it tells of, and leased by one worker
//! at a time; it goes when the message was handed over, so a crash loses none and may at worst repeat one.

use diesel::prelude::*;
use plinth_domain::{Email, Mail, MailId, MailKind, OneTimeTokenId, Timestamp};

use crate::connection::{AnyConnection as Connection, load_unlocked};
use crate::error::touched;
use crate::schema::outbox;
use crate::sweep::BATCH;
use crate::types::{At, Key};
use crate::{Error, Result};

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct Row {
    id: Key,
    kind: String,
    recipient: String,
    user_id: Option<Key>,
    new_email: Option<String>,
    token_id: Option<Key>,
    created_at: At,
    attempts: i32,
}

impl TryFrom<Row> for Mail {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.id(),
            kind: MailKind::parse(&row.kind).ok_or(Error::Inconsistent("a kind of mail of no known name"))?,
            to: Email::from_stored(row.recipient),
            user_id: row.user_id.map(Key::id),
            new_email: row.new_email.map(Email::from_stored),
            token_id: row.token_id.map(Key::id),
            created_at: row.created_at.0,
            attempts: u32::try_from(row.attempts)
                .map_err(|_| Error::Inconsistent("a negative number of attempts"))?,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
struct New<'a> {
    id: Key,
    kind: &'a str,
    recipient: &'a str,
    user_id: Option<Key>,
    new_email: Option<&'a str>,
    token_id: Option<Key>,
    created_at: At,
    attempts: i32,
    due_at: At,
}

/// Puts a message on its way, due at once. One `INSERT`.
///
/// # Errors
/// [`Error::ForeignKey`] if its user does not exist.
pub fn put(connection: &mut Connection, mail: &Mail) -> Result<()> {
    let row = New {
        id: mail.id.into(),
        kind: mail.kind.as_str(),
        recipient: mail.to.as_str(),
        user_id: mail.user_id.map(Key::from),
        new_email: mail.new_email.as_ref().map(Email::as_str),
        token_id: mail.token_id.map(Key::from),
        created_at: mail.created_at.into(),
        attempts: 0,
        due_at: mail.created_at.into(),
    };
    diesel::insert_into(outbox::table).values(row).execute(connection)?;
    Ok(())
}

/// Whether as many messages wait as that, or more, to be sent to whoever may have an account: those that anybody can
/// ask for.
///
/// # Errors
/// None of its own.
pub fn has_waiting_for_anyone(connection: &mut Connection, count: u32) -> Result<bool> {
    let Some(others) = count.checked_sub(1) else { return Ok(true) };
    // Reads no more rows than that, however many there are.
    let last = outbox::table
        .filter(outbox::user_id.is_null())
        .filter(outbox::dead_at.is_null())
        // All are null: it has PostgreSQL take the index that holds them together.
        .order(outbox::user_id)
        .select(outbox::id)
        .offset(others.into())
        .limit(1)
        .first::<Key>(connection)
        .optional()?;
    Ok(last.is_some())
}

/// Whether any message is due.
///
/// # Errors
/// None of its own.
pub fn any_due(connection: &mut Connection, now: Timestamp) -> Result<bool> {
    let found = outbox::table
        .filter(outbox::dead_at.is_null())
        .filter(outbox::due_at.le(At(now)))
        .select(outbox::id)
        .limit(1)
        .first::<Key>(connection)
        .optional()?;
    Ok(found.is_some())
}

/// Takes up to `limit` messages that are due, the oldest first, until `lease_ends`: until then no other worker gets
/// them, and afterwards again. Each counts as one more attempt.
///
/// What another transaction has in hand is passed over and not waited for, so two workers at once get other messages
/// each. A message that this version cannot read, such as one of a kind that only a newer version knows, is left to
/// others for as long.
///
/// # Errors
/// None of its own.
pub fn lease(
    connection: &mut Connection,
    now: Timestamp,
    lease_ends: Timestamp,
    limit: i64,
) -> Result<Vec<Mail>> {
    let due: Vec<Row> = load_unlocked!(
        connection,
        outbox::table
            .filter(outbox::dead_at.is_null())
            .filter(outbox::due_at.le(At(now)))
            .order(outbox::due_at)
            .limit(limit)
            .select(Row::as_select())
    );
    let mut leased = Vec::with_capacity(due.len());
    for row in due {
        let (id, attempts) = (row.id, row.attempts);
        let attempts = match Mail::try_from(row) {
            Ok(mail) => {
                let mail = Mail { attempts: mail.attempts.saturating_add(1), ..mail };
                let attempts = stored(mail.attempts);
                leased.push(mail);
                attempts
            }
            Err(error) => {
                tracing::warn!(mail_id = %id.id::<MailId>(), %error, "a mail cannot be read; it waits");
                attempts
            }
        };
        diesel::update(outbox::table.find(id))
            .set((outbox::due_at.eq(At(lease_ends)), outbox::attempts.eq(attempts)))
            .execute(connection)?;
    }
    Ok(leased)
}

/// The row of a message as long as the lease of that attempt holds: nobody has begun another one since.
#[diesel::dsl::auto_type]
fn leased(mail: &Mail) -> _ {
    let (id, attempts): (Key, i32) = (mail.id.into(), stored(mail.attempts));
    outbox::table.filter(outbox::id.eq(id)).filter(outbox::attempts.eq(attempts))
}

fn stored(attempts: u32) -> i32 {
    i32::try_from(attempts).unwrap_or(i32::MAX)
}

/// Which token a leased message carries, if the lease still holds: the message was not withdrawn, and nobody has
/// leased it since.
///
/// # Errors
/// [`Error::NotFound`] if it does not hold.
pub fn held(connection: &mut Connection, mail: &Mail) -> Result<Option<OneTimeTokenId>> {
    let token = leased(mail).select(outbox::token_id).first::<Option<Key>>(connection)?;
    Ok(token.map(Key::id))
}

/// Whether a message is the newest of its kind to its account and address that waits to be sent. If so, the older ones
/// are withdrawn, those too that were given up. The caller holds the user with [`crate::users::find_for_change`].
///
/// # Errors
/// None of its own.
pub fn supersede(connection: &mut Connection, mail: &Mail) -> Result<bool> {
    let others = outbox::table
        .filter(outbox::recipient.eq(mail.to.as_str()))
        .filter(outbox::kind.eq(mail.kind.as_str()))
        .filter(outbox::id.ne(Key::from(mail.id)))
        .select((outbox::id, outbox::user_id, outbox::created_at, outbox::dead_at))
        .load::<(Key, Option<Key>, At, Option<At>)>(connection)?;
    let same_account = |user: Option<Key>| user == mail.user_id.map(Key::from);
    let (older, newer): (Vec<_>, Vec<_>) = others
        .into_iter()
        .filter(|(_, user, ..)| same_account(*user))
        .partition(|(id, _, at, _)| (at.0, id.id()) < (mail.created_at, mail.id));
    if newer.iter().any(|(.., dead_at)| dead_at.is_none()) {
        return Ok(false);
    }
    for (id, ..) in older {
        diesel::delete(outbox::table.find(id)).execute(connection)?;
    }
    Ok(true)
}

/// Notes which token a message carries, so that another attempt carries the same.
///
/// # Errors
/// [`Error::NotFound`] if the message is gone.
pub fn set_token(connection: &mut Connection, id: MailId, token: OneTimeTokenId) -> Result<()> {
    let changed = diesel::update(outbox::table.find(Key::from(id)))
        .set(outbox::token_id.eq(Key::from(token)))
        .execute(connection)?;
    touched(changed)
}

/// Removes a leased message that was handed over, or that nobody needs any more.
///
/// # Errors
/// [`Error::NotFound`] if it is gone already, or somebody else has leased it since.
pub fn remove(connection: &mut Connection, mail: &Mail) -> Result<()> {
    touched(diesel::delete(leased(mail)).execute(connection)?)
}

/// Lets a leased message be tried again from `due` on, and keeps why it could not be sent.
///
/// # Errors
/// [`Error::NotFound`] if it is gone, or somebody else has leased it since.
pub fn retry(connection: &mut Connection, mail: &Mail, due: Timestamp, why: &str) -> Result<()> {
    let kept = (outbox::due_at.eq(At(due)), outbox::last_error.eq(why));
    touched(diesel::update(leased(mail)).set(kept).execute(connection)?)
}

/// Gives a leased message up. It stays, as a dead letter, until somebody revives it or it is swept away.
///
/// # Errors
/// [`Error::NotFound`] if it is gone, or somebody else has leased it since.
pub fn bury(connection: &mut Connection, mail: &Mail, now: Timestamp, why: &str) -> Result<()> {
    let kept = (outbox::dead_at.eq(At(now)), outbox::last_error.eq(why));
    touched(diesel::update(leased(mail)).set(kept).execute(connection)?)
}

/// Makes due at once what is due later than `latest`, which is later than anything that waits can be: the clock was
/// ahead when that was written, and has been put right since. Returns how many messages that were, of one batch.
///
/// # Errors
/// None of its own.
pub fn bring_forward(connection: &mut Connection, now: Timestamp, latest: Timestamp) -> Result<usize> {
    let late = outbox::table
        .filter(outbox::dead_at.is_null())
        .filter(outbox::due_at.gt(At(latest)))
        .limit(i64::try_from(BATCH).unwrap_or(i64::MAX))
        .select(outbox::id);
    let late: Vec<Key> = load_unlocked!(connection, late);
    let mut brought = 0;
    for id in late {
        brought +=
            diesel::update(outbox::table.find(id)).set(outbox::due_at.eq(At(now))).execute(connection)?;
    }
    Ok(brought)
}

/// How many messages wait, and how many were given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On their way.
    pub waiting: u64,
    /// Given up.
    pub dead: u64,
}

/// Counts what there is.
///
/// # Errors
/// None of its own.
pub fn counts(connection: &mut Connection) -> Result<Counts> {
    let waiting: i64 = outbox::table.filter(outbox::dead_at.is_null()).count().get_result(connection)?;
    let dead: i64 = outbox::table.filter(outbox::dead_at.is_not_null()).count().get_result(connection)?;
    Ok(Counts { waiting: waiting.unsigned_abs(), dead: dead.unsigned_abs() })
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message.
    pub mail: Mail,
    /// When it was given up.
    pub dead_at: Timestamp,
    /// Why.
    pub why: String,
}

/// The newest messages that were given up.
///
/// # Errors
/// None of its own.
pub fn dead_letters(connection: &mut Connection, limit: i64) -> Result<Vec<DeadLetter>> {
    let rows = outbox::table
        .filter(outbox::dead_at.is_not_null())
        .order(outbox::dead_at.desc())
        .limit(limit)
        .select((Row::as_select(), outbox::dead_at.assume_not_null(), outbox::last_error))
        .load::<(Row, At, Option<String>)>(connection)?;
    rows.into_iter()
        .map(|(row, dead_at, why)| {
            Ok(DeadLetter { mail: row.try_into()?, dead_at: dead_at.0, why: why.unwrap_or_default() })
        })
        .collect()
}

/// Puts every message that was given up on its way again, as if it were new. Returns how many.
///
/// # Errors
/// None of its own.
pub fn revive(connection: &mut Connection, now: Timestamp) -> Result<usize> {
    Ok(diesel::update(outbox::table.filter(outbox::dead_at.is_not_null()))
        .set((outbox::dead_at.eq(None::<At>), outbox::due_at.eq(At(now)), outbox::attempts.eq(0)))
        .execute(connection)?)
}
