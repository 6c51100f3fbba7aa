//! What is written out from the table of settings: `.env.example`, and the table in the README.
//!
//! To write both anew after a change: `UPDATE_ENV_EXAMPLE=1 cargo test -p plinth-server written`.

use std::fmt::Write as _;
use std::path::Path;

use super::super::source::Source;
use super::super::table::TABLE;
use super::super::{Files, read};
use super::settings;

/// Compares a file of the project with what it should be, which may depend on what it is; writes that first where
/// it is asked for.
fn compare(name: &str, expected: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    let found = std::fs::read_to_string(&path).unwrap();
    let expected = expected(&found);
    if std::env::var_os("UPDATE_ENV_EXAMPLE").is_some() {
        std::fs::write(&path, expected).unwrap();
    } else {
        assert_eq!(found, expected, "{name}: see the top of this file");
    }
}

#[test]
fn env_example_is_the_table_written_out() {
    let expected = env_example();
    compare(".env.example", |_| expected.clone());
    let as_it_is = read(Source::of(&[], &expected), Files::Judged).settings.unwrap();
    assert_eq!(format!("{as_it_is:?}"), format!("{:?}", settings(&[])));
    // Even an empty value in the environment of a container goes before what its image says.
    assert_eq!(expected.lines().find(|line| !line.is_empty() && !line.starts_with('#')), None);
    // With every comment sign before a setting taken away it says the same.
    let uncommented = expected.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_uppercase()) => rest,
        _ => line,
    });
    let uncommented: String = uncommented.map(|line| format!("{line}\n")).collect();
    let all_set = read(Source::of(&[], &uncommented), Files::Judged).settings.unwrap();
    assert_eq!(format!("{all_set:?}"), format!("{:?}", settings(&[])));
}

const HEADER: &str = "\
# Settings of Plinth. Copy this file to .env beside it, take away the # before what you want to set, and change the value.
# What has one here has it by default, too; what has none is not set. A variable of the environment goes before a line
# here, and an empty value counts as not set (but for API_PREFIX).
# Put values with spaces, quotes, # or $ between single quotes: 'pa$$ word'.
";

fn env_example() -> String {
    let mut text = HEADER.to_owned();
    let mut group = "";
    for setting in TABLE {
        if setting.group != group {
            group = setting.group;
            write!(text, "\n\n# ---- {group} ----\n").unwrap();
        }
        let production = match setting.production {
            Some("") | None => String::new(),
            Some(default) => format!(" In production: {default}."),
        };
        writeln!(text, "\n{}", wrapped(&format!("{}{production}", setting.about))).unwrap();
        let needs_quotes = setting.default.contains([' ', '#', '$', '"']);
        let quote = if needs_quotes { "'" } else { "" };
        writeln!(text, "#{}={quote}{}{quote}", setting.name, setting.default).unwrap();
    }
    text
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in text.split(' ') {
        if lines.last().unwrap().len() + word.len() > 108 {
            lines.push(String::from("#"));
        }
        let line = lines.last_mut().unwrap();
        line.push(' ');
        line.push_str(word);
    }
    lines.join("\n")
}

const BEGIN: &str = "<!-- settings -->\n";
const END: &str = "<!-- /settings -->";

#[test]
fn the_readme_has_the_table() {
    compare("README.md", |readme| {
        let (before, rest) = readme.split_once(BEGIN).expect("a mark before the table");
        let (_, after) = rest.split_once(END).expect("a mark after the table");
        format!("{before}{BEGIN}{}{END}{after}", markdown())
    });
}

fn markdown() -> String {
    let mut text = "| Setting | Default | What it does |\n|---|---|---|\n".to_owned();
    let shown = |value: &str| if value.is_empty() { "none".to_owned() } else { format!("`{value}`") };
    for setting in TABLE {
        let mut default = shown(setting.default);
        if let Some(production) = setting.production {
            write!(default, "; in production {}", shown(production)).unwrap();
        }
        let about = setting.about.replace('|', "\\|");
        writeln!(text, "| `{}` | {default} | {about} |", setting.name).unwrap();
    }
    text
}
