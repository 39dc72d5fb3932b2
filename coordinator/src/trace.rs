//! The trace of a scan: one for all that is done for it, on whatever machine.

use protocol::ScanId;
use sha2::{Digest, Sha256};

/// The context that the work of a scan's round belongs to, as a W3C `traceparent`: made of the scan's id, so that
/// every coordinator and every worker knows the same.
#[must_use]
pub fn traceparent(scan: &ScanId, round: u32) -> String {
    let digest = Sha256::digest(format!("{scan}/{round}"));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("00-{}-{}-01", &hex[..32], &hex[32..48])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_has_one_trace_of_the_form_that_others_read() {
        let scan = ScanId::new("20261122T000000-0000abcd").expect("a scan");
        let context = traceparent(&scan, 1);
        assert_eq!(context.len(), 55);
        assert_eq!(context, traceparent(&scan, 1));
        assert_ne!(context, traceparent(&scan, 2));
    }
}
