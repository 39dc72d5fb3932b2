//! `plan`: what a scan would do, before anything is called.

use std::time::Duration;

use aws::{Aws, Options};
use catalog::Catalog;
use coordinator::enumerate::{Enumeration, enumerate};
use coordinator::estimate::{Estimate, Line, estimate};
use coordinator::expand::probe_sets;
use coordinator::forecast::{Denial, Forecast};
use indicatif::HumanDuration;
use protocol::clock::{Clock, SystemClock};
use protocol::inventory::{AccountState, Found};
use protocol::{Failure, OrgId, ScanId};
use serde_json::json;

use crate::args::{Listing, Plan, Resources};
use crate::output::{Cells, print, print_json, print_text};
use crate::settings::settings;
use crate::stop::{Exit, Stop};

/// Finds accounts and says what a scan of them would cost.
pub(crate) async fn plan(args: Plan) -> Result<Exit, Stop> {
    let catalog = Catalog::embedded().map_err(Stop::failed)?;
    let options = Options::from_env();
    let settings = settings(
        &args.sources,
        &args.access,
        &args.which,
        &args.pace,
        Resources::All,
        &options,
        &catalog,
    )
    .await?;
    let budget = budget::connect("memory:").await.map_err(Stop::usage)?;
    let clock = std::sync::Arc::new(SystemClock);
    let provider =
        Aws::connect(&settings, options, catalog.clone(), budget, clock).map_err(Stop::usage)?;
    let id = ScanId::generate(SystemClock.now(), 0);
    let chosen = coordinator::survey(&provider, &id, &settings).await?;
    let probes = catalog.select(&settings.selection).map_err(Stop::usage)?;
    let fresh = catalog.table_is_fresh(SystemClock.now());
    let sets = probe_sets(&catalog, &probes, &chosen.regions, &settings.selection, fresh);
    let active = chosen.accounts.iter().filter(|account| account.state == AccountState::Active);
    let active = active.count() as u64;
    let parts = enumerate(&catalog, &chosen.sizes, args.account_tags, &settings.pace);
    let estimate = estimate(&catalog, active, &sets, &settings.pace).after(&parts);
    let inactive = chosen.accounts.len() as u64 - active;
    let foreseen = if args.predict_denials {
        let mut forecast = Forecast::read(&provider, &id, &chosen, &catalog).await;
        let denials = forecast.denials(&chosen, &sets);
        Some((denials, forecast.missing))
    } else {
        None
    };
    match args.format {
        Listing::Json => print_json(&json!({
            "predicted_denials": foreseen.as_ref().map(|(denials, _)| denials),
            "not_read": foreseen.as_ref().map(|(_, missing)| missing.iter().map(|(organization, what, failure)| json!({ "organization": organization, "what": what, "failure": failure })).collect::<Vec<_>>()),
            "estimate": estimate,
            "organization": parts,
            "accounts_not_active": inactive,
            "accounts_left_out": chosen.left_out,
            "missing": chosen.missing.iter().map(|(connection, failure)| json!({ "connection": connection, "failure": failure })).collect::<Vec<_>>(),
        }))?,
        Listing::Table => {
            show(&estimate, &parts, inactive, &chosen)?;
            if let Some((denials, missing)) = &foreseen {
                show_denials(denials, missing)?;
            }
        }
    }
    let is_whole = chosen.missing.iter().all(|(_, failure)| failure.code == Found::COVERED);
    Ok(if is_whole { Exit::Known } else { Exit::Unknowns })
}

/// Tells which cells will be denied, as far as the policies could be read.
fn show_denials(denials: &[Denial], missing: &[(OrgId, String, Failure)]) -> Result<(), Stop> {
    let cells: u64 = denials.iter().map(|denial| denial.cells).sum();
    print_text(&format!(
        "\n{cells} cells will be denied by service control policies, where their regions are open and their accounts \
         can be entered; `scan --skip-predicted-denials` calls a sample of them\n"
    ))?;
    let row = |denial: &Denial| {
        vec![
            denial.policy.clone().unwrap_or_else(|| "(nothing allows it)".to_owned()),
            denial.statement.clone().unwrap_or_default(),
            denial.attached_to.clone(),
            denial.accounts.to_string(),
            denial.regions.len().to_string(),
            denial.cells.to_string(),
        ]
    };
    let header = &["policy", "statement", "attached to", "accounts", "regions", "cells"];
    print(&Cells { header, rows: denials.iter().map(row).collect() })?;
    for (organization, what, failure) in missing {
        print_text(&format!("could not be read: {what} of {organization}: {failure}\n"))?;
    }
    Ok(())
}

fn show(
    estimate: &Estimate,
    parts: &[Enumeration],
    inactive: u64,
    chosen: &coordinator::Chosen,
) -> Result<(), Stop> {
    let line = |name: String, line: &Line| {
        vec![name, line.cells.to_string(), format!("{:.0}", line.calls)]
    };
    let services = estimate.services.iter().map(|(name, at)| line(name.to_string(), at));
    print(&Cells { header: &["service", "cells", "calls"], rows: services.collect() })?;
    print_text("\n")?;
    let regions = estimate.regions.iter().map(|(name, at)| line(name.to_string(), at));
    print(&Cells { header: &["region", "cells", "calls"], rows: regions.collect() })?;
    if !parts.is_empty() {
        print_text("\n")?;
        let header = &["organization", "calls", "time", "when"];
        print(&Cells { header, rows: parts.iter().map(enumerated).collect() })?;
    }
    let time = human(estimate.seconds);
    print_text(&format!(
        "\n{} accounts ({inactive} not active, {} left out), {} cells, about {:.0} calls\n\
         at least {time}, bound by {}\n\
         each call is a read event in CloudTrail: about {:.0}; the first trail of an account keeps them for \
         nothing, each further one costs about ${:.2} ($2.00 per 100,000)\n",
        estimate.accounts,
        chosen.left_out,
        estimate.total.cells,
        estimate.total.calls,
        estimate.bound,
        estimate.total.calls,
        estimate.total.calls / 100_000.0 * 2.0,
    ))?;
    let at_least: Vec<&str> =
        parts.iter().filter(|part| part.at_least).map(|part| part.part.as_str()).collect();
    if !at_least.is_empty() {
        print_text(&format!(
            "at least so many calls of the organization, where service and resource control policies are enabled, since \
             nothing has told yet how many there are: {}\n",
            at_least.join(", ")
        ))?;
    }
    for (connection, failure) in &chosen.missing {
        print_text(&format!("could not be read: {connection}: {failure}\n"))?;
    }
    Ok(())
}

/// A part of the organization as a row.
fn enumerated(part: &Enumeration) -> Vec<String> {
    let least = if part.at_least { "≥ " } else { "" };
    let when = if part.behind { "behind the scan" } else { "before the last account" };
    vec![
        part.part.to_string(),
        format!("{least}{}", part.calls),
        format!("{least}{}", human(part.seconds)),
        when.to_owned(),
    ]
}

fn human(seconds: f64) -> HumanDuration {
    HumanDuration(Duration::from_secs_f64(seconds.clamp(1.0, 1e9).ceil()))
}
