//! Which passwords are too easy to guess for an account, besides the limits that [`Password`] itself has.
//!
//! What is compared is folded ([`crate::fold`]), so case and the way in which a character is composed make no difference.
//! NIST SP 800-63B §3.1.1.2 asks for such a list of blocked passwords and for no rules on which characters to mix.

use std::sync::LazyLock;

use zeroize::Zeroizing;

use crate::fold::fold;
use crate::text::{Email, Password, Violation};

/// The list, sorted by bytes. Where it comes from is written beside it.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("../data/common_passwords.txt").lines().collect());

/// The passwords that [`PasswordRules`] knows to be common: folded, sorted by their bytes, each once.
pub fn common_passwords() -> &'static [&'static str] {
    &COMMON
}

/// Which passwords are refused.
///
/// ```
/// use plinth_domain::passwords::PasswordRules;
/// use plinth_domain::{Email, Password};
///
/// let rules = PasswordRules::new(true, "Plinth");
/// let ada = Email::parse("ada.lovelace@example.com")?;
/// for refused in ["Password123", "ada_lovelace1815", "plinth-2026", "Ada.Lovelace@example.com"] {
///     assert!(rules.check(&Password::parse(refused)?, &ada).is_err());
/// }
/// assert!(rules.check(&Password::parse("correct horse battery")?, &ada).is_ok());
/// # Ok::<(), plinth_domain::Violation>(())
/// ```
#[derive(Clone, Debug)]
pub struct PasswordRules {
    common_refused: bool,
    project: Option<Word>,
}

impl PasswordRules {
    /// Rules that refuse the account's own address, and with `common_refused` also what is easily guessed from it, the
    /// most common passwords, and what is made of the project's name.
    pub fn new(common_refused: bool, project_name: &str) -> Self {
        Self { common_refused, project: Word::of(project_name) }
    }

    /// Refuses what is too easy to guess for the account with that address.
    ///
    /// # Errors
    ///
    /// `password_is_email` for the address and its local part, `too_common` for the rest.
    pub fn check(&self, password: &Password, email: &Email) -> Result<(), Violation> {
        password.differs_from(email)?;
        if !self.common_refused {
            return Ok(());
        }
        let folded = Zeroizing::new(fold(password.expose()));
        let kept = kept(&folded);
        if own_words(email).any(|word| word.makes(&kept)) {
            let detail = "must not be made of the account's own email address";
            return Err(Violation::new("password_is_email", detail));
        }
        if self.project.as_ref().is_some_and(|name| name.makes(&kept)) {
            return Err(Violation::new("too_common", "must not be made of this application's name"));
        }
        if common_passwords().binary_search(&folded.trim()).is_ok() {
            return Err(Violation::new("too_common", "must not be one of the most common passwords"));
        }
        Ok(())
    }
}

/// The address, and its local part where that is long enough for a password.
fn own_words(email: &Email) -> impl Iterator<Item = Word> {
    let local = email.as_str().split('@').next().filter(|local| local.chars().count() >= Password::MIN);
    [Some(email.as_str()), local].into_iter().flatten().filter_map(Word::of)
}

/// A word that passwords are not to be made of: its letters and digits, folded. Never empty.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    has_letters: bool,
}

impl Word {
    /// Nothing where the text has neither letters nor digits.
    fn of(text: &str) -> Option<Self> {
        let text = String::clone(&kept(&fold(text)));
        let has_letters = text.chars().any(char::is_alphabetic);
        if text.is_empty() { None } else { Some(Self { text, has_letters }) }
    }

    /// Whether it is this word, once or several times, with nothing else but digits. Beside a word that is a number
    /// itself there may be none, since that is another number.
    fn makes(&self, kept: &str) -> bool {
        kept.contains(&self.text)
            && kept.split(&self.text).flat_map(str::chars).all(|c| self.has_letters && c.is_numeric())
    }
}

/// The letters and digits of a text, which may be a secret.
fn kept(folded: &str) -> Zeroizing<String> {
    // As long as the text at once: a string that grew would leave copies of the secret behind.
    let mut kept = Zeroizing::new(String::with_capacity(folded.len()));
    kept.extend(folded.chars().filter(|c| c.is_alphanumeric()));
    kept
}
