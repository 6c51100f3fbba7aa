//! A database for one test.

use std::sync::OnceLock;

use plinth_persistence::{Connection, Database, DatabaseSettings, Error, Location, migrations};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::postgres;

/// A migrated, empty database. It is gone when this is dropped.
pub struct TestDb {
    database: Option<Database>,
    location: Location,
    url: String,
    runtime: Runtime,
    /// Where its file is; removed when this is dropped.
    _folder: Option<TempDir>,
    /// Whether it goes when this does.
    is_owner: bool,
}

impl TestDb {
    /// A new SQLite file.
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let location = Location::parse(&url).unwrap();
        migrations::run(&location).expect("the migrations run");
        Self::open(url, location, Some(folder))
    }

    /// A new database on the PostgreSQL server of this test run; `None`, said out loud, where there is none.
    pub fn postgres() -> Option<Self> {
        static TEMPLATE: OnceLock<String> = OnceLock::new();
        let server = postgres::server()?;
        let template = TEMPLATE.get_or_init(|| {
            let url = server.create_database("plinth_template");
            migrations::run(&Location::parse(&url).unwrap()).expect("the migrations run");
            url
        });
        let url = server.create_database_from("plinth_test", template);
        let location = Location::parse(&url).unwrap();
        Some(Self::open(url, location, None))
    }

    /// The database of that URL, which somebody else made, migrated.
    pub fn at(url: &str) -> Self {
        let location = Location::parse(url).unwrap();
        migrations::run(&location).expect("the migrations run");
        Self::open(url.to_owned(), location, None)
    }

    /// The same database once more, with connections of its own, as a second server has them. Drop it first.
    pub fn once_more(&self) -> Self {
        let mut second = Self::open(self.url.clone(), self.location.clone(), None);
        second.is_owner = false;
        second
    }

    fn open(url: String, location: Location, folder: Option<TempDir>) -> Self {
        let settings = DatabaseSettings { location: location.clone(), pool_size: Some(4) };
        let database = Some(Database::start(&settings).expect("the database starts"));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
        Self { database, location, url, runtime, _folder: folder, is_owner: true }
    }

    /// The database, for async code.
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("it is open until it is dropped")
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.location, Location::Postgres(_))
    }

    /// Runs async work on this thread.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// [`Database::read`], awaited.
    pub fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.block_on(self.database().read(work))
    }

    /// [`Database::write`], awaited.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.block_on(self.database().write(work))
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        // Its connections go before it does.
        self.database = None;
        if self.is_owner
            && self.url.contains("plinth_test_")
            && let Some(server) = postgres::server()
        {
            server.drop_database(&self.url);
        }
    }
}
