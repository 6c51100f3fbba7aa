//! A connection to Redis, as long as it lasts: one to ask and publish, one to listen.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSubStream};
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, RedisResult, cmd};
use tokio::time::timeout;

use crate::bus::reason;
use crate::hub::Hub;
use crate::outbound::{Outbound, Outgoing};
use crate::replay::{Entry, Reader};
use crate::under_way::UnderWay;
use crate::wire::{self, Heard, Sent};

/// What the names in Redis begin with. The number of the database follows: channels are not kept apart by it.
const PREFIX: &str = "plinth:realtime:1:";
/// How long Redis may take to connect, and to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long connecting may take with all that belongs to it.
const OPENING: Duration = Duration::from_secs(10);
/// A connection on which not even our own signs of life are heard for that long is dead.
const SILENCE: Duration = Duration::from_secs(4);
/// The least that is kept in the stream: without its newest entry each event would look like the first.
const LEAST_KEPT: usize = 100;
/// How many entries of the stream are read at once.
const PAGE: usize = 500;

pub(crate) struct Line {
    hub: Hub,
    outbound: Arc<Outbound>,
    connection: MultiplexedConnection,
    /// What instances publish on.
    channel: String,
    /// The events of the recent past.
    stream: String,
    /// The name by which Redis knows the script.
    script: String,
    /// Tells our own messages from others'.
    origin: u64,
    number: AtomicU64,
    under_way: Mutex<UnderWay>,
}

impl Line {
    /// Connects, and brings the hub up to date. The error is the reason.
    pub(crate) async fn open(
        client: &Client,
        hub: &Hub,
        outbound: &Arc<Outbound>,
        run_id: &mut Option<String>,
    ) -> Result<(Self, PubSubStream), String> {
        match timeout(OPENING, Self::open_within(client, hub, outbound, run_id)).await {
            Ok(opened) => opened,
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    async fn open_within(
        client: &Client,
        hub: &Hub,
        outbound: &Arc<Outbound>,
        run_id: &mut Option<String>,
    ) -> Result<(Self, PubSubStream), String> {
        let channel = format!("{PREFIX}{}", client.get_connection_info().redis_settings().db());
        // First of all, so that nothing falls between what is read and what is heard.
        let subscribe = async {
            let mut ears = client.get_async_pubsub().await?;
            ears.subscribe(&channel).await?;
            RedisResult::Ok(ears.into_on_message())
        };
        let ears = match timeout(PATIENCE, subscribe).await {
            Ok(subscribed) => subscribed.map_err(|error| reason(&error))?,
            Err(_) => return Err("no answer in time".to_owned()),
        };
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let opened = async {
            let mut connection = client.get_multiplexed_async_connection_with_config(&settings).await?;
            let origin = cmd("CLIENT").arg("ID").query_async(&mut connection).await?;
            let script = include_str!("publish.lua");
            let script = cmd("SCRIPT").arg("LOAD").arg(script).query_async(&mut connection).await?;
            let line = Self {
                hub: hub.clone(),
                outbound: Arc::clone(outbound),
                connection,
                stream: format!("{channel}:log"),
                channel,
                script,
                origin,
                number: AtomicU64::new(0),
                under_way: Mutex::default(),
            };
            line.look_who_it_is(run_id).await?;
            line.announce_loss().await?;
            RedisResult::Ok((line, ears))
        };
        opened.await.map_err(|error| reason(&error))
    }

    /// Catches up, and has everyone resync if this is another Redis than before: it may not have all that the last
    /// one had.
    async fn look_who_it_is(&self, known: &mut Option<String>) -> RedisResult<()> {
        let asked = cmd("INFO").arg("server").query_async::<String>(&mut self.connection.clone()).await;
        // Where that may not be asked every Redis is the same.
        let info = asked.unwrap_or_default();
        let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::to_owned);
        let ends_in_resync = self.catch_up().await?;
        if known.is_some() && *known != run_id && !ends_in_resync {
            self.outbound.set_lost();
            self.hub.with(|state, _| state.unsure = true);
        }
        *known = run_id;
        Ok(())
    }

    /// Delivers what is published, until the connection is lost; says why it was.
    pub(crate) async fn listen(&self, ears: &mut PubSubStream) -> String {
        loop {
            let heard = match timeout(SILENCE, ears.next()).await {
                Ok(Some(heard)) => heard,
                Ok(None) => return "connection closed".to_owned(),
                Err(_) => return "silence".to_owned(),
            };
            match wire::hear(heard.get_payload_bytes()) {
                Some(Heard::Event { seq, prev, data }) => {
                    if let Err(error) = self.take_in(Entry { seq, prev, data: Some(data) }).await {
                        return reason(&error);
                    }
                }
                Some(Heard::Sent { origin, number, sent }) => {
                    match sent {
                        Sent::Message(to, text) => self.hub.send(&to, &text),
                        Sent::Control(control) => self.hub.apply(control),
                    }
                    if origin == self.origin {
                        self.under_way().retain(|sent, _| sent > number);
                    }
                }
                Some(Heard::Ping) | None => {}
            }
        }
    }

    async fn take_in(&self, entry: Entry<'_>) -> RedisResult<()> {
        let seq = entry.seq;
        let last = self.hub.last_seq();
        if seq <= last {
            return Ok(());
        }
        if entry.prev == last {
            let mut reader = Reader::new(&self.hub, false);
            reader.read(&entry);
            return Ok(());
        }
        self.catch_up().await?;
        if self.hub.last_seq() < seq {
            // It was never in the stream, or the stream has been lost since. Its number is not to be trusted.
            self.outbound.set_lost();
            self.hub.with(|state, _| state.unsure = true);
        }
        Ok(())
    }

    /// Reads from the stream what came after what the hub knows. Says whether the newest there is a resync.
    async fn catch_up(&self) -> RedisResult<bool> {
        let last = self.hub.last_seq();
        let mut from = if last == 0 { "-".to_owned() } else { format!("{last}-0") };
        let mut reader = Reader::new(&self.hub, true);
        let mut found = false;
        loop {
            let mut ask = cmd("XRANGE");
            ask.arg(&self.stream).arg(&from).arg("+").arg("COUNT").arg(PAGE);
            let page: Vec<(String, HashMap<String, Vec<u8>>)> =
                ask.query_async(&mut self.connection.clone()).await?;
            for (id, fields) in &page {
                let Some(entry) = read_entry(id, fields) else { continue };
                // The last that we know, or what follows: the stream reaches back far enough, or says that it does not.
                found = true;
                reader.read(&entry);
            }
            match page.last().and_then(|(id, _)| id_after(id)) {
                Some(next) if page.len() == PAGE => from = next,
                _ => break,
            }
        }
        if last != 0 && !found {
            // An empty stream: it was lost, and with it perhaps what we have not seen.
            self.outbound.set_lost();
        }
        let ends_in_resync = reader.ends_in_resync();
        drop(reader);
        self.hub.with(|state, _| state.unsure = self.outbound.has_lost());
        Ok(ends_in_resync)
    }

    /// Publishes; with nothing to publish, a sign of life.
    pub(crate) async fn send(&self, batch: Vec<Outgoing>) -> RedisResult<()> {
        let mut pipeline = redis::pipe();
        if batch.is_empty() {
            pipeline.cmd("PUBLISH").arg(&self.channel).arg(wire::PING).ignore();
        }
        let last = self.hub.last_seq();
        let mut newest = 0;
        for outgoing in batch {
            let number = self.number.fetch_add(1, Ordering::SeqCst) + 1;
            newest = number;
            match &outgoing {
                Outgoing::Event(event) => self.add_event(&mut pipeline, last, &wire::event_data(event)),
                Outgoing::Loss => self.add_event(&mut pipeline, last, &wire::resync_data()),
                Outgoing::Message(to, text) => {
                    let message = wire::message(self.origin, number, to, text);
                    pipeline.cmd("PUBLISH").arg(&self.channel).arg(message).ignore();
                }
                Outgoing::Control(control) => {
                    let message = wire::control(self.origin, number, *control);
                    pipeline.cmd("PUBLISH").arg(&self.channel).arg(message).ignore();
                }
            }
            self.under_way().push(number, outgoing);
        }
        pipeline.query_async::<()>(&mut self.connection.clone()).await?;
        // An event is in the stream now. A message has to come back: only then is it known to be delivered here.
        self.under_way()
            .retain(|number, outgoing| number > newest || matches!(outgoing, Outgoing::Message(..)));
        Ok(())
    }

    /// Where an event was lost, has all instances resync.
    pub(crate) async fn announce_loss(&self) -> RedisResult<()> {
        let Some(loss) = self.outbound.take_loss() else { return Ok(()) };
        let mut pipeline = redis::pipe();
        self.add_event(&mut pipeline, self.hub.last_seq(), &wire::resync_data());
        pipeline.query_async::<()>(&mut self.connection.clone()).await?;
        loss.told();
        Ok(())
    }

    fn add_event(&self, pipeline: &mut Pipeline, last: u64, data: &str) {
        let most = self.hub.settings().log_events.max(LEAST_KEPT);
        let mut call = Cmd::new();
        call.arg("EVALSHA").arg(&self.script).arg(1).arg(&self.stream);
        call.arg(&self.channel).arg(last).arg(most).arg(data);
        pipeline.add_command(call).ignore();
    }

    /// Tells the connections of this instance to resync if that was put off.
    pub(crate) fn resync_if_owed(&self) {
        if self.outbound.owes_resync(Instant::now()) {
            self.hub.resync_all();
        }
    }

    /// Whether so much of what was sent has not come back that more has to wait: deliveries are not to pile up in
    /// memory, and senders are to be told.
    pub(crate) fn is_behind(&self) -> bool {
        self.under_way().is_full()
    }

    /// What was sent and may have been lost.
    pub(crate) fn not_known_to_have_arrived(&self) -> Vec<Outgoing> {
        self.under_way().take()
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        // Every change is a single step: whatever a panic left behind is sound.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Where the task was aborted. A message that was sent is on its way; an event may not be.
        for outgoing in self.not_known_to_have_arrived() {
            if matches!(outgoing, Outgoing::Event(_) | Outgoing::Loss) {
                self.hub.lose(outgoing);
            }
        }
    }
}

fn read_entry<'a>(id: &str, fields: &'a HashMap<String, Vec<u8>>) -> Option<Entry<'a>> {
    let text = |name: &str| fields.get(name).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let seq = wire::seq_of(id)?;
    let prev = text("p").and_then(|prev| prev.parse().ok()).unwrap_or(0);
    let data = text("d").filter(|_| text("v") == Some(wire::VERSION));
    Some(Entry { seq, prev, data })
}

/// The first id that can follow.
fn id_after(id: &str) -> Option<String> {
    let (seq, count) = id.split_once('-')?;
    Some(format!("{seq}-{}", count.parse::<u64>().ok()?.checked_add(1)?))
}
