//! What can be wrong with a template, or with what is to be put into one.

use std::path::PathBuf;

use plinth_domain::MailKind;

/// A template, or what was to be put into it, is not as it should be. Shows no value of a message.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder or a file in it cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder has a file that is no template.
    #[error("{file} is no mail template; there are {}", known.join(", "))]
    UnknownFile {
        /// Its name.
        file: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A template does not compile, or cannot be rendered.
    #[error("{file}, line {line}: {problem}")]
    Template {
        /// The template.
        file: String,
        /// Where in it, counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A template leaves out what it is for.
    #[error("{file}: must show {what}")]
    Missing {
        /// The template.
        file: String,
        /// What.
        what: &'static str,
    },
    /// A letter has not what its kind needs.
    #[error("a message of the kind {} needs {needs}", kind.as_str())]
    Letter {
        /// The kind.
        kind: MailKind,
        /// What it needs.
        needs: &'static str,
    },
}

impl TemplateError {
    pub(super) fn in_template(file: &str, error: &minijinja::Error) -> Self {
        // The one error whose cause is elsewhere: a template that this one extends or includes.
        let cause = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
            .filter_map(|error| error.downcast_ref::<minijinja::Error>())
            .last()
            .unwrap_or(error);
        let problem = match cause.detail() {
            Some(detail) => format!("{}: {detail}", cause.kind()),
            None => cause.kind().to_string(),
        };
        Self::Template {
            file: cause.name().unwrap_or(file).to_owned(),
            line: cause.line().unwrap_or(1),
            problem,
        }
    }

    /// The same without the words that may quote a value.
    pub(super) fn without_detail(self) -> Self {
        match self {
            Self::Template { file, line, problem } => {
                let kind = problem.split(':').next().unwrap_or_default().to_owned();
                Self::Template { file, line, problem: kind }
            }
            other => other,
        }
    }
}
