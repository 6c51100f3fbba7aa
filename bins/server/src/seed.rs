//! Fills a database with users and items for benchmarks and for trying things out.
//!
//! Every id, name and time follows from the row's number, so two databases that were filled with the same numbers
//! hold the same data, whatever filled them.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use plinth_auth::PasswordHash;
use plinth_domain::{
    Clock, Description, Email, FullName, Item, ItemId, Password, Price, Role, Timestamp, Title, User, UserId,
};
use plinth_persistence::{Connection, Error, bulk};
use uuid::{Uuid, uuid};

use crate::app::{self, Stores};
use crate::cli::{Seed, print};
use crate::config::{self, Environment};

const NAMESPACE: Uuid = uuid!("6f1d3e0a-5d0a-4b7e-9d53-0c5a5f0b7a11");
/// 2025-01-01T00:00:00Z, in seconds since 1970.
const START: u64 = 1_735_689_600;
const THIRTY_DAYS: u64 = 30 * 86_400;
const PASSWORD: &str = "bench-password-1";
const FIRST: [&str; 16] = [
    "Ada", "Alan", "Barbara", "Claude", "Dennis", "Edsger", "Frances", "Grace", "Hedy", "Ivan", "Joan",
    "Ken", "Leslie", "Margaret", "Niklaus", "Radia",
];
const LAST: [&str; 15] = [
    "Allen", "Backus", "Clarke", "Dijkstra", "Easley", "Floyd", "Goldberg", "Hopper", "Iverson", "Jones",
    "Knuth", "Lamport", "Moore", "Noyce", "Perry",
];
const WORDS: [&str; 16] = [
    "amber", "basalt", "cedar", "delta", "ember", "fjord", "granite", "harbor", "indigo", "jade", "kelp",
    "lagoon", "meadow", "nectar", "opal", "prairie",
];

/// Makes the users and items in one transaction: all of them or none.
pub(crate) fn run(wanted: &Seed) -> anyhow::Result<()> {
    let began = Instant::now();
    let settings = config::load()?;
    ensure!(
        settings.environment != Environment::Production,
        "seed makes users whose password everybody knows, so it is refused with ENVIRONMENT=production"
    );
    let (users, items) = (wanted.users, wanted.items);
    app::block_on(async {
        let Stores { location, database, passwords } = app::open_stores(&settings)?;
        let password = Password::parse(PASSWORD).context("the password of the seed")?;
        let hash = passwords.hash(password).await?;
        let progress = progress(users, items);
        let shown = progress.clone();
        let filled = database.write(move |connection| fill(connection, users, items, &hash, &shown)).await;
        progress.finish_and_clear();
        match filled {
            Ok(()) => {}
            Err(Error::Conflict(_)) => {
                bail!("users or items of the seed are there already: it wants a fresh database")
            }
            Err(error) => return Err(error).context("cannot fill the database; nothing was stored"),
        }
        database.close();
        bulk::settle(&location).context("everything is stored, but the database could not tidy up")?;
        let took = began.elapsed().as_secs_f64();
        print(&format!("{users} users and {items} items in {took:.1} s; all sign in with {PASSWORD}\n"))
    })
}

fn fill(
    connection: &mut Connection,
    users: u32,
    items: u32,
    hash: &PasswordHash,
    progress: &ProgressBar,
) -> Result<(), Error> {
    in_batches(users, user, progress, |batch| bulk::insert_users(connection, batch, hash.as_str()))?;
    let owners: Vec<UserId> = (0..users).map(user_id).collect();
    in_batches(items, |n| item(n, &owners), progress, |batch| bulk::insert_items(connection, batch))
}

/// Makes rows number 0 to `count` and stores them, a batch at a time.
fn in_batches<T>(
    count: u32,
    make: impl Fn(u32) -> T,
    progress: &ProgressBar,
    mut store: impl FnMut(&[T]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut batch = Vec::with_capacity(bulk::BATCH);
    for n in 0..count {
        batch.push(make(n));
        if batch.len() == bulk::BATCH || n + 1 == count {
            store(&batch)?;
            progress.inc(u64::try_from(batch.len()).unwrap_or_default());
            batch.clear();
        }
    }
    Ok(())
}

/// A bar on a terminal, and nothing anywhere else. It goes to standard error, beside the result.
fn progress(users: u32, items: u32) -> ProgressBar {
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(u64::from(users) + u64::from(items)), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %  {human_pos} rows, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn user_id(n: u32) -> UserId {
    Uuid::new_v5(&NAMESPACE, format!("user-{n}").as_bytes()).into()
}

/// That many seconds since 1970.
fn at(seconds: u64) -> Timestamp {
    // The epoch is an instant that every calendar has.
    let epoch = Timestamp::from_micros(0).unwrap_or_else(|| app::CLOCK.now());
    epoch.plus(Duration::from_secs(seconds))
}

fn pick<'a>(words: &[&'a str], n: usize) -> &'a str {
    words.get(n % words.len()).copied().unwrap_or_default()
}

/// User number 0 is the administrator.
fn user(n: u32) -> User {
    let index = usize::try_from(n).unwrap_or_default();
    let email = if n == 0 { "admin@bench.test".to_owned() } else { format!("user{n:06}@bench.test") };
    let name = format!("{} {}", pick(&FIRST, index), pick(&LAST, index / FIRST.len()));
    let when = at(START + u64::from(n));
    User {
        id: user_id(n),
        email: Email::from_stored(email),
        pending_email: None,
        full_name: Some(FullName::from_stored(name)),
        role: if n == 0 { Role::Admin } else { Role::Viewer },
        is_active: true,
        email_verified: true,
        created_at: when,
        updated_at: when,
        deleted_at: None,
    }
}

/// Owners take turns, so each has the same number of items, give or take one.
fn item(n: u32, owners: &[UserId]) -> Item {
    let index = usize::try_from(n).unwrap_or_default();
    let (a, b) = (pick(&WORDS, index), pick(&WORDS, index / 16));
    let when = at(START + THIRTY_DAYS + u64::from(n));
    Item {
        id: ItemId::from(Uuid::new_v5(&NAMESPACE, format!("item-{n}").as_bytes())),
        owner_id: owners[index % owners.len()],
        title: Title::from_stored(format!("{a} {b} {n}")),
        description: Some(Description::from_stored(format!(
            "Item {n}: a {a} piece with {b} detail, kept for the benchmark dataset."
        ))),
        price: Price::from_hundredths(i64::from(n % 10_000)),
        created_at: when,
        updated_at: when,
    }
}
