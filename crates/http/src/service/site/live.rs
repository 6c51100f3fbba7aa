//! The build that is served now, and the one that takes its place.

use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt::{task, time};
use arc_swap::{ArcSwap, Guard};

use super::Site;
use super::folder::{Folder, Unusable};

#[cfg(test)]
mod tests;

/// How often the folder is looked at. A new build is served once two looks in a row have found the same.
const PERIOD: Duration = Duration::from_secs(1);

/// The files that are served now. All of them change at once.
pub(crate) struct Live(ArcSwap<Site>);

impl Live {
    /// Reads the folder, and begins to look for new builds. Has to be called within an actix system.
    ///
    /// # Errors
    /// If the folder cannot be served.
    pub(crate) fn start(folder: PathBuf, prefix: &str) -> Result<Arc<Self>, Unusable> {
        let watcher = Watcher::new(folder, prefix)?;
        let live = Arc::clone(&watcher.live);
        actix_web::rt::spawn(watcher.run());
        Ok(live)
    }

    /// The build that is served now.
    pub(crate) fn site(&self) -> Guard<Arc<Site>> {
        self.0.load()
    }
}

/// What a look at the folder finds.
type Look = Result<Folder, Unusable>;

/// Looks for new builds, and puts them in the place of what is served.
struct Watcher {
    folder: PathBuf,
    prefix: String,
    live: Arc<Live>,
    /// What the last look has found.
    last: Look,
    /// What was tried last: it is served, or it has the fault.
    tried: Look,
    fault: Option<Unusable>,
}

impl Watcher {
    /// Reads the folder for the first time.
    fn new(folder: PathBuf, prefix: &str) -> Result<Self, Unusable> {
        let found = Folder::survey(&folder)?;
        let live = Arc::new(Live(ArcSwap::from_pointee(read(&found, prefix)?)));
        let prefix = prefix.to_owned();
        Ok(Self { folder, prefix, live, last: Ok(found.clone()), tried: Ok(found), fault: None })
    }

    async fn run(mut self) {
        loop {
            time::sleep(PERIOD).await;
            let Some(watcher) = self.aside(Self::look).await else { return };
            self = watcher;
        }
    }

    /// Does that beside the thread that everything else here waits on, for files are read and compressed. None if it
    /// panics, which is said.
    async fn aside(mut self, act: impl FnOnce(&mut Self) + Send + 'static) -> Option<Self> {
        let done = task::spawn_blocking(move || {
            act(&mut self);
            self
        });
        let done = done.await.inspect_err(|error| {
            tracing::error!(%error, "new builds of the web app are not looked for any more; restart to serve one");
        });
        done.ok()
    }

    fn look(&mut self) {
        self.consider(Folder::survey(&self.folder));
    }

    /// Serves what a look has found, if the one before has found the same: what a build has half written, or thrown away
    /// to begin with, is left alone. What cannot be served is tried once, and again when it has changed.
    fn consider(&mut self, found: Look) {
        let before = mem::replace(&mut self.last, found);
        if self.last != before || self.last == self.tried {
            return;
        }
        self.tried.clone_from(&self.last);
        match self.last.clone().and_then(|folder| read(&folder, &self.prefix)) {
            Ok(site) => {
                self.live.0.store(Arc::new(site));
                self.fault = None;
            }
            Err(fault) => {
                if self.fault.as_ref() != Some(&fault) {
                    tracing::warn!(%fault, "the app has changed and cannot be served; the one from before is served");
                }
                self.fault = Some(fault);
            }
        }
    }
}

fn read(folder: &Folder, prefix: &str) -> Result<Site, Unusable> {
    let started = Instant::now();
    let site = Site::read(folder, prefix)?;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(files = site.files.len(), duration_ms, "the web app was read");
    Ok(site)
}
