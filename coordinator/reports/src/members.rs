//! `members`: every account of the list, and how far orgsweep has come with it: as of this scan, by the last try to
//! enter it in any scan of the workspace. Who is not asked for is never entered.

mod rule;

use std::collections::{BTreeMap, BTreeSet};

use protocol::holding::{Completeness, Part};
use protocol::scan::ScanState;

use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column, paged, programs};
use rule::{Connection, Member, Members};

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let mut preflights = preflights(context).await?;
    let mut organizations: BTreeMap<String, Members> = BTreeMap::new();
    let mut rows = Vec::new();
    for row in context.rows(include_str!("members/accounts.sql")).await? {
        let listed = Listed::read(&mut Fields::of(row))?;
        let last = preflights.remove(&listed.id);
        let (state, why) = state_of(context, &listed, last.as_ref());
        if let Some(organization) = &listed.organization {
            organizations.entry(organization.clone()).or_default().add(state);
        }
        rows.push(told(listed, state, why, last));
    }
    let columns = vec![
        column("account_id", Kind::Account),
        column("account_name", Kind::Text),
        column("member_state", Kind::Word),
        column("ou_path", Kind::Text),
        programs("ou_id_path", Kind::Text),
        programs("organization_id", Kind::Text),
        paged("account_state", Kind::Word),
        programs("management", Kind::Word),
        programs("connection", Kind::Text),
        column("last_preflight_at", Kind::Time),
        programs("last_preflight_scan", Kind::Word),
        column("why", Kind::Text),
        programs("failure_kind", Kind::Word),
        programs("failure_code", Kind::Text),
        paged("denied_by", Kind::Word),
        programs("policy_arn", Kind::Text),
    ];
    let title = "Members".to_owned();
    Ok(Report {
        name: "members",
        title: "Members of organizations, and who lets us in".to_owned(),
        notes: vec![
            "As of this scan. An account is entered only where a selection asks for it; what the last pre-flight of any \
             scan of the workspace told stands until the next one."
                .to_owned(),
        ],
        tables: vec![Table { name: "rows", title, columns, rows }, states(context, organizations).await?],
    })
}

/// An account as the scan's list has it.
struct Listed {
    id: String,
    name: String,
    state: String,
    unit_path: Option<String>,
    unit_id_path: Option<String>,
    organization: Option<String>,
    management: bool,
    connection: String,
    excluded_by: Option<String>,
    planned: bool,
    preflight: String,
}

impl Listed {
    fn read(fields: &mut Fields) -> Result<Self, ReportError> {
        Ok(Self {
            id: fields.text("an account id")?,
            name: fields.text("an account name")?,
            state: fields.text("an account state")?,
            unit_path: fields.maybe_text(),
            unit_id_path: fields.maybe_text(),
            organization: fields.maybe_text(),
            management: fields.flag("a flag")?,
            connection: fields.text("a connection")?,
            excluded_by: fields.maybe_text(),
            planned: fields.flag("a flag")?,
            preflight: fields.text("a pre-flight's state")?,
        })
    }
}

/// The last try to enter an account that came to an end.
struct Preflight {
    scan: String,
    entered: bool,
    at: Item,
    kind: Option<String>,
    code: Option<String>,
    message: Option<String>,
    denied_by: Option<String>,
    policy_arn: Option<String>,
}

async fn preflights(context: &Context<'_>) -> Result<BTreeMap<String, Preflight>, ReportError> {
    let mut preflights = BTreeMap::new();
    for row in context.rows(include_str!("members/preflights.sql")).await? {
        let mut fields = Fields::of(row);
        let account = fields.text("an account id")?;
        let scan = fields.text("a scan")?;
        let principal = fields.maybe_text();
        let at = fields.maybe_time().map_or(Item::Nothing, Item::Time);
        let mut text = || fields.maybe_text().filter(|text| !text.is_empty());
        let (kind, code, message) = (text(), text(), text());
        let (denied_by, policy_arn) = (text(), text());
        // The principal of an earlier round stays beside a later failure.
        let entered = principal.is_some() && kind.is_none();
        preflights.insert(
            account,
            Preflight { scan, entered, at, kind, code, message, denied_by, policy_arn },
        );
    }
    Ok(preflights)
}

/// A member's state, and why it is that.
fn state_of(
    context: &Context<'_>,
    listed: &Listed,
    last: Option<&Preflight>,
) -> (Member, Option<String>) {
    let scan = &context.scan;
    let goes_on = matches!(scan.state, ScanState::Running | ScanState::Paused);
    let trying = goes_on && matches!(listed.preflight.as_str(), "waiting" | "out");
    let excluded = listed.excluded_by.as_ref();
    let state = Member::of(trying, excluded.is_some(), last.map(|last| last.entered));
    let why = match state {
        Member::Excluded => excluded.map(|rule| format!("left out by {rule}")),
        Member::Error => last.and_then(|last| match (&last.code, &last.message) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => code.clone().or_else(|| message.clone()),
        }),
        Member::Discovered if listed.state != "ACTIVE" => Some("it is not active".to_owned()),
        Member::Discovered if !listed.planned => Some("nobody has asked for it".to_owned()),
        Member::Discovered => Some("the scan ended before it was tried".to_owned()),
        Member::Connecting | Member::Connected => None,
    };
    (state, why)
}

fn told(listed: Listed, state: Member, why: Option<String>, last: Option<Preflight>) -> Vec<Item> {
    let mut items = vec![
        Item::Text(listed.id),
        Item::Text(listed.name),
        Item::text(state.as_str()),
        Item::from(listed.unit_path),
        Item::from(listed.unit_id_path),
        Item::from(listed.organization),
        Item::Text(listed.state),
        Item::Flag(listed.management),
        Item::Text(listed.connection),
    ];
    match last {
        Some(last) => {
            items.extend([last.at, Item::Text(last.scan), Item::from(why)]);
            items.extend([last.kind, last.code, last.denied_by, last.policy_arn].map(Item::from));
        }
        None => {
            items.extend([Item::Nothing, Item::Nothing, Item::from(why)]);
            items.extend([const { Item::Nothing }; 4]);
        }
    }
    items
}

/// The organizations with their states.
async fn states(
    context: &Context<'_>,
    mut members: BTreeMap<String, Members>,
) -> Result<Table, ReportError> {
    let mut whole = BTreeSet::new();
    let mut cut = BTreeSet::new();
    for row in context.rows(include_str!("inventory/readings.sql")).await? {
        let mut fields = Fields::of(row);
        let organization = fields.text("an organization")?;
        let (part, how): (Part, Completeness) =
            (fields.word("a part")?, fields.word("how completely")?);
        if part == Part::Accounts {
            let to = if how == Completeness::Synced { &mut whole } else { &mut cut };
            to.insert(organization);
        }
    }
    let mut rows = Vec::new();
    for row in context.rows(include_str!("inventory/organizations.sql")).await? {
        let mut fields = Fields::of(row);
        let organization = fields.text("an organization")?;
        let [_, _] = [fields.maybe_text(), fields.maybe_text()];
        let management = fields.text("an account id")?;
        let members = members.remove(&organization).unwrap_or_default();
        // While the list is still being read, nothing says that it is cut.
        let is_whole = whole.contains(&organization) || !cut.contains(&organization);
        let mut items = vec![
            Item::text(&organization),
            Item::Text(management),
            Item::text(Connection::of(&members, is_whole).as_str()),
            Item::Flag(whole.contains(&organization)),
            Item::count(members.all()),
        ];
        items.extend(Member::ALL.map(|state| Item::count(members.of(state))));
        rows.push(items);
    }
    let mut columns = vec![
        column("organization_id", Kind::Text),
        column("management_account", Kind::Account),
        column("connection_state", Kind::Word),
        paged("list_is_whole", Kind::Word),
        column("members", Kind::Number),
    ];
    columns.extend(Member::ALL.map(|state| column(state.as_str(), Kind::Number)));
    let title = "Organizations".to_owned();
    Ok(Table { name: "organizations", title, columns, rows })
}
