//! One client's conversation with the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Fault, Received, ServerTls, Shared, Step};

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// Why a conversation is over.
struct Over;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

struct Conversation<'a> {
    shared: &'a Shared,
    tcp: TcpStream,
    stream: BufReader<Box<dyn Stream>>,
    encrypted: bool,
    user: Option<String>,
    envelope: Option<Envelope>,
}

struct Envelope {
    from: String,
    parameters: String,
    to: Vec<String>,
}

pub(super) fn serve(tcp: TcpStream, shared: &Shared) {
    // Nobody is waited for longer than a test takes.
    let _ = tcp.set_read_timeout(Some(Duration::from_secs(60)));
    let Ok(plain) = tcp.try_clone() else { return };
    let stream = BufReader::new(Box::new(plain) as Box<dyn Stream>);
    let mut conversation = Conversation { shared, tcp, stream, encrypted: false, user: None, envelope: None };
    let _ = conversation.hold();
}

impl Conversation<'_> {
    fn hold(&mut self) -> Result<(), Over> {
        if self.shared.options.tls == ServerTls::Implicit {
            self.encrypt()?;
        }
        self.answer(Step::Connect, "", "220 test.example ESMTP")?;
        loop {
            let line = self.line()?;
            self.shared.note(&line);
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let answer = self.extensions();
                    self.answer(Step::Ehlo, &line, &answer)?;
                }
                "STARTTLS" if self.shared.options.tls == ServerTls::Offered && !self.encrypted => {
                    if self.answer(Step::StartTls, &line, "220 go ahead")? {
                        self.encrypt()?;
                    }
                }
                "AUTH" => self.auth(&line)?,
                "MAIL" => self.mail(&line)?,
                "RCPT" => self.rcpt(&line)?,
                "DATA" => self.data(&line)?,
                "RSET" => {
                    self.envelope = None;
                    self.write("250 reset")?;
                }
                "NOOP" => self.write("250 nothing")?,
                "QUIT" => {
                    self.answer(Step::Quit, &line, "221 bye")?;
                    return Ok(());
                }
                _ => self.write("500 what?")?,
            }
        }
    }

    fn extensions(&self) -> String {
        let options = &self.shared.options;
        let mut lines = vec!["test.example".to_owned()];
        lines.extend(options.extension.clone());
        if !options.ascii_only {
            lines.extend(["8BITMIME".to_owned(), "SMTPUTF8".to_owned()]);
        }
        if options.tls == ServerTls::Offered && !self.encrypted {
            lines.push("STARTTLS".to_owned());
        }
        if options.credentials.is_some() {
            lines.push("AUTH PLAIN LOGIN".to_owned());
        }
        let last = lines.pop().unwrap();
        lines.iter().map(|line| format!("250-{line}\r\n")).collect::<String>() + "250 " + &last
    }

    fn auth(&mut self, line: &str) -> Result<(), Over> {
        let words: Vec<&str> = line.split(' ').collect();
        let given = match words.as_slice() {
            [_, "PLAIN", response] => decoded(response).and_then(|text| {
                let mut parts = text.splitn(3, '\0').skip(1).map(str::to_owned);
                Some((parts.next()?, parts.next()?))
            }),
            [_, "LOGIN"] => {
                self.write("334 VXNlcm5hbWU6")?;
                let user = decoded(&self.line()?);
                self.write("334 UGFzc3dvcmQ6")?;
                user.zip(decoded(&self.line()?))
            }
            _ => None,
        };
        let right = given.is_some() && given == self.shared.options.credentials;
        let answer = if right { "235 2.7.0 welcome" } else { "535 5.7.8 no" };
        if self.answer(Step::Auth, line, answer)? && right {
            self.user = given.map(|(user, _)| user);
        }
        Ok(())
    }

    fn mail(&mut self, line: &str) -> Result<(), Over> {
        if self.shared.options.credentials.is_some() && self.user.is_none() {
            return self.write("530 5.7.0 sign in first");
        }
        let Some((from, parameters)) = path(line, "MAIL FROM:<") else {
            return self.write("501 5.5.4 MAIL FROM:<address>");
        };
        if self.answer(Step::Mail, line, "250 2.1.0 fine")? {
            self.envelope = Some(Envelope { from, parameters, to: Vec::new() });
        }
        Ok(())
    }

    fn rcpt(&mut self, line: &str) -> Result<(), Over> {
        let Some((to, _)) = path(line, "RCPT TO:<") else { return self.write("501 5.5.4 RCPT TO:<address>") };
        if self.envelope.is_none() {
            return self.write("503 5.5.1 MAIL first");
        }
        if self.answer(Step::Rcpt, line, "250 2.1.5 fine")?
            && let Some(envelope) = &mut self.envelope
        {
            envelope.to.push(to);
        }
        Ok(())
    }

    fn data(&mut self, line: &str) -> Result<(), Over> {
        if self.envelope.as_ref().is_none_or(|envelope| envelope.to.is_empty()) {
            return self.write("503 5.5.1 MAIL and RCPT first");
        }
        if !self.answer(Step::Data, line, "354 go on")? {
            return Ok(());
        }
        let raw = self.content()?;
        let Some(Envelope { from, parameters, to }) = self.envelope.take() else { return Err(Over) };
        let (user, encrypted) = (self.user.clone(), self.encrypted);
        let message = Received { from, to, parameters, user, encrypted, raw };
        // Kept before it is answered: from then on the client may ask for it.
        let fault = self.shared.fault(Step::Content);
        if matches!(fault, None | Some(Fault::TakeAndClose | Fault::AnswerAndClose)) {
            self.shared.keep(message);
        }
        self.reply(fault, line, "250 2.0.0 taken")?;
        Ok(())
    }

    /// Reads up to the line with a dot alone, and takes the dots off that were put before others (RFC 5321 §4.5.2).
    fn content(&mut self) -> Result<Vec<u8>, Over> {
        let mut raw = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line)? == 0 {
                return Err(Over);
            }
            match line.as_slice() {
                b".\r\n" => return Ok(raw),
                [b'.', rest @ ..] => raw.extend_from_slice(rest),
                line => raw.extend_from_slice(line),
            }
        }
    }

    fn encrypt(&mut self) -> Result<(), Over> {
        let certificate = self.shared.certificate.as_ref().ok_or(Over)?;
        let tls = certificate.acceptor.accept(self.tcp.try_clone()?).map_err(|_| Over)?;
        // What came in the clear before this is forgotten with the old reader.
        self.stream = BufReader::new(Box::new(tls));
        self.encrypted = true;
        Ok(())
    }

    fn line(&mut self) -> Result<String, Over> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(Over);
        }
        line.strip_suffix("\r\n").map(str::to_owned).ok_or(Over)
    }

    /// Gives the right answer, unless a fault was ordered for the step. Whether it was the right one.
    fn answer(&mut self, step: Step, line: &str, right: &str) -> Result<bool, Over> {
        let fault = self.shared.fault(step);
        self.reply(fault, line, right)
    }

    fn reply(&mut self, fault: Option<Fault>, line: &str, right: &str) -> Result<bool, Over> {
        match fault {
            None => self.write(right).map(|()| true),
            Some(Fault::Answer(text)) => self.write(&text.replace("{line}", line)).map(|()| false),
            Some(Fault::AnswerAndClose) => {
                self.write(right)?;
                Err(Over)
            }
            Some(Fault::Close | Fault::TakeAndClose) => Err(Over),
            Some(Fault::Stall) => {
                self.stall();
                Err(Over)
            }
        }
    }

    /// Until the client has hung up or the server stops.
    fn stall(&mut self) {
        let _ = self.tcp.set_read_timeout(Some(Duration::from_millis(50)));
        let mut byte = [0];
        while !self.shared.stopped.load(Ordering::SeqCst) {
            match self.stream.read(&mut byte) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    fn write(&mut self, answer: &str) -> Result<(), Over> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{answer}\r\n").as_bytes())?;
        Ok(stream.flush()?)
    }
}

fn path(line: &str, before: &str) -> Option<(String, String)> {
    let (address, parameters) = line.strip_prefix(before)?.split_once('>')?;
    Some((address.to_owned(), parameters.trim().to_owned()))
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}
