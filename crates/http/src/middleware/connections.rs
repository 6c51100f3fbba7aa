//! Closes connections whose peer keeps a request head from ever being complete.
//!
//! actix limits the time for the head of a connection's first request only. Later its keep-alive timer runs between
//! requests, but stops at the first byte of the next one: a peer that sends one byte an hour would hold the
//! connection for ever, and a few thousand of those all that the server may have. (The same goes for the rest of a
//! chunked body that nobody reads.)
//!
//! So every connection has a record of how many of its requests are being answered, and since when there are none.
//! A sweeper shuts down the sockets that have been without one for longer than keep-alive and head timeout together:
//! a peer that keeps to both limits never meets it.
//!
//! An answer is being given until its body has been handed to the system whole, however slowly the peer takes it; but
//! a peer that takes nothing of it for as long as the write timeout is given up too.

use std::any::Any;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;

use crate::settings::HttpSettings;

/// The open connections of a server, of all its workers.
#[derive(Clone)]
pub struct Connections(Arc<Shared>);

struct Shared {
    started: Instant,
    idle_limit: Duration,
    write_limit: Duration,
    open: Mutex<Vec<Weak<Connection>>>,
}

/// One connection. actix keeps it with the connection's data, so it lives as long as that does.
pub(crate) struct Connection {
    /// A second descriptor of the socket, to shut it down by: actix keeps the first to itself.
    socket: OwnedFd,
    started: Instant,
    /// Requests that are being answered. An upgraded connection counts as one for ever.
    in_flight: AtomicU32,
    /// When there were last any, in milliseconds after `started`.
    idle_since: AtomicU64,
    /// Since when the peer has to take what was written last, in the same milliseconds; [`NOTHING`] where it is we who
    /// are waited for. A connection writes one answer at a time.
    writing_since: AtomicU64,
}

/// Nothing is being written.
const NOTHING: u64 = u64::MAX;

impl Connections {
    /// No connections yet, with the limits of these settings.
    pub fn new(settings: &HttpSettings) -> Self {
        Self(Arc::new(Shared {
            started: Instant::now(),
            idle_limit: settings.keep_alive + settings.head_timeout,
            write_limit: settings.write_timeout,
            open: Mutex::new(Vec::new()),
        }))
    }

    /// For `HttpServer::on_connect`.
    pub fn on_connect(&self) -> impl Fn(&dyn Any, &mut Extensions) + Clone + Send + Sync + 'static {
        let shared = Arc::clone(&self.0);
        move |io, extensions| {
            let Some(stream) = io.downcast_ref::<TcpStream>() else { return };
            match stream.as_fd().try_clone_to_owned() {
                Ok(socket) => {
                    extensions.insert(shared.add(socket));
                }
                // Out of descriptors: this one is served without the guard.
                Err(error) => tracing::warn!(%error, "a connection is not watched"),
            }
        }
    }

    /// Closes what has to be closed, until the last handle to these connections is gone. Spawn it once for a server.
    pub fn sweep(&self) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::downgrade(&self.0);
        let pause = (self.0.idle_limit.min(self.0.write_limit) / 8)
            .clamp(Duration::from_millis(20), Duration::from_secs(5));
        async move {
            while let Some(shared) = shared.upgrade() {
                shared.close_overdue();
                drop(shared);
                tokio::time::sleep(pause).await;
            }
        }
    }
}

impl Shared {
    fn add(&self, socket: OwnedFd) -> Arc<Connection> {
        let connection = Arc::new(Connection {
            socket,
            started: self.started,
            in_flight: AtomicU32::new(0),
            idle_since: AtomicU64::new(millis(self.started.elapsed())),
            writing_since: AtomicU64::new(NOTHING),
        });
        self.open.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&connection));
        connection
    }

    fn close_overdue(&self) {
        let now = millis(self.started.elapsed());
        let (idle_limit, write_limit) = (millis(self.idle_limit), millis(self.write_limit));
        self.open.lock().unwrap_or_else(PoisonError::into_inner).retain(|connection| {
            let Some(connection) = connection.upgrade() else { return false };
            let overdue = if connection.in_flight.load(Ordering::Acquire) == 0 {
                now.saturating_sub(connection.idle_since.load(Ordering::Acquire)) > idle_limit
            } else {
                now.saturating_sub(connection.writing_since.load(Ordering::Acquire)) > write_limit
            };
            if overdue {
                connection.hang_up();
            }
            true
        });
    }
}

impl Connection {
    /// Shuts the socket down, whatever is still to be sent or read.
    pub(crate) fn hang_up(&self) {
        // actix reads the end of the stream and lets go. An error means that it is closed already.
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
    }

    /// Whether actix has let go of it, and the peer has closed it too. What still comes is read and thrown away: with
    /// bytes unread the system would reset the connection, and what was written last could be lost (RFC 9112 §9.6).
    ///
    /// For a connection that nothing but actix and the caller holds.
    pub(crate) fn is_over(self: &Arc<Self>) -> bool {
        /// The most reads at once.
        const READS: usize = 64;
        if Arc::strong_count(self) > 1 {
            return false;
        }
        let mut buffer = [0_u8; 4096];
        for _ in 0..READS {
            match rustix::net::recv(&self.socket, &mut buffer, rustix::net::RecvFlags::DONTWAIT) {
                Ok((0, _)) => return true,
                Ok(_) => {}
                Err(error) => return error != rustix::io::Errno::AGAIN,
            }
        }
        false
    }
}

/// A request that is being answered; ends when dropped.
pub(super) struct InFlight(Option<Arc<Connection>>);

impl InFlight {
    /// Begins one on that connection, where it is watched.
    pub(super) fn begin(connection: Option<&Arc<Connection>>) -> Self {
        let connection = connection.cloned();
        if let Some(connection) = &connection {
            connection.in_flight.fetch_add(1, Ordering::AcqRel);
        }
        Self(connection)
    }

    /// From now on it is the peer that is waited for, to take what is written, or it is not.
    fn set_writing(&self, writing: bool) {
        if let Some(connection) = &self.0 {
            let since = if writing { millis(connection.started.elapsed()) } else { NOTHING };
            connection.writing_since.store(since, Ordering::Release);
        }
    }

    /// The connection was upgraded: another protocol, with timeouts of its own, goes on there.
    pub(super) fn never_ends(&mut self) {
        self.0 = None;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.writing_since.store(NOTHING, Ordering::Release);
            connection.idle_since.store(millis(connection.started.elapsed()), Ordering::Release);
            connection.in_flight.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// A body whose request is in flight until it has been written.
pub(super) struct Answering<B> {
    body: B,
    in_flight: InFlight,
}

impl<B> Answering<B> {
    pub(super) fn new(body: B, in_flight: InFlight) -> Self {
        Self { body, in_flight }
    }
}

impl<B: MessageBody + Unpin> MessageBody for Answering<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    /// actix asks for more only when what it had before is written.
    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = Pin::new(&mut self.body).poll_next(context);
        self.in_flight.set_writing(next.is_ready());
        next
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
