//! What a handler gets to know of a client beside the account.

use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderValue, USER_AGENT, X_FORWARDED_FOR};
use actix_web::test::TestRequest;
use actix_web::{FromRequest, HttpMessage, web};
use plinth_domain::{RequestContext, UserAgent};
use plinth_http::middleware::RequestId;
use plinth_http::{Client, HttpSettings};

/// The proxy that is trusted.
const PROXY: &str = "10.0.0.1";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// What a handler gets to know of a request that came from `peer`.
fn context(request: TestRequest, peer: Option<&str>) -> RequestContext {
    let settings = HttpSettings { trusted_proxies: PROXY.parse().unwrap(), ..HttpSettings::default() };
    let request = match peer {
        Some(peer) => request.peer_addr((ip(peer), 4711).into()),
        None => request,
    };
    let request = request.app_data(web::Data::new(settings)).to_http_request();
    request.extensions_mut().insert(RequestId(HeaderValue::from_static("abc-123")));
    let Ok(Client(context)) = Client::from_request(&request, &mut Payload::None).into_inner();
    context
}

#[test]
fn a_client_is_known_by_address_name_and_request() {
    let sent = || {
        TestRequest::default()
            .insert_header((X_FORWARDED_FOR, "6.6.6.6, 203.0.113.5"))
            .insert_header((USER_AGENT, "curl/8.5"))
    };
    let known = |address: Option<&str>| RequestContext {
        ip: address.map(ip),
        user_agent: UserAgent::read("curl/8.5"),
        request_id: "abc-123".to_owned(),
    };
    assert_eq!(context(sent(), Some(PROXY)), known(Some("203.0.113.5")));
    assert_eq!(context(sent(), Some("198.51.100.1")), known(Some("198.51.100.1")));
    assert_eq!(context(sent(), Some("127.0.0.1")), known(Some("127.0.0.1")));
    // Without a connection that has an address nobody vouches for the headers.
    assert_eq!(context(sent(), None), known(None));
}

#[test]
fn a_client_need_not_say_what_it_is() {
    for (header, kept) in [
        (None, None),
        (Some(&b""[..]), None),
        (Some(b" \t "), None),
        (Some(b"Browser \"1\""), Some("Browser \"1\"")),
        (Some("Łódź/1".as_bytes()), Some("Łódź/1")),
        (Some(b"a\xffb"), Some("a\u{fffd}b")),
    ] {
        let request = header.iter().fold(TestRequest::default(), |request, header| {
            request.insert_header((USER_AGENT, HeaderValue::from_bytes(header).unwrap()))
        });
        let known = context(request, Some("198.51.100.1")).user_agent;
        assert_eq!(known.as_ref().map(UserAgent::as_str), kept, "{header:?}");
    }
}
