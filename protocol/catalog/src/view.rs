//! A probe together with the entry that it stands in.

use protocol::plan::ProbeFacts;

use crate::entry::{Entry, Origin, Probe, Scope};

/// A probe and its entry.
#[derive(Debug, Clone, Copy)]
pub struct ProbeView<'c> {
    /// The entry.
    pub entry: &'c Entry,
    /// The probe.
    pub probe: &'c Probe,
}

impl ProbeView<'_> {
    /// Where the probe lives.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.probe.scope.unwrap_or(self.entry.scope)
    }

    /// Calls that one cell is expected to cost, in thousandths.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number is clamped to what fits"
    )]
    pub fn expected_millicalls(&self) -> u64 {
        const MOST: f64 = 1e12;
        let calls: f64 = self.probe.calls.iter().map(|call| call.expect).sum();
        (calls * 1000.0).round().clamp(0.0, MOST) as u64
    }

    /// The probe as reports and plans see it.
    #[must_use]
    pub fn facts(&self) -> ProbeFacts {
        ProbeFacts {
            id: self.probe.id.clone(),
            service: self.entry.service.clone(),
            title: self.entry.title.clone(),
            category: self.entry.category.clone(),
            global: self.scope() == Scope::Global,
            judgement: self.probe.judgement,
            curated: self.entry.origin == Origin::Curated,
            decides: self.probe.decides,
            expected_millicalls: self.expected_millicalls(),
        }
    }
}
