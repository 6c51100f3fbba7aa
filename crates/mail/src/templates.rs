//! What messages say: the built-in templates, and those of a folder in their place.

mod error;
mod files;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use plinth_domain::MailKind;

pub use error::TemplateError;

use crate::letter::{Content, Letter};
use crate::safe;
use files::Part;
use values::Values;

/// The templates of all kinds of mail, in the syntax of Jinja. Clones share them.
///
/// Each kind has three: `<kind>.subject.txt`, `<kind>.txt` and `<kind>.html`; the HTML ones extend `layout.html`. They
/// can use `project_name` and `full_name` (empty where there is none to show); `link` and `valid_for` in kinds with a
/// link; `new_email` in kinds about one. Nothing else is defined, and what is not defined is an error.
#[derive(Clone)]
pub struct Templates {
    environment: Arc<Environment<'static>>,
    project_name: Arc<str>,
}

impl Templates {
    /// The built-in templates. The name is shown on one line, whatever it is.
    pub fn built_in(project_name: &str) -> Self {
        // That these compile, render and show what they should is tested.
        Self::compile(project_name, BTreeMap::new()).unwrap_or_else(|_| Self {
            environment: Arc::new(Environment::empty()),
            project_name: safe::one_line(project_name).into(),
        })
    }

    /// The built-in templates, but for those that the folder has.
    ///
    /// Every one is compiled and rendered once, so that a bad one stops the start: errors name the file and the line. A
    /// file of another name is an error too, since it would be one that is never used; hidden files are passed over.
    pub fn with_folder(project_name: &str, folder: &Path) -> Result<Self, TemplateError> {
        let templates = Self::compile(project_name, files::read(folder)?)?;
        for kind in MailKind::ALL {
            templates.try_out(kind)?;
        }
        Ok(templates)
    }

    /// The words for a letter.
    pub fn render(&self, letter: &Letter) -> Result<Content, TemplateError> {
        let values = Values::of(letter, &self.project_name)?;
        // An error at this time may quote what was to be shown.
        self.render_all(letter.kind, &values).map_err(TemplateError::without_detail)
    }

    fn compile(project_name: &str, mut replaced: BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        for (name, built_in) in files::built_in() {
            let source = replaced.remove(&name).unwrap_or_else(|| built_in.to_owned());
            environment
                .add_template_owned(name.clone(), source)
                .map_err(|error| TemplateError::in_template(&name, &error))?;
        }
        Ok(Self { environment: Arc::new(environment), project_name: safe::one_line(project_name).into() })
    }

    fn render_all(&self, kind: MailKind, values: &Values) -> Result<Content, TemplateError> {
        let subject = safe::subject(&self.render_part(kind, Part::Subject, values.for_text())?);
        if subject.is_empty() {
            return Err(TemplateError::Missing { file: Part::Subject.file(kind), what: "a text" });
        }
        Ok(Content {
            subject,
            text: self.render_part(kind, Part::Text, values.for_text())?,
            html: self.render_part(kind, Part::Html, values.for_html())?,
        })
    }

    fn render_part(&self, kind: MailKind, part: Part, values: Value) -> Result<String, TemplateError> {
        let file = part.file(kind);
        let rendered = self.environment.get_template(&file).and_then(|template| template.render(values));
        let mut text = rendered.map_err(|error| TemplateError::in_template(&file, &error))?;
        text.truncate(text.trim_end().len());
        text.push('\n');
        Ok(text)
    }

    /// Renders one kind with and without what may be missing, and looks for what must not be.
    fn try_out(&self, kind: MailKind) -> Result<(), TemplateError> {
        for values in Values::samples(kind, &self.project_name) {
            let content = self.render_all(kind, &values)?;
            let link = values.link();
            for (part, text, link) in [
                (Part::Text, &content.text, link.map(str::to_owned)),
                (Part::Html, &content.html, link.map(safe::html)),
            ] {
                if link.is_some_and(|link| !text.contains(&link)) {
                    return Err(TemplateError::Missing { file: part.file(kind), what: "{{ link }}" });
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").field("project_name", &self.project_name).finish_non_exhaustive()
    }
}
