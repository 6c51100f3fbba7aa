//! What people entered, made harmless for a message.

use plinth_domain::{Email, FullName};

/// A longer name is more likely a message of its own than a name.
const LONGEST_NAME: usize = 60;
/// As many digits as make a telephone number.
const MANY_DIGITS: usize = 5;
/// What fits into a list of messages. A header line has to end before its 998th character (RFC 5322 §2.1.1).
const LONGEST_SUBJECT: usize = 200;

/// One line: control and invisible formatting characters gone, white space collapsed.
pub(crate) fn one_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .filter(|c| !is_formatting(*c))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that turn, hide or glue what stands around them: directional ones (Unicode UAX 9), zero-width ones, tags.
/// The joiners U+200C and U+200D stay, since names in several scripts need them.
fn is_formatting(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The name to greet, or nothing where there is none that is safe to show.
///
/// Anybody can register somebody else's address under a name of their choice, so a name is a way to put words into
/// another person's mailbox in ours. Mail programs make links of bare domains, addresses and telephone numbers; a name
/// that looks like one is left out, and so is one that is a text rather than a name.
pub(crate) fn name(name: Option<&FullName>) -> String {
    let shown = name.map(|name| one_line(name.as_str())).unwrap_or_default();
    if shown.chars().count() > LONGEST_NAME || could_become_a_link(&shown) { String::new() } else { shown }
}

fn could_become_a_link(text: &str) -> bool {
    let bare: Vec<char> = text.chars().filter(|c| !matches!(c, '\u{200c}' | '\u{200d}')).collect();
    let lower: String = bare.iter().flat_map(|c| c.to_lowercase()).collect();
    bare.iter().any(|c| matches!(c, '@' | '＠' | ':' | '：' | '/' | '／' | '\\' | '<' | '>' | '[' | ']'))
        || lower.contains("www.")
        || bare.iter().filter(|c| c.is_numeric()).count() >= MANY_DIGITS
        // `evil.com`, but not `J.R.R. Tolkien`: the shortest top-level domain has two letters.
        || bare.windows(4).any(|four| {
            four[0].is_alphanumeric() && is_dot(four[1]) && four[2].is_alphanumeric() && four[3].is_alphanumeric()
        })
}

/// The full stop, and what a domain name may have in its place (RFC 3490 §3.1).
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// An address to tell somebody about. Its local part is left out where it could pass for a web address: it may hold
/// slashes and question marks.
pub(crate) fn address(email: &Email) -> String {
    let text = email.as_str();
    match text.split_once('@') {
        Some((local, domain))
            if local.starts_with("www.") || local.contains(['/', '?', '#', '=', '&', '%']) =>
        {
            format!("…@{domain}")
        }
        _ => text.to_owned(),
    }
}

/// A subject: one line that is no encoded word (RFC 2047) and not too long.
pub(crate) fn subject(text: &str) -> String {
    let line = one_line(text).replace("=?", "= ?");
    if line.chars().count() <= LONGEST_SUBJECT {
        return line;
    }
    line.chars().take(LONGEST_SUBJECT - 1).chain(['…']).collect()
}

/// Text for an HTML element or a quoted attribute. A slash stays what it is, so that a link reads as one.
pub(crate) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
