//! Who is guarded by which organization's policies: what calls of a scan are asked against.

use std::collections::{BTreeMap, HashMap};

use protocol::plan::ProbeFacts;
use protocol::{ProbeId, Region};

use crate::decision::Denial;
use crate::organization::{ACCOUNT, Known, Organization, Prediction, Subject};

/// An account, and which organization's policies are above it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Its organization.
    pub organization: String,
    /// The ids of the units above it from the root down, joined by `/`; none where they are not known.
    pub path: Option<String>,
    /// The ARN of the role that asks, where it is known.
    pub role: Option<String>,
    /// Its partition, where it is known.
    pub partition: Option<String>,
}

/// Organizations with their policies, and the accounts below them.
#[derive(Debug, Default)]
pub struct Guards {
    organizations: BTreeMap<String, Organization>,
    accounts: HashMap<String, Guarded>,
    probes: HashMap<ProbeId, ProbeFacts>,
}

/// What denies: a statement of a policy at a level, or a level at which nothing allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ground {
    /// The organization.
    pub organization: String,
    /// The id of the policy; none where nothing allows.
    pub policy: Option<String>,
    /// The statement's index in the policy, where it is known.
    pub statement: Option<usize>,
    /// The id of the root or unit, or [`ACCOUNT`]; none where it is not known.
    pub level: Option<String>,
}

impl Guards {
    /// Nobody yet; these probes will be asked about.
    #[must_use]
    pub fn of_probes(probes: impl IntoIterator<Item = ProbeFacts>) -> Self {
        let probes = probes.into_iter().map(|probe| (probe.id.clone(), probe)).collect();
        Self { probes, ..Self::default() }
    }

    /// Adds an organization.
    pub fn add_organization(&mut self, id: &str, organization: Organization) {
        self.organizations.insert(id.to_owned(), organization);
    }

    /// Adds an account.
    pub fn add_account(&mut self, id: &str, guarded: Guarded) {
        self.accounts.insert(id.to_owned(), guarded);
    }

    /// An account.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Guarded> {
        self.accounts.get(id)
    }

    /// A probe.
    #[must_use]
    pub fn probe(&self, id: &ProbeId) -> Option<&ProbeFacts> {
        self.probes.get(id)
    }

    /// The organizations by id.
    pub fn organizations(&self) -> impl Iterator<Item = (&str, &Organization)> {
        self.organizations.iter().map(|(id, organization)| (id.as_str(), organization))
    }

    /// The policy of a ground.
    #[must_use]
    pub fn policy(&self, ground: &Ground) -> Option<&Known> {
        self.organizations.get(&ground.organization)?.policy(ground.policy.as_deref()?)
    }

    /// Asks the organization of an account.
    pub fn ask<T>(
        &mut self,
        account: &str,
        question: impl FnOnce(&mut Organization, Subject<'_>) -> T,
    ) -> Option<T> {
        let guarded = self.accounts.get(account)?;
        let organization = self.organizations.get_mut(&guarded.organization)?;
        Some(question(organization, guarded.subject(account)))
    }

    /// Why service control policies deny a cell for certain; none where they do not, or nobody can tell.
    pub fn predict(
        &mut self,
        account: &str,
        probe: &ProbeId,
        region: &Region,
    ) -> Option<(Ground, Prediction)> {
        let guarded = self.accounts.get(account)?;
        let probe = self.probes.get(probe)?;
        let organization = self.organizations.get_mut(&guarded.organization)?;
        let prediction = organization.predict(guarded.subject(account), probe, region)?;
        let ground = Ground::all(&guarded.organization, &prediction.denial).into_iter().next()?;
        Some((ground, prediction))
    }
}

impl Guarded {
    fn subject<'a>(&'a self, account: &'a str) -> Subject<'a> {
        Subject {
            account,
            path: self.path.as_deref(),
            role: self.role.as_deref(),
            partition: self.partition.as_deref(),
        }
    }

    /// Where the policies of a level are attached to, of those above an account or on it.
    #[must_use]
    pub fn has_level(&self, account: &str, target: &str) -> Option<String> {
        let above = self.path.iter().flat_map(|path| path.split('/')).find(|unit| *unit == target);
        match above {
            Some(unit) => Some(unit.to_owned()),
            None => (target == account).then(|| ACCOUNT.to_owned()),
        }
    }
}

impl Ground {
    /// What a denial rests on, from the root down: one is enough, and the first is at the top.
    #[must_use]
    pub fn all(organization: &str, denial: &Denial) -> Vec<Self> {
        let organization = organization.to_owned();
        match denial {
            Denial::Unallowed { level } => {
                vec![Self { organization, policy: None, statement: None, level: level.clone() }]
            }
            Denial::Statements(places) => places
                .iter()
                .map(|place| Self {
                    organization: organization.clone(),
                    policy: place.policy.clone(),
                    statement: Some(place.statement),
                    level: place.level.clone(),
                })
                .collect(),
        }
    }
}
