//! Who makes a request: the one place where an access token becomes a user.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use plinth_auth::AccessClaims;
use plinth_domain::{SessionId, Timestamp, User};
use plinth_persistence::{Connection, Database, Error, sessions};
use plinth_realtime::Event;

use crate::error::ApiError;
use crate::middleware::LoggedUser;
use crate::realtime::offered_token;
use crate::state::App;

/// The bearer of an access token.
///
/// The token's signature is checked when the request arrives; that the session lives and the user may act, by the
/// database together with what the request is about: [`Caller::read`] and [`Caller::write`] give the user to their
/// closure, so nothing can be done for a caller without it. A request is refused here (401) before its body or its
/// query string is looked at, which is why those are checked inside the closure.
pub struct Caller {
    app: web::Data<App>,
    claims: Result<AccessClaims, ApiError>,
}

impl FromRequest for Caller {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::with_token(request, bearer(request))))
    }
}

/// In the extensions of a request that came without a good token, where one is needed.
struct Unidentified;

/// Whether a [`Caller`] was looked for in vain.
pub(crate) fn is_unidentified(request: &HttpRequest) -> bool {
    request.extensions().contains::<Unidentified>()
}

/// The application that serves a request.
#[expect(clippy::expect_used, reason = "`serve` gives every route the application")]
pub(crate) fn app(request: &HttpRequest) -> web::Data<App> {
    request.app_data::<web::Data<App>>().expect("the application's state is configured").clone()
}

/// The token in the `Authorization` header (RFC 6750 §2.1). The scheme's name is case-insensitive (RFC 9110 §11.1).
fn bearer(request: &HttpRequest) -> Result<&str, ApiError> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let Some(value) = headers.next() else { return Err(ApiError::Unauthenticated) };
    if headers.next().is_some() {
        return Err(ApiError::AmbiguousAuthorization);
    }
    let value = value.to_str().map_err(|_| ApiError::InvalidToken)?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ if value.eq_ignore_ascii_case("bearer") => Err(ApiError::InvalidToken),
        // Other schemes are not offered here: to us they are no credentials.
        _ => Err(ApiError::Unauthenticated),
    }
}

/// What a query about the caller's own account or session found. That it is not there any more means that another
/// request has ended it since the caller was looked up: the token is no longer good.
pub(crate) fn own<T>(found: Result<T, Error>) -> Result<T, ApiError> {
    found.map_err(|error| match error {
        Error::NotFound => ApiError::InvalidToken,
        error => error.into(),
    })
}

/// Does that work and publishes what `event` makes of its outcome, in a task of its own: whoever waits for it may go.
pub(crate) async fn told<T, W, E>(app: web::Data<App>, work: W, event: E) -> Result<T, ApiError>
where
    T: 'static,
    W: Future<Output = Result<T, ApiError>> + 'static,
    E: FnOnce(&T) -> Option<Event> + 'static,
{
    let task = actix_web::rt::spawn(async move {
        let outcome = work.await;
        match &outcome {
            Ok(done) => event(done).into_iter().for_each(|event| app.hub.publish(event)),
            Err(error) if error.may_have_happened() => app.hub.lost_an_event(),
            Err(_) => {}
        }
        outcome
    });
    task.await.unwrap_or_else(|lost| Err(ApiError::internal(lost)))
}

/// The bearer of an access token on a request for a WebSocket: a browser offers it as a subprotocol, which it can do
/// nowhere else.
pub(crate) struct SocketCaller(pub(crate) Caller);

impl FromRequest for SocketCaller {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = match (offered_token(request.headers()), bearer(request)) {
            (Some(token), Err(ApiError::Unauthenticated)) => Ok(token),
            (Some(_), _) => Err(ApiError::AmbiguousAuthorization),
            (None, token) => token,
        };
        ready(Ok(Self(Caller::with_token(request, token))))
    }
}

/// How far a piece of work came.
enum Step<T, F> {
    Done(T),
    /// Nothing was done yet: that the client holds this generation's tokens has to be noted first.
    FirstOfGeneration(F),
}

/// In which way the database is used.
#[derive(Clone, Copy)]
enum How {
    Read,
    Write,
    WriteOne,
}

impl How {
    async fn pass<T, W>(self, db: &Database, work: W) -> Result<T, ApiError>
    where
        W: FnOnce(&mut Connection) -> Result<T, ApiError> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Self::Read => db.read(work).await,
            Self::Write => db.write(work).await,
            Self::WriteOne => db.write_one(work).await,
        }
    }
}

impl Caller {
    /// The bearer of that token.
    pub(crate) fn with_token(request: &HttpRequest, token: Result<&str, ApiError>) -> Self {
        let app = app(request);
        let claims =
            token.and_then(|token| app.access.verify(token, app.now()).map_err(|_| ApiError::InvalidToken));
        match &claims {
            Ok(claims) => request.extensions_mut().insert(LoggedUser(claims.user)).map(drop),
            Err(_) => request.extensions_mut().insert(Unidentified).map(drop),
        };
        Self { app, claims }
    }

    /// Runs queries that change nothing, for the user who calls.
    pub async fn read<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Connection, &User) -> Result<T, ApiError> + Send + 'static,
        T: Send + 'static,
    {
        self.run(How::Read, work).await
    }

    /// Runs a transaction for the user who calls. Whether the user may act is looked up in the same transaction.
    pub async fn write<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Connection, &User) -> Result<T, ApiError> + Send + 'static,
        T: Send + 'static,
    {
        self.run(How::Write, work).await
    }

    /// Makes one change, by one statement, for the user who calls: see [`plinth_persistence::Database::write_one`].
    pub async fn write_one<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Connection, &User) -> Result<T, ApiError> + Send + 'static,
        T: Send + 'static,
    {
        self.run(How::WriteOne, work).await
    }

    /// Runs a transaction as [`write`](Self::write) does, and publishes what `event` makes of its outcome after the
    /// commit: also if the client has hung up meanwhile, which ends a handler wherever it is.
    pub(crate) async fn write_and_tell<T, F, E>(&self, work: F, event: E) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Connection, &User) -> Result<T, ApiError> + Send + 'static,
        T: Send + 'static,
        E: FnOnce(&T) -> Option<Event> + 'static,
    {
        self.run_and_tell(How::Write, work, event).await
    }

    /// The same for one change by one statement, as [`write_one`](Self::write_one).
    pub(crate) async fn write_one_and_tell<T, F, E>(&self, work: F, event: E) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Connection, &User) -> Result<T, ApiError> + Send + 'static,
        T: Send + 'static,
        E: FnOnce(&T) -> Option<Event> + 'static,
    {
        self.run_and_tell(How::WriteOne, work, event).await
    }

    async fn run_and_tell<T, F, E>(&self, how: How, work: F, event: E) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Connection, &User) -> Result<T, ApiError> + Send + 'static,
        T: Send + 'static,
        E: FnOnce(&T) -> Option<Event> + 'static,
    {
        let (bearer, now) = self.identify()?;
        let app = self.app.clone();
        told(self.app.clone(), async move { bearer.run(&app.db, now, how, work).await }, event).await
    }

    async fn run<T, F>(&self, how: How, work: F) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Connection, &User) -> Result<T, ApiError> + Send + 'static,
        T: Send + 'static,
    {
        let (bearer, now) = self.identify()?;
        bearer.run(&self.app.db, now, how, work).await
    }

    /// How long the token is good from now, which says nothing about the session.
    pub(crate) fn token_expires_in(&self) -> Duration {
        self.claims.as_ref().map_or(Duration::ZERO, |claims| claims.expires_at.since(self.app.now()))
    }

    /// The session that the token belongs to.
    pub fn session(&self) -> Result<SessionId, ApiError> {
        Ok(self.identify()?.0.session)
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.app
    }

    fn identify(&self) -> Result<(Bearer, Timestamp), ApiError> {
        match &self.claims {
            Ok(claims) => {
                let bearer =
                    Bearer { user: claims.user, session: claims.session, generation: claims.generation };
                Ok((bearer, self.app.now()))
            }
            Err(ApiError::Unauthenticated) => Err(ApiError::Unauthenticated),
            Err(ApiError::AmbiguousAuthorization) => Err(ApiError::AmbiguousAuthorization),
            Err(_) => Err(ApiError::InvalidToken),
        }
    }
}

#[derive(Clone, Copy)]
struct Bearer {
    user: plinth_domain::UserId,
    session: SessionId,
    generation: u32,
}

impl Bearer {
    async fn run<T, F>(self, db: &Database, now: Timestamp, how: How, work: F) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Connection, &User) -> Result<T, ApiError> + Send + 'static,
        T: Send + 'static,
    {
        match how.pass(db, move |connection| self.attempt(connection, now, work)).await? {
            Step::Done(answer) => Ok(answer),
            Step::FirstOfGeneration(work) => {
                self.note(db).await?;
                match how.pass(db, move |connection| self.attempt(connection, now, work)).await? {
                    Step::Done(answer) => Ok(answer),
                    Step::FirstOfGeneration(_) => {
                        Err(ApiError::internal("a session's generation stayed unseen"))
                    }
                }
            }
        }
    }

    /// In a transaction of its own: it has to stand even if what was asked is refused.
    async fn note(self, db: &Database) -> Result<(), ApiError> {
        db.write(move |connection| {
            sessions::mark_seen(connection, self.session, self.generation).map_err(ApiError::from)
        })
        .await
    }

    fn attempt<T, F>(
        self,
        connection: &mut Connection,
        now: Timestamp,
        work: F,
    ) -> Result<Step<T, F>, ApiError>
    where
        F: FnOnce(&mut Connection, &User) -> Result<T, ApiError>,
    {
        let who = own(sessions::authenticate(connection, self.session, self.user, self.generation, now))?;
        if who.is_first_of_generation {
            return Ok(Step::FirstOfGeneration(work));
        }
        work(connection, &who.user).map(Step::Done)
    }
}
