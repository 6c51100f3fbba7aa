//! How jobs are told to end.

use std::time::Duration;

use tokio::sync::watch;

/// Tells jobs to end, also by being dropped.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Told when a job is to end. Cheap to clone: one for each job.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// A pair.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Tells every job to end once it is done with what it is at.
    pub fn stop(&self) {
        // Nobody may be left to be told.
        let _unheard = self.0.send(true);
    }
}

impl Stop {
    /// Whether it was told.
    pub fn is_told(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it is told.
    pub async fn told(&mut self) {
        // An error means that whoever could tell is gone.
        let _told = self.0.wait_for(|told| *told).await;
    }

    /// Waits that long, or until it is told. Returns whether to go on.
    pub async fn pause(&mut self, time: Duration) -> bool {
        // An error means that the time is over.
        tokio::time::timeout(time, self.told()).await.is_err()
    }
}
