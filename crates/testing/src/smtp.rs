//! A mail server for tests: it speaks SMTP (RFC 5321) on a socket, keeps what it is given and misbehaves to order.

mod certificate;
mod conversation;
mod received;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use received::Received;

/// A mail server on a port of its own, until it is dropped.
pub struct SmtpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// What a server is like.
#[derive(Clone, Debug, Default)]
pub struct SmtpOptions {
    /// User and password without which it takes no message.
    pub credentials: Option<(String, String)>,
    /// Whether it encrypts, with a certificate for `localhost` that it made and signed itself.
    pub tls: ServerTls,
    /// Takes no address beyond ASCII, as if it did not know SMTPUTF8 (RFC 6531).
    pub ascii_only: bool,
    /// A line more in its answer to EHLO, as it stands there.
    pub extension: Option<String>,
}

/// How a server encrypts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerTls {
    /// Not at all.
    #[default]
    No,
    /// After STARTTLS.
    Offered,
    /// From the first byte.
    Implicit,
}

/// What a client has just done, to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Connected; the answer is the greeting.
    Connect,
    /// EHLO.
    Ehlo,
    /// STARTTLS.
    StartTls,
    /// AUTH, with the credentials.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA, before the message.
    Data,
    /// The whole message.
    Content,
    /// QUIT.
    Quit,
}

/// What a server does instead of the right thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers that, one or several lines, and goes on. `{line}` stands for the line that is answered.
    Answer(String),
    /// Closes the connection without an answer.
    Close,
    /// Keeps the message, then closes the connection without an answer. Only at [`Step::Content`].
    TakeAndClose,
    /// Gives the right answer, then closes the connection.
    AnswerAndClose,
    /// Stays silent until the client gives up.
    Stall,
}

#[derive(Default)]
struct Shared {
    options: SmtpOptions,
    certificate: Option<certificate::Certificate>,
    state: Mutex<State>,
    changed: Condvar,
    stopped: AtomicBool,
}

#[derive(Default)]
struct State {
    messages: Vec<Received>,
    commands: Vec<String>,
    faults: Vec<(usize, Step, Fault)>,
}

impl SmtpServer {
    /// A server in the clear that asks for no credentials.
    pub fn start() -> Self {
        Self::with(SmtpOptions::default())
    }

    /// A server like that.
    pub fn with(options: SmtpOptions) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let certificate = (options.tls != ServerTls::No).then(certificate::Certificate::new);
        let shared = Arc::new(Shared { options, certificate, ..Shared::default() });
        let serving = shared.clone();
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (stream, serving) = (stream.unwrap(), serving.clone());
                std::thread::spawn(move || conversation::serve(stream, &serving));
            }
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a query.
    pub fn url(&self) -> String {
        let user = self.shared.options.credentials.as_ref();
        let user = user.map(|(user, password)| format!("{user}:{password}@")).unwrap_or_default();
        // A certificate is for a name.
        match self.shared.options.tls {
            ServerTls::No => format!("smtp://{user}{}", self.address),
            ServerTls::Offered => format!("smtp://{user}localhost:{}", self.address.port()),
            ServerTls::Implicit => format!("smtps://{user}localhost:{}", self.address.port()),
        }
    }

    /// Its certificate, for a client that is to trust it.
    pub fn certificate_pem(&self) -> Vec<u8> {
        self.shared.certificate.as_ref().expect("a server with TLS").pem.clone()
    }

    /// Orders a fault for the next so many times that the step comes. Faults of one step happen in the order of order.
    pub fn fail(&self, times: usize, step: Step, fault: Fault) {
        self.shared.state.lock().unwrap().faults.push((times, step, fault));
    }

    /// The messages that it took, in that order.
    pub fn messages(&self) -> Vec<Received> {
        self.shared.state.lock().unwrap().messages.clone()
    }

    /// Waits until it has taken so many messages and returns all. Fails after 10 seconds.
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut state = self.shared.state.lock().unwrap();
        while state.messages.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} messages instead of {count} in 10 seconds", state.messages.len());
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
        state.messages.clone()
    }

    /// The lines that clients sent, but for messages.
    pub fn commands(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().commands.clone()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // The listener is waiting for somebody.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl Shared {
    fn fault(&self, step: Step) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let (times, _, fault) = state.faults.iter_mut().find(|(times, at, _)| *times > 0 && *at == step)?;
        *times -= 1;
        Some(fault.clone())
    }

    fn keep(&self, message: Received) {
        self.state.lock().unwrap().messages.push(message);
        self.changed.notify_all();
    }

    fn note(&self, command: &str) {
        self.state.lock().unwrap().commands.push(command.to_owned());
    }
}
