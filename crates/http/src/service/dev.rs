//! What developers look at and nobody else gets to see: mail that is kept instead of sent, at `/dev/mail`, which is
//! there only where there is a mailbox; and two WebSockets side by side, at `/dev/realtime`. Neither is there in
//! production, nor for whoever does not ask this machine by a name of its own: links that sign somebody in are in the
//! mail, and a development server may listen on all addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::guard::fn_guard;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use plinth_domain::MailId;
use plinth_mail::{Kept, Mailbox};

use super::docs::escape;
use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::resource::at;
use crate::settings::{Environment, HttpSettings};

/// Nothing but the page itself, its style, and the message in its frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
/// A message runs no script, loads nothing, and opens its links beside the page.
const MESSAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                              form-action 'none'; frame-ancestors 'self'; \
                              sandbox allow-popups allow-popups-to-escape-sandbox";

const PAGE: &str = include_str!("pages/mail.html");

/// The page, its script, and what the script talks to.
const REALTIME_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; \
                               base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds the routes.
pub(crate) fn configure(config: &mut ServiceConfig, settings: &HttpSettings, mailbox: Option<&Mailbox>) {
    if settings.environment == Environment::Production {
        return;
    }
    let dev = web::scope("/dev").guard(fn_guard(|context| is_local(context.head().headers())));
    config.service(dev.configure(|config| {
        config.service(at("/realtime").get(realtime));
        config.service(at("/realtime.js").get(realtime_script));
        if let Some(mailbox) = mailbox {
            configure_mail(config, mailbox.clone());
        }
    }));
}

/// Whether a browser on this machine asks, by a name that nobody else can give a page: with a name of his own that leads
/// here anybody could read the answer (DNS rebinding). The peer's address says nothing, for a container's port that is
/// published on this machine has another; but what came through a proxy came for somebody else.
fn is_local(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST);
    let host = hosts.next().filter(|_| hosts.next().is_none()).and_then(|host| host.to_str().ok());
    let is_forwarded =
        headers.contains_key(header::FORWARDED) || headers.contains_key(header::X_FORWARDED_FOR);
    !is_forwarded && host.is_some_and(names_this_machine)
}

/// Whether that is `localhost`, a name below it (RFC 6761 §6.3), or a loopback address, with or without a port.
fn names_this_machine(authority: &str) -> bool {
    let (host, port) = match authority.rfind([':', ']']) {
        Some(colon) if authority[colon..].starts_with(':') => (&authority[..colon], &authority[colon + 1..]),
        _ => (authority, ""),
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|begun| begun.strip_suffix(']')) {
        let address = address.parse::<Ipv6Addr>();
        return address.is_ok_and(|address| IpAddr::V6(address).to_canonical().is_loopback());
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return address.is_loopback();
    }
    let mut labels = host.rsplit('.');
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    labels.next().is_some_and(|last| last.eq_ignore_ascii_case("localhost")) && labels.all(is_label)
}

/// Two WebSockets side by side, to try them out.
async fn realtime(settings: Data<HttpSettings>) -> HttpResponse {
    let html = include_str!("pages/realtime.html")
        .replace("{prefix}", &escape(&settings.api_prefix))
        .replace("{base}", "");
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, REALTIME_POLICY))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(html)
}

async fn realtime_script() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/javascript; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(include_str!("pages/realtime.js"))
}

fn configure_mail(config: &mut ServiceConfig, mailbox: Mailbox) {
    config.app_data(Data::new(mailbox));
    config.service(at("/mail").get(list).delete(clear));
    config.service(at("/mail/{id}").get(show));
    config.service(at("/mail/{id}/html").get(html));
}

/// All messages, the newest first: a page, or JSON for whoever asks for it.
async fn list(request: HttpRequest, mailbox: Data<Mailbox>) -> Answer {
    let kept = mailbox.list();
    if wants_json(request.headers()) {
        return Ok(answer::ok(&kept));
    }
    let rows: String = kept.iter().map(row).collect();
    let body = if kept.is_empty() {
        "<p class=\"hint\">No mail yet. Register an account, and reload.</p>".to_owned()
    } else {
        format!(
            "<table><thead><tr><th>Subject</th><th>To</th><th>At</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    };
    Ok(page("Mail", &format!("<h1>Mail</h1>{body}")))
}

fn row(kept: &Kept) -> String {
    format!(
        "<tr><td><a href=\"/dev/mail/{}\">{}</a></td><td>{}</td><td><time>{}</time></td></tr>",
        kept.id,
        escape(&kept.subject),
        escape(kept.to.as_str()),
        kept.at
    )
}

/// One message: a page, or JSON for whoever asks for it.
async fn show(request: HttpRequest, mailbox: Data<Mailbox>, id: PathId<MailId>) -> Answer {
    let kept = mailbox.get(id.valid()?).ok_or(ApiError::NotFound)?;
    if wants_json(request.headers()) {
        return Ok(answer::ok(&kept));
    }
    let body = format!(
        "<p><a href=\"/dev/mail\">All mail</a></p><h1>{subject}</h1>\
         <p class=\"hint\">To {to} &middot; <time>{at}</time></p>\
         <iframe title=\"The message\" src=\"/dev/mail/{id}/html\"></iframe>\
         <h2>As plain text</h2><pre>{text}</pre>",
        subject = escape(&kept.subject),
        to = escape(kept.to.as_str()),
        at = kept.at,
        id = kept.id,
        text = escape(&kept.text),
    );
    Ok(page(&kept.subject, &body))
}

/// The HTML part of a message, for the frame.
async fn html(mailbox: Data<Mailbox>, id: PathId<MailId>) -> Answer {
    let kept = mailbox.get(id.valid()?).ok_or(ApiError::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, MESSAGE_POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(kept.html))
}

/// Throws all messages away.
async fn clear(mailbox: Data<Mailbox>) -> Answer {
    mailbox.clear();
    Ok(answer::done())
}

/// Whether JSON is named in `Accept` and HTML is not, as a browser would name it.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

fn page(title: &str, body: &str) -> HttpResponse {
    // Split at the places first: what is put in one may look like another.
    let (start, rest) = PAGE.split_once("{title}").unwrap_or_default();
    let (middle, end) = rest.split_once("{body}").unwrap_or_default();
    let html = [start, &escape(title), middle, body, end].concat();
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html)
}
