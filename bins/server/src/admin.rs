//! Administrators that no administrator makes: by hand, and the first one at start.

use anyhow::{Context, anyhow, bail};
use plinth_auth::{PasswordHash, Passwords};
use plinth_domain::{
    AuditEntry, AuditEvent, AuditId, Clock, Email, Entropy, FullName, Password, RequestContext, Role, User,
    UserId,
};
use plinth_persistence::{Connection, Database, Error, UniqueKey, audit, users};

use crate::app::{self, Stores};
use crate::cli::{CreateAdmin, print};
use crate::config::{self, FirstAdmin};
use crate::prompt;

/// Makes an administrator, with a password that is asked for.
pub(crate) fn create(wanted: &CreateAdmin) -> anyhow::Result<()> {
    let settings = config::load()?;
    let email = Email::parse(&wanted.email).map_err(|wrong| anyhow!("the email {wrong}"))?;
    let full_name = wanted.full_name.as_deref().map(FullName::parse).transpose();
    let full_name = full_name.map_err(|wrong| anyhow!("the full name {wrong}"))?;
    let password = prompt::new_password()?;
    let password = Password::parse(password.expose()).map_err(|wrong| anyhow!("the password {wrong}"))?;
    app::password_rules(&settings)
        .check(&password, &email)
        .map_err(|wrong| anyhow!("the password {wrong}"))?;
    app::block_on(async {
        let Stores { database, passwords, .. } = app::open_stores(&settings)?;
        let hash = passwords.hash(password).await?;
        let user = administrator(email, full_name);
        let email = user.email.clone();
        let stored = database.write(move |connection| store(connection, &user, &hash, "command-line"));
        match stored.await {
            Ok(()) => print(&format!("{email} is an administrator now\n")),
            Err(Error::Conflict(UniqueKey::UserEmail)) => {
                bail!("there is a user with the email {email} already")
            }
            Err(error) => Err(error).context("cannot store the administrator"),
        }
    })
}

/// Makes the administrator that the settings name, where there is none at all. Instances that start at once make
/// one: each asks again in the transaction that would store it, and they come one after the other.
pub(crate) async fn ensure_first(
    database: &Database,
    passwords: &Passwords,
    wanted: &FirstAdmin,
) -> anyhow::Result<()> {
    // Hashing takes a good part of a second, so only where it seems to be needed.
    if database.read(users::any_admin).await.context("cannot look for an administrator")? {
        return Ok(());
    }
    let hash: PasswordHash = passwords.hash(wanted.password.clone()).await?;
    let user = administrator(wanted.email.clone(), None);
    let id = user.id;
    let made = database.write(move |connection| {
        let needed = !users::any_admin(connection)?;
        if needed {
            store(connection, &user, &hash, "start")?;
        }
        Ok::<_, Error>(needed)
    });
    match made.await {
        Ok(true) => tracing::info!(user_id = %id, "made the first administrator"),
        Ok(false) => {}
        Err(Error::Conflict(UniqueKey::UserEmail)) => {
            bail!(
                "FIRST_SUPERUSER: a user with this email exists already and is no administrator; name another"
            )
        }
        Err(error) => return Err(error).context("cannot store the first administrator"),
    }
    Ok(())
}

/// Stores an administrator, with an entry in the audit log. Nobody is known to have done it; what stands in for the
/// request's id says which way.
fn store(
    connection: &mut Connection,
    user: &User,
    hash: &PasswordHash,
    by_way_of: &str,
) -> Result<(), Error> {
    users::insert(connection, user, hash.as_str())?;
    let entry = AuditEntry {
        id: AuditId::new(user.created_at, &app::ENTROPY),
        at: user.created_at,
        event: AuditEvent::UserCreated.into(),
        actor_id: None,
        user_id: Some(user.id),
        context: RequestContext { request_id: by_way_of.to_owned(), ..RequestContext::default() },
        details: vec![("role".to_owned(), user.role.to_string())],
    };
    audit::record(connection, &entry)
}

/// An administrator with that address, which counts as proven: whoever runs the server vouches for it.
fn administrator(email: Email, full_name: Option<FullName>) -> User {
    let now = app::CLOCK.now();
    let entropy: &dyn Entropy = &app::ENTROPY;
    let user = User::new(UserId::new(now, entropy), email, full_name, Role::Admin, now);
    User { email_verified: true, ..user }
}
