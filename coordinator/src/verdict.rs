//! What a pre-flight tells about cells before any is called.

use protocol::plan::RowVerdict;
use protocol::preflight::{Preflight, RegionList};
use protocol::provider::KnownRegion;
use protocol::{Failure, Status};

/// The verdicts for whole rows of an account, from the outcome of its pre-flight.
#[must_use]
pub(crate) fn verdicts(
    outcome: &Result<Preflight, Failure>,
    known: &[KnownRegion],
) -> Vec<RowVerdict> {
    let of = |region, status, failure| RowVerdict { region, status, failure };
    match outcome.as_ref().map(|preflight| &preflight.regions) {
        Err(failure) => vec![of(None, Status::RoleFailed, Some(failure.clone()))],
        Ok(RegionList::Listed { closed, .. }) => {
            closed.iter().map(|region| of(Some(region.clone()), Status::RegionOff, None)).collect()
        }
        // Default regions are tried; whether an opt-in region is open is not known.
        Ok(RegionList::Unlisted(failure)) => known
            .iter()
            .filter(|known| known.opt_in)
            .map(|known| of(Some(known.region.clone()), Status::NotRun, Some(failure.clone())))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use protocol::{FailureKind, Region};

    use super::*;

    fn region(text: &str) -> Region {
        Region::new(text).unwrap()
    }

    fn known() -> Vec<KnownRegion> {
        let of = |text, opt_in| KnownRegion { region: region(text), opt_in };
        vec![of("us-east-1", false), of("af-south-1", true)]
    }

    fn entered(regions: RegionList) -> Result<Preflight, Failure> {
        Ok(Preflight { principal: "arn".into(), regions })
    }

    #[test]
    fn an_account_that_cannot_be_entered_fails_whole() {
        let failure = Failure::new(FailureKind::RoleFailed, "AccessDenied", "no");
        let found = verdicts(&Err(failure), &known());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].region.clone(), found[0].status), (None, Status::RoleFailed));
    }

    #[test]
    fn a_region_that_is_not_opted_in_is_off() {
        let list = RegionList::Listed {
            open: vec![region("us-east-1")],
            closed: vec![region("af-south-1")],
        };
        let found = verdicts(&entered(list), &known());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].status, Status::RegionOff);
    }

    #[test]
    fn without_a_list_opt_in_regions_are_not_run_and_say_why() {
        let failure = Failure::new(FailureKind::Denied, "UnauthorizedOperation", "no");
        let found = verdicts(&entered(RegionList::Unlisted(failure.clone())), &known());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].status, Status::NotRun);
        assert_eq!(found[0].failure, Some(failure));
    }
}
