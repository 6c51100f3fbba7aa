//! The settings of accounts, the first administrator's among them.

use plinth_domain::Password;
use plinth_domain::passwords::PasswordRules;

use super::reader::Reader;
use super::secret::is_placeholder;
use super::{Accounts, FirstAdmin, Registration, days, table, values};

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
