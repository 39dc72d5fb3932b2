//! The pages that are more than tables. This one is of a scan: totals and what is unknown, the heat map account x service, pictures, and
//! the failures explained.

mod chart;
mod heat;
pub(crate) mod lines;
pub(crate) mod links;
pub(crate) mod tree;

use std::collections::BTreeSet;

use askama::Template;
use protocol::Status;

use crate::advice::{Cause, advise, rerun};
use crate::census;
use crate::context::Context;
use crate::error::ReportError;
use crate::failures::{Failed, Failures};
use crate::ledger::meaning;
use crate::overview::{Counting, Overview};
use crate::page::chart::Bar;
use crate::page::heat::Heat;
use crate::page::links::{Link, links};
use crate::recommend::Recommendation;
use crate::render::Out;
use crate::render::html::{HeadWords, STYLE, policy};
use crate::render::words::{duration, percent, thousands};
use crate::rollup::share;
use crate::summary;
use crate::unknown;

/// Draws the heat map.
const SCRIPT: &str = include_str!("../../assets/heat.js");
/// Causes that are explained; the report `failures` has the others.
const MOST_CAUSES: usize = 24;
/// Bars in a picture.
const MOST_BARS: usize = 15;

#[derive(Template)]
#[template(path = "enablement.html")]
struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    data: String,
    head: HeadWords,
    links: Vec<Link>,
    duration: String,
    cards: Vec<Card>,
    legend: Vec<Legend>,
    charts: Vec<Chart>,
    recommendations: Vec<Recommendation>,
    causes: Vec<Explained>,
    causes_left: usize,
    missing: Vec<String>,
}

/// A figure at the top.
struct Card {
    label: &'static str,
    value: String,
    note: String,
    class: &'static str,
}

/// A status with its share of the plan.
struct Legend {
    status: Status,
    cells: String,
    percent: String,
    width: String,
    meaning: &'static str,
}

struct Chart {
    title: &'static str,
    note: String,
    svg: String,
}

/// A cause with what to do about it.
struct Explained {
    status: Status,
    code: String,
    denied_by: &'static str,
    policy_arn: Option<String>,
    cells: String,
    reach: String,
    message: Option<String>,
    advice: &'static str,
    rerun: String,
}

/// Writes the page.
pub(crate) async fn write(context: &Context<'_>, out: Out<'_>) -> Result<(), ReportError> {
    let heat = read(context).await?;
    let overview = context.overview().await?;
    let failures = context.failures().await?;
    let causes = failures.causes();
    let missing = crate::ledger::missing(context).await?;
    let took = (context.end() - context.scan.started_at).num_milliseconds().unsigned_abs();
    let mut recommendations = failures.recommendations(context);
    for found in &mut recommendations {
        found.immediate_action = context.redactor.text(&found.immediate_action).into_owned();
    }
    let page = Page {
        policy: policy(&[SCRIPT]),
        style: STYLE,
        script: SCRIPT,
        head: HeadWords::of(&context.head()),
        links: links(context, "enablement"),
        duration: duration(took),
        cards: cards(context, overview, took),
        legend: legend(context),
        charts: charts(context, &heat, &causes)?,
        recommendations,
        causes: causes
            .iter()
            .take(MOST_CAUSES)
            .map(|(cause, failed)| explain(context, cause, failed))
            .collect(),
        causes_left: causes.len().saturating_sub(MOST_CAUSES),
        missing: missing.rows.iter().map(|row| missing_line(context, row)).collect(),
        data: heat.into_json()?,
    };
    out.write_all(page.render()?.as_bytes())?;
    Ok(())
}

/// Reads everything that the page shows of cells: two passes.
async fn read<'c>(context: &'c Context<'_>) -> Result<Heat<'c>, ReportError> {
    let mut heat = Heat::new(context);
    let mut counting = Counting::default();
    let names = census::read(context, |names, account| {
        counting.add(names, account);
        heat.see(names, account);
        Ok(())
    })
    .await?;
    let mut failures = Failures::default();
    unknown::read(context, |unknown| {
        heat.explain(&unknown);
        failures.add(unknown);
    })
    .await?;
    context.keep_overview(counting.named(&names));
    context.keep_failures(failures);
    heat.name(names);
    Ok(heat)
}

fn cards(context: &Context<'_>, overview: &Overview, took: u64) -> Vec<Card> {
    let counts = &overview.all.counts;
    let cost = overview.all.cost;
    let [accounts, planned, entered] = summary::accounts(context);
    let judged = counts.of(Status::InUse) + counts.of(Status::Idle) + counts.of(Status::Off);
    let ledger = &context.ledger;
    let count = |count: u64| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    let card = |label, value, note, class| Card { label, value, note, class };
    let per_second = share(cost.calls * 1000, took).unwrap_or(0.0);
    vec![
        card(
            "unknown",
            percent(ledger.unknown_share()),
            format!("{} of {} cells", count(ledger.unknown()), count(ledger.planned())),
            if ledger.unknown() > 0 { "warn" } else { "good" },
        ),
        card(
            "enablement rate",
            counts.rate().map_or_else(|| "–".to_owned(), percent),
            format!("{} in use of {} judged", count(counts.of(Status::InUse)), count(judged)),
            "",
        ),
        card(
            "services in use",
            count(overview.all.services.len() as u64),
            format!(
                "of {} asked about, {} curated",
                count(overview.services.len() as u64),
                count(overview.curated)
            ),
            "",
        ),
        card(
            "accounts entered",
            count(entered),
            format!("of {} scanned, {} in all", count(planned), count(accounts)),
            if entered < planned { "warn" } else { "" },
        ),
        card(
            "resources",
            format!("{}{}", if counts.at_least() { "≥ " } else { "" }, count(counts.resources())),
            format!("in {} regions", count(overview.regions.len() as u64)),
            "",
        ),
        card(
            "calls",
            count(cost.calls),
            format!("{per_second:.0}/s, {} throttled", count(cost.throttles)),
            "",
        ),
    ]
}

fn legend(context: &Context<'_>) -> Vec<Legend> {
    let ledger = &context.ledger;
    let line = |status: &Status| {
        let cells = ledger.count(*status);
        let part = share(cells, ledger.planned()).unwrap_or(0.0);
        Legend {
            status: *status,
            cells: thousands(i64::try_from(cells).unwrap_or(i64::MAX)),
            percent: percent(part),
            width: format!("{:.4}", part * 100.0),
            meaning: meaning(*status),
        }
    };
    Status::ALL.iter().map(line).collect()
}

fn charts(
    context: &Context<'_>,
    heat: &Heat<'_>,
    causes: &[(&Cause, &Failed)],
) -> Result<Vec<Chart>, ReportError> {
    let ledger = &context.ledger;
    let statuses = Status::ALL.iter().filter(|status| ledger.count(**status) > 0);
    let statuses: Vec<Bar> =
        statuses.map(|status| Bar::new(status.as_str(), ledger.count(*status), *status)).collect();
    let services = heat.most_used(MOST_BARS);
    let accounts = heat.accounts_seen();
    let causes: Vec<Bar> = causes
        .iter()
        .take(MOST_BARS)
        .map(|(cause, failed)| {
            let code = cause.code.as_deref().unwrap_or(cause.status.as_str());
            let code = context.redactor.text(code);
            let label = match cause.denied_by {
                Some(denier) => format!("{code} ({denier})"),
                None => code.into_owned(),
            };
            Bar::new(&label, failed.cells, cause.status)
        })
        .collect();
    let chart = |title, note: String, bars: &[Bar]| -> Result<Option<Chart>, ReportError> {
        Ok(match bars {
            [] => None,
            bars => Some(Chart { title, note, svg: chart::draw(bars)? }),
        })
    };
    let all = [
        chart(
            "Cells by status",
            "Known in blue and grey, unknown in warm colours.".to_owned(),
            &statuses,
        )?,
        chart("Most used services", format!("Accounts that use them, of {accounts}."), &services)?,
        chart(
            "Unknown cells by cause",
            "The largest causes; what to do stands below.".to_owned(),
            &causes,
        )?,
    ];
    Ok(all.into_iter().flatten().collect())
}

fn explain(context: &Context<'_>, cause: &Cause, failed: &Failed) -> Explained {
    let redacted = |text: &String| context.redactor.text(text).into_owned();
    let count = |count: u64| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    let reach = |names: &BTreeSet<String>, one: &str, many: &str| match names.len() {
        1 => format!("1 {one}"),
        many_of => format!("{} {many}", count(many_of as u64)),
    };
    Explained {
        status: cause.status,
        code: cause.code.as_ref().map(redacted).unwrap_or_default(),
        denied_by: cause.denied_by.map_or("", protocol::DeniedBy::as_str),
        policy_arn: cause.policy_arn.as_ref().map(redacted),
        cells: count(failed.cells),
        reach: format!(
            "{}, {}, {}",
            reach(&failed.accounts, "account", "accounts"),
            reach(&failed.regions, "region", "regions"),
            reach(&failed.services, "service", "services")
        ),
        message: failed.message.as_ref().filter(|message| !message.is_empty()).map(redacted),
        advice: advise(cause),
        rerun: context.redactor.text(&rerun(context.scan.id.as_str(), cause)).into_owned(),
    }
}

fn missing_line(context: &Context<'_>, row: &[crate::shape::Item]) -> String {
    let words: Vec<_> = row.iter().map(crate::render::words::word).collect();
    context.redactor.text(&words.join(" · ")).into_owned()
}
