//! Templates in the place of the built-in ones.

use std::fs;
use std::path::Path;

use plinth_domain::MailKind;
use plinth_mail::{TemplateError, Templates};
use tempfile::TempDir;

use crate::support::render;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn error(files: &[(&str, &str)]) -> TemplateError {
    Templates::with_folder("Plinth", folder(files).path()).expect_err("a template is bad")
}

#[test]
fn what_is_there_replaces_what_is_built_in() {
    let built_in = Templates::built_in("Plinth");
    let folder = folder(&[
        ("reset_password.subject.txt", "  {{ project_name }}:\n new password\n"),
        ("reset_password.html", "<p>{{ full_name }} <a href=\"{{ link }}\">{{ valid_for|upper }}</a></p>"),
        (".notes", "not a template"),
    ]);
    let templates = Templates::with_folder("Plinth", folder.path()).unwrap();
    let content = render(&templates, MailKind::ResetPassword, Some("A&B"));
    assert_eq!(content.subject, "Plinth: new password");
    assert_eq!(
        content.html,
        format!("<p>A&amp;B <a href=\"{}\">30 MINUTES</a></p>\n", crate::support::link())
    );
    assert_eq!(content.text, render(&built_in, MailKind::ResetPassword, Some("A&B")).text);
    let other = MailKind::VerifyEmail;
    assert_eq!(render(&templates, other, None), render(&built_in, other, None));
}

#[test]
fn an_empty_folder_replaces_nothing() {
    let templates = Templates::with_folder("Plinth", folder(&[]).path()).unwrap();
    for kind in MailKind::ALL {
        assert_eq!(render(&templates, kind, None), render(&Templates::built_in("Plinth"), kind, None));
    }
}

#[test]
fn a_layout_replaces_the_page_around_every_message() {
    let layout = "<main>{% block title %}{% endblock %}{% block body %}{% endblock %}</main>";
    let templates = Templates::with_folder("Plinth", folder(&[("layout.html", layout)]).path()).unwrap();
    for kind in MailKind::ALL {
        let html = render(&templates, kind, None).html;
        assert!(html.starts_with("<main>") && html.ends_with("</main>\n"), "{html}");
    }
}

#[test]
fn bad_templates_are_named_with_their_line() {
    for (file, text, line, problem) in [
        ("reset_password.txt", "one\n{{ link }}\n{% if %}", 3, "syntax error"),
        ("reset_password.html", "{{ link }}\n\n{{ pasword }}", 3, "undefined value"),
        ("email_changed.txt", "{{ new_email }}\n{{ link }}", 2, "undefined value"),
        ("email_changed.html", "{% if not full_name %}\n{{ nobody }}{% endif %}", 2, "undefined value"),
        ("verify_email.subject.txt", "{{ project_name|shout }}", 1, "unknown filter"),
        ("layout.html", "\n{{ colour }}", 2, "undefined value"),
    ] {
        let error = error(&[(file, text)]).to_string();
        let start = format!("{file}, line {line}: {problem}");
        assert!(error.starts_with(&start), "{error} should start with {start}");
    }
}

#[test]
fn a_template_that_leaves_out_the_link_is_refused() {
    for (file, text) in [("reset_password.txt", "Hello"), ("verify_email.html", "<p>{{ valid_for }}</p>")] {
        assert_eq!(error(&[(file, text)]).to_string(), format!("{file}: must show {{{{ link }}}}"));
    }
    // A layout without the block that has it.
    let error = error(&[("layout.html", "<p>{% block title %}{% endblock %}</p>")]);
    assert!(matches!(error, TemplateError::Missing { .. }), "{error}");
}

#[test]
fn an_empty_subject_is_refused() {
    let error = error(&[("email_changed.subject.txt", " \n ")]);
    assert_eq!(error.to_string(), "email_changed.subject.txt: must show a text");
}

#[test]
fn unknown_files_are_refused_with_the_names_there_are() {
    let error = error(&[("reset-password.txt", "{{ link }}")]).to_string();
    assert!(error.starts_with("reset-password.txt is no mail template"), "{error}");
    for kind in MailKind::ALL {
        for extension in ["subject.txt", "txt", "html"] {
            assert!(error.contains(&format!("{}.{extension}", kind.as_str())), "{error}");
        }
    }
    assert!(error.contains("layout.html"), "{error}");
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let error = Templates::with_folder("Plinth", Path::new("/nowhere/at/all")).expect_err("it is not there");
    assert_eq!(error.to_string(), "/nowhere/at/all cannot be read");
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("reset_password.txt"), b"{{ link }} \xff").unwrap();
    let error = Templates::with_folder("Plinth", folder.path()).expect_err("it is not UTF-8");
    assert!(error.to_string().ends_with("reset_password.txt cannot be read"), "{error}");
}
