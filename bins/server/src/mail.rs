//! The outbox, by hand: what waits, what was given up, and another try.

use anyhow::Context;
use plinth_domain::Clock;
use plinth_persistence::{Database, DatabaseSettings, Error, outbox};

use crate::app;
use crate::cli::{Mail, print};
use crate::config;
use crate::migrate;

/// How many dead letters are listed.
const LISTED: i64 = 50;

/// Does what is asked. A running server need not be stopped.
pub(crate) fn run(command: &Mail) -> anyhow::Result<()> {
    let settings = config::load()?;
    let location = settings.database.url.location().clone();
    migrate::must_be_done(&location)?;
    let database = Database::start(&DatabaseSettings { location, pool_size: Some(1) })?;
    app::block_on(async {
        match command {
            Mail::Status => status(&database).await,
            Mail::Retry => retry(&database).await,
        }
    })
}

async fn status(database: &Database) -> anyhow::Result<()> {
    let found = database.read(|connection| {
        Ok::<_, Error>((outbox::counts(connection)?, outbox::dead_letters(connection, LISTED)?))
    });
    let (counts, dead) = found.await.context("cannot look into the outbox")?;
    let mut lines = format!("waiting   {}\ngiven up  {}\n", counts.waiting, counts.dead);
    for letter in dead {
        let (mail, at, why) = (&letter.mail, letter.dead_at, &letter.why);
        lines.push_str(&format!("{at}  {}  to {}  {}: {why}\n", mail.id, mail.to, mail.kind.as_str()));
    }
    print(&lines)
}

async fn retry(database: &Database) -> anyhow::Result<()> {
    let now = app::CLOCK.now();
    let revived = database.write(move |connection| outbox::revive(connection, now));
    print(&format!("{} on their way again\n", revived.await.context("cannot put mail on its way")?))
}
