//! What a scan is asked to do, in the words of a request.
//!
//! Not the words of the store: a request names connections, and never how to get in or where things go.

use protocol::inventory::AccountState;
use protocol::scan::{self, Detail, Priority, Settings, Source};
use protocol::selection::Selection;
use protocol::store::CellFilter;
use protocol::{AccountId, ConnectionId, ProbeId, Region, ServiceId, Status};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schema;

/// What a scan is asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewScan {
    /// Connections that the server's settings name; none stands for the only one there is.
    #[schema(schema_with = schema::exact)]
    pub connections: Vec<ConnectionId>,
    /// What to look at.
    pub selection: Select,
    /// How hard to work.
    pub pace: Pace,
    /// How much is kept of the things that are seen.
    #[schema(schema_with = schema::detail)]
    pub resources: Detail,
    /// Where the scan stands among those that run at the same time.
    #[schema(schema_with = schema::priority)]
    pub priority: Priority,
    /// Whether the tags of all accounts are read too: a call for each account.
    pub account_tags: bool,
    /// Whether cells that a service control policy will deny for certain are not called, but for a sample of them.
    pub skip_predicted_denials: bool,
}

/// What to look at; an empty inclusion means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Select {
    /// Accounts to look at.
    #[schema(schema_with = schema::exact)]
    pub accounts: Vec<AccountId>,
    /// Accounts to leave out.
    #[schema(schema_with = schema::exact)]
    pub exclude_accounts: Vec<AccountId>,
    /// Patterns of names of accounts to look at: `*` is any text, `?` one character, case does not matter.
    #[schema(schema_with = schema::ruled)]
    pub account_names: Vec<String>,
    /// Patterns of names of accounts to leave out.
    #[schema(schema_with = schema::ruled)]
    pub exclude_account_names: Vec<String>,
    /// Units to look at, with everything below: ids, or paths of names such as `Root/Payments`.
    #[schema(schema_with = schema::ruled)]
    pub units: Vec<String>,
    /// Units to leave out, with everything below.
    #[schema(schema_with = schema::ruled)]
    pub exclude_units: Vec<String>,
    /// Tags that an account must have, all of them.
    #[schema(max_items = 100)]
    pub tags: Vec<Tag>,
    /// Tags of accounts to leave out; one of them is enough.
    #[schema(max_items = 100)]
    pub exclude_tags: Vec<Tag>,
    /// States of accounts to look at; only active accounts are ever entered.
    #[schema(schema_with = schema::account_states)]
    pub states: Vec<AccountState>,
    /// States of accounts to leave out.
    #[schema(schema_with = schema::account_states)]
    pub exclude_states: Vec<AccountState>,
    /// Whether the accounts that manage their organizations are left out.
    pub no_management_account: bool,
    /// Regions to look at.
    #[schema(schema_with = schema::exact)]
    pub regions: Vec<Region>,
    /// Regions to leave out; `global` leaves out the global services.
    #[schema(schema_with = schema::exact)]
    pub exclude_regions: Vec<Region>,
    /// Whether no service is looked at, but for probes that are named: without one, no account is entered.
    pub no_services: bool,
    /// Services to look at.
    #[schema(schema_with = schema::exact)]
    pub services: Vec<ServiceId>,
    /// Services to leave out.
    #[schema(schema_with = schema::exact)]
    pub exclude_services: Vec<ServiceId>,
    /// Whether derived services are looked at too.
    pub all_services: bool,
    /// Probes to run though they are off by default.
    #[schema(schema_with = schema::exact)]
    pub probes: Vec<ProbeId>,
}

/// A tag of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Its key.
    #[schema(min_length = 1, max_length = 256)]
    pub key: String,
    /// Its value.
    #[schema(max_length = 256)]
    pub value: String,
}

/// How hard a scan works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pace {
    /// The share of AWS's own rate limits that may be spent, in per cent.
    #[schema(minimum = 1, maximum = 100)]
    pub budget_share: u8,
    /// Calls in flight at once in one worker.
    #[schema(minimum = 1, maximum = 16384)]
    pub max_in_flight: u32,
    /// Attempts before a failure is final.
    #[schema(minimum = 1, maximum = 20)]
    pub max_attempts: u32,
    /// The deadline of one call, in milliseconds.
    #[schema(minimum = 1, maximum = 3_600_000)]
    pub call_timeout_ms: u64,
}

/// Which cells to run again; empty lists match everything, and none at all stands for every unknown cell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Requeue {
    /// Their statuses.
    #[schema(schema_with = schema::statuses)]
    pub statuses: Vec<Status>,
    /// Their accounts.
    #[schema(schema_with = schema::exact)]
    pub accounts: Vec<AccountId>,
    /// Units that their accounts are in or below.
    #[schema(schema_with = schema::ruled)]
    pub units: Vec<String>,
    /// Their regions.
    #[schema(schema_with = schema::exact)]
    pub regions: Vec<Region>,
    /// Their services.
    #[schema(schema_with = schema::exact)]
    pub services: Vec<ServiceId>,
    /// The codes of their failures.
    #[schema(schema_with = schema::ruled)]
    pub codes: Vec<String>,
}

impl Default for Pace {
    fn default() -> Self {
        scan::Pace::default().into()
    }
}

impl From<scan::Pace> for Pace {
    fn from(pace: scan::Pace) -> Self {
        Self {
            budget_share: pace.budget_share,
            max_in_flight: pace.max_in_flight,
            max_attempts: pace.max_attempts,
            call_timeout_ms: pace.call_timeout_ms,
        }
    }
}

impl From<Pace> for scan::Pace {
    fn from(pace: Pace) -> Self {
        Self {
            budget_share: pace.budget_share,
            max_in_flight: pace.max_in_flight,
            max_attempts: pace.max_attempts,
            call_timeout_ms: pace.call_timeout_ms,
        }
    }
}

impl From<Selection> for Select {
    fn from(selection: Selection) -> Self {
        Self {
            accounts: selection.accounts,
            exclude_accounts: selection.exclude_accounts,
            account_names: selection.account_names,
            exclude_account_names: selection.exclude_account_names,
            units: selection.units,
            exclude_units: selection.exclude_units,
            tags: tags_of(selection.tags),
            exclude_tags: tags_of(selection.exclude_tags),
            states: selection.states,
            exclude_states: selection.exclude_states,
            no_management_account: selection.no_management_account,
            regions: selection.regions,
            exclude_regions: selection.exclude_regions,
            no_services: selection.no_services,
            services: selection.services,
            exclude_services: selection.exclude_services,
            all_services: selection.all_services,
            probes: selection.probes,
        }
    }
}

impl From<Select> for Selection {
    fn from(select: Select) -> Self {
        Self {
            accounts: select.accounts,
            exclude_accounts: select.exclude_accounts,
            account_names: select.account_names,
            exclude_account_names: select.exclude_account_names,
            units: select.units,
            exclude_units: select.exclude_units,
            tags: select.tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            exclude_tags: select.exclude_tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            states: select.states,
            exclude_states: select.exclude_states,
            no_management_account: select.no_management_account,
            regions: select.regions,
            exclude_regions: select.exclude_regions,
            no_services: select.no_services,
            services: select.services,
            exclude_services: select.exclude_services,
            all_services: select.all_services,
            probes: select.probes,
        }
    }
}

fn tags_of(pairs: Vec<(String, String)>) -> Vec<Tag> {
    pairs.into_iter().map(|(key, value)| Tag { key, value }).collect()
}

impl NewScan {
    /// What a stored scan was asked to do, as far as a request could ask it: of its sources the named connections.
    #[must_use]
    pub fn of(settings: Settings) -> Self {
        let name = |source| match source {
            Source::Connection { name } => Some(name),
            _ => None,
        };
        Self {
            connections: settings.sources.into_iter().filter_map(name).collect(),
            selection: settings.selection.into(),
            pace: settings.pace.into(),
            resources: settings.resources,
            priority: settings.priority,
            account_tags: settings.account_tags,
            skip_predicted_denials: settings.skip_predicted_denials,
        }
    }

    /// The settings of a scan that gets in by these connections.
    #[must_use]
    pub fn settings(self, connections: Vec<ConnectionId>) -> Settings {
        Settings {
            sources: connections.into_iter().map(|name| Source::Connection { name }).collect(),
            access: scan::Access::default(),
            selection: self.selection.into(),
            pace: self.pace.into(),
            resources: self.resources,
            priority: self.priority,
            account_tags: self.account_tags,
            skip_predicted_denials: self.skip_predicted_denials,
        }
    }
}

impl Requeue {
    /// The cells that are asked for; without any filter, those that are unknown.
    #[must_use]
    pub fn filter(self) -> CellFilter {
        let unknown = || Status::ALL.iter().copied().filter(|status| !status.is_known()).collect();
        let statuses = if self == Self::default() { unknown() } else { self.statuses };
        CellFilter {
            statuses,
            accounts: self.accounts,
            units: self.units,
            regions: self.regions,
            services: self.services,
            codes: self.codes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_may_ask_survives_the_store() {
        let ask = NewScan {
            connections: vec![ConnectionId::new("main").unwrap()],
            selection: Select {
                accounts: vec![AccountId::new("123456789012").unwrap()],
                tags: vec![Tag { key: "env".into(), value: "prod".into() }],
                states: vec![AccountState::Active],
                regions: vec![Region::new("eu-west-1").unwrap()],
                all_services: true,
                ..Select::default()
            },
            pace: Pace { budget_share: 10, ..Pace::default() },
            resources: Detail::Sample,
            priority: Priority::High,
            account_tags: true,
            skip_predicted_denials: true,
        };
        assert_eq!(NewScan::of(ask.clone().settings(ask.connections.clone())), ask);
    }

    #[test]
    fn how_a_scan_of_a_laptop_got_in_is_not_told() {
        let role = Source::Role {
            arn: "arn:aws:iam::123456789012:role/r".to_owned(),
            external_id: Some("x".to_owned()),
            profile: None,
            name: None,
        };
        let settings = Settings { sources: vec![role], ..Settings::default() };
        let shown = serde_json::to_string(&NewScan::of(settings)).unwrap();
        assert!(!shown.contains("arn:"), "{shown}");
    }

    #[test]
    fn no_filter_stands_for_every_unknown_status() {
        let filter = Requeue::default().filter();
        assert!(filter.statuses.iter().all(|status| !status.is_known()));
        assert!(filter.statuses.contains(&Status::Throttled));
        let named = Requeue { codes: vec!["X".to_owned()], ..Requeue::default() }.filter();
        assert!(named.statuses.is_empty());
    }
}
