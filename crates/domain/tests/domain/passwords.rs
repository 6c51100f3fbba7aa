//! Passwords that are too easy to guess.

use plinth_domain::fold::fold;
use plinth_domain::passwords::{PasswordRules, common_passwords};
use plinth_domain::{Email, Password};
use proptest::prelude::*;

const EMAIL: &str = "ada.lovelace@example.com";

fn verdict_of(rules: &PasswordRules, password: &str, email: &str) -> &'static str {
    let verdict = rules.check(&Password::parse(password).unwrap(), &Email::parse(email).unwrap());
    verdict.map_or_else(|violation| violation.code, |()| "taken")
}

fn verdict(password: &str) -> &'static str {
    verdict_of(&PasswordRules::new(true, "Plinth"), password, EMAIL)
}

#[test]
fn the_list_is_in_the_form_that_the_search_needs() {
    let list = common_passwords();
    assert!((3_000..=5_000).contains(&list.len()), "{}", list.len());
    for pair in list.windows(2) {
        assert!(pair[0] < pair[1], "{pair:?}");
    }
    for word in list {
        let password = Password::parse(word).map(|password| password.expose().to_owned());
        assert_eq!(password.as_deref(), Ok(*word));
        assert_eq!(fold(word), *word);
        assert_eq!(word.trim(), *word);
    }
}

#[test]
fn every_password_of_the_list_is_refused_in_any_case() {
    for word in common_passwords() {
        assert_eq!(verdict(word), "too_common", "{word}");
        assert_eq!(verdict(&word.to_ascii_uppercase()), "too_common", "{word}");
    }
}

#[test]
fn what_everybody_tries_first_is_on_the_list() {
    for password in [
        "password",
        "password1",
        "Password123",
        "P@ssw0rd",
        "PASSWORD1",
        "  password1 ",
        "pa\u{17f}\u{17f}word",
        "12345678",
        "1234567890",
        "00000000",
        "987654321",
        "qwertyuiop",
        "qwerty123",
        "1q2w3e4r",
        "1qaz2wsx",
        "iloveyou",
        "sunshine",
        "welcome1",
        "changeme",
        "letmein1",
        "admin123",
    ] {
        assert_eq!(verdict(password), "too_common", "{password:?}");
    }
}

#[test]
fn what_is_made_of_the_own_address_is_refused() {
    for password in [
        "ada.lovelace@example.com",
        "Ada.Lovelace@EXAMPLE.com",
        " ada.lovelace@example.com ",
        "ada.lovelace@example.com1",
        "!ada.lovelace@example.com!",
        "ada.lovelace",
        "ADA.LOVELACE",
        "ada.lovelace1815",
        "1815-ada.lovelace!",
        "ada_lovelace",
        "AdaLovelace",
        "Ada Lovelace 10.12.1815",
        "adalovelaceadalovelace",
    ] {
        assert_eq!(verdict(password), "password_is_email", "{password:?}");
    }
    for (email, password) in [
        // Composed or not, and in both sigmas.
        ("e\u{301}lise.durand@example.com", "\u{c9}LISE.DURAND"),
        ("\u{e9}lise.durand@example.com", "E\u{301}lise.Durand7"),
        ("οδυσσευς@example.com", "ΟΔΥΣΣΕΥΣ1"),
        // A number, such as that of a telephone.
        ("15551234567@example.com", "15551234567"),
        ("15551234567@example.com", "+1 (555) 123-4567"),
        ("ada12345@example.com", "ada12345!"),
        ("ada12345@example.com", "ada1234567"),
        ("a.b@example.com", "a.b@example.com!"),
    ] {
        let rules = PasswordRules::new(true, "Plinth");
        assert_eq!(verdict_of(&rules, password, email), "password_is_email", "{email} {password:?}");
    }
}

#[test]
fn what_is_made_of_the_name_of_the_project_is_refused() {
    for password in
        ["plinth12", "Plinth2026", "2026 Plinth!", "PLINTHplinth", "plinth-plinth", "p.l.i.n.t.h.1"]
    {
        assert_eq!(verdict(password), "too_common", "{password:?}");
    }
    for (name, password) in [
        ("Acme Tools", "acme tools"),
        ("Acme Tools", "AcmeTools2026!"),
        ("acme-tools", "Acme_Tools"),
        ("Straße", "STRASSE2026"),
        ("4711", "47114711"),
        ("書庫", "書庫書庫書庫2026"),
    ] {
        let rules = PasswordRules::new(true, name);
        assert_eq!(verdict_of(&rules, password, EMAIL), "too_common", "{name} {password:?}");
    }
}

#[test]
fn what_only_begins_like_that_is_taken() {
    for password in [
        "correct horse battery",
        "correct horse battery 1",
        "plinth of marble",
        "ada.lovelace wrote it",
        "lovelace1815",
        "example.com",
        "password of mine",
        "密码密码密码密码",
        "🦀🦀🦀🦀🦀🦀🦀🦀",
    ] {
        assert_eq!(verdict(password), "taken", "{password:?}");
    }
    let rules = PasswordRules::new(true, "4711");
    assert_eq!(verdict_of(&rules, "4711 5923 0671", EMAIL), "taken");
    // Seven characters make no password by themselves.
    assert_eq!(verdict_of(&rules, "a.turing1912", "a.turin@example.com"), "taken");
    assert_eq!(verdict_of(&rules, "a.turin1912", "a.turin@example.com"), "taken");
    assert_eq!(verdict_of(&rules, "15551234567 89", "15551234567@example.com"), "taken");
    // A name without letters and digits forbids nothing.
    for name in ["", " ", "🦀", "--"] {
        assert_eq!(
            verdict_of(&PasswordRules::new(true, name), "🦀🦀🦀🦀🦀🦀🦀🦀", EMAIL),
            "taken",
            "{name:?}"
        );
    }
}

#[test]
fn switched_off_only_the_address_itself_is_refused() {
    let rules = PasswordRules::new(false, "Plinth");
    assert_eq!(verdict_of(&rules, EMAIL, EMAIL), "password_is_email");
    assert_eq!(verdict_of(&rules, &EMAIL.to_uppercase(), EMAIL), "password_is_email");
    for password in ["password1", "ada.lovelace", "ada.lovelace@example.com1", "plinth12"] {
        assert_eq!(verdict_of(&rules, password, EMAIL), "taken", "{password:?}");
    }
}

#[test]
fn no_answer_repeats_the_password() {
    let rules = PasswordRules::new(true, "Plinth");
    for password in ["password1", "plinth12", "ada.lovelace9", EMAIL] {
        let refused = rules.check(&Password::parse(password).unwrap(), &Email::parse(EMAIL).unwrap());
        assert!(!refused.unwrap_err().to_string().contains(password));
    }
}

proptest! {
    /// What stands around the name makes no difference unless it has letters.
    #[test]
    fn digits_and_punctuation_hide_no_word(before in "[0-9 !.#-]{0,9}", after in "[0-9 !.#-]{2,9}") {
        prop_assert_eq!(verdict(&format!("{before}Plinth{after}")), "too_common");
        prop_assert_eq!(verdict(&format!("{before}Ada.Lovelace{after}")), "password_is_email");
        prop_assert_eq!(verdict(&format!("{before}Plinth{after}x")), "taken");
    }

    /// The rules take anything that is a password.
    #[test]
    fn any_password_gets_a_verdict(password in "\\PC{8,256}", name in "\\PC{0,20}") {
        if Password::parse(&password).is_ok() {
            verdict_of(&PasswordRules::new(true, &name), &password, EMAIL);
        }
    }
}
