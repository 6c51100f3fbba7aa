//! The settings of limits on attempts, and of what tells clients apart.

use plinth_http::forwarded::TrustedProxies;
use plinth_limits::{Rate, Rates};

use super::reader::Reader;
use super::{RedisUrl, table, values};

/// Limits.
#[derive(Clone, Debug)]
pub(crate) struct Abuse {
    /// `None`: everything may be tried as often as one likes.
    pub(crate) rates: Option<Rates>,
    pub(crate) redis: Option<RedisUrl>,
    pub(crate) proxies: TrustedProxies,
}

pub(super) fn read(reader: &mut Reader) -> Option<Abuse> {
    let enabled = reader.take(&table::RATE_LIMIT_ENABLED, values::switch);
    let mut rate = |setting| reader.take(setting, values::parsed::<Rate>);
    let login_per_account = rate(&table::RATE_LIMIT_LOGIN_PER_ACCOUNT);
    let login_per_ip = rate(&table::RATE_LIMIT_LOGIN_PER_IP);
    let register_per_ip = rate(&table::RATE_LIMIT_REGISTER_PER_IP);
    let mail_per_address = rate(&table::RATE_LIMIT_MAIL_PER_ADDRESS);
    let refresh_per_session = rate(&table::RATE_LIMIT_REFRESH_PER_SESSION);
    let redis = reader.take(&table::REDIS_URL, values::redis_url);
    let proxies = reader.take(&table::TRUSTED_PROXIES, values::proxies).unwrap_or_default();
    if proxies.0.trusts_everybody() {
        let warning = "trusts every address, so that clients choose the one that limits and the audit log see; name the \
                       networks of your proxies alone";
        reader.warning(&table::TRUSTED_PROXIES, warning);
    }
    let rates = Rates {
        login_per_account: login_per_account?,
        login_per_ip: login_per_ip?,
        register_per_ip: register_per_ip?,
        mail_per_address: mail_per_address?,
        refresh_per_session: refresh_per_session?,
    };
    Some(Abuse { rates: enabled?.then_some(rates), redis, proxies: proxies.0 })
}
