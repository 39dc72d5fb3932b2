//! `check-access`: a small scan into a store in memory, read as who lets us in.

use protocol::scan::Settings;
use protocol::store::Value;
use protocol::{ConnectionId, Region, ScanId, ServiceId, Status, inventory};
use serde_json::json;

use crate::args::{CheckAccess, Listing, PartsArgs, Resources, StoreArg};
use crate::local::House;
use crate::output::{Cells, print, print_json};
use crate::settings::settings;
use crate::stop::{Exit, Stop};

/// A few services that every account has, one of each wire protocol.
const SAMPLE: &[&str] = &["iam", "s3", "ec2", "kms", "lambda", "sns"];

const ACCOUNTS: &str = include_str!("check_access_accounts.sql");
const CELLS: &str = include_str!("check_access_cells.sql");
const MISSING: &str = include_str!("check_access_missing.sql");

/// Enters every account, tries a sample of probes, and says what is missing.
pub(crate) async fn check_access(args: CheckAccess) -> Result<Exit, Stop> {
    let parts = PartsArgs {
        store: StoreArg { store: "sqlite::memory:".to_owned() },
        queue: "memory:".to_owned(),
        budgets: "memory:".to_owned(),
    };
    let house = House::open(&parts, args.show).await?;
    let mut settings = settings(
        &args.sources,
        &args.access,
        &args.which,
        &args.pace,
        Resources::None,
        &house.options,
        &house.catalog,
    )
    .await?;
    sample(&mut settings, &args)?;
    house.provider(&settings).await?;
    let id = house.create(settings).await?;
    let failed = house.run(&id).await.err();
    let missing = rows(&house, MISSING, &id).await?;
    // Where several ways lead in and all fail, each is shown with its reason.
    let failed = match failed {
        Some(stop) if missing.len() < 2 => return Err(stop),
        failed => failed,
    };
    let accounts = rows(&house, ACCOUNTS, &id).await?;
    let cells = rows(&house, CELLS, &id).await?;
    let mut found: Vec<Found> =
        accounts.iter().map(|account| Found::read(account, &cells)).collect();
    found.extend(missing.iter().filter_map(|row| Found::astray(row)));
    show(&found, args.format)?;
    if let Some(stop) = failed {
        return Err(stop);
    }
    let whole = found.iter().all(|found| found.skipped || found.missing.is_empty());
    Ok(if whole { Exit::Known } else { Exit::Unknowns })
}

fn show(found: &[Found], format: Listing) -> Result<(), Stop> {
    match format {
        Listing::Json => {
            print_json(&found.iter().map(Found::json).collect::<Vec<_>>())?;
        }
        Listing::Table => {
            let header = ["account", "name", "entered", "what is missing"];
            print(&Cells { header: &header, rows: found.iter().map(Found::row).collect() })?;
        }
    }
    Ok(())
}

/// Narrows the settings to the sample: one region, a few services, unless others were asked for.
fn sample(settings: &mut Settings, args: &CheckAccess) -> Result<(), Stop> {
    if args.which.service.is_empty() && settings.selection.probes.is_empty() {
        let services: Result<Vec<ServiceId>, _> = SAMPLE.iter().map(ServiceId::new).collect();
        settings.selection.services = services.map_err(Stop::failed)?;
    }
    if settings.selection.regions.is_empty() {
        let region =
            settings.access.hub_region.clone().map_or_else(|| Region::new("us-east-1"), Ok);
        settings.selection.regions = vec![region.map_err(Stop::failed)?];
    }
    Ok(())
}

async fn rows(house: &House, sql: &'static str, id: &ScanId) -> Result<Vec<Vec<String>>, Stop> {
    use futures_util::StreamExt;
    let mut rows = Vec::new();
    let mut stream = house.store.query(sql, id, Vec::new());
    while let Some(row) = stream.next().await {
        let text = |value: Value| match value {
            Value::Null => String::new(),
            Value::Int(number) => number.to_string(),
            Value::Text(text) => text,
        };
        rows.push(row?.into_iter().map(text).collect());
    }
    Ok(rows)
}

/// What was found about one account.
struct Found {
    account: String,
    name: String,
    skipped: bool,
    entered: String,
    missing: Vec<String>,
}

impl Found {
    fn read(account: &[String], cells: &[Vec<String>]) -> Self {
        let [id, name, state, planned, principal, code, message] = account else {
            return Self {
                account: String::new(),
                name: String::new(),
                skipped: true,
                entered: String::new(),
                missing: Vec::new(),
            };
        };
        let skipped = planned != "1";
        let mut missing: Vec<String> = Vec::new();
        if principal.is_empty() && !skipped {
            missing.push(format!("{code}: {message}"));
        } else {
            let own = cells.iter().filter(|cell| cell.first() == Some(id));
            missing.extend(own.filter_map(|cell| lack(cell)));
        }
        let entered = match (skipped, principal.is_empty()) {
            (true, _) => format!("not tried ({state})"),
            (false, true) => "no".to_owned(),
            (false, false) => format!("as {principal}"),
        };
        Self { account: id.clone(), name: name.clone(), skipped, entered, missing }
    }

    /// What discovery could not read: for a tenant its account, else what it is.
    fn astray(missing: &[String]) -> Option<Self> {
        let [what, code, message, operation] = missing else { return None };
        let during = if operation.is_empty() { String::new() } else { format!("{operation}: ") };
        let tenant = ConnectionId::new(what).ok().and_then(|connection| connection.tenant());
        let account = tenant.map(|(_, account)| account.to_string());
        let account = account.filter(|account| aws::parse_account_id(account).is_ok());
        Some(Self {
            account: account.unwrap_or_default(),
            name: what.clone(),
            skipped: code == inventory::Found::COVERED,
            entered: "no".to_owned(),
            missing: vec![format!("{during}{code}: {message}")],
        })
    }

    fn row(&self) -> Vec<String> {
        let missing = if self.skipped || !self.missing.is_empty() {
            self.missing.join("\n")
        } else {
            "nothing".to_owned()
        };
        vec![self.account.clone(), self.name.clone(), self.entered.clone(), missing]
    }

    fn json(&self) -> serde_json::Value {
        json!({ "account_id": self.account, "name": self.name, "entered": self.entered, "missing": self.missing })
    }
}

/// What a cell that is not known lacks.
fn lack(cell: &[String]) -> Option<String> {
    let [_, region, probe, status, operation, code, message, denied_by, policy] = cell else {
        return None;
    };
    let status: Status = status.parse().ok()?;
    if status.is_known() {
        return None;
    }
    let who = match (denied_by.as_str(), policy.as_str()) {
        ("", _) => String::new(),
        (by, "") => format!(" by {by}"),
        (by, arn) => format!(" by {by} {arn}"),
    };
    Some(format!("{probe} in {region}: {status}{who}: {operation}: {code}: {message}"))
}
