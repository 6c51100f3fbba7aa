//! Limits on how often something may be tried, as they meet a request.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use plinth_domain::Email;
use plinth_limits::{Decision, Key, Limit, Limits, fields};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::caller::app;
use crate::client::Client;
use crate::error::ApiError;
use crate::middleware::AnswerHeaders;
use crate::state::App;

/// Asks the limits for a request, and sees to it that the answer tells where they stand.
pub(crate) struct Throttle {
    app: web::Data<App>,
    request: HttpRequest,
    address: Key,
    decisions: Vec<Decision>,
}

impl FromRequest for Throttle {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = Key::ip(Client::address(request));
        ready(Ok(Self { app: app(request), request: request.clone(), address, decisions: Vec::new() }))
    }
}

impl Throttle {
    /// Counts one attempt.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`] if it is one too many.
    pub(crate) async fn take(&mut self, limit: Limit, key: Key) -> Result<(), ApiError> {
        let decision = self.app.limits.take(limit, key).await;
        let refused = decision.retry_after_seconds();
        self.decisions.push(decision);
        self.report();
        match refused {
            Some(wait) => {
                Err(ApiError::RateLimited { retry_after_s: u32::try_from(wait).unwrap_or(u32::MAX) })
            }
            None => Ok(()),
        }
    }

    /// Counts one attempt of the client's address.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(crate) async fn take_for_address(&mut self, limit: Limit) -> Result<(), ApiError> {
        let address = self.address;
        self.take(limit, address).await
    }

    /// Counts an attempt to prove with a password to be the holder of that account, before it is known how it ends.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(crate) async fn begin_proof(&mut self, account: Key) -> Result<Attempt, ApiError> {
        self.take(Limit::LoginPerAccount, account).await?;
        Ok(Attempt { limits: self.app.limits.clone(), account, verdict: Some(Verdict::None) })
    }

    /// Counts a mail to that address.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(crate) async fn take_mail(&mut self, to: &Email) -> Result<(), ApiError> {
        self.take(Limit::MailPerAddress, Key::account(to)).await
    }

    fn report(&self) {
        let headers = [
            (fields::POLICY, fields::policy(&self.decisions)),
            (fields::CURRENT, fields::current(&self.decisions)),
        ];
        let header = |(name, value): (&'static str, Option<String>)| {
            Some((HeaderName::from_static(name), HeaderValue::try_from(value?).ok()?))
        };
        let headers = headers.into_iter().filter_map(header).collect();
        self.request.extensions_mut().insert(AnswerHeaders(headers));
    }
}

/// An attempt that was counted and is under way. One that is dropped, as the client's hanging up drops it, came to no
/// verdict, and is given back.
#[must_use = "an attempt that is dropped at once is none"]
pub(crate) struct Attempt {
    limits: Limits,
    account: Key,
    /// What the limits are yet to be told.
    verdict: Option<Verdict>,
}

#[derive(Clone, Copy)]
enum Verdict {
    Success,
    None,
}

impl Attempt {
    /// What has become of it: a failure stays counted, a success clears the account's failures, and what came to no
    /// verdict was no attempt.
    pub(crate) async fn end<T>(mut self, outcome: &Result<T, ApiError>) {
        self.verdict = match outcome {
            Ok(_) | Err(ApiError::AccountInactive) => Some(Verdict::Success),
            Err(ApiError::InvalidGrant | ApiError::WrongPassword) => None,
            Err(_) => Some(Verdict::None),
        };
        // In a task of its own, so that it is told once, whoever goes meanwhile.
        if let Some(telling) = self.tell() {
            let _told = telling.await;
        }
    }

    /// Tells the limits, if there is anything to tell and anybody to do it: after the end of the runtime nobody asks
    /// them any more.
    fn tell(&mut self) -> Option<JoinHandle<()>> {
        let verdict = self.verdict.take()?;
        let (limits, account) = (self.limits.clone(), self.account);
        Some(Handle::try_current().ok()?.spawn(async move {
            match verdict {
                Verdict::Success => limits.clear(Limit::LoginPerAccount, account).await,
                Verdict::None => limits.give_back(Limit::LoginPerAccount, account).await,
            }
        }))
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let _told_later = self.tell();
    }
}
