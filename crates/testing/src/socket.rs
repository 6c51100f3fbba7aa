//! A WebSocket client that keeps to RFC 6455, or does not, as a test likes. It blocks.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

mod frame;
mod handshake;

pub use frame::{Frame, frame, opcode};
pub use handshake::Handshake;

use frame::parse;

/// How long anything here may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open WebSocket. Dropping it closes the connection without a word.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    unread: Vec<u8>,
    protocol: Option<String>,
    headers: HeaderMap,
    answers_pings: bool,
    pings: u32,
    /// What came while [`Socket::settle`] waited.
    early: VecDeque<Value>,
}

impl Socket {
    /// Opens one with that access token.
    #[track_caller]
    pub fn connect(address: SocketAddr, token: &str) -> Self {
        Handshake::new(address, "/api/ws").offering(token).open()
    }

    /// Opens one that wants what came after that event.
    #[track_caller]
    pub fn resume(address: SocketAddr, token: &str, since: u64) -> Self {
        Handshake::new(address, &format!("/api/ws?since={since}")).offering(token).open()
    }

    /// The subprotocol that the server has chosen.
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// The headers of the answer to the handshake.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// How many pings have come.
    pub fn pings(&self) -> u32 {
        self.pings
    }

    /// From now on pings are frames like others, and nobody answers them.
    pub fn ignore_pings(&mut self) {
        self.answers_pings = false;
    }

    /// The connection below.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a text frame with that JSON.
    #[track_caller]
    pub fn send(&mut self, value: &Value) {
        self.send_text(&value.to_string());
    }

    /// Sends a text frame with that JSON, and waits until the server has dealt with it: what it brings others is on
    /// its way to them then, where one instance delivers.
    #[track_caller]
    pub fn say(&mut self, value: &Value) {
        self.send(value);
        self.settle();
    }

    /// Waits until the server has dealt with everything that was sent here. What comes meanwhile is kept.
    #[track_caller]
    pub fn settle(&mut self) {
        self.early = self.so_far().into();
    }

    /// Sends a text frame.
    #[track_caller]
    pub fn send_text(&mut self, text: &str) {
        self.frame(opcode::TEXT, true, text.as_bytes());
    }

    /// Sends a close frame.
    pub fn close(&mut self, code: u16) {
        self.frame(opcode::CLOSE, true, &code.to_be_bytes());
    }

    /// Sends any frame, masked.
    #[track_caller]
    pub fn frame(&mut self, opcode: u8, is_final: bool, payload: &[u8]) {
        self.raw(&frame(opcode, is_final, payload)).expect("the server takes the frame");
    }

    /// Sends any bytes.
    pub fn raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next frame, which has to come. Pings are answered and passed over, unless they are ignored.
    #[track_caller]
    pub fn next_frame(&mut self) -> Frame {
        self.next_within(PATIENCE).expect("a frame in time")
    }

    /// The next frame, if one comes in that time.
    pub fn next_within(&mut self, time: Duration) -> Option<Frame> {
        let deadline = Instant::now() + time;
        loop {
            let (frame, length) = loop {
                if let Some(parsed) = parse(&self.unread) {
                    break parsed;
                }
                match self.fill(deadline)? {
                    0 => return Some(Frame::End),
                    _ => continue,
                }
            };
            self.unread.drain(..length);
            match frame {
                Frame::Ping(payload) => {
                    self.pings += 1;
                    if !self.answers_pings {
                        return Some(Frame::Ping(payload));
                    }
                    // The server may have gone meanwhile.
                    let _ = self.raw(&self::frame(opcode::PONG, true, &payload));
                }
                frame => return Some(frame),
            }
        }
    }

    /// The next frame, which is a text frame with JSON.
    #[track_caller]
    pub fn json(&mut self) -> Value {
        if let Some(value) = self.early.pop_front() {
            return value;
        }
        match self.next_frame() {
            Frame::Text(text) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("no text but {other:?}"),
        }
    }

    /// The next frame, which is a refusal with that code.
    #[track_caller]
    pub fn expect_error(&mut self, code: &str) {
        let answer = self.json();
        assert_eq!(answer["error"]["code"], code, "{answer}");
        assert!(answer["error"]["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer}");
        assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    }

    /// Everything that was sent before the answer to a frame of now. Where one instance delivers, nothing of what it
    /// has dealt with by now is missing; what others have sent only may be, unless they [`say`](Self::say) it.
    #[track_caller]
    pub fn so_far(&mut self) -> Vec<Value> {
        self.send_text("\"so far\"");
        let mut values = Vec::new();
        loop {
            let value = self.json();
            if value["error"]["code"] == "not_an_object" {
                return values;
            }
            values.push(value);
        }
    }

    /// Reads on to the close frame, and expects that code and the end of the connection. Returns the texts before it.
    #[track_caller]
    pub fn expect_close(&mut self, code: u16) -> Vec<String> {
        let mut texts = Vec::new();
        loop {
            match self.next_frame() {
                Frame::Text(text) => texts.push(text),
                Frame::Close(came, reason) => {
                    assert_eq!(came, code, "{reason}");
                    break;
                }
                Frame::End => panic!("ended without a close frame; {} texts before", texts.len()),
                _ => {}
            }
        }
        let _ = self.raw(&frame(opcode::CLOSE, true, &code.to_be_bytes()));
        assert_eq!(self.next_frame(), Frame::End, "after the close frame");
        texts
    }

    /// Ends the way to the server; what the server sends can still be read.
    pub fn shut_down_writing(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    fn read_head(&mut self) -> (u16, HeaderMap) {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            let read = self.fill(Instant::now() + PATIENCE).expect("an answer in time");
            assert!(read > 0, "the connection ended within the head: {:?}", self.unread);
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap()[9..12].parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        });
        (status, headers.collect())
    }

    fn read_exactly(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            let read = self.fill(Instant::now() + PATIENCE).expect("a body in time");
            assert!(read > 0, "the connection ended within the body");
        }
        self.unread.drain(..length).collect()
    }

    /// Reads something; 0 at the end, `None` where nothing comes in time.
    fn fill(&mut self, deadline: Instant) -> Option<usize> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left)).unwrap();
        let mut buffer = [0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(read) => {
                self.unread.extend_from_slice(&buffer[..read]);
                Some(read)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
            // Reset is an end as well.
            Err(_) => Some(0),
        }
    }
}
