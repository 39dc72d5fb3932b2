//! The world that the stand-in plays: an organization, a catalog, and what every cell is like.
//!
//! Nothing is stored: what a cell holds follows from the seed and its name, so the truth about it
//! can be told without asking the server, and the server needs no memory for five thousand accounts.

mod fault;
mod making;
mod things;
mod truth;

use std::collections::HashSet;
use std::sync::Arc;

use catalog::Catalog;
use catalog::entry::Scope;
use protocol::FailureKind;
use protocol::ids::GLOBAL;

use crate::ask::{Question, Questions, gather};
use crate::dice::Dice;
use crate::synthetic::Organization;
pub(crate) use fault::{Fault, Worded, broken, throttled, unknown_operation};
pub(crate) use making::policy;
pub(crate) use things::{Parent, Thing};
pub use truth::TruthCell;

/// The world. Cheap to clone.
#[derive(Clone)]
pub struct World(Arc<Parts>);

struct Parts {
    org: Organization,
    catalog: Catalog,
    questions: Questions,
    regions: Vec<(String, bool)>,
    hangs: HashSet<(usize, String, String)>,
    /// For each question, how many of AWS's own things may stand beside each other.
    aws_most: Vec<u64>,
}

/// An account and a region, `global` for what there is once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    pub(crate) account: usize,
    pub(crate) region: &'a str,
}

/// What a service is like in a cell, for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It answers.
    Normal,
    /// It was never switched on and says so with a code, where it has one.
    Off,
    /// An SCP denies the region; its ARN where the message names it.
    DeniedByScp(Option<String>),
    /// No policy of the role allows it.
    DeniedByRole,
    /// It is broken.
    Broken,
    /// One of its operations is denied: the place of the question.
    HalfDenied(usize),
}

/// What goes wrong at first and then goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mischief {
    Throttle {
        times: u32,
    },
    ServerError,
    Reset,
    Truncated,
    /// A gateway answers with a web page.
    WebPage,
    Hang,
}

/// Services that nearly everybody uses, by their names on the wire.
const BIG: &[&str] = &[
    "ec2/2016-11-15",
    "s3",
    "iam/2010-05-08",
    "TrentService",
    "lambda",
    "sns/2010-03-31",
    "AmazonSQS",
    "Logs_20140328",
    "monitoring/2010-08-01",
    "cloudformation/2010-05-15",
    "StarlingDoveService",
    "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
    "guardduty",
    "AmazonSSM",
    "DynamoDB_20120810",
];

/// Where accounts work beside their first region.
const FAVOURITES: &[&str] =
    &["eu-west-1", "us-west-2", "eu-central-1", "ap-southeast-2", "us-east-2"];
pub(crate) const FIRST_REGION: &str = "us-east-1";

/// The service whose answers are the organization's own.
pub(crate) const ORGANIZATIONS: &str = "AWSOrganizationsV20161128";

impl World {
    /// Makes the world of an organization and a catalog.
    #[must_use]
    pub fn new(org: Organization, catalog: Catalog) -> Self {
        let questions = gather(&catalog);
        let regions = catalog.partition("aws").map_or_else(Vec::new, |partition| {
            partition.regions.iter().map(|one| (one.name.clone(), one.opt_in)).collect()
        });
        let hangs = hanging(&org, &questions);
        let aws_most = vec![3; questions.all.len()];
        let mut parts = Parts { org, catalog, questions, regions, hangs, aws_most };
        parts.aws_most = (0..parts.questions.all.len())
            .map(|at| things::distinct_defaults(&parts, at))
            .collect();
        Self(Arc::new(parts))
    }

    /// The organization.
    #[must_use]
    pub fn organization(&self) -> &Organization {
        &self.0.org
    }

    /// The catalog that it was made for.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    /// Its regions, and whether each must be opted in.
    pub(crate) fn regions(&self) -> &[(String, bool)] {
        &self.0.regions
    }

    pub(crate) fn questions(&self) -> &Questions {
        &self.0.questions
    }

    /// Whether a region is open to an account; none for a region that does not exist.
    pub(crate) fn is_open(&self, account: usize, region: &str) -> Option<bool> {
        self.0.is_open(account, region)
    }

    /// A number for an account, a region and a service.
    pub(crate) fn cell_hash(&self, cell: Cell<'_>, service: &str) -> u64 {
        self.0.dice(cell).and(service).bits()
    }

    /// Whether answers of a service in a cell say that they are of another type than they are.
    pub(crate) fn mislabels(&self, service: &str, cell: Cell<'_>) -> bool {
        let dice = self.0.dice(cell).and("mislabelled").and(service);
        dice.per_mille(self.0.org.shape.trouble.mislabelled)
    }

    /// Whether lists of a service in a cell never end.
    pub(crate) fn is_endless(&self, service: &str, cell: Cell<'_>) -> bool {
        let dice = self.0.dice(cell).and("endless").and(service);
        dice.per_mille(self.0.org.shape.trouble.endless)
    }

    /// What goes wrong at first with a service in a cell.
    pub(crate) fn mischief(&self, service: &str, cell: Cell<'_>) -> Option<Mischief> {
        let trouble = &self.0.org.shape.trouble;
        let place = (cell.account, cell.region.to_owned(), service.to_owned());
        if !self.0.hangs.is_empty() && self.0.hangs.contains(&place) {
            return Some(Mischief::Hang);
        }
        let dice = self.0.dice(cell).and("mischief").and(service);
        if dice.and("throttle").per_mille(trouble.throttled) {
            let times = u32::try_from(dice.nth(1).between(1, 3)).unwrap_or(1);
            return Some(Mischief::Throttle { times });
        }
        let all = [Mischief::ServerError, Mischief::Reset, Mischief::Truncated, Mischief::WebPage];
        dice.per_mille(trouble.transient).then(|| dice.nth(2).pick(&all).copied()).flatten()
    }
}

impl Parts {
    fn dice(&self, cell: Cell<'_>) -> Dice {
        self.org.dice().and("cell").nth(cell.account as u64).and(cell.region)
    }

    fn account_id(&self, cell: Cell<'_>) -> &str {
        self.org.accounts.get(cell.account).map_or("", |account| &account.id)
    }

    fn is_open(&self, account: usize, region: &str) -> Option<bool> {
        let (_, opt_in) = self.regions.iter().find(|(name, _)| name == region)?;
        Some(!opt_in || self.org.opted_in(account, region))
    }

    /// Whether the customer uses a service in a cell.
    fn in_use(&self, service: &str, cell: Cell<'_>) -> bool {
        if service == ORGANIZATIONS {
            return true;
        }
        let base = if BIG.contains(&service) {
            900
        } else {
            self.org.dice().and("popular").and(service).between(20, 480)
        };
        let account = self.org.dice().and("regions").nth(cell.account as u64);
        let active = cell.region == GLOBAL
            || cell.region == FIRST_REGION
            || account.pick(FAVOURITES) == Some(&cell.region)
            || account.nth(1).pick(FAVOURITES) == Some(&cell.region);
        let scaled = base * u64::from(self.org.shape.in_use_percent) / 12;
        let share = if active { scaled } else { scaled / 11 };
        self.dice(cell).and("use").and(service).per_mille(u32::try_from(share).unwrap_or(1000))
    }

    fn mood(&self, question: &Question, cell: Cell<'_>) -> Mood {
        let service = question.service.as_str();
        if service == ORGANIZATIONS {
            return Mood::Normal;
        }
        let trouble = &self.org.shape.trouble;
        if let Some(arn) = self.org.denied_region(cell.account, cell.region)
            && cell.region != GLOBAL
        {
            let named = self.org.dice().and("names its policy").and(service).per_mille(500);
            return Mood::DeniedByScp(named.then_some(arn));
        }
        let account = self.org.dice().and("denied").nth(cell.account as u64).and(service);
        if account.per_mille(trouble.denied) {
            return Mood::DeniedByRole;
        }
        let dice = self.dice(cell).and("mood").and(service);
        if dice.nth(1).per_mille(trouble.broken) {
            return Mood::Broken;
        }
        if dice.nth(2).per_mille(trouble.half_denied)
            && let Some(roots) = self.questions.roots.get(service).filter(|roots| roots.len() > 1)
            && let Some(root) = dice.nth(3).pick(roots)
        {
            return Mood::HalfDenied(*root);
        }
        let off = !self.in_use(service, cell) && dice.nth(4).per_mille(700);
        if off { Mood::Off } else { Mood::Normal }
    }
}

impl Question {
    /// The region of its cells, for a request that was made to `region`.
    pub(crate) fn cell_region<'a>(&self, region: &'a str) -> &'a str {
        if self.scope == Scope::Global { GLOBAL } else { region }
    }

    /// The region that is called for a cell's region.
    pub(crate) fn called_region<'a>(&'a self, region: &'a str) -> &'a str {
        self.home.as_deref().filter(|_| region == GLOBAL).unwrap_or(region)
    }

    /// The cell whose things it is answered with: a probe that asks one region for all of them asks
    /// that region's, where another probe asks each.
    pub(crate) fn answered_by<'a>(&'a self, cell: Cell<'a>) -> Cell<'a> {
        let regional = self.scope == Scope::Regional;
        let region = if regional { self.called_region(cell.region) } else { cell.region };
        Cell { region, ..cell }
    }

    /// The row that says `means`, if one does and the row is of this call or its entry.
    pub(crate) fn row(&self, means: FailureKind) -> Option<Worded> {
        let row = self.errors.iter().find(|row| row.means == means)?;
        let message = row.message.clone().unwrap_or_else(|| "It is not there".to_owned());
        Some(Worded { code: row.code.clone(), message: format!("{message}.") })
    }
}

/// The few places where one call hangs once.
fn hanging(org: &Organization, questions: &Questions) -> HashSet<(usize, String, String)> {
    let services: Vec<(&String, &Vec<usize>)> = questions.roots.iter().collect();
    let doors = org.accounts.iter().enumerate().filter(|(_, account)| account.enterable);
    let wanted = usize::try_from(org.shape.trouble.hangs).unwrap_or(0);
    doors
        .skip(1)
        .take(wanted)
        .filter_map(|(at, _)| {
            let (service, roots) = org.dice().and("hang").nth(at as u64).pick(&services)?;
            let scope = questions.all.get(*roots.first()?)?.scope;
            let region = if scope == Scope::Global { GLOBAL } else { FIRST_REGION };
            Some((at, region.to_owned(), (*service).clone()))
        })
        .collect()
}
