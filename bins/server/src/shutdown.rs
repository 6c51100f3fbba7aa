//! Runs a server until it is told to end, and ends it so that nobody notices.

use std::pin::pin;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::rt;
use anyhow::{Context, anyhow, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the server until SIGTERM or SIGINT. Then readiness turns to 503 through `drain`, `delay` passes so that load
/// balancers notice, connections are refused, and what is in flight has as long to end as the server was made with.
///
/// # Errors
/// A second signal ends it at once, which is an error because requests may have been cut off.
pub(crate) async fn run(server: Server, drain: impl FnOnce(), delay: Duration) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let handle = server.handle();
    let mut server = pin!(rt::spawn(server));
    tokio::select! {
        // It ends by itself only when something is broken.
        ended = &mut server => {
            ended.context("the server's task was lost")?.context("the server broke off")?;
            bail!("the server ended by itself");
        }
        name = signals.next() => tracing::info!(signal = name, delay_s = delay.as_secs(), "shutting down"),
    }
    drain();
    let stopping = async {
        rt::time::sleep(delay).await;
        handle.stop(true).await;
        server.await
    };
    tokio::select! {
        ended = stopping => ended.context("the server's task was lost")?.context("the server broke off")?,
        name = signals.next() => return Err(anyhow!("ended at once by a second signal ({name})")),
    }
    tracing::info!("shut down");
    Ok(())
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
