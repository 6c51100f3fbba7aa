//! The programs of the installed PostgreSQL, and the user to run them as.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder with `initdb`, `postgres`, `pg_ctl` and `psql` of one version.
#[derive(Debug)]
pub(super) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Those on the `PATH`, else the newest where Debian and others put them.
    pub(super) fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain(versions("/usr/lib/postgresql", "bin"))
            .chain(versions("/usr/local/opt", "bin"))
            .chain(versions("/opt/homebrew/opt", "bin"))
            .find_map(|folder| Self::complete_in(&folder))
    }

    fn complete_in(folder: &Path) -> Option<Self> {
        // A link on the PATH leads to the folder that holds the other programs of the same version too.
        let initdb = folder.join("initdb").canonicalize().ok()?;
        let programs = Self { folder: initdb.parent()?.to_owned() };
        let works = ["initdb", "postgres", "pg_ctl", "psql"].iter().all(|name| programs.answers(name));
        works.then_some(programs)
    }

    /// Whether the program runs: a version manager leaves stand-ins that exist and do not.
    fn answers(&self, name: &str) -> bool {
        let output = Command::new(self.path(name)).arg("--version").stdin(Stdio::null()).output();
        output.is_ok_and(|output| {
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains("PostgreSQL")
        })
    }

    /// The path of a program.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where the programs are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// `<parent>/<version>/bin`, the highest version first.
fn versions(parent: &str, bin: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.trim_start_matches("postgresql").trim_start_matches('@').parse().ok()?;
            Some((version, entry.path().join(bin)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// A user of this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// Whom to run the server as: nobody else, unless `own_file` shows that this process runs as root, which
    /// PostgreSQL refuses; then `postgres`, else `nobody`.
    pub(super) fn for_server(own_file: &Path) -> Option<Self> {
        if fs::metadata(own_file).is_ok_and(|file| file.uid() != 0) {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let user = Self::named("postgres", &users).or_else(|| Self::named("nobody", &users));
        assert!(
            user.is_some(),
            "PostgreSQL does not run as root, and there is no user `postgres` or `nobody`"
        );
        user
    }

    fn named(name: &str, users: &str) -> Option<Self> {
        // name:password:uid:gid:…, see passwd(5).
        users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find_map(|fields| match fields[..] {
            [found, _, uid, gid, ..] if found == name => {
                Some(Self { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
            }
            _ => None,
        })
    }

    /// Gives the user a file.
    pub(super) fn own(self, path: &Path) -> std::io::Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
    }

    /// Makes the command run as the user.
    pub(super) fn run(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}
