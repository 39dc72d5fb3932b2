//! `organization`: the tree of roots and units, each with everything below it, and the accounts in it with what they
//! use and what of them is unknown.

mod detail;
mod forest;

use crate::context::Context;
use crate::error::ReportError;
use crate::overview::Part;
use crate::rollup::Counts;
use crate::shape::{Item, Kind, Report, Table, column, paged, programs};

pub(crate) use detail::{Detail, Details, Why};
pub(crate) use forest::{Forest, Node};

/// Its title, as a table and as a page.
pub(crate) const TITLE: &str = "The organization, unit by unit";
/// What a reader should know before reading it.
pub(crate) const ROLLED_UP: &str =
    "Each unit counts everything below it, so the rows do not sum to the organization.";
/// Regions of a service, or services and regions of a cause, that are named in one item of a list.
const MOST_NAMED: usize = 5;

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let (forest, details) = read(context).await?;
    Ok(Report {
        name: "organization",
        title: TITLE.to_owned(),
        notes: vec![ROLLED_UP.to_owned(), crate::notes::RATE.to_owned()],
        tables: vec![units(&forest), accounts(context, &forest, &details).await?],
    })
}

/// The tree and what stands behind each account.
pub(crate) async fn read(context: &Context<'_>) -> Result<(Forest, Details), ReportError> {
    // The details count the scan on their way; the tree needs the counts.
    let details = detail::read(context).await?;
    Ok((forest::read(context).await?, details))
}

fn units(forest: &Forest) -> Table {
    let row = |node: &Node| {
        let mut items = vec![
            Item::text(&node.path),
            Item::from(node.id_path.clone()),
            Item::from(node.organization.clone()),
            Item::count(node.depth as u64),
            Item::count(node.below),
            Item::count(node.accounts.len() as u64),
            Item::count(node.part.services.len() as u64),
        ];
        items.extend(node.part.counts.items());
        items
    };
    let mut columns = vec![
        column("ou_path", Kind::Text),
        programs("ou_id_path", Kind::Text),
        programs("organization_id", Kind::Text),
        programs("depth", Kind::Number),
        column("accounts", Kind::Number),
        paged("accounts_directly", Kind::Number),
        column("services_in_use", Kind::Number),
    ];
    columns.extend(Counts::columns());
    let rows = forest.in_order().map(|at| row(&forest.nodes[at])).collect();
    Table { name: "rows", title: "Units".to_owned(), columns, rows }
}

async fn accounts(
    context: &Context<'_>,
    forest: &Forest,
    details: &Details,
) -> Result<Table, ReportError> {
    let overview = context.overview().await?;
    let nothing = Part::default();
    let mut rows = Vec::new();
    for at in forest.in_order() {
        let node = &forest.nodes[at];
        for id in &node.accounts {
            let Some(facts) = context.accounts.get(id) else { continue };
            let counts = &overview.accounts.get(id).unwrap_or(&nothing).counts;
            let (used, why) = match details.of(id) {
                Some(detail) => (used(details, detail), why(details, detail)),
                None => (Vec::new(), Vec::new()),
            };
            rows.push(vec![
                Item::text(id),
                Item::text(&facts.name),
                Item::text(&facts.state),
                Item::text(&node.path),
                Item::from(node.id_path.clone()),
                Item::Flag(facts.planned),
                Item::count(counts.cells()),
                Item::count(counts.unknown()),
                Item::share(counts.unknown_share()),
                Item::List(used),
                Item::List(why),
            ]);
        }
    }
    let columns = vec![
        column("account_id", Kind::Account),
        column("account_name", Kind::Text),
        programs("account_state", Kind::Word),
        column("ou_path", Kind::Text),
        programs("ou_id_path", Kind::Text),
        programs("scanned", Kind::Word),
        paged("cells", Kind::Number),
        column("unknown", Kind::Number),
        paged("unknown_share", Kind::Number),
        column("in_use", Kind::List),
        column("unknown_because", Kind::List),
    ];
    Ok(Table { name: "accounts", title: "Accounts".to_owned(), columns, rows })
}

/// What an account uses, a service each: `ec2 (eu-west-1 us-east-1)`.
fn used(details: &Details, detail: &Detail) -> Vec<String> {
    let line = |(service, regions): &(usize, Vec<usize>)| {
        let regions = named(regions, &details.regions.texts);
        format!("{} ({regions})", details.services.texts[*service])
    };
    detail.used.iter().map(line).collect()
}

/// Why cells of an account are unknown, a cause each: `4 denied AccessDenied by scp: ec2 s3 in eu-west-1`.
fn why(details: &Details, detail: &Detail) -> Vec<String> {
    let line = |why: &Why| {
        let cause = &details.causes[why.cause];
        let mut text = format!("{} {}", why.cells, cause.status);
        if let Some(code) = &cause.code {
            text.push_str(&format!(" {code}"));
        }
        if let Some(denier) = cause.denied_by {
            text.push_str(&format!(" by {denier}"));
        }
        let services = named(&why.services, &details.services.texts);
        let regions = named(&why.regions, &details.regions.texts);
        format!("{text}: {services} in {regions}")
    };
    detail.unknown.iter().map(line).collect()
}

/// The first names, and how many more there are.
pub(crate) fn named<'n>(numbers: impl IntoIterator<Item = &'n usize>, texts: &[String]) -> String {
    let mut names: Vec<&str> = numbers.into_iter().map(|at| texts[*at].as_str()).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(MOST_NAMED);
    names.truncate(MOST_NAMED);
    let mut text = names.join(" ");
    if more > 0 {
        text.push_str(&format!(" +{more}"));
    }
    text
}
