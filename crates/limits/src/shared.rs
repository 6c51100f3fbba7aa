//! Limits that several processes share, in Redis.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, RedisResult, Script};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::{Key, Limit, Rate};

/// How long Redis may take to connect and answer, both together. Then it counts as away.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long Redis is left alone between two looks at whether it is back.
const PAUSE: Duration = Duration::from_secs(1);
/// What all keys begin with.
const PREFIX: &str = "plinth:limit:";

/// The text is not the URL of a Redis. It is not repeated: it may have a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the URL of a Redis, such as redis://localhost:6379 or rediss://:password@redis.example.com:6379/0"
)]
pub struct NotARedisUrl;

/// What is done to a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Take,
    GiveBack,
    Clear,
}

/// What the script answers.
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    /// Microseconds until the bucket is full.
    pub(crate) used: u64,
}

/// The buckets in a Redis that may be away.
pub(crate) struct Shared {
    client: Client,
    script: Script,
    link: Mutex<Link>,
}

enum Link {
    /// Nobody has asked yet.
    New,
    Up(Arc<ConnectionManager>),
    /// Redis is not asked while this task looks for it. A task that has ended here was lost with its runtime.
    Away(JoinHandle<()>),
}

impl Shared {
    /// Asks nothing yet: Redis may be away.
    pub(crate) fn new(url: &str) -> Result<Self, NotARedisUrl> {
        let client = Client::open(url).map_err(|_| NotARedisUrl)?;
        Ok(Self { client, script: Script::new(include_str!("bucket.lua")), link: Mutex::new(Link::New) })
    }

    /// Whether Redis is known to be away.
    pub(crate) fn is_away(&self) -> bool {
        matches!(*self.link(), Link::Away(_))
    }

    /// Has the script run; `None` where Redis is away.
    pub(crate) async fn act(
        self: &Arc<Self>,
        act: Act,
        limit: Limit,
        rate: Rate,
        key: Key,
    ) -> Option<Answer> {
        let manager = self.connection()?;
        let mut name = String::with_capacity(64);
        name.push_str(PREFIX);
        name.push_str(limit.name());
        name.push(':');
        URL_SAFE_NO_PAD.encode_string(key.bytes(), &mut name);

        let asked = async {
            match self.run(&manager, act, rate, &name).await {
                // A connection that Redis, a firewall or a restart has closed is noticed only now. The manager has
                // begun to make another.
                Err(error) if error.is_connection_dropped() => self.run(&manager, act, rate, &name).await,
                answer => answer,
            }
        };
        let why = match timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => reason(&error),
            Err(_) => "no answer in time".to_owned(),
        };
        self.lose(&manager, &why);
        None
    }

    async fn run(
        &self,
        manager: &ConnectionManager,
        act: Act,
        rate: Rate,
        name: &str,
    ) -> RedisResult<Answer> {
        let what = match act {
            Act::Take => "take",
            Act::GiveBack => "give_back",
            Act::Clear => "clear",
        };
        let mut call = self.script.key(name);
        call.arg(what).arg(rate.interval()).arg(rate.full());
        let (allowed, used): (u8, u64) = call.invoke_async(&mut manager.clone()).await?;
        Ok(Answer { allowed: allowed == 1, used })
    }

    fn connection(self: &Arc<Self>) -> Option<Arc<ConnectionManager>> {
        let mut link = self.link();
        match &*link {
            Link::Up(manager) => return Some(Arc::clone(manager)),
            Link::Away(task) if task.is_finished() => *link = self.look_for(),
            Link::Away(_) => {}
            Link::New => {
                // Connects with the first question, and only fails on settings that are not used here.
                let manager =
                    ConnectionManager::new_lazy_with_config(self.client.clone(), settings()).ok()?;
                let manager = Arc::new(manager);
                *link = Link::Up(Arc::clone(&manager));
                return Some(manager);
            }
        }
        None
    }

    /// Gives up a connection, once: of many requests that wait on it the first to fail does.
    fn lose(self: &Arc<Self>, lost: &Arc<ConnectionManager>, reason: &str) {
        let mut link = self.link();
        if matches!(&*link, Link::Up(current) if Arc::ptr_eq(current, lost)) {
            tracing::warn!(reason, "Redis is away: until it is back each instance limits by itself");
            *link = self.look_for();
        }
    }

    /// Looks for Redis until it is back or nobody needs it.
    fn look_for(self: &Arc<Self>) -> Link {
        let shared = Arc::downgrade(self);
        Link::Away(tokio::spawn(async move {
            loop {
                sleep(PAUSE).await;
                match find(&shared).await {
                    Some(false) => {}
                    Some(true) | None => return,
                }
            }
        }))
    }

    /// A new connection, on which the script has run: a Redis that answers may yet be loading, full or read-only.
    async fn reach(&self) -> RedisResult<ConnectionManager> {
        let manager = ConnectionManager::new_with_config(self.client.clone(), settings()).await?;
        self.run(&manager, Act::Take, PROBE_RATE, PROBE).await?;
        Ok(manager)
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        // It is replaced as a whole: whatever a panic left behind is sound.
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bucket that shows whether Redis does what is asked of it; gone within a second.
const PROBE: &str = "plinth:limit:probe";
const PROBE_RATE: Rate = Rate::fixed(1_000, 1);

/// Whether Redis is back, and is from now on asked again; `None` once nobody would ask.
async fn find(shared: &Weak<Shared>) -> Option<bool> {
    let shared = shared.upgrade()?;
    let Ok(Ok(manager)) = timeout(PATIENCE, shared.reach()).await else { return Some(false) };
    *shared.link() = Link::Up(Arc::new(manager));
    tracing::info!("Redis is back: instances share their limits again");
    Some(true)
}

/// No attempts of its own: one that fails is for [`Shared::look_for`] to repeat.
fn settings() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
}

/// What is wrong, without the text of the error: it may name the server or what was asked.
fn reason(error: &RedisError) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    if error.is_connection_refusal() {
        return "connection refused".to_owned();
    }
    error.code().unwrap_or_else(|| error.category()).to_owned()
}
