//! How a WebSocket is asked for.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use ureq::http::HeaderMap;

use super::{PATIENCE, Socket};
use crate::client::Answer;

/// The example of RFC 6455 §1.3: a key, and what a server makes of it.
const KEY: (&str, &str) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

/// A request for a WebSocket, to be changed and sent.
#[derive(Clone, Debug)]
pub struct Handshake {
    address: SocketAddr,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
}

impl Handshake {
    /// A good one, but for a token.
    pub fn new(address: SocketAddr, path: &str) -> Self {
        let headers = [
            ("Host", address.to_string().as_str()),
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", KEY.0),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        Self { address, method: "GET".to_owned(), path: path.to_owned(), headers }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without that header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    /// With another method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    /// With that access token in `Authorization`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// With that access token as a browser offers it.
    #[must_use]
    pub fn offering(self, token: &str) -> Self {
        self.with("Sec-WebSocket-Protocol", &format!("plinth.v1, bearer.{token}"))
    }

    /// Sends it and waits for nothing.
    pub fn dispatch(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).expect("the server takes the request");
        stream
    }

    /// Sends it. An answer other than 101 is an error.
    pub fn send(&self) -> Result<Socket, Box<Answer>> {
        let stream = self.dispatch();
        let mut socket = Socket {
            stream,
            unread: Vec::new(),
            protocol: None,
            headers: HeaderMap::new(),
            answers_pings: true,
            early: VecDeque::new(),
            pings: 0,
        };
        let (status, headers) = socket.read_head();
        if status != 101 {
            let length = headers.get("content-length").map_or("0", |length| length.to_str().unwrap());
            let body = socket.read_exactly(length.parse().unwrap());
            return Err(Box::new(Answer { status, headers, body }));
        }
        assert_eq!(headers["sec-websocket-accept"], KEY.1);
        assert!(headers["upgrade"].to_str().unwrap().eq_ignore_ascii_case("websocket"));
        let protocol = headers.get("sec-websocket-protocol");
        socket.protocol = protocol.map(|protocol| protocol.to_str().unwrap().to_owned());
        socket.headers = headers;
        Ok(socket)
    }

    /// Sends it and expects to be let in.
    #[track_caller]
    pub fn open(&self) -> Socket {
        match self.send() {
            Ok(socket) => socket,
            Err(answer) => panic!("refused: {} {}", answer.status, String::from_utf8_lossy(&answer.body)),
        }
    }

    /// Sends it and expects to be refused.
    #[track_caller]
    pub fn refused(&self) -> Answer {
        match self.send() {
            Ok(_) => panic!("let in"),
            Err(answer) => *answer,
        }
    }
}
