//! A real PostgreSQL for tests.
//!
//! [`server`] gives the one that the tests of this process share: the server that `TEST_DATABASE_URL` names, else a
//! private cluster made from the installed `initdb`. [`DedicatedServer::start`] makes one for a single test, which
//! may stop it. A private cluster listens on the loopback address alone, trusts whoever connects, keeps nothing safe
//! from a power cut, and is gone when the test process ends in whatever way, SIGKILL among them.
//!
//! Where no PostgreSQL is installed the answer is `None`, and a line on standard error says so past the capture of
//! the test harness. With `REQUIRE_POSTGRES=1`, as in CI, that is a panic.
//!
//! Databases are made with `psql`, so that what is under test has no part in setting up the test. The URL in
//! `TEST_DATABASE_URL` stands among the arguments of `psql`: its password is to be one for tests.

mod cluster;
mod installed;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cluster::Cluster;
pub(crate) use cluster::free_port;
use installed::Programs;

/// A PostgreSQL server on which tests make databases.
pub struct Server {
    psql: PathBuf,
    /// The URL up to the name of the database, without the slash before it.
    base: String,
    /// What follows the name of the database: empty, or `?` and parameters.
    parameters: String,
    /// The database to be connected to while making others.
    maintenance: String,
}

/// The server that the tests of this process share; `None` where there is none.
///
/// # Panics
///
/// With `REQUIRE_POSTGRES=1` and no PostgreSQL, and where the installed one does not start.
pub fn server() -> Option<&'static Server> {
    enum Shared {
        External(Server),
        Private(DedicatedServer),
    }
    static SHARED: OnceLock<Option<Shared>> = OnceLock::new();

    let shared = SHARED.get_or_init(|| match std::env::var("TEST_DATABASE_URL") {
        Ok(url) if !url.is_empty() => Some(Shared::External(Server::external(&url))),
        _ => DedicatedServer::start().map(Shared::Private),
    });
    match shared.as_ref()? {
        Shared::External(server) => Some(server),
        Shared::Private(dedicated) => Some(dedicated),
    }
}

impl Server {
    fn external(url: &str) -> Self {
        let (url, parameters) = url.find('?').map_or((url, ""), |at| url.split_at(at));
        // The slash after the host and port; those of `postgres://` come before.
        let host = url.find("://").map_or(0, |at| at + 3);
        let end = url[host..].find('/').map_or(url.len(), |at| host + at);
        let psql = Programs::find().map_or_else(|| PathBuf::from("psql"), |programs| programs.path("psql"));
        let maintenance = match url[end..].trim_start_matches('/') {
            "" => "postgres",
            named => named,
        };
        let maintenance = maintenance.to_owned();
        Self { psql, base: url[..end].to_owned(), parameters: parameters.to_owned(), maintenance }
    }

    fn local(programs: &Programs, base: String, parameters: String) -> Self {
        Self { psql: programs.path("psql"), base, parameters, maintenance: "postgres".to_owned() }
    }

    /// The URL of a database on this server.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}{}", self.base, self.parameters)
    }

    /// Makes an empty database with a name of its own and gives its URL.
    ///
    /// The name begins with the prefix, of which letters, digits and `_` are kept.
    pub fn create_database(&self, prefix: &str) -> String {
        self.create_from(prefix, "template0")
    }

    /// Makes a copy of another database of this server, to which nobody may be connected, and gives its URL.
    pub fn create_database_from(&self, prefix: &str, template_url: &str) -> String {
        self.create_from(prefix, self.name_in(template_url))
    }

    fn create_from(&self, prefix: &str, template: &str) -> String {
        let kept = prefix.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40);
        let prefix = kept.collect::<String>().to_ascii_lowercase();
        // Other processes, on other machines even, may use the same server: the name is drawn at random.
        let name = format!("{prefix}_{:016x}", RandomState::new().build_hasher().finish());
        self.run(&self.maintenance, &format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#));
        self.url(&name)
    }

    /// Drops a database and whatever connections it has (PostgreSQL 13 or newer).
    pub fn drop_database(&self, url: &str) {
        self.run(&self.maintenance, &format!(r#"DROP DATABASE "{}" WITH (FORCE)"#, self.name_in(url)));
    }

    /// Runs SQL on a database and gives what it returns, a line for each row, `|` between columns.
    pub fn query(&self, url: &str, sql: &str) -> String {
        self.run(self.name_in(url), sql)
    }

    fn name_in<'url>(&self, url: &'url str) -> &'url str {
        let name = url.strip_prefix(&self.base).and_then(|rest| rest.strip_prefix('/'));
        let Some(name) = name else { panic!("not the URL of a database on this server") };
        name.split('?').next().unwrap_or_default()
    }

    fn run(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(&self.psql);
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password"]);
        psql.args(["--set=ON_ERROR_STOP=1", "--command", sql, "--dbname", &self.url(database)]);
        match psql.stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => {
                String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
            }
            Ok(output) => panic!("psql refused `{sql}`: {}", String::from_utf8_lossy(&output.stderr).trim()),
            Err(error) => panic!("{} does not run: {error}", self.psql.display()),
        }
    }
}

/// A private cluster for one test, which may stop and start it. Dropping it ends it.
pub struct DedicatedServer {
    server: Server,
    cluster: Cluster,
}

impl Deref for DedicatedServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DedicatedServer {
    /// Makes and starts a cluster; `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    ///
    /// With `REQUIRE_POSTGRES=1` and no PostgreSQL, and where the installed one does not start.
    pub fn start() -> Option<Self> {
        let programs = installed_or_say()?;
        let cluster = Cluster::start(&programs, false);
        let base = format!("postgres://postgres@127.0.0.1:{}", cluster.port());
        Some(Self { server: Server::local(&programs, base, String::new()), cluster })
    }

    /// As [`DedicatedServer::start`], but the server takes connections over TLS only, with a certificate for
    /// `localhost`; the URLs ask for `sslmode=verify-full`. Needs the `openssl` program.
    pub fn start_with_tls() -> Option<Self> {
        let programs = installed_or_say()?;
        let cluster = Cluster::start(&programs, true);
        let base = format!("postgres://postgres@localhost:{}", cluster.port());
        let authority = cluster.authority();
        let parameters = format!("?sslmode=verify-full&sslrootcert={}", authority.display());
        Some(Self { server: Server::local(&programs, base, parameters), cluster })
    }

    /// The port on 127.0.0.1, the same for as long as this lives.
    pub fn port(&self) -> u16 {
        self.cluster.port()
    }

    /// The certificate of the authority that signed the server's, as PEM; no such file without TLS.
    pub fn authority(&self) -> PathBuf {
        self.cluster.authority()
    }

    /// Where the cluster keeps its files.
    pub fn folder(&self) -> &Path {
        self.cluster.folder()
    }

    /// Stops the server: connections are cut, what was committed is kept. Returns when it is down.
    pub fn stop(&self) {
        self.cluster.order("stop");
    }

    /// Starts the stopped server on the port that it had. Returns when it takes connections.
    pub fn start_again(&self) {
        self.cluster.order("start");
    }

    /// Stops the server and starts it again.
    pub fn restart(&self) {
        self.stop();
        self.start_again();
    }
}

fn installed_or_say() -> Option<Programs> {
    let programs = Programs::find();
    if programs.is_none() {
        let what = "no PostgreSQL: neither TEST_DATABASE_URL nor an installed initdb";
        assert!(
            std::env::var_os("REQUIRE_POSTGRES").is_none_or(|v| v != "1"),
            "{what}, and REQUIRE_POSTGRES=1"
        );
        // `eprintln!` would be captured with the output of the test, and nobody would see it.
        let _ = writeln!(std::io::stderr(), "\n*** {what}; what needs it is NOT TESTED ***");
    }
    programs
}
