//! The nodes of the graph with their properties, and what leads from one to the other.

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Graph, Row, Value};

/// An organization.
#[derive(Debug)]
pub(super) struct Organization {
    pub(super) id: String,
    pub(super) arn: Option<String>,
    pub(super) feature_set: Option<String>,
    pub(super) management_account: String,
    pub(super) management_arn: Option<String>,
    pub(super) management_email: Option<String>,
    /// Whether its list of accounts and its tree were read to their ends.
    pub(super) whole: bool,
}

/// A root. Its id, like a unit's, is only its own inside its organization, whose id stands before it.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) id: String,
    pub(super) root_id: String,
    pub(super) arn: Option<String>,
    pub(super) name: String,
    pub(super) organization: String,
}

/// A unit.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) id: String,
    pub(super) ou_id: String,
    pub(super) arn: Option<String>,
    pub(super) name: String,
    pub(super) organization: String,
    pub(super) root: String,
    pub(super) parent: Parent,
}

/// What a unit or an account is directly in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parent {
    Root(String),
    Unit(String),
}

/// An account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) email: Option<String>,
    pub(super) state: String,
    pub(super) joined_method: Option<String>,
    pub(super) joined_at: Option<DateTime<Utc>>,
    pub(super) organization: Option<String>,
    /// Whether somebody got into it.
    pub(super) in_scope: bool,
    /// The profile that leads to it.
    pub(super) profile: Option<String>,
    /// What it is directly in; only active accounts are placed.
    pub(super) parent: Option<Parent>,
    /// Its root user, of an active account.
    pub(super) principal: Option<String>,
}

impl Organization {
    pub(super) fn row(&self) -> Row {
        vec![
            ("id", self.id.as_str().into()),
            ("arn", (&self.arn).into()),
            ("feature_set", (&self.feature_set).into()),
            ("management_account_arn", (&self.management_arn).into()),
            ("management_account_id", self.management_account.as_str().into()),
            ("management_account_email", (&self.management_email).into()),
        ]
    }
}

impl Root {
    pub(super) fn row(&self) -> Row {
        vec![
            ("id", self.id.as_str().into()),
            ("root_id", self.root_id.as_str().into()),
            ("arn", (&self.arn).into()),
            ("name", self.name.as_str().into()),
            ("org_id", self.organization.as_str().into()),
        ]
    }
}

impl Unit {
    pub(super) fn row(&self) -> Row {
        let (root, unit) = match &self.parent {
            Parent::Root(id) => (Value::from(id.as_str()), Value::Nothing),
            Parent::Unit(id) => (Value::Nothing, Value::from(id.as_str())),
        };
        vec![
            ("id", self.id.as_str().into()),
            ("ou_id", self.ou_id.as_str().into()),
            ("arn", (&self.arn).into()),
            ("name", self.name.as_str().into()),
            ("org_id", self.organization.as_str().into()),
            ("root_id", self.root.as_str().into()),
            ("parent_root_id", root),
            ("parent_ou_id", unit),
        ]
    }
}

impl Account {
    /// What is known of a member of an organization.
    pub(super) fn member(&self) -> Row {
        let joined = self.joined_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
        vec![
            ("id", self.id.as_str().into()),
            ("name", (&self.name).into()),
            ("arn", (&self.arn).into()),
            ("email", (&self.email).into()),
            ("state", self.state.as_str().into()),
            ("status", self.status().map_or(Value::Nothing, Value::from)),
            ("joined_method", (&self.joined_method).into()),
            ("joined_timestamp", (&joined).into()),
            ("org_id", (&self.organization).into()),
        ]
    }

    /// What is known of an account by itself.
    pub(super) fn alone(&self) -> Row {
        vec![("id", self.id.as_str().into()), ("name", (&self.name).into())]
    }

    /// That it is in scope, and by which profile.
    pub(super) fn scope(&self) -> Row {
        vec![("id", self.id.as_str().into()), ("profile_name", (&self.profile).into())]
    }

    /// The older word for the state, where there is one that says the same.
    fn status(&self) -> Option<&str> {
        let same = ["ACTIVE", "SUSPENDED", "PENDING_CLOSURE"];
        same.contains(&self.state.as_str()).then_some(self.state.as_str())
    }
}

/// A kind of relationship, from nodes of one label to nodes of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    OrganizationRoot,
    RootOrganization,
    RootUnit,
    UnitRoot,
    UnitChild,
    ChildUnit,
    RootAccount,
    AccountRoot,
    UnitAccount,
    AccountUnit,
    AccountPrincipal,
}

/// All relationships by kind, each as the ids of its two ends.
pub(super) fn edges(graph: &Graph) -> Vec<(Edge, Vec<(&str, &str)>)> {
    let owned = graph.roots.iter().map(|root| (root.organization.as_str(), root.id.as_str()));
    let owned: Vec<_> = owned.collect();
    let below = graph.units.iter().map(|unit| (unit.root.as_str(), unit.id.as_str())).collect();
    let (mut in_root, mut in_unit) = (Vec::new(), Vec::new());
    for unit in &graph.units {
        match &unit.parent {
            Parent::Root(root) => in_root.push((unit.id.as_str(), root.as_str())),
            Parent::Unit(above) => in_unit.push((unit.id.as_str(), above.as_str())),
        }
    }
    let (mut at_root, mut at_unit) = (Vec::new(), Vec::new());
    for account in &graph.accounts {
        match &account.parent {
            Some(Parent::Root(root)) => at_root.push((account.id.as_str(), root.as_str())),
            Some(Parent::Unit(unit)) => at_unit.push((account.id.as_str(), unit.as_str())),
            None => {}
        }
    }
    let principals = graph.accounts.iter();
    let principals =
        principals.filter_map(|one| Some((one.id.as_str(), one.principal.as_deref()?)));
    vec![
        (Edge::RootOrganization, turned(&owned)),
        (Edge::OrganizationRoot, owned),
        (Edge::RootUnit, below),
        (Edge::UnitRoot, in_root),
        (Edge::UnitChild, turned(&in_unit)),
        (Edge::ChildUnit, in_unit),
        (Edge::RootAccount, turned(&at_root)),
        (Edge::AccountRoot, at_root),
        (Edge::UnitAccount, turned(&at_unit)),
        (Edge::AccountUnit, at_unit),
        (Edge::AccountPrincipal, principals.collect()),
    ]
}

fn turned<'g>(pairs: &[(&'g str, &'g str)]) -> Vec<(&'g str, &'g str)> {
    pairs.iter().map(|(from, to)| (*to, *from)).collect()
}
