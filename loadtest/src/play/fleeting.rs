//! What goes wrong at first and then goes away: remembered for the few cells that have it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::world::Mischief;

/// How often each place that has mischief was asked.
#[derive(Default)]
pub(crate) struct Fleeting {
    asked: Mutex<HashMap<(usize, String, String), u32>>,
}

impl Fleeting {
    /// What goes wrong with this request, if it still does.
    pub(crate) fn strikes(
        &self,
        mischief: Option<Mischief>,
        account: usize,
        region: &str,
        service: &str,
    ) -> Option<Mischief> {
        let mischief = mischief?;
        let times = match mischief {
            Mischief::Throttle { times } => times,
            _ => 1,
        };
        let place = (account, region.to_owned(), service.to_owned());
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry(place).or_insert(0);
        if *count >= times {
            return None;
        }
        *count += 1;
        Some(mischief)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mischief_goes_away() {
        let fleeting = Fleeting::default();
        let strikes = |mischief| fleeting.strikes(mischief, 1, "eu-west-1", "kms");
        let throttle = Some(Mischief::Throttle { times: 2 });
        assert_eq!(strikes(None), None);
        assert_eq!(strikes(throttle), throttle);
        assert_eq!(strikes(throttle), throttle);
        assert_eq!(strikes(throttle), None);
        assert!(fleeting.strikes(Some(Mischief::Reset), 1, "eu-west-2", "kms").is_some());
    }
}
