//! Asks a running server whether it is ready. For container engines, which find no `curl` in a small image.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::config;

/// How long the whole exchange may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// The path that tells readiness.
const READY: &str = "/health/ready";

/// Succeeds where the server answers 200.
pub(crate) fn check(url: Option<&str>) -> anyhow::Result<()> {
    let Target { host, port, path } = match url {
        Some(url) => Target::parse(url)?,
        None => {
            let (host, port) = config::listening_address()?;
            Target { host: reachable(host), port, path: READY.to_owned() }
        }
    };
    let status = status(&host, port, &path).with_context(|| format!("no answer from {host} port {port}"))?;
    ensure!(status == 200, "{host} port {port} answers {status}: not ready");
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Target {
    host: String,
    port: u16,
    path: String,
}

impl Target {
    /// Reads `http://host[:port][/path]`.
    fn parse(url: &str) -> anyhow::Result<Self> {
        let wrong = "the URL must be like http://127.0.0.1:8000/health/ready";
        let rest = url.strip_prefix("http://").context(wrong)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().context(wrong)?),
            _ => (authority, 80),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        ensure!(!host.is_empty() && !url.contains(|c: char| c.is_control() || c == ' ' || c == '@'), wrong);
        let path = if path.is_empty() { READY } else { path };
        Ok(Self { host: host.to_owned(), port, path: path.to_owned() })
    }
}

/// An address to connect to, for one to listen on: every address of the machine becomes its loopback.
fn reachable(host: String) -> String {
    match host.parse() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "::1".to_owned(),
        _ => host,
    }
}

/// The status of the answer to one GET.
fn status(host: &str, port: u16, path: &str) -> anyhow::Result<u16> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = connect(host, port, deadline)?;
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    stream.set_write_timeout(Some(left(deadline)?))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    // The status stands in the first twelve bytes: `HTTP/1.1 200`.
    let mut head = [0; 12];
    let mut len = 0;
    while len < head.len() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut head[len..])? {
            0 => bail!("the connection ended before the answer"),
            more => len += more,
        }
    }
    let head = str::from_utf8(&head).context("the answer is not HTTP")?;
    let status =
        head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..)).and_then(|digits| digits.parse().ok());
    status.context("the answer is not HTTP")
}

fn connect(host: &str, port: u16, deadline: Instant) -> anyhow::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    let mut failure = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.map_or_else(|| anyhow::anyhow!("the name has no address"), Into::into))
}

/// The time that is left; an error where none is.
fn left(deadline: Instant) -> anyhow::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    ensure!(!left.is_zero(), "timed out after {} s", PATIENCE.as_secs());
    Ok(left)
}
