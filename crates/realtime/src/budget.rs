//! How much users may send: bytes, since a few large frames cost receivers as much as many small ones.

use std::collections::HashMap;
use std::time::Instant;

use plinth_domain::UserId;

use crate::settings::HubSettings;

/// For how many users at least budgets are kept before those that are full again are forgotten.
const FEW: usize = 1_024;

/// A token bucket for each user who has sent something of late, also over reconnects.
#[derive(Default)]
pub(crate) struct Budgets {
    of: HashMap<UserId, Budget>,
    /// With that many the full ones are forgotten.
    many: usize,
}

struct Budget {
    bytes: f64,
    at: Instant,
}

impl Budget {
    fn refill(&mut self, now: Instant, settings: &HubSettings) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let most = f64::from(settings.user_burst_bytes);
        self.bytes = (self.bytes + passed * f64::from(settings.user_bytes_per_second)).min(most);
        self.at = now;
    }
}

impl Budgets {
    /// Takes that many bytes of the user's budget; false where there are not so many left: then none are taken.
    pub(crate) fn take(&mut self, user: UserId, bytes: usize, now: Instant, settings: &HubSettings) -> bool {
        let burst = f64::from(settings.user_burst_bytes);
        if self.of.len() >= self.many.max(FEW) {
            self.of.retain(|_, budget| {
                budget.refill(now, settings);
                budget.bytes < burst
            });
            self.many = self.of.len() * 2;
        }
        let budget = self.of.entry(user).or_insert(Budget { bytes: burst, at: now });
        budget.refill(now, settings);
        let bytes = u32::try_from(bytes).map_or(f64::INFINITY, f64::from);
        if budget.bytes < bytes {
            return false;
        }
        budget.bytes -= bytes;
        true
    }
}
