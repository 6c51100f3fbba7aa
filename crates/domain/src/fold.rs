//! Folding: the form of a text in which case makes no difference, for searching and sorting.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Joins the folded texts of a row that a search looks through, so that no match runs from one into the next: no folded
/// text has it, stored or searched for.
pub const SEPARATOR: char = '\u{1f}';

/// The text with all case folded away, in normalisation form C.
///
/// Each character is lower-cased, upper-cased and lower-cased again by itself, which makes `ß` and `ẞ` equal to `ss`,
/// `ς` to `σ` and `ſ` to `s`, as full case folding does (Unicode Standard §3.13), and depends on no locale. Both databases keep the
/// folded text in a column, so they agree to the letter. [`SEPARATOR`] becomes a space.
pub fn fold(text: &str) -> String {
    let text =
        if text.contains(SEPARATOR) { Cow::Owned(text.replace(SEPARATOR, " ")) } else { Cow::Borrowed(text) };
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Lower case first, since `ẞ` has no other upper case and would come out as `ß`.
    let upper = text.nfc().flat_map(char::to_lowercase).flat_map(char::to_uppercase);
    let folded: String = upper.flat_map(char::to_lowercase).collect();
    if is_nfc(&folded) { folded } else { folded.nfc().collect() }
}

/// What a search looks through: every text folded, one after the other.
pub fn searchable(texts: &[&str]) -> String {
    let mut all = String::with_capacity(texts.iter().map(|text| text.len() + 1).sum());
    for (n, text) in texts.iter().enumerate() {
        if n > 0 {
            all.push(SEPARATOR);
        }
        all.push_str(&fold(text));
    }
    all
}
