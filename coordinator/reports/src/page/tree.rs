//! The page of the organization: units that open to what is below them, accounts that open to what they use and why
//! the rest is unknown. It needs no script.

use askama::Template;
use protocol::Status;

use crate::context::Context;
use crate::error::ReportError;
use crate::organization::{self, Detail, Details, Node, named};
use crate::overview::Part;
use crate::page::links::{Link, links};
use crate::render::Out;
use crate::render::html::{HeadWords, STYLE, policy};
use crate::render::words::{percent, thousands};
use crate::rollup::Counts;

/// How the tree looks.
const TREE_STYLE: &str = include_str!("../../assets/tree.css");
/// The most accounts that have a line; the table `accounts` of the JSON has all.
const MOST_ACCOUNTS: usize = 20_000;
/// What all accounts together open to, in bytes; an account beyond has its line only.
const MOST_DETAIL: usize = 16 << 20;
/// Services that one account names.
const MOST_SERVICES: usize = 80;
/// Causes that one account names.
const MOST_CAUSES: usize = 8;

#[derive(Template)]
#[template(path = "organization.html")]
struct Page<'p> {
    policy: String,
    style: &'static str,
    tree_style: &'static str,
    title: &'static str,
    head: HeadWords,
    links: Vec<Link>,
    notes: Vec<String>,
    lines: Vec<Line<'p>>,
}

/// What comes next on the page.
enum Line<'p> {
    /// A unit begins.
    Unit(Unit),
    /// An account of the unit that began last.
    Account(Account<'p>),
    /// Accounts that have no line.
    More(String),
    /// The unit that began last ends.
    End {
        /// Whether it had no lines.
        empty: bool,
    },
}

struct Unit {
    name: String,
    organization: Option<String>,
    open: bool,
    empty: bool,
    figures: Figures,
}

struct Account<'p> {
    name: String,
    id: String,
    state: Option<&'p str>,
    figures: Figures,
    /// What it uses and where, a line; and how many services have none.
    used: Vec<(String, String)>,
    used_left: usize,
    unknown: Vec<Unknown>,
    unknown_left: usize,
    opens: bool,
}

struct Unknown {
    status: Status,
    cells: String,
    code: String,
    denied_by: &'static str,
    places: String,
}

/// What stands to the right of a name.
struct Figures {
    accounts: Option<String>,
    cells: String,
    in_use: String,
    services: String,
    unknown: String,
    unknown_share: String,
    bar: String,
    warn: bool,
}

impl Figures {
    fn of(part: &Part, accounts: Option<u64>) -> Self {
        let counts: &Counts = &part.counts;
        let share = counts.unknown_share();
        Self {
            accounts: accounts.map(count),
            cells: count(counts.cells()),
            in_use: count(counts.of(Status::InUse)),
            services: count(part.services.len() as u64),
            unknown: count(counts.unknown()),
            unknown_share: share.map_or_else(|| "–".to_owned(), percent),
            bar: format!("{:.1}", share.unwrap_or(0.0) * 100.0),
            warn: counts.unknown() > 0,
        }
    }
}

fn count(count: u64) -> String {
    thousands(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Writes the page.
pub(crate) async fn write(context: &Context<'_>, out: Out<'_>) -> Result<(), ReportError> {
    let (forest, details) = organization::read(context).await?;
    let overview = context.overview().await?;
    let nothing = Part::default();
    let part = |id: &str| overview.accounts.get(id).unwrap_or(&nothing);
    let mut drawn = Drawn::new(context, &details);
    let mut open: Vec<bool> = Vec::new();
    for at in forest.in_order() {
        let node = &forest.nodes[at];
        while open.len() > node.depth {
            let empty = open.pop().unwrap_or(false);
            drawn.lines.push(Line::End { empty });
        }
        open.push(drawn.unit(node));
        let left = drawn.left;
        for id in &node.accounts {
            drawn.account(id, part(id));
        }
        if drawn.left > left {
            drawn.lines.push(Line::More(count(drawn.left - left)));
        }
    }
    drawn.lines.extend(open.into_iter().rev().map(|empty| Line::End { empty }));
    let page = Page {
        policy: policy(&[]),
        style: STYLE,
        tree_style: TREE_STYLE,
        title: organization::TITLE,
        head: HeadWords::of(&context.head()),
        links: links(context, "organization"),
        notes: drawn.notes(),
        lines: drawn.lines,
    };
    out.write_all(page.render()?.as_bytes())?;
    Ok(())
}

/// The page as far as it is drawn, and what it has no room for.
struct Drawn<'c> {
    context: &'c Context<'c>,
    details: &'c Details,
    lines: Vec<Line<'c>>,
    accounts: usize,
    bytes: usize,
    /// Accounts that have a line and nothing behind it for want of room.
    bare: u64,
    /// Accounts that have no line.
    left: u64,
}

impl<'c> Drawn<'c> {
    fn new(context: &'c Context<'c>, details: &'c Details) -> Self {
        Self { context, details, lines: Vec::new(), accounts: 0, bytes: 0, bare: 0, left: 0 }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![organization::ROLLED_UP.to_owned()];
        if self.bare > 0 {
            notes.push(format!(
                "The page has no room for what stands behind {} accounts: they have their line only. The reports \
                 enablement and failures have all of it, as csv and json.",
                count(self.bare)
            ));
        }
        if self.left > 0 {
            notes.push(format!(
                "{} accounts have no line of their own: only the first {} do. They are counted in their units, and \
                 --format json has them.",
                count(self.left),
                count(MOST_ACCOUNTS as u64)
            ));
        }
        notes
    }

    /// Begins a unit; answers whether it is empty.
    fn unit(&mut self, node: &Node) -> bool {
        let redacted = |text: &String| self.context.redactor.text(text).into_owned();
        let empty = node.units.is_empty() && node.accounts.is_empty();
        self.lines.push(Line::Unit(Unit {
            name: redacted(&node.name),
            // Below a root everybody knows whose it is.
            organization: node.organization.as_ref().filter(|_| node.depth == 0).map(redacted),
            open: node.depth == 0,
            empty,
            figures: Figures::of(&node.part, Some(node.below)),
        }));
        empty
    }

    /// Draws an account if there is room for it.
    fn account(&mut self, id: &str, part: &Part) {
        let context = self.context;
        let Some(facts) = context.accounts.get(id) else { return };
        if self.accounts >= MOST_ACCOUNTS {
            self.left += 1;
            return;
        }
        self.accounts += 1;
        let mut account = Account {
            name: context.redactor.text(&facts.name).into_owned(),
            id: context.redactor.account(id).into_owned(),
            state: Some(facts.state.as_str()).filter(|state| *state != "ACTIVE"),
            figures: Figures::of(part, None),
            used: Vec::new(),
            used_left: 0,
            unknown: Vec::new(),
            unknown_left: 0,
            opens: false,
        };
        if let Some(detail) = self.details.of(id) {
            self.open(&mut account, detail);
        }
        self.lines.push(Line::Account(account));
    }

    /// Says what stands behind an account, if there is room for it.
    fn open(&mut self, account: &mut Account<'_>, detail: &Detail) {
        if detail.used.is_empty() && detail.unknown.is_empty() {
            return;
        }
        if self.bytes >= MOST_DETAIL {
            self.bare += 1;
            return;
        }
        let (services, regions) = (&self.details.services.texts, &self.details.regions.texts);
        for (service, places) in detail.used.iter().take(MOST_SERVICES) {
            let line = (services[*service].clone(), named(places, regions));
            // What the markup around each takes is about as much again.
            self.bytes += 2 * (line.0.len() + line.1.len());
            account.used.push(line);
        }
        for why in detail.unknown.iter().take(MOST_CAUSES) {
            let cause = &self.details.causes[why.cause];
            let code = cause.code.as_deref().unwrap_or_default();
            let places =
                format!("{} in {}", named(&why.services, services), named(&why.regions, regions));
            self.bytes += 2 * (code.len() + places.len());
            account.unknown.push(Unknown {
                status: cause.status,
                cells: count(why.cells),
                code: self.context.redactor.text(code).into_owned(),
                denied_by: cause.denied_by.map_or("", protocol::DeniedBy::as_str),
                places,
            });
        }
        account.used_left = detail.used.len().saturating_sub(MOST_SERVICES);
        account.unknown_left = detail.unknown.len().saturating_sub(MOST_CAUSES);
        account.opens = true;
    }
}
