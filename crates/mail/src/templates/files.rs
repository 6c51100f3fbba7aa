//! The files that templates are in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use plinth_domain::MailKind;

use super::TemplateError;

/// The page around every HTML message.
const LAYOUT: &str = "layout.html";

/// What a message is made of.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Subject,
    Text,
    Html,
}

impl Part {
    const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    pub(super) fn file(self, kind: MailKind) -> String {
        let extension = match self {
            Self::Subject => "subject.txt",
            Self::Text => "txt",
            Self::Html => "html",
        };
        format!("{}.{extension}", kind.as_str())
    }
}

macro_rules! sources {
    ($part:expr, $name:literal) => {
        match $part {
            Part::Subject => include_str!(concat!("../../templates/", $name, ".subject.txt")),
            Part::Text => include_str!(concat!("../../templates/", $name, ".txt")),
            Part::Html => include_str!(concat!("../../templates/", $name, ".html")),
        }
    };
}

fn source(kind: MailKind, part: Part) -> &'static str {
    match kind {
        MailKind::VerifyEmail => sources!(part, "verify_email"),
        MailKind::ResetPassword => sources!(part, "reset_password"),
        MailKind::EmailChangeRequested => sources!(part, "email_change_requested"),
        MailKind::EmailChanged => sources!(part, "email_changed"),
    }
}

/// Every template with its file's name.
pub(super) fn built_in() -> Vec<(String, &'static str)> {
    let layout = (LAYOUT.to_owned(), include_str!("../../templates/layout.html"));
    let of_kinds = MailKind::ALL
        .into_iter()
        .flat_map(|kind| Part::ALL.map(move |part| (part.file(kind), source(kind, part))));
    std::iter::once(layout).chain(of_kinds).collect()
}

/// The templates in a folder.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, String>, TemplateError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TemplateError::Unreadable { path, source }
    };
    let known: Vec<String> = built_in().into_iter().map(|(name, _)| name).collect();
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let file = entry.file_name().to_string_lossy().into_owned();
        if file.starts_with('.') {
            continue;
        }
        if !known.contains(&file) {
            return Err(TemplateError::UnknownFile { file, known });
        }
        let path = entry.path();
        let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
        found.insert(file, text);
    }
    Ok(found)
}
