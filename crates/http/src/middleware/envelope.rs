//! The envelope of every answer: its id, the headers that all have, problem documents for errors, and the log line.
//!
//! One middleware round the whole app, so that nothing leaves without passing it, not even what the framework answers by
//! itself.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use plinth_domain::{Clock, Entropy, UserId, ids};

use super::connections::{Answering, Connection, InFlight};
use super::cors;
use super::slash::trim_trailing_slash;
use crate::error::ApiError;
use crate::problem;
use crate::settings::{Environment, HttpSettings};

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Who made the request, for its log line: a handler puts this into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct LoggedUser(pub UserId);

/// The id of a request, for whoever writes it down elsewhere: the envelope puts it into the request's extensions.
#[derive(Clone, Debug)]
pub struct RequestId(pub HeaderValue);

/// Headers that a request's answer is to have, be it a success or not: a handler, or an extractor, puts them into the
/// request's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnswerHeaders(pub Vec<(HeaderName, HeaderValue)>);

/// The middleware, outermost.
#[derive(Clone)]
pub(super) struct Envelope(Rc<Shared>);

struct Shared {
    production: bool,
    /// The paths that are asked again and again by machines.
    probes: [String; 3],
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Envelope {
    /// An envelope with these settings; request ids are made from `clock` and `entropy`.
    pub(super) fn new(settings: &HttpSettings, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let production = settings.environment == Environment::Production;
        let probes =
            ["/health".to_owned(), "/health/ready".to_owned(), format!("{}/health", settings.api_prefix)];
        Self(Rc::new(Shared { production, probes, clock, entropy }))
    }
}

impl<S, B> Transform<S, ServiceRequest> for Envelope
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + Unpin + 'static,
{
    type Response = ServiceResponse<Answering<EitherBody<B, String>>>;
    type Error = Error;
    type Transform = EnvelopeService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(EnvelopeService { service, shared: Rc::clone(&self.0) }))
    }
}

/// [`Envelope`] round a service.
pub(super) struct EnvelopeService<S> {
    service: S,
    shared: Rc<Shared>,
}

impl<S, B> Service<ServiceRequest> for EnvelopeService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + Unpin + 'static,
{
    type Response = ServiceResponse<Answering<EitherBody<B, String>>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let mut in_flight = InFlight::begin(request.conn_data::<Arc<Connection>>());
        let exchange = Exchange::begin(&self.shared, &request);
        request.extensions_mut().insert(RequestId(exchange.id.clone()));
        trim_trailing_slash(&mut request);
        let answer = self.service.call(request);
        Box::pin(async move {
            let error = match answer.await {
                Ok(answer) => {
                    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                        in_flight.never_ends();
                    }
                    let (request, response) = answer.into_parts();
                    let response = exchange.finish(response, Some(&request));
                    let response = response.map_body(|_, body| Answering::new(body, in_flight));
                    return Ok(ServiceResponse::new(request, response));
                }
                Err(error) => error,
            };
            // The request went with the service, so there is nothing to make a `ServiceResponse` of. actix sends the
            // response that an error brings along.
            let response = exchange.finish(with_mappers(error), None);
            let response = response.map_body(|_, body| Answering::new(body, in_flight)).map_into_boxed_body();
            Err(InternalError::from_response("answered", response).into())
        })
    }
}

/// What has to be known of a request once it is answered.
struct Exchange {
    started: Instant,
    id: HeaderValue,
    method: Method,
    authenticated: bool,
    shared: Rc<Shared>,
}

impl Exchange {
    fn begin(shared: &Rc<Shared>, request: &ServiceRequest) -> Self {
        let headers = request.headers();
        Self {
            started: Instant::now(),
            id: usable_id(headers).unwrap_or_else(|| shared.new_id()),
            method: request.method().clone(),
            authenticated: headers.contains_key(header::AUTHORIZATION),
            shared: Rc::clone(shared),
        }
    }

    fn finish<B>(
        self,
        response: HttpResponse<B>,
        request: Option<&HttpRequest>,
    ) -> HttpResponse<EitherBody<B, String>> {
        let mut response = self.as_problem(response);
        self.log(response.status(), request);
        let further = request.and_then(|request| request.extensions_mut().remove::<AnswerHeaders>());
        let headers = response.headers_mut();
        for (name, value) in further.into_iter().flat_map(|AnswerHeaders(headers)| headers) {
            headers.insert(name, value);
        }
        if self.authenticated && !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if self.shared.production {
            let year = HeaderValue::from_static("max-age=31536000");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
        }
        cors::tidy(headers);
        headers.insert(X_REQUEST_ID.clone(), self.id);
        response
    }

    /// Gives every error its problem document, but for JSON that a handler answers an error with on purpose.
    fn as_problem<B>(&self, response: HttpResponse<B>) -> HttpResponse<EitherBody<B, String>> {
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return response.map_into_left_body();
        }
        if response.error().is_none() && is_json(response.headers()) {
            return response.map_into_left_body();
        }
        let id = self.id.to_str().unwrap_or("-");
        let own = response.error().and_then(|error| error.as_error::<ApiError>());
        let (status, body) = if let Some(error) = own {
            log_source(error, id);
            (error.answer().status, error.body(id))
        } else {
            let error = match response.error() {
                Some(error) if cors::is_refusal(error) => ApiError::CorsRefused,
                _ => ApiError::from_status(status, response.headers().get(header::ALLOW)),
            };
            match response.error() {
                Some(cause) if status.is_server_error() => {
                    log_source(&ApiError::internal(cause.to_string()), id)
                }
                _ => log_source(&error, id),
            }
            (error.answer().status, error.body(id))
        };
        let mut response = response.map_body(|_, _| EitherBody::right(body));
        *response.status_mut() = status;
        let media_type = HeaderValue::from_static(problem::MEDIA_TYPE);
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        if status == StatusCode::SERVICE_UNAVAILABLE && !response.headers().contains_key(header::RETRY_AFTER)
        {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }

    /// One line for every request: neither query string nor body, which may hold secrets.
    fn log(&self, status: StatusCode, request: Option<&HttpRequest>) {
        // Where this is off, so is what probes are logged at.
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let route = request.and_then(HttpRequest::match_pattern);
        let is_probe = route.as_ref().is_some_and(|route| self.shared.probes.contains(route));
        if is_probe && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a request takes fewer microseconds than a double counts"
        )]
        let duration_ms = self.started.elapsed().as_micros() as f64 / 1000.0;
        let user = request.and_then(|request| request.extensions().get::<LoggedUser>().copied());
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method = self.method.as_str(),
                    route = route.as_deref().unwrap_or("-"),
                    status = status.as_u16(),
                    duration_ms,
                    request_id = self.id.to_str().unwrap_or("-"),
                    user_id = user.map(|user| tracing::field::display(user.0)),
                    "request"
                )
            };
        }
        if is_probe { line!(debug) } else { line!(info) }
    }
}

impl Shared {
    fn new_id(&self) -> HeaderValue {
        let id = ids::uuid_v7(self.clock.now(), &*self.entropy);
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text = id.as_hyphenated().encode_lower(&mut text);
        HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-"))
    }
}

/// The response to an error, with what middleware further in had to add to it: `from_error` leaves that out.
fn with_mappers(error: Error) -> HttpResponse {
    let headers = error.error_response().headers().clone();
    let mut response = HttpResponse::from_error(error);
    *response.headers_mut() = headers;
    response
}

/// The caller's request id, if it may be used: it is logged, and answered in a header.
fn usable_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(&X_REQUEST_ID)?;
    let plain =
        id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    (plain && (1..=128).contains(&id.len())).then(|| id.clone())
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.starts_with("application/json") || value.starts_with(problem::MEDIA_TYPE)
}

/// The only place where what lies behind an error is told, once.
fn log_source(error: &ApiError, request_id: &str) {
    let Some(source) = error.source_chain() else { return };
    let mut chain = source.to_string();
    let mut next = source.source();
    while let Some(cause) = next {
        chain.push_str(": ");
        chain.push_str(&cause.to_string());
        next = cause.source();
    }
    tracing::error!(request_id, code = error.answer().code, cause = chain, "request failed");
}
