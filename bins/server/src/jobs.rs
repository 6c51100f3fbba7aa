//! What runs beside the server: mail on its way out, tidying up, and the bus between instances.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use anyhow::Context;
use plinth_auth::OneTimeTokens;
use plinth_domain::Entropy;
use plinth_http::App;
use plinth_jobs::{Postman, PostmanSettings, Retention, Stopper, Sweeper};
use plinth_mail::{Mailbox, Mailer, Templates};
use plinth_realtime::Bus;
use tokio::task::JoinHandle;

use crate::config::Settings;

/// How long all jobs together may take to end what they are at. A message that is not through by then is sent again later.
const ENDING: Duration = Duration::from_secs(10);
/// How often what is no longer of any use is removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// Jobs that run.
pub(crate) struct Jobs {
    stopper: Stopper,
    tasks: Vec<JoinHandle<()>>,
}

/// How mail leaves: to the mail server, or into a mailbox that is shown. Which one is decided here, and nowhere else.
pub(crate) struct Post {
    mailer: Mailer,
    templates: Templates,
    settings: PostmanSettings,
    /// Where mail is kept that goes to no mail server.
    pub(crate) mailbox: Option<Mailbox>,
}

impl Post {
    /// The one that the settings ask for, if any.
    pub(crate) fn of(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let Some(mail) = &settings.mail else { return Ok(None) };
        let (mailer, mailbox) = match &mail.smtp {
            Some(url) => (Mailer::smtp(url, mail.from.clone()).context("cannot set up mail")?, None),
            None => {
                let mailbox = Mailbox::new();
                (Mailer::mailbox(mailbox.clone(), mail.from.clone()), Some(mailbox))
            }
        };
        let templates = match &mail.templates {
            Some(folder) => {
                Templates::with_folder(&settings.project_name, folder).context("MAIL_TEMPLATES_DIR")?
            }
            None => Templates::built_in(&settings.project_name),
        };
        Ok(Some(Self { mailer, templates, settings: PostmanSettings::for_app(&mail.app_origin), mailbox }))
    }

    /// `secret` is what one-time tokens are made under.
    fn postman(self, app: &App, secret: &[u8]) -> Postman {
        Postman {
            db: app.db.clone(),
            mailer: self.mailer,
            templates: self.templates,
            tokens: OneTimeTokens::new(secret),
            clock: Arc::clone(&app.clock),
            entropy: Arc::clone(&app.entropy),
            wakeup: Arc::clone(&app.mail_wakeup),
            settings: self.settings,
        }
    }
}

impl Jobs {
    /// Starts them. `secret` is what one-time tokens are made under.
    pub(crate) fn start(
        settings: &Settings,
        app: &App,
        post: Option<Post>,
        secret: &[u8],
        bus: Option<Bus>,
    ) -> Self {
        let (stopper, stop) = Stopper::new();
        let sweeper = Sweeper {
            db: app.db.clone(),
            clock: Arc::clone(&app.clock),
            retention: Retention { audit: settings.accounts.audit_retention, ..Retention::default() },
            first: first_sweep(&*app.entropy),
            interval: SWEEP_INTERVAL,
        };
        let mut jobs = Self { stopper, tasks: vec![rt::spawn(sweeper.run(stop.clone()))] };
        if let Some(bus) = bus {
            let mut stop = stop.clone();
            jobs.tasks.push(rt::spawn(bus.run(async move { stop.told().await })));
        }
        match post {
            Some(post) => jobs.tasks.push(rt::spawn(post.postman(app, secret).run(stop))),
            None => tracing::warn!(
                "SMTP_URL is not set: no mail is sent, so no password can be reset and no email be proven"
            ),
        }
        jobs
    }

    /// Lets each end what it is at, all of them in the same ten seconds.
    pub(crate) async fn end(self) {
        self.end_within(ENDING).await;
    }

    async fn end_within(self, time: Duration) {
        self.stopper.stop();
        // They run whether they are waited for or not, so that one after the other is as good as all at once.
        let all = async {
            for task in self.tasks {
                if let Err(error) = task.await {
                    tracing::error!(%error, "a job broke off");
                }
            }
        };
        if rt::time::timeout(time, all).await.is_err() {
            tracing::warn!("a job does not end; what it was at is done again later");
        }
    }
}

/// How long after the start the first sweep is: between 45 and 75 seconds, so that instances that start together do
/// not sweep together.
fn first_sweep(entropy: &dyn Entropy) -> Duration {
    let mut byte = [0];
    entropy.fill(&mut byte);
    Duration::from_secs(45) + Duration::from_secs(30) * u32::from(byte[0]) / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::app;

    /// Jobs that do that.
    fn jobs(tasks: Vec<JoinHandle<()>>) -> Jobs {
        Jobs { stopper: Stopper::new().0, tasks }
    }

    #[test]
    fn jobs_that_do_not_end_are_waited_for_together() {
        let took = app::block_on(async {
            let endless = (0..5).map(|_| rt::spawn(std::future::pending::<()>())).collect();
            let began = Instant::now();
            jobs(endless).end_within(Duration::from_millis(300)).await;
            Ok(began.elapsed())
        })
        .unwrap();
        assert!((300..900).contains(&took.as_millis()), "{took:?}");
    }

    #[test]
    fn jobs_that_end_are_waited_for_also_behind_one_that_breaks_off() {
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let told = Arc::clone(&done);
        app::block_on(async move {
            let broken = rt::spawn(std::future::pending::<()>());
            broken.abort();
            let slow = rt::spawn(async move {
                rt::time::sleep(Duration::from_millis(50)).await;
                told.store(true, std::sync::atomic::Ordering::Relaxed);
            });
            jobs(vec![broken, slow]).end().await;
            Ok(())
        })
        .unwrap();
        assert!(done.load(std::sync::atomic::Ordering::Relaxed));
    }

    /// Fills everything with that byte.
    #[derive(Debug)]
    struct Always(u8);

    impl Entropy for Always {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn the_first_sweep_is_about_a_minute_after_the_start() {
        let seconds = [0, 127, u8::MAX].map(|byte| first_sweep(&Always(byte)).as_secs());
        assert_eq!(seconds, [45, 59, 75]);
    }
}
