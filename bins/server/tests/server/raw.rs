//! One request on a connection of its own, by hand: for what a client library hides or makes into a failure.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::support::PATIENCE;

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

/// Why there is no whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Nobody listens.
    Refused,
    /// The connection ended before the answer did.
    CutOff,
}

impl Reply {
    /// Reads an answer to the end of its connection.
    pub(crate) fn read(stream: &mut TcpStream) -> Result<Self, Lost> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(|_| Lost::CutOff)?;
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").ok_or(Lost::CutOff)?;
        let status = head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or(Lost::CutOff)?;
        let reply = Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() };
        let whole = reply.header("content-length").is_none_or(|length| length == body.len().to_string());
        if whole { Ok(reply) } else { Err(Lost::CutOff) }
    }

    /// A header, by its lower-case name; values are given in lower case too.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A connection that gives up after [`PATIENCE`].
pub(crate) fn connect(port: u16) -> Result<TcpStream, Lost> {
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|_| Lost::Refused)?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Ok(stream)
}

/// `GET`, with a token.
pub(crate) fn get(port: u16, path: &str, token: &str) -> Result<Reply, Lost> {
    exchange(port, "GET", path, &format!("Authorization: Bearer {token}\r\n"), "")
}

/// `POST` with JSON and a token.
pub(crate) fn post(port: u16, path: &str, token: &str, body: &Value) -> Result<Reply, Lost> {
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    exchange(port, "POST", path, &headers, &body.to_string())
}

fn exchange(port: u16, method: &str, path: &str, headers: &str, body: &str) -> Result<Reply, Lost> {
    let mut stream = connect(port)?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n\
         {headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).map_err(|_| Lost::CutOff)?;
    Reply::read(&mut stream)
}
