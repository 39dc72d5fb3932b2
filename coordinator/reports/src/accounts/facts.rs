//! What is stored about the accounts of a scan, and how completely the parts of their organizations were read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use protocol::holding::{Completeness, Part};

use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;

/// An account.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) state: String,
    pub(super) path: Option<String>,
    pub(super) id_path: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) management: bool,
    pub(super) joined_method: Option<String>,
    pub(super) joined_at: Option<DateTime<Utc>>,
    pub(super) arn: Option<String>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) connection: String,
}

/// All that a listing is made of, but for regions.
#[derive(Debug)]
pub(super) struct Facts {
    /// By organization (those in none last), the account that manages it first, then by id.
    pub(super) accounts: Vec<Record>,
    /// The account that manages each organization.
    pub(super) management: BTreeMap<String, String>,
    readings: BTreeMap<(String, Part), Reading>,
    /// Connections that lead to an account that is in no organization.
    alone: BTreeSet<String>,
    /// What discovery could not read.
    pub(super) missing: Vec<String>,
}

/// How completely a part of an organization was read.
#[derive(Debug)]
struct Reading {
    whole: bool,
    lacks: String,
    why: String,
}

/// Whether something is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    Whole,
    /// Asked for, and not read; and why.
    Unread(String),
    /// Nobody asked; and why.
    NotAsked(String),
}

/// Reads the facts.
pub(super) async fn read(context: &Context<'_>) -> Result<Facts, ReportError> {
    let mut management = BTreeMap::new();
    for row in context.rows(include_str!("../inventory/organizations.sql")).await? {
        let mut fields = Fields::of(row);
        let organization = fields.text("an organization")?;
        let (_arn, _features) = (fields.maybe_text(), fields.maybe_text());
        management.insert(organization, fields.text("an account id")?);
    }
    let (readings, alone) = readings(context).await?;
    let mut missing = Vec::new();
    for row in context.rows(include_str!("../missing.sql")).await? {
        let mut fields = Fields::of(row);
        let (what, _) = (fields.text("what is missing")?, fields.maybe_text());
        let (code, message) = (fields.text("a code")?, fields.text("a message")?);
        if code != protocol::inventory::Found::COVERED {
            missing.push(format!("{what}: {code}: {message}"));
        }
    }
    let accounts = accounts(context).await?;
    Ok(Facts { accounts, management, readings, alone, missing })
}

async fn accounts(context: &Context<'_>) -> Result<Vec<Record>, ReportError> {
    let mut accounts = Vec::new();
    for row in context.rows(include_str!("../inventory/accounts.sql")).await? {
        let mut fields = Fields::of(row);
        let (id, name) = (fields.text("an account id")?, fields.text("an account name")?);
        let (email, state) = (fields.maybe_text(), fields.text("an account state")?);
        let (path, id_path) = (fields.maybe_text(), fields.maybe_text());
        let (organization, management) = (fields.maybe_text(), fields.flag("a flag")?);
        let (joined_method, joined_at) = (fields.maybe_text(), fields.maybe_time());
        let (arn, tags) = (fields.maybe_text(), fields.maybe_text());
        let tags = tags.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
        let known = context.accounts.get(&id);
        let connection = known.map(|known| known.connection.clone()).unwrap_or_default();
        accounts.push(Record {
            id,
            name,
            email,
            state,
            path,
            id_path,
            organization,
            management,
            joined_method,
            joined_at,
            arn,
            tags,
            connection,
        });
    }
    accounts.sort_by(|one, other| order(one).cmp(&order(other)));
    Ok(accounts)
}

fn order(record: &Record) -> (bool, Option<&str>, bool, &str) {
    let organization = record.organization.as_deref();
    (organization.is_none(), organization, !record.management, &record.id)
}

type Readings = BTreeMap<(String, Part), Reading>;

async fn readings(context: &Context<'_>) -> Result<(Readings, BTreeSet<String>), ReportError> {
    let (mut readings, mut alone): (Readings, _) = (BTreeMap::new(), BTreeSet::new());
    for row in context.rows(include_str!("../inventory/readings.sql")).await? {
        let mut fields = Fields::of(row);
        let organization = fields.text("an organization")?;
        let (part, how): (Part, Completeness) =
            (fields.word("a part")?, fields.word("how completely")?);
        let lacks = fields.maybe_text().unwrap_or_default();
        let (code, message) = (fields.maybe_text(), fields.maybe_text());
        let (_denied_by, _policy) = (fields.maybe_text(), fields.maybe_text());
        let connection = fields.maybe_text().unwrap_or_default();
        if how == Completeness::NotInOrganization {
            alone.insert(connection);
            continue;
        }
        let whole = matches!(how, Completeness::Synced | Completeness::AlreadySynced);
        let why = [code, message].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let known = readings.entry((organization, part)).or_insert(Reading {
            whole,
            lacks: lacks.clone(),
            why: why.clone(),
        });
        // Of several connections that read a part the most complete one counts.
        if whole && !known.whole {
            *known = Reading { whole, lacks, why };
        }
    }
    Ok((readings, alone))
}

impl Facts {
    /// Whether it is known of an account which organization it is in.
    pub(super) fn organization(&self, account: &Record) -> Known {
        if account.organization.is_some() || self.alone.contains(&account.connection) {
            return Known::Whole;
        }
        Known::NotAsked("the account was named by itself: no organization was asked for it".into())
    }

    /// Whether it is known which unit an account is in.
    pub(super) fn unit(&self, account: &Record) -> Known {
        let Some(organization) = account.organization.as_ref().filter(|_| account.path.is_none())
        else {
            return self.organization(account);
        };
        match self.readings.get(&(organization.clone(), Part::Tree)) {
            Some(reading) if reading.whole => Known::Whole,
            Some(reading) => Known::Unread(format!("the tree could not be read: {}", reading.why)),
            None => Known::Unread("the tree was not read to its end".to_owned()),
        }
    }

    /// Whether the tags of an account are known. Of a reading that is not whole, those that have tags were read.
    pub(super) fn tags(&self, account: &Record, asked: bool) -> Known {
        let Some(organization) = account.organization.as_ref() else {
            return self.organization(account);
        };
        // The tags of a closed account are gone.
        if !account.tags.is_empty() || account.state == "CLOSED" {
            return Known::Whole;
        }
        let Some(reading) = self.readings.get(&(organization.clone(), Part::Tags)) else {
            return if asked {
                Known::Unread("the tags of accounts were not read to their end".to_owned())
            } else {
                Known::NotAsked("tags were not asked for: scan with --account-tags".to_owned())
            };
        };
        // Only so many are named; then it may be any of those without tags.
        let named = reading.lacks.contains(account.id.as_str());
        let unnamed = !reading.lacks.starts_with("tags of ") || reading.lacks.ends_with(" more");
        if reading.whole || !(named || unnamed) {
            return Known::Whole;
        }
        Known::Unread(format!("the tags could not be read: {}", reading.why))
    }
}
