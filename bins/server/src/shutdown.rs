//! Runs a server until it is told to end, and ends it so that nobody notices.

use std::io;
use std::pin::pin;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::rt;
use anyhow::{Context, anyhow};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the server until SIGTERM or SIGINT. Then readiness turns to 503 through `drain`, `delay` passes so that
/// load balancers notice, `hang_up` closes what never ends by itself, connections are refused, what is in flight
/// has as long to end as the server was made with, then `jobs` end, and `close` is called, on a thread of its own
/// since it may block.
///
/// # Errors
/// [`Ended::AtOnce`] on a second signal, at any time until all of this is done.
pub(crate) async fn run(
    server: Server,
    drain: impl FnOnce(),
    delay: Duration,
    hang_up: impl FnOnce(),
    jobs: impl Future<Output = ()>,
    close: impl FnOnce() + Send + 'static,
) -> Result<(), Ended> {
    let mut signals = Signals::new()?;
    let handle = server.handle();
    let mut server = pin!(rt::spawn(server));
    let broke_off = |ended: Result<io::Result<()>, _>| {
        ended.context("the server's task was lost").and_then(|ended| ended.context("the server broke off"))
    };
    tokio::select! {
        // It ends by itself only when something is broken.
        ended = &mut server => {
            broke_off(ended)?;
            return Err(anyhow!("the server ended by itself").into());
        }
        name = signals.next() => tracing::info!(signal = name, delay_s = delay.as_secs(), "shutting down"),
    }
    drain();
    let stopping = async {
        rt::time::sleep(delay).await;
        hang_up();
        handle.stop(true).await;
        let ended = server.await;
        jobs.await;
        let closed = rt::task::spawn_blocking(close).await;
        broke_off(ended)?;
        closed.context("closing broke off")
    };
    tokio::select! {
        ended = stopping => ended?,
        name = signals.next() => return Err(Ended::AtOnce(name)),
    }
    tracing::info!("shut down");
    Ok(())
}

/// Why a server did not end in good order.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// A second signal came, this one. Requests may have been cut off.
    #[error("ended at once by a second signal ({0})")]
    AtOnce(&'static str),
    /// Something is broken.
    #[error(transparent)]
    Broken(#[from] anyhow::Error),
}

/// The signals that end a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
