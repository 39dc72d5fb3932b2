//! One page that opens from disk: nothing is fetched, and nothing from outside can run.

use std::borrow::Cow;

use askama::Template;
use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::Out;
use super::json::rounded;
use super::words::{on_page, spaced, word};
use crate::error::ReportError;
use crate::page::links::Link;
use crate::shape::{Head, Item, Kind, Report, Table};

/// How every page looks.
pub(crate) const STYLE: &str = include_str!("../../assets/page.css");
/// Sorts and filters tables.
const SCRIPT: &str = include_str!("../../assets/tables.js");

/// A text longer than this gets a wide column, in characters.
const LONG: usize = 40;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'r> {
    policy: String,
    style: &'static str,
    script: &'static str,
    report: &'r Report,
    head: HeadWords,
    links: Vec<Link>,
    picture: Option<String>,
    tables: Vec<Grid<'r>>,
}

/// A page's head in words.
pub(crate) struct HeadWords {
    pub(crate) scan: String,
    pub(crate) state: String,
    pub(crate) round: u32,
    pub(crate) started_at: String,
    pub(crate) planned: String,
    pub(crate) unknown: String,
    pub(crate) unknown_share: String,
    pub(crate) has_unknown: bool,
}

impl HeadWords {
    /// Puts a head into words.
    pub(crate) fn of(head: &Head) -> Self {
        Self {
            scan: head.scan.clone(),
            state: head.state.clone(),
            round: head.round,
            started_at: head.started_at.format("%Y-%m-%d %H:%M UTC").to_string(),
            planned: word(&Item::count(head.planned)).into_owned(),
            unknown: word(&Item::count(head.unknown)).into_owned(),
            unknown_share: word(&Item::Share(head.unknown_share)).into_owned(),
            has_unknown: head.unknown > 0,
        }
    }
}

/// A table in words.
pub(crate) struct Grid<'r> {
    title: &'r str,
    columns: Vec<(String, bool)>,
    rows: Vec<Vec<Field<'r>>>,
}

struct Field<'r> {
    text: Cow<'r, str>,
    right: bool,
    /// Whether it needs a wide column.
    long: bool,
    /// What sorting compares, where that is not the text.
    order: Option<String>,
    /// A share in hundredths, drawn as a bar.
    bar: Option<String>,
    /// The status that the text is, drawn as its colour.
    status: bool,
}

/// Writes a report as a page.
pub(crate) fn write(head: &Head, report: &Report, out: Out<'_>) -> Result<(), ReportError> {
    illustrated(head, report, None, vec![], out)
}

/// Writes a report as a page with a picture above its tables, and the way to other pages.
pub(crate) fn illustrated(
    head: &Head,
    report: &Report,
    picture: Option<String>,
    links: Vec<Link>,
    out: Out<'_>,
) -> Result<(), ReportError> {
    let page = Page {
        policy: policy(&[SCRIPT]),
        style: STYLE,
        script: SCRIPT,
        report,
        head: HeadWords::of(head),
        links,
        picture,
        tables: report.tables.iter().map(grid).collect(),
    };
    out.write_all(page.render()?.as_bytes())?;
    Ok(())
}

/// A content security policy that lets only these scripts run and fetches nothing.
pub(crate) fn policy(scripts: &[&str]) -> String {
    let digest = |script: &&str| {
        let digest = Sha256::digest(script.as_bytes());
        format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(digest))
    };
    let mut scripts: Vec<String> = scripts.iter().map(digest).collect();
    if scripts.is_empty() {
        scripts.push("'none'".to_owned());
    }
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src {}; base-uri 'none'; form-action 'none'",
        scripts.join(" ")
    )
}

fn grid(table: &Table) -> Grid<'_> {
    let shown = on_page(table);
    let head = |&at: &usize| {
        let column = &table.columns[at];
        (spaced(&column.name), column.kind == Kind::Number)
    };
    Grid {
        title: &table.title,
        columns: shown.iter().map(head).collect(),
        rows: table.rows.iter().map(|row| fields(table, &shown, row)).collect(),
    }
}

fn fields<'r>(table: &Table, shown: &[usize], row: &'r [Item]) -> Vec<Field<'r>> {
    shown.iter().map(|&at| Field::of(&row[at], table.columns[at].name == "status")).collect()
}

impl<'r> Field<'r> {
    fn of(item: &'r Item, status: bool) -> Self {
        let order = match item {
            Item::Count(count) => Some(count.to_string()),
            Item::Number(number) => Some(rounded(*number, 1000.0).to_string()),
            Item::Share(share) => Some(rounded(*share, 1_000_000.0).to_string()),
            Item::Millis(millis) => Some(millis.to_string()),
            _ => None,
        };
        let bar = match item {
            Item::Share(share) => Some(format!("{:.1}", share * 100.0)),
            _ => None,
        };
        let text = word(item);
        let long = text.chars().count() > LONG;
        Self { text, right: order.is_some(), long, order, bar, status }
    }
}
