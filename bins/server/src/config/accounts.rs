//! The settings of accounts, the first administrator's among them.

use std::time::Duration;

use plinth_domain::passwords::PasswordRules;
use plinth_domain::{Email, Password};

use super::reader::Reader;
use super::secret::is_placeholder;
use super::{Registration, days, table, values};

/// Accounts.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    pub(crate) bcrypt_cost: u32,
    pub(crate) registration: Registration,
    /// The administrator to make where there is none.
    pub(crate) first_admin: Option<FirstAdmin>,
    /// Whether common passwords are refused.
    pub(crate) check_common: bool,
    /// How long the audit log is kept; `None` for ever.
    pub(crate) audit_retention: Option<Duration>,
}

/// The administrator that is made at start.
#[derive(Clone, Debug)]
pub(crate) struct FirstAdmin {
    pub(crate) email: Email,
    pub(crate) password: Password,
}

pub(super) fn read(reader: &mut Reader, project_name: Option<&str>) -> Option<Accounts> {
    let least_cost = if reader.production { 10 } else { 4 };
    let bcrypt_cost = reader.take(&table::BCRYPT_COST, values::whole(least_cost..=31));
    let registration = reader.take(&table::REGISTRATION, values::choice(Registration::NAMES));
    let first_admin = first_admin(reader, project_name.unwrap_or_default());
    let check_common = reader.take(&table::PASSWORD_CHECK_COMMON, values::switch);
    let audit_days = reader.take(&table::AUDIT_RETENTION_DAYS, values::whole(0..=36_500));
    Some(Accounts {
        bcrypt_cost: bcrypt_cost?,
        registration: registration?,
        first_admin,
        check_common: check_common?,
        audit_retention: Some(audit_days?).filter(|days| *days > 0).map(days),
    })
}

/// In production its password is judged like those of others are by default there, whatever PASSWORD_CHECK_COMMON says:
/// it is the one that everybody tries.
fn first_admin(reader: &mut Reader, project_name: &str) -> Option<FirstAdmin> {
    let faults_before = reader.faults.len();
    let email = reader.take(&table::FIRST_SUPERUSER, values::email);
    let password = reader.take(&table::FIRST_SUPERUSER_PASSWORD, values::password);
    if reader.faults.len() > faults_before {
        return None;
    }
    match (email, password) {
        (Some(email), Some(password)) => {
            let password = Password::parse(password.expose()).ok()?;
            let rules = PasswordRules::new(reader.production, project_name);
            if let Err(wrong) = rules.check(&password, &email) {
                reader.fault(&table::FIRST_SUPERUSER_PASSWORD, wrong.detail);
            } else if reader.production && is_placeholder(password.expose()) {
                let weakness = "is a well-known placeholder; choose one that nobody can guess";
                reader.fault(&table::FIRST_SUPERUSER_PASSWORD, weakness);
            }
            Some(FirstAdmin { email, password })
        }
        (Some(_), None) => {
            reader.fault(&table::FIRST_SUPERUSER_PASSWORD, "must be set together with FIRST_SUPERUSER");
            None
        }
        (None, Some(_)) => {
            reader.fault(&table::FIRST_SUPERUSER, "must be set together with FIRST_SUPERUSER_PASSWORD");
            None
        }
        (None, None) => None,
    }
}
