//! The settings of mail, which lean on each other and on those of the web app.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use plinth_mail::{Sender, SmtpUrl, Templates};

use super::reader::Reader;
use super::{table, values};

/// Mail.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// `None`: it is kept, and shown at `/dev/mail`.
    pub(crate) smtp: Option<SmtpUrl>,
    pub(crate) from: Sender,
    /// Where links lead.
    pub(crate) app_origin: String,
    /// The folder with texts of the project's own.
    pub(crate) templates: Option<PathBuf>,
}

/// None where there is none, and where something about it is wrong.
pub(super) fn read(
    reader: &mut Reader,
    project_name: Option<&str>,
    app_origin: Option<&str>,
) -> Option<Mail> {
    let smtp = reader.take(&table::SMTP_URL, values::parsed::<SmtpUrl>);
    let from = reader.take(&table::EMAILS_FROM, values::parsed::<Sender>);
    let templates = reader.take(&table::MAIL_TEMPLATES_DIR, values::path).map(PathBuf::from);
    // One that is set and wrong says that mail is wanted, too.
    let sends = smtp.is_some() || reader.is_faulty(&table::SMTP_URL);
    if reader.production && !sends {
        return None;
    }
    if from.is_none() && !reader.is_faulty(&table::EMAILS_FROM) {
        reader.fault(&table::EMAILS_FROM, "must be set together with SMTP_URL");
    }
    // One that is set and wrong has been found already.
    if !reader.is_faulty(&table::APP_ORIGIN)
        && let Some(wrong) = unfit_for_links(app_origin, reader.production)
    {
        reader.fault(&table::APP_ORIGIN, wrong);
    }
    if let Some(folder) = templates.as_deref().filter(|_| reader.judges_files) {
        // Where the project's name is at fault, any other does to judge them by.
        let project_name = project_name.unwrap_or(table::PROJECT_NAME.default_in(false));
        if let Err(wrong) = Templates::with_folder(project_name, folder) {
            reader.fault(&table::MAIL_TEMPLATES_DIR, wrong.to_string());
        }
    }
    Some(Mail { smtp, from: from?, app_origin: app_origin?.to_owned(), templates })
}

/// Why links in mail cannot lead to that origin.
fn unfit_for_links(origin: Option<&str>, production: bool) -> Option<&'static str> {
    let Some(origin) = origin else {
        return Some("must be set together with SMTP_URL: links in mail lead there");
    };
    match origin.split_once("://") {
        Some(("https", _)) => None,
        Some(("http", host)) if !production || is_loopback(host) => None,
        Some(("http", _)) => Some(
            "must begin with https:// in production together with SMTP_URL: links in mail lead there, with tokens \
             that nobody may read on the way",
        ),
        _ => Some(
            "must begin with https:// or http:// where there is mail: links in mail lead there, and mail programs open \
             no others",
        ),
    }
}

/// Whether requests to that host, which may have a port, never leave the machine (RFC 6761 §6.3 for the names).
fn is_loopback(host: &str) -> bool {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    }
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}
