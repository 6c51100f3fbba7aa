//! What is limited, and the rates.

use crate::Rate;

/// What is limited. Each limit has a bucket for each [`Key`](crate::Key).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Failed logins and wrong current passwords, by account.
    LoginPerAccount,
    /// Attempts to log in, by address.
    LoginPerIp,
    /// Registrations, by address.
    RegisterPerIp,
    /// Messages that were asked for, by the mail address that they go to.
    MailPerAddress,
    /// Messages that were asked for, by the address of who asks.
    MailPerIp,
    /// Refreshes, by session.
    RefreshPerSession,
}

impl Limit {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::LoginPerAccount,
        Self::LoginPerIp,
        Self::RegisterPerIp,
        Self::MailPerAddress,
        Self::MailPerIp,
        Self::RefreshPerSession,
    ];

    /// Its name in header fields and in Redis, which does not change.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoginPerAccount => "login-account",
            Self::LoginPerIp => "login-ip",
            Self::RegisterPerIp => "register-ip",
            Self::MailPerAddress => "mail-address",
            Self::MailPerIp => "mail-ip",
            Self::RefreshPerSession => "refresh-session",
        }
    }
}

/// The rates, as they are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// `RATE_LIMIT_LOGIN_PER_ACCOUNT`
    pub login_per_account: Rate,
    /// `RATE_LIMIT_LOGIN_PER_IP`, also for [`Limit::MailPerIp`], in buckets of its own.
    pub login_per_ip: Rate,
    /// `RATE_LIMIT_REGISTER_PER_IP`
    pub register_per_ip: Rate,
    /// `RATE_LIMIT_MAIL_PER_ADDRESS`
    pub mail_per_address: Rate,
    /// `RATE_LIMIT_REFRESH_PER_SESSION`
    pub refresh_per_session: Rate,
}

impl Rates {
    /// The rate of a limit.
    pub fn of(&self, limit: Limit) -> Rate {
        match limit {
            Limit::LoginPerAccount => self.login_per_account,
            Limit::LoginPerIp | Limit::MailPerIp => self.login_per_ip,
            Limit::RegisterPerIp => self.register_per_ip,
            Limit::MailPerAddress => self.mail_per_address,
            Limit::RefreshPerSession => self.refresh_per_session,
        }
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            login_per_account: Rate::fixed(10, 60),
            login_per_ip: Rate::fixed(60, 60),
            register_per_ip: Rate::fixed(30, 3_600),
            mail_per_address: Rate::fixed(5, 3_600),
            refresh_per_session: Rate::fixed(60, 60),
        }
    }
}
