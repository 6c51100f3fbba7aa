//! Folding: what counts as the same text when case makes no difference.

use plinth_domain::fold::{SEPARATOR, fold, searchable};
use proptest::prelude::*;

#[test]
fn texts_that_differ_in_case_alone_are_equal() {
    for (one, other) in [
        ("ADA", "ada"),
        ("straße", "STRASSE"),
        ("ẞ", "ss"),
        ("ΌΣΟΣ", "όσος"),
        ("ς", "σ"),
        ("ſuch", "SUCH"),
        ("\u{212a}elvin", "kelvin"),
        ("Ærø", "æRØ"),
        ("ПРИВЕТ", "привет"),
        ("ŒUVRE", "œuvre"),
        ("ﬀ", "FF"),
        ("ǅ", "ǆ"),
        ("𐐀", "𐐨"),
        ("Ꭰ", "ꭰ"),
        ("É", "e\u{301}"),
        ("e\u{301}", "é"),
        ("Å", "\u{212b}"),
        ("ᾳ", "ΑΙ"),
        ("İ", "i\u{307}"),
    ] {
        assert_eq!(fold(one), fold(other), "{one} and {other}");
    }
}

#[test]
fn texts_that_differ_in_more_stay_apart() {
    for (one, other) in [
        ("a", "b"),
        ("e", "é"),
        ("I", "ı\u{307}"),
        ("İ", "i"),
        ("o", "ø"),
        ("ae", "æ"),
        ("a b", "ab"),
        ("1", "１"),
    ] {
        assert_ne!(fold(one), fold(other), "{one} and {other}");
    }
}

#[test]
fn ascii_is_lower_cased_and_nothing_else() {
    let all: String = (0..=127_u8).map(char::from).filter(|c| *c != SEPARATOR).collect();
    assert_eq!(fold(&all), all.to_ascii_lowercase());
    assert_eq!(fold(""), "");
}

/// Every character of the planes that have letters and marks, alone.
#[test]
fn folding_is_idempotent_and_blind_to_case_for_every_character() {
    let mut wrong = vec![];
    for c in '\0'..='\u{2ffff}' {
        let folded = fold(c.encode_utf8(&mut [0; 4]));
        let upper: String = c.to_uppercase().collect();
        let lower: String = c.to_lowercase().collect();
        if [&folded, &upper, &lower].into_iter().any(|same| fold(same) != folded) {
            wrong.push(format!("U+{:04X} {c}", u32::from(c)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn searched_texts_are_folded_and_kept_apart() {
    assert_eq!(searchable(&["Ada@Example.com", "STRASSE"]), format!("ada@example.com{SEPARATOR}strasse"));
    assert_eq!(searchable(&["a", ""]), format!("a{SEPARATOR}"));
    assert_eq!(searchable(&[]), "");
}

#[test]
fn the_separator_is_in_no_folded_text() {
    for (text, folded) in [
        ("\u{1f}", " "),
        ("A\u{1f}B", "a b"),
        ("É\u{1f}É", "é é"),
        ("\u{1f}\u{301}", " \u{301}"),
        ("\u{1f}\u{1f}", "  "),
    ] {
        assert_eq!(fold(text), folded, "{text:?}");
    }
    // A search for what ends one text and begins the next finds nothing, however it is written.
    let row = searchable(&["ada", "lovelace"]);
    for term in ["ada\u{1f}lovelace", "a\u{1f}l", "\u{1f}"] {
        assert!(!row.contains(&fold(term)), "{term:?}");
    }
    // One text with a separator in it is not taken for two.
    assert_eq!(searchable(&["ada\u{1f}love", "lace"]), format!("ada love{SEPARATOR}lace"));
}

proptest! {
    #[test]
    fn a_match_lies_within_one_text(
        texts in prop::collection::vec("[aAéÉ\u{1f} ]{0,6}", 0..4),
        term in "[aAéÉ\u{1f} ]{1,6}",
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let term = fold(&term);
        let within = texts.iter().any(|text| fold(text).contains(&term));
        prop_assert_eq!(searchable(&texts).contains(&term), within);
    }

    #[test]
    fn folding_is_idempotent(text in "\\PC{0,40}") {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
    }

    /// Letters and marks alone, where composing and case meet.
    #[test]
    fn folding_letters_with_marks_is_idempotent(text in "[a-zA-Zα-ωΑ-Ωά-ώ\u{300}-\u{345}ßİıſǰΐΰ]{0,12}") {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
    }
}
