//! The page of a scan: totals and what is unknown, the heat map account x service, pictures, and
//! the failures explained.

mod chart;
mod heat;

use askama::Template;
use futures_util::TryStreamExt as _;
use protocol::Status;

use crate::advice::{advise, rerun};
use crate::calls::costs;
use crate::context::Context;
use crate::enablement::{self, Pair};
use crate::error::ReportError;
use crate::failures::{self, Failed};
use crate::ledger::meaning;
use crate::page::chart::Bar;
use crate::page::heat::Heat;
use crate::recommend::{Recommendation, recommend};
use crate::render::Out;
use crate::render::html::{HeadWords, STYLE, policy};
use crate::render::words::{duration, percent, thousands};
use crate::rollup::share;
use crate::summary::{Figures, figures};

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
    let heat = read_heat(context).await?;
    let figures = figures(context).await?;
    let cost = costs(context).await?.all.cost;
    let failed = failures::causes(context).await?;
    let spots = failures::spots(context).await?;
    let missing = crate::ledger::missing(context).await?;
    let took = (context.end() - context.scan.started_at).num_milliseconds().unsigned_abs();
    let mut recommendations = recommend(&failures::findings(context, &failed, &spots));
    for found in &mut recommendations {
        found.immediate_action = context.redactor.text(&found.immediate_action).into_owned();
    }
    let page = Page {
        policy: policy(&[SCRIPT]),
        style: STYLE,
        script: SCRIPT,
        head: HeadWords::of(&context.head()),
        duration: duration(took),
        cards: cards(context, &figures, cost, took),
        legend: legend(context),
        charts: charts(context, &heat, &failed)?,
        recommendations,
        causes: failed.iter().take(MOST_CAUSES).map(|failed| explain(context, failed)).collect(),
        causes_left: failed.len().saturating_sub(MOST_CAUSES),
        missing: missing.rows.iter().map(|row| missing_line(context, row)).collect(),
        data: heat.into_json()?,
    };
    out.write_all(page.render()?.as_bytes())?;
    Ok(())
}

async fn read_heat<'c>(context: &'c Context<'_>) -> Result<Heat<'c>, ReportError> {
    let mut heat = Heat::new(context);
    let mut pairs = context.stream(enablement::SQL, vec![]);
    while let Some(row) = pairs.try_next().await? {
        heat.see(&Pair::read(row)?);
    }
    let mut reasons = context.stream(include_str!("why.sql"), vec![]);
    while let Some(row) = reasons.try_next().await? {
        heat.explain(row)?;
    }
    Ok(heat)
}

fn cards(
    context: &Context<'_>,
    figures: &Figures,
    cost: protocol::cell::Cost,
    took: u64,
) -> Vec<Card> {
    let counts = &figures.counts;
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
            format!(
                "{} in use of {} judged",
                count(counts.of(Status::InUse)),
                count(judged(figures))
            ),
            "",
        ),
        card(
            "services in use",
            count(figures.services_in_use),
            format!(
                "of {} asked about, {} curated",
                count(figures.services),
                count(figures.services_curated)
            ),
            "",
        ),
        card(
            "accounts entered",
            count(figures.accounts_entered),
            format!(
                "of {} scanned, {} in all",
                count(figures.accounts_planned),
                count(figures.accounts)
            ),
            if figures.accounts_entered < figures.accounts_planned { "warn" } else { "" },
        ),
        card(
            "resources",
            format!("{}{}", if counts.at_least() { "≥ " } else { "" }, count(counts.resources())),
            format!("in {} regions", count(figures.regions)),
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

fn judged(figures: &Figures) -> u64 {
    let counts = &figures.counts;
    counts.of(Status::InUse) + counts.of(Status::Idle) + counts.of(Status::Off)
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
    failed: &[Failed],
) -> Result<Vec<Chart>, ReportError> {
    let ledger = &context.ledger;
    let statuses = Status::ALL.iter().filter(|status| ledger.count(**status) > 0);
    let statuses: Vec<Bar> =
        statuses.map(|status| Bar::new(status.as_str(), ledger.count(*status), *status)).collect();
    let services = heat.most_used(MOST_BARS);
    let accounts = heat.accounts_seen();
    let causes: Vec<Bar> = failed
        .iter()
        .take(MOST_BARS)
        .map(|failed| {
            let cause = &failed.cause;
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

fn explain(context: &Context<'_>, failed: &Failed) -> Explained {
    let cause = &failed.cause;
    let redacted = |text: &String| context.redactor.text(text).into_owned();
    let count = |count: u64| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    let reach = |count: u64, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{} {many}", thousands(i64::try_from(count).unwrap_or(i64::MAX))),
    };
    Explained {
        status: cause.status,
        code: cause.code.as_ref().map(redacted).unwrap_or_default(),
        denied_by: cause.denied_by.map_or("", protocol::DeniedBy::as_str),
        policy_arn: cause.policy_arn.as_ref().map(redacted),
        cells: count(failed.cells),
        reach: format!(
            "{}, {}, {}",
            reach(failed.accounts, "account", "accounts"),
            reach(failed.regions, "region", "regions"),
            reach(failed.services, "service", "services")
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
