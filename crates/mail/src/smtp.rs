//! The conversation with a mail server (RFC 5321). lettre speaks; what is said when, and for how long, is decided here.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};

use crate::error::{Cause, Secrets, SendError, Stage};
use crate::letter::Content;
use crate::smtp_url::{SmtpUrl, TlsMode};

/// TLS cannot be set up on this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsError(String);

/// A mail server, and how to reach it. A connection serves one message: there are few, and far between.
#[derive(Clone)]
pub(crate) struct Smtp {
    url: SmtpUrl,
    tls: Option<TlsParameters>,
    hello: ClientId,
    each: Duration,
    at_the_end: Duration,
}

/// How long a server is given to say goodbye after all is done.
const GOODBYE: Duration = Duration::from_secs(2);

impl Smtp {
    pub(crate) fn new(url: &SmtpUrl) -> Result<Self, TlsError> {
        let tls = match url.tls {
            TlsMode::None => None,
            _ => Some(TlsParameters::new(url.host.clone()).map_err(|error| TlsError(error.to_string()))?),
        };
        Ok(Self {
            url: url.clone(),
            tls,
            hello: hello(),
            each: Duration::from_secs(10),
            at_the_end: Duration::from_secs(30),
        })
    }

    pub(crate) fn with_patience(&self, each: Duration, at_the_end: Duration) -> Self {
        Self { each, at_the_end, ..self.clone() }
    }

    pub(crate) async fn send(
        &self,
        envelope: &Envelope,
        bytes: &[u8],
        content: &Content,
    ) -> Result<(), SendError> {
        let secrets = Secrets::new(self.url.credentials.as_ref(), content);
        let mut call = Call { smtp: self, secrets: &secrets, stage: Stage::Connect };
        // lettre trusts servers to write answers as they should be, and panics on some that are not.
        let sent = AssertUnwindSafe(call.send(envelope, bytes)).catch_unwind().await;
        sent.unwrap_or_else(|_| {
            Err(SendError::new(call.stage, Cause::Other("its answer is not understood".to_owned())))
        })
    }
}

/// The name for EHLO: the machine's, unless that is none a server would take.
fn hello() -> ClientId {
    match ClientId::default() {
        ClientId::Domain(name)
            if name.is_empty()
                || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') =>
        {
            ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST)
        }
        name => name,
    }
}

/// One message on its way.
struct Call<'a> {
    smtp: &'a Smtp,
    secrets: &'a Secrets,
    stage: Stage,
}

impl Call<'_> {
    async fn send(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<(), SendError> {
        let mut connection = self.connect().await?;
        let sent = self.talk(&mut connection, envelope, bytes).await;
        // What was accepted is accepted and what was refused is refused, whatever becomes of the goodbye.
        if sent.as_ref().map_or_else(|error| error.code().is_some(), |()| true) {
            let _ = tokio::time::timeout(GOODBYE.min(self.smtp.each), connection.abort()).await;
        }
        sent
    }

    async fn connect(&mut self) -> Result<AsyncSmtpConnection, SendError> {
        let Smtp { url, tls, hello, each, .. } = self.smtp;
        let implicit = tls.clone().filter(|_| url.tls == TlsMode::Implicit);
        // Half of the time for each of the host's addresses, so that a dead first one leaves some to the second.
        let server = (url.host.as_str(), url.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(server, Some(*each / 2), hello, implicit, None);
        let mut connection = self.within(*each, connecting).await?;

        if let Some(tls) = tls.clone().filter(|_| url.tls != TlsMode::Implicit)
            && (url.tls == TlsMode::Required || connection.can_starttls())
        {
            self.stage = Stage::StartTls;
            self.within(*each, connection.starttls(tls, hello)).await?;
        }
        if let Some((user, password)) = url.credentials.clone() {
            self.stage = Stage::Auth;
            let credentials = Credentials::new(user, password);
            self.within(*each, connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)).await?;
        }
        Ok(connection)
    }

    async fn talk(
        &mut self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        bytes: &[u8],
    ) -> Result<(), SendError> {
        let Smtp { each, at_the_end, .. } = self.smtp;
        let mut parameters = Vec::new();
        if !bytes.is_ascii() {
            let can = |extension| connection.server_info().supports_feature(extension);
            if !can(Extension::SmtpUtfEight) || !can(Extension::EightBitMime) {
                self.stage = Stage::Recipient;
                return Err(self.failed(Cause::Impossible("it takes no address beyond ASCII (SMTPUTF8)")));
            }
            parameters.push(MailParameter::SmtpUtfEight);
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.stage = Stage::Sender;
        let from: Option<Address> = envelope.from().cloned();
        self.within(*each, connection.command(Mail::new(from, parameters))).await?;
        self.stage = Stage::Recipient;
        for to in envelope.to() {
            self.within(*each, connection.command(Rcpt::new(to.clone(), Vec::new()))).await?;
        }
        self.stage = Stage::Data;
        self.within(*each, connection.command(Data)).await?;
        // Here servers look at what they got, which takes longer.
        self.within(*at_the_end, connection.message(bytes)).await?;
        Ok(())
    }

    async fn within<T>(
        &self,
        time: Duration,
        step: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, SendError> {
        match tokio::time::timeout(time, step).await {
            Ok(done) => done.map_err(|error| self.failed(self.cause(&error))),
            Err(_) => Err(self.failed(Cause::Timeout)),
        }
    }

    fn failed(&self, cause: Cause) -> SendError {
        SendError::new(self.stage, cause)
    }

    fn cause(&self, error: &Error) -> Cause {
        if error.is_timeout() {
            return Cause::Timeout;
        }
        // What is said while signing in may quote the credentials, plain or encoded.
        let shown = |text: String| (self.stage != Stage::Auth).then(|| self.secrets.removed_from(&text));
        let source = std::error::Error::source(error).map(ToString::to_string);
        match error.status() {
            Some(code) => Cause::Answer { code: code.into(), text: source.and_then(shown) },
            None if error.is_client() => Cause::Other(source.unwrap_or_default()),
            None => {
                Cause::Other(shown(error.to_string()).unwrap_or_else(|| "the conversation broke".to_owned()))
            }
        }
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.url)
    }
}
