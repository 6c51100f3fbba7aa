//! Which address a request comes from when proxies stand in between.
//!
//! Anybody can send `X-Forwarded-For`, so it counts only as far as proxies wrote it that are known and trusted: none
//! unless the operator names them, not even on the same machine. Each proxy appends the address that it was called
//! from, so the header is read from its end, and the first address that is no trusted proxy's is the client's.
//!
//! Where there is no `X-Forwarded-For`, `Forwarded` (RFC 7239) is read in the same way. If both are there,
//! `X-Forwarded-For` counts alone, whatever is in it: most proxies write that one, and pass on a `Forwarded` that a
//! client made up. The other way round, a proxy that writes only `Forwarded` must remove `X-Forwarded-For` from what it
//! passes on, or clients choose their address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use actix_web::http::header::{self, HeaderMap, HeaderName};
use ipnet::IpNet;

/// The most addresses of a header that are looked at, from its end.
pub const MAX_HOPS: usize = 50;

/// The networks whose word on where a request comes from is believed. None by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// The address of the client.
    ///
    /// `peer` is who opened the connection. If that is no trusted proxy, it is the client, and the headers say nothing.
    /// Otherwise the last address in them that is no trusted proxy's is the client; where there is none, the first of
    /// the proxies is. What is no address (`unknown`, `_hidden`, nonsense, nothing) ends the search, since whatever
    /// stands before it could be made up. An IPv4 address written as an IPv6 one (RFC 4291 §2.5.5.2) is the former.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        if headers.contains_key(header::X_FORWARDED_FOR) {
            self.furthest(peer, entries(headers, header::X_FORWARDED_FOR, without_quotes).map(node))
        } else {
            self.furthest(peer, entries(headers, header::FORWARDED, with_quotes).map(forwarded_for))
        }
    }

    /// Whether every address, of IPv4 or of IPv6, is among them, so that clients choose the one that they seem to have.
    pub fn trusts_everybody(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The first address, from the nearest on, that is not trusted; or the last one before it cannot be told any more.
    fn furthest(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut known = peer;
        for hop in hops.take(MAX_HOPS) {
            let Some(address) = hop else { break };
            known = address;
            if !self.trusts(address) {
                break;
            }
        }
        known
    }
}

/// The entries of a list header from the last one to the first: all its lines are one list (RFC 9110 §5.3).
///
/// They stay bytes, because a client may send others than ASCII in front of what a proxy appends.
fn entries(
    headers: &HeaderMap,
    name: HeaderName,
    begin_of_last: fn(&[u8]) -> Option<usize>,
) -> impl Iterator<Item = &[u8]> {
    let lines: Vec<&[u8]> = headers.get_all(name).map(|line| line.as_bytes()).collect();
    lines.into_iter().rev().flat_map(move |line| {
        let mut rest = Some(line);
        std::iter::from_fn(move || {
            let line = rest?;
            let comma = begin_of_last(line);
            rest = comma.map(|comma| &line[..comma]);
            Some(comma.map_or(line, |comma| &line[comma + 1..]))
        })
    })
}

/// Where the comma before the last entry is.
fn without_quotes(line: &[u8]) -> Option<usize> {
    line.iter().rposition(|byte| *byte == b',')
}

/// Where the comma before the last entry is, if commas in quoted strings are none.
///
/// It reads from the end, so that a quote that a client left open does not swallow what a proxy appended.
fn with_quotes(line: &[u8]) -> Option<usize> {
    rposition_unquoted(line, b',')
}

/// Where the byte is last, outside of quoted strings (RFC 9110 §5.6.4).
fn rposition_unquoted(text: &[u8], wanted: u8) -> Option<usize> {
    let mut quoted = false;
    (0..text.len()).rev().find(|&at| {
        let backslashes = || text[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        // A quote after a backslash is one of a string's characters.
        if text[at] == b'"' && backslashes() % 2 == 0 {
            quoted = !quoted;
        }
        text[at] == wanted && !quoted
    })
}

/// The address in the `for` of an element of `Forwarded` (RFC 7239 §4), which may stand there once.
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    let mut rest = Some(element);
    while let Some(pairs) = rest {
        let semicolon = rposition_unquoted(pairs, b';');
        rest = semicolon.map(|semicolon| &pairs[..semicolon]);
        let pair = semicolon.map_or(pairs, |semicolon| &pairs[semicolon + 1..]);
        let Some((name, value)) = std::str::from_utf8(pair).ok()?.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("for") && found.replace(value.trim()).is_some() {
            return None;
        }
    }
    node(unquoted(found?)?.as_bytes())
}

/// A token as it is, a quoted string without its quotes; nothing where quotes have no counterpart.
fn unquoted(value: &str) -> Option<String> {
    let Some(begun) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    let mut text = String::with_capacity(begun.len());
    let mut characters = begun.chars();
    loop {
        match characters.next()? {
            '"' => return characters.as_str().is_empty().then_some(text),
            '\\' => text.push(characters.next()?),
            other => text.push(other),
        }
    }
}

/// The address of a node, with or without a port: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (address, port) = if let Some(begun) = text.strip_prefix('[') {
        let (address, after) = begun.split_once(']')?;
        (IpAddr::V6(address.parse::<Ipv6Addr>().ok()?), after.strip_prefix(':').or_else(|| nothing(after)))
    } else if let Ok(address) = text.parse::<IpAddr>() {
        (address, Some(""))
    } else {
        let (address, port) = text.split_once(':')?;
        (IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), Some(port))
    };
    port.filter(|port| is_port(port)).map(|_| address.to_canonical())
}

fn nothing(text: &str) -> Option<&str> {
    text.is_empty().then_some(text)
}

/// A number, an obfuscated one (RFC 7239 §6.3), or none.
fn is_port(port: &str) -> bool {
    match port.strip_prefix('_') {
        Some(hidden) => hidden.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
        None => port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Why a list of networks cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadNetworks(String);

impl fmt::Display for BadNetworks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadNetworks {}

impl FromStr for TrustedProxies {
    type Err = BadNetworks;

    /// Reads addresses and networks such as `10.0.0.0/8, 2001:db8::/32, 192.0.2.7`; nothing but white space is none.
    ///
    /// A network with bits beyond its prefix is refused: `10.1.2.3/8` may be meant as one machine, and trusting
    /// sixteen million for it would be a hole. An IPv4 network written as an IPv6 one is the former.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        text.split(',').map(|entry| network(entry.trim())).collect::<Result<_, _>>().map(Self)
    }
}

fn network(text: &str) -> Result<IpNet, BadNetworks> {
    let bad = || BadNetworks(format!("`{text}` is neither an address nor a network such as 10.0.0.0/8"));
    let Some((address, prefix)) = text.split_once('/') else {
        return text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical())).map_err(|_| bad());
    };
    if !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let (address, prefix) = (address.parse::<IpAddr>(), prefix.parse::<u8>());
    let (Ok(address), Ok(prefix)) = (address, prefix) else { return Err(bad()) };
    let network = IpNet::new(address, prefix).map_err(|_| bad())?;
    if network.addr() != network.network() {
        return Err(BadNetworks(format!(
            "`{text}` has bits beyond its prefix: the network is {}, the one address {address}",
            network.trunc()
        )));
    }
    // What is compared with it is never such an address: see `client_address`.
    match (address.to_canonical(), prefix.checked_sub(96)) {
        (v4 @ IpAddr::V4(_), Some(shorter)) if address.is_ipv6() => {
            IpNet::new(v4, shorter).map_err(|_| bad())
        }
        _ => Ok(network),
    }
}
