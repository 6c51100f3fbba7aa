//! A message as it arrived.

use mail_parser::{MessageParser, MimeHeaders, PartType};

/// A message that a [`SmtpServer`](super::SmtpServer) took, with its envelope.
#[derive(Clone, Debug)]
pub struct Received {
    /// The envelope's sender, without angle brackets.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// What stood behind the sender: the parameters of MAIL.
    pub parameters: String,
    /// Who had signed in.
    pub user: Option<String>,
    /// Whether it came through TLS.
    pub encrypted: bool,
    /// The message, dots unstuffed.
    pub raw: Vec<u8>,
}

impl Received {
    /// The header lines as they came, each with the lines that continue it.
    pub fn header_lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.raw).into_owned();
        let (head, _) = text.split_once("\r\n\r\n").expect("an empty line after the headers");
        let mut lines: Vec<String> = Vec::new();
        for line in head.split("\r\n") {
            match lines.last_mut() {
                Some(last) if line.starts_with([' ', '\t']) => {
                    last.push_str("\r\n");
                    last.push_str(line);
                }
                _ => lines.push(line.to_owned()),
            }
        }
        lines
    }

    /// The names of its headers, in their order.
    pub fn header_names(&self) -> Vec<String> {
        self.header_lines().iter().map(|line| line.split(':').next().unwrap().to_owned()).collect()
    }

    /// A header's value as it came, unfolded. Fails unless there is exactly one.
    pub fn header(&self, name: &str) -> String {
        let values: Vec<String> = self
            .header_lines()
            .iter()
            .filter_map(|line| line.split_once(':').filter(|(found, _)| found.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value.replace("\r\n", "").trim().to_owned())
            .collect();
        assert_eq!(values.len(), 1, "one header {name} among {:?}", self.header_names());
        values.into_iter().next().unwrap()
    }

    /// The subject, decoded.
    pub fn subject(&self) -> String {
        self.parsed().subject().expect("a subject").to_owned()
    }

    /// The text part, decoded, with line ends as `\n`. Fails unless there is exactly one.
    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    /// The HTML part, decoded, with line ends as `\n`. Fails unless there is exactly one.
    pub fn html(&self) -> String {
        self.part("text/html")
    }

    /// The link in the text part. Fails unless there is exactly one.
    pub fn link(&self) -> String {
        let text = self.text();
        let links: Vec<&str> = text.split_whitespace().filter(|word| word.contains("://")).collect();
        assert_eq!(links.len(), 1, "one link in {text}");
        links[0].to_owned()
    }

    /// The content types of its parts, the outermost first.
    pub fn content_types(&self) -> Vec<String> {
        let types =
            self.parsed().parts.iter().map(|part| part.content_type().map(full_type)).collect::<Vec<_>>();
        types.into_iter().map(Option::unwrap).collect()
    }

    fn part(&self, wanted: &str) -> String {
        let parsed = self.parsed();
        let parts: Vec<&str> = parsed
            .parts
            .iter()
            .filter(|part| part.content_type().is_some_and(|found| full_type(found) == wanted))
            .map(|part| match &part.body {
                PartType::Text(text) | PartType::Html(text) => text.as_ref(),
                other => panic!("{wanted} is {other:?}"),
            })
            .collect();
        assert_eq!(parts.len(), 1, "one part {wanted}");
        parts[0].replace("\r\n", "\n")
    }

    fn parsed(&self) -> mail_parser::Message<'_> {
        MessageParser::default().parse(&self.raw).expect("a message")
    }
}

fn full_type(found: &mail_parser::ContentType<'_>) -> String {
    format!("{}/{}", found.ctype(), found.subtype().unwrap_or_default()).to_lowercase()
}
