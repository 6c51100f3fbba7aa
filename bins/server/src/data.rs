//! The data folder: the SQLite file, and the signing key where none is set.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use plinth_domain::Entropy;

use crate::config::{Environment, LEAST_KEY_BYTES, Secret, Settings};

/// The file that keeps the signing key.
const KEY_FILE: &str = "secret_key";

/// Makes the folder and those above it, for the owner alone. One that exists is left as it is.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the data folder {}", folder.display()))
}

/// Makes an empty SQLite file that its owner alone may read; SQLite gives the files beside it the same rights. One
/// that exists is left as it is.
pub(crate) fn make_database_file(file: &Path) -> anyhow::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make the database {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// The key that tokens are signed with: the one that is set, else the one in the data folder, made if need be.
pub(crate) fn signing_key(settings: &Settings, entropy: &dyn Entropy) -> anyhow::Result<Secret> {
    if let Some(key) = &settings.tokens.secret_key {
        if key.expose().len() < LEAST_KEY_BYTES {
            tracing::warn!(
                least_bytes = LEAST_KEY_BYTES,
                "SECRET_KEY is short: good enough to try things out, refused in production"
            );
        }
        return Ok(key.clone());
    }
    ensure!(settings.environment != Environment::Production, "SECRET_KEY must be set in production");
    let folder = settings.database.url.data_folder();
    make_folder(&folder)?;
    key_in(&folder, entropy).with_context(|| format!("cannot keep a signing key in {}", folder.display()))
}

/// Reads the key in the folder, and makes it first if there is none.
fn key_in(folder: &Path, entropy: &dyn Entropy) -> io::Result<Secret> {
    let path = folder.join(KEY_FILE);
    match read_key(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    if publish(&path, &format!("{}\n", random_text::<LEAST_KEY_BYTES>(entropy)), entropy)? {
        tracing::info!(file = %path.display(), "made a signing key");
    }
    read_key(&path)
}

/// Makes a file that its owner alone may read, and tells whether it did: one that exists is left as it is.
///
/// The text is written to a file of another name and then linked to its own, which fails where there is one: whoever
/// comes second, at the same instant even, uses the first one's, and nobody ever reads half a file.
pub(crate) fn publish(path: &Path, text: &str, entropy: &dyn Entropy) -> io::Result<bool> {
    let draft = draft_of(path, entropy);
    let linked = write_secret(&draft, text).and_then(|_| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        linked => linked.and_then(|()| sync_folder_of(path)).map(|()| true),
    });
    let removed = fs::remove_file(&draft);
    let published = linked?;
    removed.map(|()| published)
}

/// Puts another text into a file at one stroke: whoever reads it, after a crash even, finds the old text or the new
/// one. The owner stays the same, and alone may read it.
pub(crate) fn replace(path: &Path, text: &str, entropy: &dyn Entropy) -> io::Result<()> {
    // Where the name is a link, what it leads to is replaced, not the link.
    let path = path.canonicalize()?;
    let owner = fs::metadata(&path)?;
    let draft = draft_of(&path, entropy);
    let replaced = write_secret(&draft, text).and_then(|file| {
        let ours = file.metadata()?;
        if (ours.uid(), ours.gid()) != (owner.uid(), owner.gid()) {
            fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
        fs::rename(&draft, &path)
    });
    if replaced.is_err() {
        // It may not have been made at all.
        let _left = fs::remove_file(&draft);
    }
    replaced.and_then(|()| sync_folder_of(&path))
}

/// A hidden file beside that one, with a name of its own.
fn draft_of(path: &Path, entropy: &dyn Entropy) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", random_text::<9>(entropy)))
}

fn write_secret(path: &Path, text: &str) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(file)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn read_key(path: &Path) -> io::Result<Secret> {
    let text = fs::read_to_string(path)?;
    let key = text.trim_end();
    if key.len() < LEAST_KEY_BYTES {
        let wrong = format!("{} holds no key; remove it, and a new one is made", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, wrong));
    }
    Ok(Secret::new(key))
}

/// That many random bytes, in the URL-safe alphabet of base64.
fn random_text<const N: usize>(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes)
}
