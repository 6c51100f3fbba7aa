//! The folder that a build has made: what is in it, and what of that is served.

use std::fmt;
use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::INDEX;
use crate::routes;

// What they do to a thread's rights and to a folder is done in other ways elsewhere.
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

/// The most that all files may have together: they are kept in memory, most of them in three forms.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The most files and folders that are looked at.
const MOST_ENTRIES: usize = 5_000;

/// Why a folder cannot be served, and what to do. It names files, and quotes nothing out of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// Looks whether the folder can be served beside an API with that prefix: opens every file, and reads the first page.
///
/// # Errors
/// If there is no such folder, if it is not what building an app has made, if it is too large, if a file in it may not be
/// read, or if the prefix hides one that the first page loads.
pub fn check(folder: &Path, prefix: &str) -> Result<(), Unusable> {
    let found = Folder::survey(folder)?;
    found.must_load_beside(prefix)?;
    found.files.iter().try_for_each(|file| file.open(&found.root).map(drop))
}

/// The files of a folder at some time. Two are the same if nothing was written between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    root: PathBuf,
    files: Vec<Found>,
    /// What is neither a file nor a folder: links, most likely.
    passed_over: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    /// The names from the folder on, with slashes between them.
    path: String,
    version: Version,
}

/// What is not the same any more once something else was written to a file, or put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    /// The device and the number of the inode.
    identity: (u64, u64),
    bytes: u64,
    /// When its content or its permissions changed last (`st_ctime`), in seconds and nanoseconds. The time of modification
    /// would not do: some builds give all files the same, and hashes in a page do not change its length.
    changed: (i64, i64),
}

impl Version {
    /// None for what is no file.
    fn of(about: &Metadata) -> Option<Self> {
        about.is_file().then(|| Self {
            identity: (about.dev(), about.ino()),
            bytes: about.len(),
            changed: (about.ctime(), about.ctime_nsec()),
        })
    }
}

impl Found {
    /// Opens what was found and nothing else. Whatever may have taken its place since is not waited for (a pipe), and not
    /// followed (a link).
    fn open(&self, root: &Path) -> Result<File, Unusable> {
        let path = root.join(&self.path);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::empty()).map_err(|error| match error {
            Errno::LOOP => changing(&path),
            _ => unreadable(&path, &error.into()),
        });
        let file = File::from(file?);
        self.must_be(&file, &path)?;
        Ok(file)
    }

    /// The content, of the time when it was found.
    fn read(&self, root: &Path) -> Result<Vec<u8>, Unusable> {
        let path = root.join(&self.path);
        let file = self.open(root)?;
        let mut bytes = Vec::with_capacity(usize::try_from(self.version.bytes).unwrap_or_default());
        // It may grow meanwhile.
        let read = (&file).take(self.version.bytes).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&path, &error))?;
        self.must_be(&file, &path)?;
        Ok(bytes)
    }

    fn must_be(&self, file: &File, path: &Path) -> Result<(), Unusable> {
        let about = file.metadata().map_err(|error| unreadable(path, &error))?;
        if Version::of(&about).as_ref() == Some(&self.version) {
            return Ok(());
        }
        Err(changing(path))
    }
}

impl Folder {
    /// Finds all files. The folder itself may be a link, so that a deployment can switch it; what is in it may not: links
    /// are passed over, and so is everything whose name begins with a dot.
    pub(super) fn survey(folder: &Path) -> Result<Self, Unusable> {
        let root = folder.canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => not_built(folder, "does not exist"),
            _ => unreadable(folder, &error),
        })?;
        if !root.is_dir() {
            return Err(not_built(folder, "is not a folder"));
        }
        let mut found = Self { root, files: Vec::new(), passed_over: Vec::new() };
        // Before all else: a folder that is the wrong one may be the root of the disk.
        if !is_file(&found.root.join(INDEX)) {
            return Err(found.without_index());
        }
        found.walk()?;
        found.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn walk(&mut self) -> Result<(), Unusable> {
        let mut entries = 0;
        let mut bytes = 0;
        let mut folders = vec![(self.root.clone(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
                let entry = entry.map_err(|error| unreadable(&folder, &error))?;
                entries += 1;
                if entries > MOST_ENTRIES {
                    return Err(self.too_large(&format!("more than {MOST_ENTRIES} files and folders")));
                }
                let Some(name) = served_name(&entry) else { continue };
                let path = format!("{prefix}{name}");
                // Of the entry itself, not of what a link leads to.
                let about = entry.metadata().map_err(|error| unreadable(&entry.path(), &error))?;
                if about.is_dir() {
                    folders.push((entry.path(), format!("{path}/")));
                } else if let Some(version) = Version::of(&about) {
                    bytes += version.bytes;
                    self.files.push(Found { path, version });
                } else {
                    self.passed_over.push(path);
                }
                if bytes > MOST_BYTES {
                    return Err(self.too_large(&format!("more than {} MiB", MOST_BYTES >> 20)));
                }
            }
        }
        Ok(())
    }

    /// The content of all files, with their paths.
    pub(super) fn read(&self) -> Result<Vec<(String, Vec<u8>)>, Unusable> {
        for file in &self.passed_over {
            tracing::warn!(file, "not served: links within the folder are not followed");
        }
        self.files.iter().map(|found| Ok((found.path.clone(), found.read(&self.root)?))).collect()
    }

    /// Looks whether the API stands where the first page loads something from: with a prefix such as `/assets` the page would
    /// stay white. What else the API hides is merely not served.
    pub(super) fn must_load_beside(&self, prefix: &str) -> Result<(), Unusable> {
        // What stands at the root hides them whatever the prefix is.
        let is_hidden = |path: &str| routes::is_ours(path, prefix) && !routes::is_ours(path, "");
        let hidden: Vec<_> =
            self.files.iter().map(|file| &*file.path).filter(|path| is_hidden(path)).collect();
        if hidden.is_empty() {
            return Ok(());
        }
        let index = self.files.iter().find(|file| file.path == INDEX).ok_or_else(|| self.without_index())?;
        let page = index.read(&self.root)?;
        let page = String::from_utf8_lossy(&page);
        let Some(missed) = hidden.into_iter().find(|path| page.contains(path)) else { return Ok(()) };
        Err(Unusable(format!(
            "{} has {missed} where the API stands, so that no browser would get what the page loads; choose an API_PREFIX \
             other than {prefix}, or have the app built without that folder",
            self.root.display()
        )))
    }

    pub(super) fn without_index(&self) -> Unusable {
        not_built(
            &self.root,
            &format!("has no {INDEX} that is a file (links within the folder are not followed)"),
        )
    }

    fn too_large(&self, what: &str) -> Unusable {
        Unusable(format!(
            "{} has {what}, and all of it would be kept in memory; name the folder that building the app makes, and \
             serve large files from elsewhere",
            self.root.display()
        ))
    }
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| about.is_file())
}

/// The name of an entry, unless it is hidden. Browsers ask in UTF-8, so what has another name cannot be asked for.
fn served_name(entry: &DirEntry) -> Option<String> {
    entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))
}

fn not_built(folder: &Path, what: &str) -> Unusable {
    Unusable(format!(
        "{} {what}; build the app first, and name the folder that has its {INDEX}, such as clients/react/dist",
        folder.display()
    ))
}

fn unreadable(path: &Path, error: &io::Error) -> Unusable {
    Unusable(format!("{} cannot be read: {error}", path.display()))
}

fn changing(path: &Path) -> Unusable {
    Unusable(format!("{} changes while it is read", path.display()))
}
