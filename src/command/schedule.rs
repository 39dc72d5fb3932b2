//! `schedule`: scans that a coordinator starts again and again.

use coordinator::http::api::{self, NewScan, NewSchedule, Schedules};

use crate::args::{Listing, Schedule};
use crate::client::{Link, part, select};
use crate::output::{Cells, print, print_json};
use crate::settings::detail;
use crate::stop::{Exit, Stop};

/// Sets, lists or removes schedules.
pub(crate) async fn schedule(args: Schedule) -> Result<Exit, Stop> {
    match args {
        Schedule::Add(args) => {
            let scan = select(&args.which, &args.pace, detail(args.resources), &args.ordered)?;
            let (account_tags, skip_predicted_denials) =
                (args.account_tags, args.skip_predicted_denials);
            let scan = NewScan { account_tags, skip_predicted_denials, ..scan };
            let link = Link::open(&args.server)?;
            let path = format!("/api/v1/schedules/{}", part(&args.name));
            let asked = NewSchedule { cron: args.cron, scan };
            let set: api::Schedule = link.put(&path, &asked).await?;
            say(&format!(
                "schedule {} starts its next scan at {}",
                set.name,
                set.next_at.to_rfc3339()
            ));
        }
        Schedule::List { server, format } => {
            let told: Schedules = Link::open(&server)?.get("/api/v1/schedules").await?;
            if format == Listing::Json {
                print_json(&told.schedules)?;
                return Ok(Exit::Known);
            }
            let row = |schedule: api::Schedule| {
                let connections = schedule.scan.connections.iter().map(ToString::to_string);
                vec![
                    schedule.name.to_string(),
                    schedule.cron,
                    schedule.next_at.to_rfc3339(),
                    schedule.owner,
                    connections.collect::<Vec<_>>().join(", "),
                ]
            };
            let header = ["schedule", "cron", "next", "owner", "connections"];
            print(&Cells { header: &header, rows: told.schedules.into_iter().map(row).collect() })?;
        }
        Schedule::Remove { name, server } => {
            Link::open(&server)?.delete(&format!("/api/v1/schedules/{}", part(&name))).await?;
        }
    }
    Ok(Exit::Known)
}

#[expect(clippy::print_stderr, reason = "this is the command's voice")]
fn say(sentence: &str) {
    eprintln!("orgsweep: {sentence}");
}
