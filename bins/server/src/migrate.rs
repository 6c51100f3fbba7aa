//! The schema, by hand.

use anyhow::{Context, ensure};
use plinth_persistence::{Location, migrations};

use crate::cli::{Migrate, print};
use crate::{app, config};

/// Brings the schema up to date, takes steps back, or lists where it stands.
pub(crate) fn run(command: &Migrate) -> anyhow::Result<()> {
    let settings = config::load()?;
    let location = settings.database.url.location();
    let lines: Vec<String> = match command {
        Migrate::Up => {
            app::make_room(&settings)?;
            let done = migrations::run(location).context("cannot migrate")?;
            lines_of(done, "applied", "up to date")
        }
        Migrate::Down { steps } => {
            must_exist(location)?;
            let steps = usize::try_from(*steps)?;
            let done = migrations::revert(location, steps).context("cannot migrate")?;
            lines_of(done, "undone", "nothing to undo")
        }
        Migrate::Status => {
            must_exist(location)?;
            let all = migrations::status(location).context("cannot tell where the schema stands")?;
            all.into_iter()
                .map(|one| format!("{} {}", if one.applied { "applied" } else { "pending" }, one.name))
                .collect()
        }
    };
    print(&format!("{}\n", lines.join("\n")))
}

fn lines_of(done: Vec<String>, what: &str, nothing: &str) -> Vec<String> {
    if done.is_empty() {
        return vec![nothing.to_owned()];
    }
    done.into_iter().map(|name| format!("{what} {name}")).collect()
}

/// Refuses a database whose schema is older than this program, for where nobody may change it but by hand.
pub(crate) fn must_be_done(location: &Location) -> anyhow::Result<()> {
    const ADVICE: &str = "run `plinth migrate up`, or set MIGRATE_ON_START=true";
    must_exist(location).context(ADVICE)?;
    let all = migrations::status(location).context("cannot tell where the schema stands")?;
    let pending: Vec<_> = all.into_iter().filter(|one| !one.applied).map(|one| one.name).collect();
    ensure!(pending.is_empty(), "the database lacks {}: {ADVICE}", pending.join(", "));
    Ok(())
}

/// Opening an SQLite file would make it, which nobody expects who only asks.
fn must_exist(location: &Location) -> anyhow::Result<()> {
    if let Location::Sqlite(file) = location {
        ensure!(file.exists(), "there is no database at {}", file.display());
    }
    Ok(())
}
