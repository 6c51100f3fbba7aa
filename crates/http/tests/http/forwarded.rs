//! Whose address counts when proxies stand between a client and the server.

use std::net::IpAddr;

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue, X_FORWARDED_FOR};
use plinth_http::forwarded::{MAX_HOPS, TrustedProxies};
use proptest::prelude::*;

/// The proxy next to the server, in the networks of [`proxies`].
const PROXY: &str = "10.0.0.1";

fn proxies() -> TrustedProxies {
    "10.0.0.0/8, 192.0.2.7, 2001:db8:1::/48".parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn headers(lines: &[(HeaderName, &[u8])]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name.clone(), HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

/// The client behind [`PROXY`] with those lines of one header.
fn client(name: &HeaderName, lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| (name.clone(), line.as_bytes())).collect();
    proxies().client_address(ip(PROXY), &headers(&lines)).to_string()
}

#[test]
fn networks_are_read() {
    for (text, inside, outside) in [
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.7/32", "192.0.2.7", "192.0.2.6"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("::1", "::1", "127.0.0.1"),
        ("0.0.0.0/0", "203.0.113.5", "2001:db8::1"),
        ("::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.8"),
        (" 172.16.0.0/12 ,\tfd00::/8 ", "fd12::1", "172.32.0.1"),
    ] {
        let proxies: TrustedProxies = text.parse().unwrap();
        let sent = headers(&[(X_FORWARDED_FOR, b"198.51.100.9")]);
        assert_eq!(proxies.client_address(ip(inside), &sent), ip("198.51.100.9"), "{text}");
        assert_eq!(proxies.client_address(ip(outside), &sent), ip(outside), "{text}");
    }
    for none in ["", "  "] {
        assert_eq!(none.parse(), Ok(TrustedProxies::default()));
    }
}

#[test]
fn what_is_no_network_is_refused_by_name() {
    for (text, named) in [
        ("proxy.example.com", "`proxy.example.com` is neither"),
        ("10.0.0.0/33", "`10.0.0.0/33` is neither"),
        ("10.0.0.0/", "`10.0.0.0/` is neither"),
        ("10.0.0.0/+8", "`10.0.0.0/+8` is neither"),
        ("10.0.0.0/255.0.0.0", "`10.0.0.0/255.0.0.0` is neither"),
        ("10.0.0/8", "`10.0.0/8` is neither"),
        ("010.0.0.0/8", "`010.0.0.0/8` is neither"),
        ("10.0.0.1:80", "`10.0.0.1:80` is neither"),
        ("2001:db8::/129", "`2001:db8::/129` is neither"),
        ("fe80::1%eth0", "`fe80::1%eth0` is neither"),
        ("*", "`*` is neither"),
        ("10.0.0.0/8,", "`` is neither"),
        ("10.0.0.0/8 192.0.2.7", "`10.0.0.0/8 192.0.2.7` is neither"),
        ("10.0.0.0/8, 10.1.2.3/8", "`10.1.2.3/8` has bits beyond its prefix: the network is 10.0.0.0/8"),
        ("2001:db8::1/32", "`2001:db8::1/32` has bits beyond its prefix: the network is 2001:db8::/32"),
    ] {
        let error = text.parse::<TrustedProxies>().unwrap_err().to_string();
        assert!(error.starts_with(named), "{text}: {error}");
    }
}

#[test]
fn nobody_is_trusted_by_default_and_loopback_neither() {
    let sent = headers(&[(X_FORWARDED_FOR, b"203.0.113.5"), (FORWARDED, b"for=203.0.113.5")]);
    for peer in ["127.0.0.1", "::1", "10.0.0.1", "169.254.1.1", "fe80::1", "198.51.100.1"] {
        assert_eq!(TrustedProxies::default().client_address(ip(peer), &sent), ip(peer));
    }
}

#[test]
fn the_last_address_that_is_no_proxy_s_is_the_client_s() {
    for (lines, found) in [
        (&["203.0.113.5"][..], "203.0.113.5"),
        (&["6.6.6.6, 203.0.113.5"], "203.0.113.5"),
        (&["6.6.6.6,203.0.113.5,10.0.0.2"], "203.0.113.5"),
        (&["6.6.6.6, 203.0.113.5, 192.0.2.7, 2001:db8:1::9, 10.9.9.9"], "203.0.113.5"),
        // Several lines are one list.
        (&["6.6.6.6", "203.0.113.5", "10.0.0.2"], "203.0.113.5"),
        (&["6.6.6.6, 203.0.113.5", "192.0.2.7, 10.0.0.2"], "203.0.113.5"),
        // A client among the proxies, or no client at all.
        (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (&["10.0.0.2"], "10.0.0.2"),
        (&[], PROXY),
        // Ports, brackets, space.
        (&["203.0.113.5:4711"], "203.0.113.5"),
        (&["\t 203.0.113.5 \t"], "203.0.113.5"),
        (&["2001:db8::5"], "2001:db8::5"),
        (&["2001:DB8:0::5"], "2001:db8::5"),
        (&["[2001:db8::5]"], "2001:db8::5"),
        (&["[2001:db8::5]:4711"], "2001:db8::5"),
        (&["203.0.113.5:1, [2001:db8:1::9]:2, 10.0.0.2:3"], "203.0.113.5"),
        // An IPv4 address in the form of an IPv6 one.
        (&["::ffff:203.0.113.5"], "203.0.113.5"),
        (&["203.0.113.5, [::ffff:10.0.0.2]:80"], "203.0.113.5"),
        // What is no address ends the search at the last proxy that is known.
        (&["203.0.113.5, unknown, 10.0.0.2"], "10.0.0.2"),
        (&["203.0.113.5, unknown"], PROXY),
        (&["203.0.113.5, _hidden"], PROXY),
        (&["203.0.113.5,, 10.0.0.2"], "10.0.0.2"),
        (&["203.0.113.5, 10.0.0.2,"], PROXY),
        (&[""], PROXY),
        (&["203.0.113.5", ""], PROXY),
        (&["203.0.113.256"], PROXY),
        (&["203.0.113.05"], PROXY),
        (&["203.0.113.5:port"], PROXY),
        (&["203.0.113.5:123456"], PROXY),
        (&["[203.0.113.5]"], PROXY),
        (&["[2001:db8::5"], PROXY),
        (&["[2001:db8::5]4711"], PROXY),
        (&["fe80::1%eth0"], PROXY),
        (&["for=203.0.113.5"], PROXY),
        (&["\"203.0.113.5\""], PROXY),
        (&["203.0.113.5 10.0.0.2"], PROXY),
        (&["é, 10.0.0.2"], "10.0.0.2"),
        (&["é, 203.0.113.5, 10.0.0.2"], "203.0.113.5"),
    ] {
        assert_eq!(client(&X_FORWARDED_FOR, lines), found, "{lines:?}");
    }
}

#[test]
fn forwarded_is_read_in_the_same_way() {
    for (lines, found) in [
        (&["for=203.0.113.5"][..], "203.0.113.5"),
        (&["For=203.0.113.5;Proto=https;By=10.0.0.1"], "203.0.113.5"),
        (&["proto=http; by=10.0.0.1 ; FOR = 203.0.113.5"], "203.0.113.5"),
        (&["for=\"203.0.113.5:4711\""], "203.0.113.5"),
        (&["for=203.0.113.5:4711"], "203.0.113.5"),
        (&["for=\"[2001:db8::5]\""], "2001:db8::5"),
        (&["for=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17"),
        (&["for=\"[2001:db8::5]:_port.1\""], "2001:db8::5"),
        (&["for=\"203.0.113\\.5\""], "203.0.113.5"),
        (&["for=\"[::ffff:203.0.113.5]\""], "203.0.113.5"),
        (&["for=6.6.6.6, for=203.0.113.5;proto=https, for=10.0.0.2"], "203.0.113.5"),
        (&["for=6.6.6.6, for=203.0.113.5", "for=\"[2001:db8:1::9]:80\", for=192.0.2.7"], "203.0.113.5"),
        // Commas, semicolons and quotes within quotes are text.
        (&["for=6.6.6.6, for=203.0.113.5;host=\"a, for=7.7.7.7;b\""], "203.0.113.5"),
        (&["for=6.6.6.6, for=203.0.113.5;host=\"a\\\", for=7.7.7.7\""], "203.0.113.5"),
        (&["for=6.6.6.6, for=203.0.113.5;host=\"a\\\\\";proto=http"], "203.0.113.5"),
        // A quote that was left open in front hides nothing of what follows.
        (&["for=6.6.6.6;host=\", for=203.0.113.5"], "203.0.113.5"),
        (&["for=\"6.6.6.6, for=203.0.113.5, for=\"[2001:db8:1::9]\""], "203.0.113.5"),
        (&["for=6.6.6.6;host=\"\\, for=203.0.113.5;host=\"a\""], "203.0.113.5"),
        // No address.
        (&["for=203.0.113.5, for=unknown"], PROXY),
        (&["for=203.0.113.5, for=_hidden, for=10.0.0.2"], "10.0.0.2"),
        (&["for=203.0.113.5, for=\"_SEVKISEK\""], PROXY),
        (&["for=203.0.113.5, proto=https"], PROXY),
        (&["for=203.0.113.5, by=10.0.0.1;proto=https, for=10.0.0.2"], "10.0.0.2"),
        (&["for=203.0.113.5;for=6.6.6.6"], PROXY),
        (&["for=\"203.0.113.5"], PROXY),
        (&["for=203.0.113.5\""], PROXY),
        (&["for=\"203.0.113.5\"x"], PROXY),
        (&["for="], PROXY),
        (&["for"], PROXY),
        (&["203.0.113.5"], PROXY),
        (&[""], PROXY),
        (&[], PROXY),
    ] {
        assert_eq!(client(&FORWARDED, lines), found, "{lines:?}");
    }
}

#[test]
fn x_forwarded_for_counts_alone_whatever_is_in_it() {
    for (x_forwarded_for, found) in [("203.0.113.5", "203.0.113.5"), ("unknown", PROXY), ("", PROXY)] {
        let sent = headers(&[(FORWARDED, b"for=6.6.6.6"), (X_FORWARDED_FOR, x_forwarded_for.as_bytes())]);
        assert_eq!(proxies().client_address(ip(PROXY), &sent), ip(found), "{x_forwarded_for:?}");
    }
}

#[test]
fn a_peer_that_looks_like_ipv6_is_the_ipv4_one_it_stands_for() {
    let sent = headers(&[(X_FORWARDED_FOR, b"203.0.113.5")]);
    assert_eq!(proxies().client_address(ip("::ffff:10.0.0.1"), &sent), ip("203.0.113.5"));
    assert_eq!(proxies().client_address(ip("::ffff:198.51.100.1"), &sent), ip("198.51.100.1"));
}

#[test]
fn only_so_many_hops_are_followed() {
    let hops = |proxies: usize| format!("203.0.113.5{}", ", 10.0.0.2".repeat(proxies));
    assert_eq!(client(&X_FORWARDED_FOR, &[&hops(MAX_HOPS - 1)]), "203.0.113.5");
    assert_eq!(client(&X_FORWARDED_FOR, &[&hops(MAX_HOPS)]), "10.0.0.2");
}

/// What somebody may put into a header: nonsense, and what looks like the work of proxies.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    let piece = prop_oneof![
        3 => prop::sample::select(vec![
            "for=", "FOR=\"", "\"", "\\", "\\\"", ",", ", ", ";", "10.0.0.2", "192.0.2.7", "6.6.6.6",
            "[2001:db8:1::9]:80", "[", "]", "unknown", "_hidden", ":80", "::ffff:10.0.0.3", "host=\"",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(byte, 0..6),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// The lines that a client sends.
fn lines() -> impl Strategy<Value = Vec<(HeaderName, Vec<u8>)>> {
    let name = prop::sample::select(vec![X_FORWARDED_FOR, FORWARDED]);
    prop::collection::vec((name, anything()), 0..5)
}

/// Any address that is no proxy's.
fn stranger() -> impl Strategy<Value = IpAddr> {
    prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
        .prop_map(|address| address.to_canonical())
        .prop_filter("a proxy", |address| !is_proxy(*address))
}

fn is_proxy(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[0] == 10 || v4 == ip("192.0.2.7"),
        IpAddr::V6(v6) => v6.segments()[..3] == [0x2001, 0xdb8, 1],
    }
}

fn sent(lines: &[(HeaderName, Vec<u8>)]) -> HeaderMap {
    let lines: Vec<_> = lines.iter().map(|(name, value)| (name.clone(), value.as_slice())).collect();
    headers(&lines)
}

/// Appends as proxies do: to the last line of that name, or as a further line.
fn append(lines: &mut Vec<(HeaderName, Vec<u8>)>, name: &HeaderName, entry: &str, to_line: bool) {
    match lines.iter_mut().rev().find(|(other, _)| other == name).filter(|_| to_line) {
        Some((_, line)) => line.extend_from_slice(format!(", {entry}").as_bytes()),
        None => lines.push((name.clone(), entry.as_bytes().to_vec())),
    }
}

fn element(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => format!("for={v4};proto=https"),
        IpAddr::V6(v6) => format!("for=\"[{v6}]:4711\";host=\"a,b\""),
    }
}

proptest! {
    /// What a peer sends that is no proxy says nothing.
    #[test]
    fn the_headers_of_a_stranger_never_matter(peer in stranger(), lines in lines()) {
        prop_assert_eq!(proxies().client_address(peer, &sent(&lines)), peer);
        prop_assert_eq!(TrustedProxies::default().client_address(ip(PROXY), &sent(&lines)), ip(PROXY));
    }

    /// Behind one proxy that appends to `X-Forwarded-For`, or several, a client has the address that it has.
    #[test]
    fn a_client_cannot_choose_its_address(
        client in stranger(),
        mut lines in lines(),
        to_line in any::<bool>(),
        further in prop::collection::vec(prop::sample::select(vec!["10.0.0.2", "192.0.2.7", "2001:db8:1::9"]), 0..3),
    ) {
        append(&mut lines, &X_FORWARDED_FOR, &client.to_string(), to_line);
        for proxy in further {
            append(&mut lines, &X_FORWARDED_FOR, proxy, to_line);
        }
        prop_assert_eq!(proxies().client_address(ip(PROXY), &sent(&lines)), client);
    }

    /// The same with `Forwarded`, from a proxy that removes the other header as it has to.
    #[test]
    fn nor_with_the_other_header(
        client in stranger(),
        mut lines in lines(),
        to_line in any::<bool>(),
        further in prop::collection::vec(prop::sample::select(vec!["10.0.0.2", "2001:db8:1::9"]), 0..3),
    ) {
        lines.retain(|(name, _)| *name == FORWARDED);
        append(&mut lines, &FORWARDED, &element(client), to_line);
        for proxy in further {
            append(&mut lines, &FORWARDED, &element(ip(proxy)), to_line);
        }
        prop_assert_eq!(proxies().client_address(ip(PROXY), &sent(&lines)), client);
    }
}
