//! The r2d2 pool's view of our connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::r2d2::R2D2Connection;

use crate::connection::{AnyConnection as Connection, Purpose, open};
use crate::error::Error;
use crate::settings::Location;

/// How long a caller waits for the database to take up its work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// A connection in the pool. One that broke is dropped when it is given back, and the pool opens another.
pub(crate) struct Pooled {
    pub(crate) connection: Connection,
    pub(crate) broken: bool,
    /// How many connections had been lost when this one was last known to work.
    losses: u64,
}

pub(crate) struct Manager {
    location: Location,
    purpose: Purpose,
    losses: Arc<AtomicU64>,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let losses = self.losses.load(Ordering::Acquire);
        let connection = open(&self.location, self.purpose).map_err(diesel::r2d2::Error::ConnectionError)?;
        Ok(Pooled { connection, broken: false, losses })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        pooled.connection.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        let broken = pooled.broken || std::thread::panicking() || pooled.connection.is_broken();
        if broken {
            self.losses.fetch_add(1, Ordering::AcqRel);
        }
        broken
    }
}

/// Logs what keeps the pool from opening connections, which r2d2 meets on a thread of its own.
#[derive(Debug)]
struct Log;

impl r2d2::HandleError<diesel::r2d2::Error> for Log {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        tracing::warn!(error = %error, "cannot open a database connection; trying again");
    }
}

/// Connections, and how many have been lost so far.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: r2d2::Pool<Manager>,
    losses: Arc<AtomicU64>,
}

/// A pool of at most `size` connections. None is open yet: the first are opened in the background.
pub(crate) fn pool(location: &Location, purpose: Purpose, size: u32) -> Pool {
    let lifetime = match location {
        // A file does not wear out.
        Location::Sqlite(_) => None,
        // Lets load balancers before PostgreSQL move connections, and its backends give memory back.
        Location::Postgres(_) => Some(Duration::from_secs(30 * 60)),
    };
    let losses = Arc::new(AtomicU64::new(0));
    let connections = r2d2::Pool::builder()
        .max_size(size)
        .connection_timeout(PATIENCE)
        // A check would cost a query a request. A connection that is lost shows it in the query that fails, and
        // then `take` checks the others.
        .test_on_check_out(false)
        .max_lifetime(lifetime)
        .idle_timeout(None)
        .error_handler(Box::new(Log))
        .build_unchecked(Manager { location: location.clone(), purpose, losses: Arc::clone(&losses) });
    Pool { connections, losses }
}

/// Takes a connection, waiting at most [`PATIENCE`] for one.
///
/// Where one connection was lost the others may be too, as after a restart of the server: each is checked once, so
/// that not every one of them costs a request.
pub(crate) fn take(pool: &Pool) -> Result<r2d2::PooledConnection<Manager>, Error> {
    loop {
        let mut pooled = pool
            .connections
            .get()
            .map_err(|error| Error::Unavailable("no connection could be had in time", Some(error.into())))?;
        let losses = pool.losses.load(Ordering::Acquire);
        if pooled.losses != losses {
            pooled.broken = pooled.connection.ping().is_err();
            pooled.losses = losses;
        }
        if !pooled.broken {
            return Ok(pooled);
        }
    }
}
