//! Why a message was not sent, in words that may be logged.

use std::fmt;

use crate::letter::Content;

/// Why a message was not sent. Shows what the mail server answered, but neither message, link nor credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct SendError {
    stage: Stage,
    cause: Cause,
}

/// How far sending had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Writing the message down; nothing was sent.
    Compose,
    /// Reaching the server, up to its answer to EHLO; with TLS from the first byte, that too.
    Connect,
    /// STARTTLS.
    StartTls,
    /// Signing in.
    Auth,
    /// Naming the sender.
    Sender,
    /// Naming the recipient.
    Recipient,
    /// Handing the message over.
    Data,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// No server can be made to take this message.
    Impossible(&'static str),
    /// The server's answer, and what it said with it, as far as that may be shown.
    Answer { code: u16, text: Option<String> },
    /// The server took too long.
    Timeout,
    /// Anything else: connection, TLS, an answer that is not SMTP.
    Other(String),
}

impl SendError {
    pub(crate) fn new(stage: Stage, cause: Cause) -> Self {
        Self { stage, cause }
    }

    /// How far sending had come.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The server's reply code (RFC 5321 §4.2), where there was one.
    pub fn code(&self) -> Option<u16> {
        match self.cause {
            Cause::Answer { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether trying again is pointless: the server refused this very message, its sender or its recipient with a
    /// reply of 500 or more, or it is one that cannot be sent.
    ///
    /// What a server refuses before it has heard of a message, such as the password, is a matter of settings. That is
    /// not permanent, nor are 530 and its kin (RFC 4954 §6) at any time: people correct settings, and the messages
    /// should go out then.
    pub fn is_permanent(&self) -> bool {
        let about_the_message = matches!(self.stage, Stage::Sender | Stage::Recipient | Stage::Data);
        match self.cause {
            Cause::Impossible(_) => true,
            Cause::Answer { code, .. } => {
                about_the_message && code >= 500 && !matches!(code, 530 | 534 | 535 | 538)
            }
            Cause::Timeout | Cause::Other(_) => false,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.stage {
            Stage::Compose => "the message cannot be written",
            Stage::Connect => "the mail server cannot be reached",
            Stage::StartTls => "the mail server does not start TLS",
            Stage::Auth => "the mail server does not accept the credentials",
            Stage::Sender => "the mail server does not accept the sender",
            Stage::Recipient => "the mail server does not accept the recipient",
            Stage::Data => "the mail server does not accept the message",
        })?;
        match &self.cause {
            Cause::Impossible(why) => write!(f, ": {why}"),
            Cause::Answer { code, text: Some(text) } if !text.is_empty() => write!(f, ": {code} {text}"),
            Cause::Answer { code, .. } => write!(f, ": {code}"),
            Cause::Timeout => f.write_str(": no answer in time"),
            Cause::Other(why) => write!(f, ": {why}"),
        }
    }
}

impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendError({:?}, {self})", self.stage)
    }
}

impl std::error::Error for SendError {}

/// What must not be shown of a server's answer: servers quote the lines that they object to, spam filters the links.
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// As long as a piece of a token must not be to be shown.
    const PIECE: usize = 8;
    /// Text without a break that is as long as this is a token, or may be one.
    const LONG: usize = 16;
    /// The most characters of an answer.
    const SHOWN: usize = 200;

    pub(crate) fn new(credentials: Option<&(String, String)>, content: &Content) -> Self {
        let mut secrets: Vec<String> =
            credentials.map(|(_, password)| password.clone()).into_iter().collect();
        // The HTML has the same link, but long words of its own besides.
        secrets.extend(runs(&content.text).filter(|run| run.len() >= Self::LONG).map(str::to_owned));
        Self(secrets)
    }

    /// A server's words on one line, cut, and without anything that is secret.
    pub(crate) fn removed_from(&self, answer: &str) -> String {
        let mut line = crate::safe::one_line(answer);
        for secret in &self.0 {
            line = line.replace(secret.as_str(), "…");
        }
        let shown: Vec<&str> =
            line.split(' ').map(|word| if self.is_told_by(word) { "…" } else { word }).collect();
        let shown = shown.join(" ");
        if shown.chars().count() <= Self::SHOWN {
            return shown;
        }
        shown.chars().take(Self::SHOWN - 1).chain(['…']).collect()
    }

    /// Whether a word is a link, or has a piece of a secret in it, as when it was folded or encoded.
    fn is_told_by(&self, word: &str) -> bool {
        let is_piece = |piece: &str| self.0.iter().any(|secret| secret.contains(piece));
        word.contains("://")
            || runs(word)
                .any(|run| (Self::PIECE..=run.len()).any(|end| is_piece(&run[end - Self::PIECE..end])))
    }
}

/// The stretches of characters that tokens are made of (base64url, RFC 4648 §5).
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').filter(|run| !run.is_empty())
}
