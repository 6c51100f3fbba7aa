//! The folder that a build has made: what is in it, and what of that is served.

use std::fmt;
use std::fs::{self, DirEntry};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::INDEX;

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

/// Looks whether the folder can be served, without reading the files.
///
/// # Errors
/// If there is no such folder, if it is not what building an app has made, or if it is too large.
pub fn check(folder: &Path) -> Result<(), Unusable> {
    Folder::survey(folder).map(|_| ())
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
    bytes: u64,
    /// When its content or its permissions changed last (`st_ctime`), in seconds and nanoseconds. The time of modification
    /// would not do: some builds give all files the same, and hashes in a page do not change its length.
    changed: (i64, i64),
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
                } else if about.is_file() {
                    bytes += about.len();
                    let changed = (about.ctime(), about.ctime_nsec());
                    self.files.push(Found { path, bytes: about.len(), changed });
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
        let mut left = MOST_BYTES;
        let mut read = Vec::with_capacity(self.files.len());
        for found in &self.files {
            let path = self.root.join(&found.path);
            let mut bytes = Vec::new();
            // It may have grown since.
            let file = fs::File::open(&path).and_then(|file| file.take(left + 1).read_to_end(&mut bytes));
            let length = file.map_err(|error| unreadable(&path, &error))? as u64;
            left = left
                .checked_sub(length)
                .ok_or_else(|| self.too_large(&format!("more than {} MiB", MOST_BYTES >> 20)))?;
            read.push((found.path.clone(), bytes));
        }
        Ok(read)
    }

    pub(super) fn without_index(&self) -> Unusable {
        not_built(&self.root, &format!("has no {INDEX}"))
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
