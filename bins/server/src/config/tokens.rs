//! The settings of sessions and tokens.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::secret::{LEAST_KEY_BYTES, weakness_of_key};
use super::{Algorithm, Database, Secret, days, seconds, table, values};
use crate::keys;

/// Sessions and tokens.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    /// `None`: the one in the data folder.
    pub(crate) secret_key: Option<Secret>,
    pub(crate) algorithm: Algorithm,
    /// The file with the private keys. `None`: the one in the data folder, where the algorithm needs one.
    pub(crate) private_key_file: Option<PathBuf>,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) access_ttl: Duration,
    pub(crate) session_idle: Duration,
    pub(crate) session_max: Duration,
    pub(crate) refresh_grace: Duration,
}

pub(super) fn read(reader: &mut Reader, database: Option<&Database>) -> Option<Tokens> {
    let faults_before = reader.faults.len();
    let secret_key = reader.take(&table::SECRET_KEY, values::secret);
    if reader.production && reader.faults.len() == faults_before {
        let weakness = match &secret_key {
            Some(key) => weakness_of_key(key.expose()),
            None => Some(format!("must be set in production, to {LEAST_KEY_BYTES} bytes or more")),
        };
        if let Some(weakness) = weakness {
            reader.fault(&table::SECRET_KEY, weakness);
        }
    }
    let algorithm = reader.take(&table::JWT_ALGORITHM, values::choice(Algorithm::NAMES));
    let private_key_file = private_key_file(reader, algorithm, database);
    let issuer = reader.take(&table::JWT_ISSUER, values::line);
    let audience = reader.take(&table::JWT_AUDIENCE, values::line);
    let access_minutes = reader.take(&table::ACCESS_TOKEN_EXPIRE_MINUTES, values::whole(1..=1440));
    let idle_days = reader.take(&table::REFRESH_TOKEN_EXPIRE_DAYS, values::whole(1..=3650));
    let grace = reader.take(&table::REFRESH_GRACE_SECONDS, values::whole(0..=600));
    let max_days = reader.take(&table::SESSION_MAX_DAYS, values::whole(1..=3650));
    if idle_days > max_days && max_days.is_some() {
        reader.fault(&table::SESSION_MAX_DAYS, "must not be less than REFRESH_TOKEN_EXPIRE_DAYS");
    }
    Some(Tokens {
        secret_key,
        algorithm: algorithm?,
        private_key_file,
        issuer: issuer?,
        audience: audience?,
        access_ttl: seconds(access_minutes? * 60),
        session_idle: days(idle_days?),
        session_max: days(max_days?),
        refresh_grace: seconds(grace?),
    })
}

fn private_key_file(
    reader: &mut Reader,
    algorithm: Option<Algorithm>,
    database: Option<&Database>,
) -> Option<PathBuf> {
    let faults_before = reader.faults.len();
    let file = reader.take(&table::JWT_PRIVATE_KEY_FILE, values::path).map(PathBuf::from);
    if reader.faults.len() > faults_before {
        return None;
    }
    let wrong = match (algorithm?, &file) {
        (Algorithm::Hs256, Some(_)) => {
            Some("must not be set with JWT_ALGORITHM=HS256, which signs with SECRET_KEY".to_owned())
        }
        (Algorithm::EdDsa | Algorithm::Es256, None) if reader.production => Some(
            "must be set in production with this JWT_ALGORITHM; `plinth keys generate --out FILE` makes one"
                .to_owned(),
        ),
        (algorithm, file) if reader.judges_files => {
            let folder = database.map(|database| database.url.data_folder());
            keys::weakness_of_file(algorithm, file.as_deref(), folder.as_deref())
        }
        _ => None,
    };
    if let Some(wrong) = wrong {
        reader.fault(&table::JWT_PRIVATE_KEY_FILE, wrong);
        return None;
    }
    file
}
