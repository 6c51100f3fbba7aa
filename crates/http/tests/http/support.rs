//! A server with a few routes of its own, and a client that sees every byte.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpServer, web};
use plinth_auth::{AccessTokens, KeySet, TokenSettings};
use plinth_domain::{Clock, Email, Entropy, FullName, ItemId, Price, Role, SystemClock, UserId, Violation};
use plinth_http::extract::{Body, FormPairs, PathId, Query};
use plinth_http::fields::{Fields, FromFields, Patch};
use plinth_http::middleware::{Connections, LoggedUser, wrapped_app};
use plinth_http::resource::at;
use plinth_http::service::{self, Check, Draining, Service};
use plinth_http::{ApiError, HttpSettings};

/// Random enough to tell requests apart.
struct TestEntropy;

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&RandomState::new().hash_one(0).to_ne_bytes()[..chunk.len()]);
        }
    }
}

#[derive(Debug)]
pub(crate) struct Thing {
    email: Email,
    full_name: Patch<FullName>,
    price: Patch<Price>,
    is_active: Option<bool>,
    role: Option<Role>,
}

impl FromFields for Thing {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        let full_name = fields.nullable("full_name", FullName::parse);
        let price = fields.nullable_number("price", Price::parse_json_number);
        let is_active = fields.optional_bool("is_active");
        let role = fields.optional("role", Role::parse);
        if let (Some(email), Some(Patch::Value(name))) = (&email, &full_name)
            && email.as_str() == name.as_str()
        {
            fields.report("full_name", Violation::new("name_is_email", "must not be the email"));
            return None;
        }
        Some(Self { email: email?, full_name: full_name?, price: price?, is_active: is_active?, role: role? })
    }
}

struct Listing {
    page_size: Option<u32>,
    is_active: Option<bool>,
    search: Option<String>,
}

impl FromFields for Listing {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let range = || Violation::new("out_of_range", "must be between 1 and 100");
        let page_size = fields.optional_number("page_size", |text| text.parse().map_err(|_| range()));
        let is_active = fields.optional_bool("is_active");
        let search = fields.optional("search", |text| Ok(text.to_owned()));
        Some(Self { page_size: page_size?, is_active: is_active?, search: search? })
    }
}

async fn create(body: Body<Thing>) -> Result<HttpResponse, ApiError> {
    let thing = body.valid()?;
    let name = match &thing.full_name {
        Patch::Absent => "absent",
        Patch::Null => "null",
        Patch::Value(name) => name.as_str(),
    };
    let price = match thing.price {
        Patch::Value(price) => price.to_string(),
        _ => String::new(),
    };
    let (active, role) = (thing.is_active, thing.role.map(Role::as_str));
    Ok(HttpResponse::Created().json(
        serde_json::json!({"email": thing.email, "name": name, "price": price, "active": active, "role": role}),
    ))
}

async fn list(query: Query<Listing>) -> Result<HttpResponse, ApiError> {
    let listing = query.valid()?;
    Ok(HttpResponse::Ok().json(serde_json::json!({
        "page_size": listing.page_size, "is_active": listing.is_active, "search": listing.search,
    })))
}

async fn find(id: PathId<ItemId>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().body(id.valid()?.to_string()))
}

/// Says in the log that the item's id is the caller's.
async fn signed_in(request: HttpRequest, id: PathId<UserId>) -> Result<HttpResponse, ApiError> {
    request.extensions_mut().insert(LoggedUser(id.valid()?));
    Err(ApiError::Forbidden)
}

async fn form(pairs: FormPairs) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(pairs.valid().map_err(ApiError::for_oauth)?))
}

/// Takes longer than keep-alive and head timeout of [`hurried`] together.
async fn slow() -> HttpResponse {
    tokio::time::sleep(Duration::from_millis(1500)).await;
    HttpResponse::Ok().finish()
}

/// More bytes than the system keeps for a socket.
pub(crate) const LARGE: usize = 64 << 20;

async fn large() -> HttpResponse {
    HttpResponse::Ok().body(vec![b'x'; LARGE])
}

async fn panics() -> HttpResponse {
    panic!("the secret is squirrel")
}

async fn fails() -> Result<HttpResponse, ApiError> {
    Err(ApiError::internal("the secret is squirrel"))
}

async fn fail_with(code: web::Path<String>) -> Result<HttpResponse, ApiError> {
    Err(match code.as_str() {
        "unauthenticated" => ApiError::Unauthenticated,
        "invalid_token" => ApiError::InvalidToken,
        "rate_limited" => ApiError::RateLimited { retry_after_s: 7 },
        "invalid_grant" => ApiError::InvalidGrant.for_oauth(),
        "unavailable" => ApiError::Unavailable(None),
        "framework" => return Ok(HttpResponse::PayloadTooLarge().body("plain words")),
        _ => ApiError::NotFound,
    })
}

pub(crate) fn settings() -> HttpSettings {
    HttpSettings {
        cors_origins: vec!["https://app.example.com".to_owned()],
        body_limit: 1000,
        ..HttpSettings::default()
    }
}

/// Settings with short timeouts, for tests of these alone: on a busy machine anybody may exceed them.
pub(crate) fn hurried() -> HttpSettings {
    HttpSettings {
        body_timeout: Duration::from_millis(300),
        head_timeout: Duration::from_millis(300),
        // actix's clock for it ticks twice a second, so anything shorter than a tick closes at once now and then.
        keep_alive: Duration::from_secs(1),
        ..settings()
    }
}

pub(crate) fn start() -> Server {
    start_with(settings())
}

pub(crate) fn start_with(settings: HttpSettings) -> Server {
    let (send, receive) = mpsc::channel();
    let draining = Draining::default();
    let drain = draining.clone();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let connections = Connections::new(&settings);
            let readiness: service::ReadinessCheck =
                Arc::new(|| Box::pin(async { vec![Check::needed("database", true)] }));
            let tokens = TokenSettings {
                issuer: "test".to_owned(),
                audience: "test".to_owned(),
                access_ttl: Duration::from_secs(60),
            };
            let access = AccessTokens::new(KeySet::from_secret(b"a secret that signs nothing here"), tokens);
            let service = web::Data::new(Service::new(&settings, readiness, drain, access));
            let (head_timeout, keep_alive) = (settings.head_timeout, settings.keep_alive);
            let settings = web::Data::new(settings);
            let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) =
                (Arc::new(SystemClock), Arc::new(TestEntropy));
            actix_web::rt::spawn(connections.sweep());
            let on_connect = connections.on_connect();
            let server = HttpServer::new(move || {
                wrapped_app(&settings, &clock, &entropy)
                    .configure(|config| service::configure(config, &service, &settings.api_prefix))
                    .service(at("/things").get(list).post(create))
                    .service(at("/things/{id}").get(find).delete(find))
                    .service(at("/as/{id}").get(signed_in))
                    .service(at("/form").post(form))
                    .service(at("/slow").get(slow))
                    .service(at("/large").get(large))
                    .service(at("/panic").get(panics))
                    .service(at("/fail").get(fails))
                    .service(at("/fail/{code}").get(fail_with))
            })
            .workers(1)
            .disable_signals()
            .keep_alive(keep_alive)
            .client_request_timeout(head_timeout)
            .on_connect(on_connect)
            .bind(("127.0.0.1", 0))
            .unwrap();
            send.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    Server { address: receive.recv().unwrap(), draining }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) draining: Draining,
}

impl Server {
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post_json(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body)
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.connect().send(method, path, headers, body)
    }
}

pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { reader: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        self.write(&format!("{head}\r\n{body}"));
        self.read(method == "HEAD")
    }

    pub(crate) fn write(&mut self, text: &str) {
        self.reader.get_mut().write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).unwrap();
    }

    /// Whether more could be written: the other side may have closed.
    pub(crate) fn try_write(&mut self, text: &str) -> bool {
        self.reader.get_mut().write_all(text.as_bytes()).is_ok()
    }

    pub(crate) fn read(&mut self, head_only: bool) -> Answer {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        let status =
            line.split(' ').nth(1).unwrap_or_else(|| panic!("no status line: {line:?}")).parse().unwrap();
        let mut answer = Answer { status, headers: Vec::new(), body: Vec::new() };
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            answer.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let length = answer.header("content-length");
        if !head_only && status != 304 && !length.is_empty() {
            answer.body.resize(length.parse().unwrap(), 0);
            self.reader.read_exact(&mut answer.body).unwrap();
        }
        answer
    }

    /// Reads so many bytes, or until there are no more; how many there were.
    pub(crate) fn read_some(&mut self, bytes: usize) -> usize {
        let mut buffer = vec![0; 64 << 10];
        let mut read = 0;
        while read < bytes {
            let most = buffer.len().min(bytes - read);
            match self.reader.read(&mut buffer[..most]) {
                Ok(0) | Err(_) => break,
                Ok(n) => read += n,
            }
        }
        read
    }

    /// Reads until the server closes; what it still sent.
    pub(crate) fn read_to_end(&mut self) -> std::io::Result<String> {
        let mut rest = String::new();
        self.reader.read_to_string(&mut rest).map(|_| rest)
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The header, or nothing where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks that this is a problem document, complete and consistent, and gives its code.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["type"], format!("urn:plinth:problem:{code}"));
        let id = self.header("x-request-id");
        assert_eq!(problem["instance"], format!("urn:request:{id}"));
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        assert_eq!(problem["errors"].is_array(), self.status == 422);
        code
    }

    /// Every bad field, as `pointer code`.
    pub(crate) fn errors(&self) -> Vec<String> {
        assert_eq!((self.status, self.problem().as_str()), (422, "invalid_fields"), "{self:?}");
        let problem = self.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|error| format!("{} {}", text(&error["pointer"]), text(&error["code"]))).collect()
    }
}
