//! Texts that people enter: what is taken, in which form, and where the limits are.

use plinth_domain::{Description, Email, FullName, Password, Title, Violation};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

/// One code point each, of one to four bytes; the last one combines with nothing before it.
const CHARACTERS: [char; 5] = ['a', 'é', '語', '𝒳', '🦀'];

fn code<T>(result: Result<T, Violation>) -> &'static str {
    result.map_or_else(|violation| violation.code, |_| "taken")
}

#[test]
fn an_address_is_trimmed_lower_cased_and_composed() {
    for (entered, kept) in [
        ("ada@example.com", "ada@example.com"),
        (" \t Ada@Example.COM \n", "ada@example.com"),
        ("\u{a0}ada@example.com\u{2003}", "ada@example.com"),
        ("E\u{301}va@example.com", "éva@example.com"),
        ("ÉVA@EXAMPLE.COM", "éva@example.com"),
        ("ΣΟΦΟΣ@παράδειγμα.ελ", "σοφοσ@παράδειγμα.ελ"),
        ("用户@例子.测试", "用户@例子.测试"),
        ("हिन्दी@उदाहरण.भारत", "हिन्दी@उदाहरण.भारत"),
        ("a.b+c_d-e!#$%&'*/=?^`{|}~@sub.example.co", "a.b+c_d-e!#$%&'*/=?^`{|}~@sub.example.co"),
        ("1@2.3", "1@2.3"),
        // Lower-casing makes a pair that composes; in upper case there is no such character.
        ("H\u{331}@example.com", "\u{1e96}@example.com"),
        ("\u{1e96}@example.com", "\u{1e96}@example.com"),
        ("T\u{308}a@W\u{30a}.Y\u{30a}", "\u{1e97}a@\u{1e98}.\u{1e99}"),
        ("J\u{30c}@example.com", "\u{1f0}@example.com"),
    ] {
        assert_eq!(Email::parse(entered).map(Email::into_string).as_deref(), Ok(kept), "{entered:?}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for entered in [
        "",
        " ",
        "@",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "ada@b@example.com",
        "ada example@example.com",
        "ada@exam ple.com",
        "ada@.example.com",
        "ada@example.com.",
        "ada@example..com",
        ".ada@example.com",
        "ada.@example.com",
        "a..b@example.com",
        "ada@-example.com",
        "ada@example-.com",
        "ada@exa_mple.com",
        "\"ada\"@example.com",
        "ada@[127.0.0.1]",
        "Ada <ada@example.com>",
        "ada,b@example.com",
        "ada@example.com\u{7}x",
        "ada\r\nBcc:b@example.com",
        "ada\u{200b}@example.com",
        "ada@exam\u{202e}ple.com",
        "ada@example.com/../",
        "mailto:ada@example.com",
        "ada(comment)@example.com",
        "ada@example.com;b@example.com",
    ] {
        assert_eq!(code(Email::parse(entered)), "invalid_email", "{entered:?}");
    }
    for entered in ["\0", "ada\0@example.com", "ada@example.com\0"] {
        assert_eq!(code(Email::parse(entered)), "nul_character", "{entered:?}");
    }
}

/// An address of exactly that many characters, within the limits of its parts.
fn address(length: usize) -> String {
    let (local, label) = ("l".repeat(64), "d".repeat(63));
    let fixed = format!("{local}@{label}.{label}.");
    format!("{fixed}{}.x", "e".repeat(length - fixed.len() - 2))
}

#[test]
fn an_address_has_at_most_254_characters_and_parts_within_their_own_limits() {
    assert_eq!(address(254).len(), 254);
    assert_eq!(code(Email::parse(&address(254))), "taken");
    assert_eq!(code(Email::parse(&format!("   {}   ", address(254)))), "taken");
    assert_eq!(code(Email::parse(&address(255))), "too_long");
    assert_eq!(code(Email::parse(&format!("{}@example.com", "l".repeat(64)))), "taken");
    assert_eq!(code(Email::parse(&format!("{}@example.com", "l".repeat(65)))), "invalid_email");
    assert_eq!(code(Email::parse(&format!("a@{}.com", "d".repeat(63)))), "taken");
    assert_eq!(code(Email::parse(&format!("a@{}.com", "d".repeat(64)))), "invalid_email");
}

/// Characters of normalisation form C that stand for the most bytes, fully decomposed.
const WIDE: [&str; 3] = ["\u{1faf}", "\u{1e69}", "한"];

fn decomposed(text: &str) -> String {
    text.nfd().collect()
}

#[test]
fn no_character_has_more_bytes_decomposed_than_the_guard_allows() {
    let most = ('\0'..=char::MAX).map(|c| {
        let text = c.to_string();
        let nfd = decomposed(&text);
        if nfd.nfc().eq([c]) { nfd.len() } else { 4 }
    });
    assert!((9..=16).contains(&most.max().unwrap()));
}

#[test]
fn what_has_too_many_bytes_is_refused_before_it_is_normalised() {
    // Whatever their characters, texts that are short enough once they are composed are taken.
    for wide in WIDE {
        let longest = decomposed(&wide.repeat(Password::MAX));
        assert_eq!(code(Password::parse(&longest)), "taken", "{wide}");
        assert_eq!(code(Password::parse(&decomposed(&wide.repeat(Password::MAX + 1)))), "too_long", "{wide}");
        let label = wide.to_lowercase().repeat(10);
        let address = format!("a@{}example.com", format!("{label}.").repeat(6));
        assert_eq!(code(Email::parse(&decomposed(&address))), "taken", "{address}");
    }
    // A mebibyte that would be quick to compose is refused by the same rule as one that would not.
    for long in ["\u{301}".repeat(1 << 19), "\u{315}\u{300}".repeat(1 << 18), "a".repeat(1 << 20)] {
        assert_eq!(code(Password::parse(&long)), "too_long");
        assert_eq!(code(Email::parse(&long)), "too_long");
        assert_eq!(code(Email::parse(&format!("a{long}@example.com"))), "too_long");
    }
    assert_eq!(
        code(Email::parse(&format!("{}ada@example.com", " ".repeat(1 << 20)))),
        "taken",
        "trimmed first"
    );
}

#[test]
fn a_claim_that_is_too_long_for_any_password_is_kept_as_it_is() {
    let most = Password::LONGEST_CLAIM;
    let fits = "e\u{301}".repeat(most / 3);
    assert_eq!(Password::claimed(&fits).expose(), "é".repeat(most / 3));
    let long = "e\u{301}".repeat(most / 3 + 1);
    assert_eq!(Password::claimed(&long).expose(), long);
}

#[test]
fn names_and_titles_are_limited_in_code_points_after_trimming() {
    type Parse = fn(&str) -> Result<String, Violation>;
    let parsers: [(usize, Parse); 2] = [
        (100, |text| FullName::parse(text).map(FullName::into_string)),
        (200, |text| Title::parse(text).map(Title::into_string)),
    ];
    for (most, parse) in parsers {
        for c in CHARACTERS {
            let longest = c.to_string().repeat(most);
            assert_eq!(parse(&longest).as_deref(), Ok(&*longest), "{most} of {c}");
            assert_eq!(
                parse(&format!(" \t{longest}\u{3000}\n")).as_deref(),
                Ok(&*longest),
                "{most} of {c}, padded"
            );
            assert_eq!(code(parse(&format!("{longest}{c}"))), "too_long", "one more than {most} of {c}");
        }
        assert_eq!(parse("x").as_deref(), Ok("x"));
        assert_eq!(parse("a  b").as_deref(), Ok("a  b"), "white space within is kept");
        for blank in ["", " ", "\t\r\n", "\u{a0}\u{2003}\u{3000}"] {
            assert_eq!(code(parse(blank)), "blank", "{blank:?}");
        }
        for nul in ["\0", " a\0b ", "\0 "] {
            assert_eq!(code(parse(nul)), "nul_character", "{nul:?}");
        }
    }
}

#[test]
fn a_description_is_kept_as_it_is() {
    for text in ["", "  ", " padded \n", "e\u{301}"] {
        assert_eq!(Description::parse(text).map(Description::into_string).as_deref(), Ok(text));
    }
    for c in CHARACTERS {
        assert_eq!(code(Description::parse(&c.to_string().repeat(10_000))), "taken", "{c}");
        assert_eq!(code(Description::parse(&c.to_string().repeat(10_001))), "too_long", "{c}");
    }
    assert_eq!(code(Description::parse("a\0")), "nul_character");
}

#[test]
fn a_password_has_8_to_256_code_points_after_composing() {
    for c in CHARACTERS {
        for (length, expected) in [(7, "too_short"), (8, "taken"), (256, "taken"), (257, "too_long")] {
            assert_eq!(code(Password::parse(&c.to_string().repeat(length))), expected, "{length} of {c}");
        }
    }
    // Two code points that compose into one count as one.
    let decomposed = "e\u{301}";
    assert_eq!(code(Password::parse(&decomposed.repeat(7))), "too_short");
    assert_eq!(Password::parse(&decomposed.repeat(8)).unwrap().expose(), "é".repeat(8));
    assert_eq!(code(Password::parse(&decomposed.repeat(256))), "taken");
    assert_eq!(code(Password::parse(&decomposed.repeat(257))), "too_long");
    // Marks that compose with nothing count one each.
    assert_eq!(code(Password::parse(&"x\u{301}".repeat(4))), "taken");
    assert_eq!(code(Password::parse(&" ".repeat(8))), "blank");
    assert_eq!(code(Password::parse(&"\u{3000}\t\n ".repeat(2))), "blank");
    assert_eq!(Password::parse("  spaces stay  ").unwrap().expose(), "  spaces stay  ");
    assert_eq!(code(Password::parse("with\0nul in it")), "nul_character");
    assert_eq!(code(Password::parse("")), "too_short");
}

#[test]
fn a_claimed_password_is_composed_and_held_to_no_rule() {
    assert_eq!(Password::claimed("e\u{301}").expose(), "é");
    assert_eq!(Password::claimed("").expose(), "");
    assert!(Password::claimed("re\u{301}sume\u{301}s") == Password::claimed("résumés"));
}

#[test]
fn a_password_is_not_the_account_s_own_address() {
    let email = Email::parse("éva@example.com").unwrap();
    for same in ["éva@example.com", "ÉVA@example.COM", "E\u{301}va@example.com", " éva@example.com "] {
        assert_eq!(
            code(Password::parse(same).unwrap().differs_from(&email)),
            "password_is_email",
            "{same:?}"
        );
    }
    for other in ["éva@example.com1", "eva@example.com", "no address at all"] {
        assert_eq!(code(Password::parse(other).unwrap().differs_from(&email)), "taken", "{other:?}");
    }
}

#[test]
fn a_password_shows_itself_nowhere() {
    let shown = format!("{:?} {:#?}", Password::claimed("hunter22"), Some(Password::claimed("hunter22")));
    assert!(!shown.contains("hunter22"), "{shown}");
}

#[test]
fn a_refusal_never_repeats_the_value() {
    let secret = "Zq9-".repeat(80);
    for refused in [
        Password::parse(&secret).map(drop),
        FullName::parse(&secret).map(drop),
        Title::parse(&secret).map(drop),
        Email::parse(&secret).map(drop),
    ] {
        let violation = refused.unwrap_err();
        assert!(!violation.to_string().contains("Zq9"), "{violation}");
        assert!(violation.code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", violation.code);
    }
}

proptest! {
    #[test]
    fn parsing_is_idempotent_and_never_panics(text in "\\PC{0,300}") {
        if let Ok(once) = FullName::parse(&text) {
            prop_assert_eq!(FullName::parse(once.as_str()).unwrap(), once);
        }
        if let Ok(once) = Title::parse(&text) {
            prop_assert_eq!(Title::parse(once.as_str()).unwrap(), once);
        }
        if let Ok(once) = Password::parse(&text) {
            prop_assert!(Password::parse(once.expose()).unwrap() == once);
        }
        let _ = Email::parse(&text);
    }

    /// Letters and marks alone, where composing and case meet.
    #[test]
    fn an_address_of_letters_with_marks_has_one_form(local in "([A-Za-z][\u{300}-\u{331}]{0,2}){1,6}") {
        let email = Email::parse(&format!("{local}@example.com")).unwrap();
        let lower = Email::parse(&format!("{}@example.com", local.to_lowercase())).unwrap();
        prop_assert_eq!(&lower, &email);
        prop_assert_eq!(&Email::parse(email.as_str()).unwrap(), &email);
        prop_assert!(unicode_normalization::is_nfc(email.as_str()), "{:?}", email);
    }

    #[test]
    fn one_address_has_one_form(local in "[\\p{L}\\p{M}0-9+_-]{1,10}", domain in "[\\p{L}\\p{M}0-9]{1,8}") {
        let entered = format!("{local}@{domain}.example");
        if let Ok(email) = Email::parse(&entered) {
            prop_assert_eq!(Email::parse(email.as_str()).unwrap(), email.clone());
            prop_assert_eq!(&Email::parse(&format!("  {entered} ")).unwrap(), &email);
            prop_assert_eq!(&Email::parse(&decomposed(&entered)).unwrap(), &email);
            prop_assert!(unicode_normalization::is_nfc(email.as_str()), "{:?}", email);
        }
    }
}
