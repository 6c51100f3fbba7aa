//! The private keys that access tokens are signed with: their file, the commands on it, and reading it anew.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::rt;
use anyhow::{Context, anyhow, bail, ensure};
use plinth_auth::{AccessTokens, Algorithm, KeyRing, KeySet, KeyState, LEEWAY};
use plinth_domain::Clock;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{CLOCK, ENTROPY};
use crate::cli::{Generate, Keys, print};
use crate::config::{self, Settings};
use crate::data;

/// The file in the data folder that keeps the keys where no other is named.
const KEY_FILE: &str = "jwt_keys.json";

/// How long the next key must have been published before it may sign: instances are restarted meanwhile, and verifiers
/// fetch the key set anew, which may be kept for 5 minutes.
const LEAST_PUBLISHED: Duration = Duration::from_secs(10 * 60);

/// How long after a rotation an instance may still sign with the old key, because it has not read the new file.
const ROLLOUT: Duration = Duration::from_secs(60 * 60);

/// Reads the name of an algorithm that has key pairs.
pub(crate) fn asymmetric(text: &str) -> Result<Algorithm, &'static str> {
    let named = [Algorithm::EdDsa, Algorithm::Es256];
    named.into_iter().find(|one| one.name().eq_ignore_ascii_case(text)).ok_or("must be EdDSA or ES256")
}

/// Does one of the commands.
pub(crate) fn run(command: &Keys) -> anyhow::Result<()> {
    match command {
        Keys::Generate(wanted) => generate(wanted),
        Keys::List => list(),
        Keys::Rotate { force } => rotate(*force),
    }
}

fn generate(wanted: &Generate) -> anyhow::Result<()> {
    let (path, configured) = match &wanted.out {
        // Needs no settings: in production there are none that are good before there is a key file.
        Some(out) => (out.clone(), None),
        None => {
            let settings = config::load()?;
            (path_for(&settings)?, algorithm_of(&settings))
        }
    };
    let algorithm = wanted.algorithm.or(configured).unwrap_or(Algorithm::EdDsa);
    ensure!(make(&path, algorithm)?, "{} exists already, and is not overwritten", path.display());
    print(&format!(
        "made {} with an active key and the next one\nuse it with JWT_ALGORITHM={} and JWT_PRIVATE_KEY_FILE={}\n",
        path.display(),
        algorithm.name(),
        path.display(),
    ))
}

fn list() -> anyhow::Result<()> {
    let (path, algorithm) = file_in_use(&config::load()?)?;
    let mut lines = String::new();
    for key in read(&path, algorithm)?.list() {
        let since = key.since.map(|since| format!("  since {since}")).unwrap_or_default();
        lines.push_str(&format!("{:<8}  {:<5}  {}{since}\n", key.state.name(), key.algorithm.name(), key.id));
    }
    print(&lines)
}

fn rotate(force: bool) -> anyhow::Result<()> {
    let settings = config::load()?;
    let (path, algorithm) = file_in_use(&settings)?;
    // Held to the end, and taken before the file is read, so that two who rotate at once do not undo each other.
    let lock = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!("{} is being rotated already", path.display()),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    let ring = read(&path, algorithm)?;
    let now = CLOCK.now();
    let next = ring.list().into_iter().find(|key| key.state == KeyState::Next);
    let published = next.and_then(|key| key.since).map(|since| now.since(since));
    if let Some(wait) = published.and_then(|time| LEAST_PUBLISHED.checked_sub(time)).filter(|_| !force) {
        bail!(
            "the next key has been there for {} of {} minutes: whoever verifies tokens may not know it yet, and would \
             refuse what it signs. Try again in {}, or use --force",
            (LEAST_PUBLISHED - wait).as_secs() / 60,
            LEAST_PUBLISHED.as_secs() / 60,
            minutes(wait),
        );
    }
    let keep = settings.tokens.access_ttl + LEEWAY + ROLLOUT;
    let rotated = ring.rotate(now, keep, &ENTROPY).with_context(|| path.display().to_string())?;
    data::replace(&path, rotated.to_json().expose(), &ENTROPY)
        .with_context(|| format!("cannot write {}", path.display()))?;
    print(&format!(
        "rotated {}\nnow restart the instances one after the other, or send each a SIGHUP, within {}\n\
         retiring keys are kept for {}, and dropped by the first rotation after that\n",
        path.display(),
        minutes(ROLLOUT),
        minutes(keep),
    ))
}

/// That time in minutes, rounded up.
fn minutes(time: Duration) -> String {
    match time.as_secs().div_ceil(60) {
        1 => "1 minute".to_owned(),
        count => format!("{count} minutes"),
    }
}

/// The keys to start with: those derived from the secret, or those in the file, which is made first where it is the one
/// in the data folder.
pub(crate) fn key_set(settings: &Settings, secret: &[u8]) -> anyhow::Result<KeySet> {
    let Some(algorithm) = algorithm_of(settings) else { return Ok(KeySet::from_secret(secret)) };
    let path = path_for(settings)?;
    if settings.tokens.private_key_file.is_none() && !path.exists() && make(&path, algorithm)? {
        tracing::info!(file = %path.display(), "made private keys for access tokens");
    }
    warn_where_others_may_read(&path);
    Ok(read(&path, algorithm)?.key_set())
}

/// Reads the file anew on each SIGHUP. A file that cannot be used leaves the keys as they are.
///
/// With HS256 there is no file, and the signal does what it does to any process.
pub(crate) fn reload_on_hangup(settings: &Settings, access: AccessTokens) -> anyhow::Result<()> {
    let Some(algorithm) = algorithm_of(settings) else { return Ok(()) };
    let path = path_for(settings)?;
    let mut hangups = signal(SignalKind::hangup()).context("cannot listen for signals")?;
    rt::spawn(async move {
        while hangups.recv().await.is_some() {
            match read(&path, algorithm) {
                Ok(ring) => {
                    warn_where_others_may_read(&path);
                    let active = ring.list().into_iter().find(|key| key.state == KeyState::Active);
                    access.replace_keys(ring.key_set());
                    tracing::info!(kid = active.map(|key| key.id), "read the private keys anew");
                }
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "kept the private keys that there were");
                }
            }
        }
    });
    Ok(())
}

/// Why a server could not start with that file, or without one with that data folder, where it is known. Reads, and
/// makes nothing.
pub(crate) fn weakness_of_file(
    algorithm: config::Algorithm,
    file: Option<&Path>,
    data_folder: Option<&Path>,
) -> Option<String> {
    let algorithm = asymmetric_of(algorithm)?;
    let path = match (file, data_folder) {
        (Some(file), _) => file.to_owned(),
        // One that is not there is made at the start.
        (None, Some(folder)) => Some(folder.join(KEY_FILE)).filter(|path| path.exists())?,
        (None, None) => return None,
    };
    let found = absolute(&path).and_then(|path| read(&path, algorithm));
    found.err().map(|error| format!("{error:#}"))
}

/// The algorithm that needs a file, if the settings name one.
fn algorithm_of(settings: &Settings) -> Option<Algorithm> {
    asymmetric_of(settings.tokens.algorithm)
}

fn asymmetric_of(algorithm: config::Algorithm) -> Option<Algorithm> {
    match algorithm {
        config::Algorithm::Hs256 => None,
        config::Algorithm::EdDsa => Some(Algorithm::EdDsa),
        config::Algorithm::Es256 => Some(Algorithm::Es256),
    }
}

/// The file that the settings name, else the one in the data folder.
fn path_for(settings: &Settings) -> anyhow::Result<PathBuf> {
    match &settings.tokens.private_key_file {
        Some(path) => absolute(path),
        None => absolute(&settings.database.url.data_folder().join(KEY_FILE)),
    }
}

/// The same path, but one that does not change with the working folder.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("cannot find {}", path.display()))
}

/// The file that a server with these settings reads.
fn file_in_use(settings: &Settings) -> anyhow::Result<(PathBuf, Algorithm)> {
    let algorithm = algorithm_of(settings);
    let algorithm = algorithm.context("JWT_ALGORITHM=HS256 signs with SECRET_KEY and has no key file")?;
    Ok((path_for(settings)?, algorithm))
}

/// Makes a file with new keys, and tells whether it did: one that exists is left as it is.
fn make(path: &Path, algorithm: Algorithm) -> anyhow::Result<bool> {
    let ring = KeyRing::generate(algorithm, CLOCK.now(), &ENTROPY)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        data::make_folder(folder)?;
    }
    data::publish(path, ring.to_json().expose(), &ENTROPY)
        .with_context(|| format!("cannot make {}", path.display()))
}

fn read(path: &Path, algorithm: Algorithm) -> anyhow::Result<KeyRing> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => anyhow!("there is no {shown}; make it with `plinth keys generate`"),
        _ => anyhow!(error).context(format!("cannot read {shown}")),
    })?;
    let ring = KeyRing::parse(&text).with_context(|| format!("{shown} cannot be used"))?;
    let found = ring.algorithm();
    ensure!(
        found == algorithm,
        "{shown} has keys for {}, and JWT_ALGORITHM is {}",
        found.name(),
        algorithm.name()
    );
    Ok(ring)
}

/// Warns where others than its owner may read the file, or change it.
fn warn_where_others_may_read(path: &Path) {
    if let Ok(about) = fs::metadata(path) {
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            tracing::warn!(
                file = %path.display(), mode = format!("{mode:o}"),
                "others than its owner may read the private keys: give the file the mode 600"
            );
        }
    }
}
