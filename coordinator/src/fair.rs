//! How the room for batches is shared among scans: pure arithmetic.

use protocol::scan::Priority;

/// The batches that scans of a priority may have out, of `ahead` for everybody: what can wait leaves room for what
/// somebody waits for, which may go beyond.
#[must_use]
pub(crate) fn room(priority: Priority, ahead: usize) -> usize {
    match priority {
        Priority::Low => ahead.div_ceil(2),
        Priority::Normal => ahead,
        Priority::High => ahead.saturating_add(ahead / 2),
    }
}

/// Gives `free` places to scans that have `out` batches out, so that in the end they have as equal a number as can be.
/// The sum of what is given is `free`, unless there is nobody to give it to.
#[must_use]
pub(crate) fn shares(free: usize, out: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..out.len()).collect();
    order.sort_by_key(|&index| out[index]);
    let mut given = vec![0; out.len()];
    let mut left = free;
    // From the largest number of scans that can be brought to one level, down.
    for count in (1..=order.len()).rev() {
        let group = &order[..count];
        let sum: usize = group.iter().map(|&index| out[index]).sum();
        let level = (sum + left) / count;
        if group.last().is_some_and(|&index| out[index] > level) {
            continue;
        }
        for &index in group {
            given[index] = level - out[index];
            left -= given[index];
        }
        for &index in group.iter().take(left) {
            given[index] += 1;
        }
        break;
    }
    given
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_has_less_out_gets_more() {
        assert_eq!(shares(10, &[0, 10]), [10, 0]);
        assert_eq!(shares(10, &[0, 4]), [7, 3]);
        assert_eq!(shares(3, &[0, 0]), [2, 1]);
        assert_eq!(shares(5, &[]), Vec::<usize>::new());
    }

    #[test]
    fn what_somebody_waits_for_goes_beyond_what_can_wait() {
        assert!(room(Priority::Low, 100) < room(Priority::Normal, 100));
        assert!(room(Priority::Normal, 100) < room(Priority::High, 100));
        assert!(room(Priority::Low, 1) > 0);
    }

    proptest! {
        #[test]
        fn all_that_is_free_is_given_and_nobody_passes_another(
            free in 0_usize..500, out in prop::collection::vec(0_usize..200, 1..12),
        ) {
            let given = shares(free, &out);
            prop_assert_eq!(given.iter().sum::<usize>(), free);
            let after: Vec<usize> = out.iter().zip(&given).map(|(out, given)| out + given).collect();
            let lowest = after.iter().min().copied().unwrap_or(0);
            for (after, given) in after.iter().zip(&given) {
                prop_assert!(*given == 0 || *after <= lowest + 1);
            }
        }
    }
}
