//! `plan`: what a scan would do, before anything is called.

use std::time::Duration;

use aws::{Aws, Options};
use catalog::Catalog;
use coordinator::estimate::{Estimate, Line, estimate};
use coordinator::expand::probe_sets;
use indicatif::HumanDuration;
use protocol::ScanId;
use protocol::clock::{Clock, SystemClock};
use protocol::inventory::AccountState;
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
    let estimate = estimate(&catalog, active, &sets, &settings.pace);
    let inactive = chosen.accounts.len() as u64 - active;
    match args.format {
        Listing::Json => print_json(&json!({
            "estimate": estimate,
            "accounts_not_active": inactive,
            "accounts_left_out": chosen.left_out,
            "missing": chosen.missing.iter().map(|(connection, failure)| json!({ "connection": connection, "failure": failure })).collect::<Vec<_>>(),
        }))?,
        Listing::Table => show(&estimate, inactive, &chosen)?,
    }
    Ok(if chosen.missing.is_empty() { Exit::Known } else { Exit::Unknowns })
}

fn show(estimate: &Estimate, inactive: u64, chosen: &coordinator::Chosen) -> Result<(), Stop> {
    let line = |name: String, line: &Line| {
        vec![name, line.cells.to_string(), format!("{:.0}", line.calls)]
    };
    let services = estimate.services.iter().map(|(name, at)| line(name.to_string(), at));
    print(&Cells { header: &["service", "cells", "calls"], rows: services.collect() })?;
    print_text("\n")?;
    let regions = estimate.regions.iter().map(|(name, at)| line(name.to_string(), at));
    print(&Cells { header: &["region", "cells", "calls"], rows: regions.collect() })?;
    let time = HumanDuration(Duration::from_secs_f64(estimate.seconds.clamp(1.0, 1e9).ceil()));
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
    for (connection, failure) in &chosen.missing {
        print_text(&format!("could not be read: {connection}: {failure}\n"))?;
    }
    Ok(())
}
