//! `accounts`: the accounts of a scan with what is known of each, in columns that other programs know or that were chosen.
//!
//! What was asked for and could not be read is `#unknown`, what nobody asked for `#not_asked`; only what is known to be
//! nothing is empty. Why is told for each cell: in the column `notes`, in a table beside the rows, and in sentences.

mod cells;
mod facts;
mod field;
mod groups;
mod regions;
mod rows;
mod spellings;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use protocol::ScanId;
use protocol::store::Store;

pub use cells::{NOT_ASKED, UNKNOWN};
pub use field::{FULL, Field, METADATA};
pub use groups::Groups;
pub use regions::{RegionsFrom, TAGGING};
pub use spellings::Spellings;

use crate::accounts::facts::Facts;
use crate::accounts::field::What;
use crate::accounts::regions::Used;
use crate::accounts::rows::{Listed, Row, rows};
use crate::context::Context;
use crate::error::ReportError;
use crate::format::Format;
use crate::shape::{Column, Item, Kind, Report, Table, column};
use crate::{Options, render};

/// What a listing is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its columns.
    pub fields: Vec<Field>,
    /// Whether they were chosen one by one: then a terminal has all of them.
    pub chosen: bool,
    /// Its accounts; none means all.
    pub only: Option<BTreeSet<String>>,
    /// What tells which regions are used.
    pub regions: RegionsFrom,
    /// Which region is in which group.
    pub groups: Groups,
    /// Which tags mean something.
    pub spellings: Spellings,
}

/// A listing that was made, to be written as a whole or for each organization.
pub struct Listing<'s> {
    context: Context<'s>,
    columns: Vec<Column>,
    /// Each with the organization that the account is in.
    rows: Vec<Row>,
    notes: Vec<Row>,
    sentences: Vec<String>,
    organizations: Vec<Organization>,
    whole: bool,
}

/// An organization of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// The account that manages it, or its pseudonym.
    pub management_account: String,
    /// That account's name, where it is known.
    pub management_name: Option<String>,
    /// How many of its accounts are listed.
    pub accounts: usize,
}

/// Makes a listing of the accounts of a scan.
///
/// # Errors
/// [`ReportError`]: a store that cannot be read, or [`ReportError::NoCells`] where the scan did not ask what is to tell
/// which regions are used.
pub async fn list<'s>(
    store: &'s dyn Store,
    scan: &ScanId,
    ask: &Ask,
    options: &'s Options,
) -> Result<Listing<'s>, ReportError> {
    let context = Context::load(store, scan, options).await?;
    let (facts, regions) = gather(&context, ask).await?;
    let listed = rows(&context, ask, &facts, regions.as_ref());
    let organizations = organizations(&context, &facts, &listed.rows);
    let whole = listed.whole && facts.missing.is_empty();
    let columns = ask.fields.iter().map(|field| field.column(ask.chosen)).collect();
    let Listed { rows, notes, sentences, .. } = listed;
    Ok(Listing { context, columns, rows, notes, sentences, organizations, whole })
}

/// Makes the report: all accounts, everything that is known, with the usual settings.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let ask = Ask {
        fields: Field::layout(FULL)?,
        chosen: false,
        only: None,
        regions: RegionsFrom::Cells,
        groups: Groups::default(),
        spellings: Spellings::default(),
    };
    let (facts, regions) = gather(context, &ask).await?;
    let listed = rows(context, &ask, &facts, regions.as_ref());
    let columns = ask.fields.iter().map(|field| field.column(false)).collect();
    let bare = |rows: Vec<Row>| rows.into_iter().map(|(_, row)| row).collect();
    Ok(shaped(columns, bare(listed.rows), bare(listed.notes), listed.sentences))
}

impl Listing<'_> {
    /// The organizations whose accounts are listed.
    #[must_use]
    pub fn organizations(&self) -> &[Organization] {
        &self.organizations
    }

    /// The listed accounts that are in no organization.
    #[must_use]
    pub fn alone(&self) -> usize {
        self.rows.iter().filter(|(organization, _)| organization.is_none()).count()
    }

    /// Whether everything that was asked for is known.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// What a reader should know: the sentences, and up to `most` reasons of cells that are not known.
    #[must_use]
    pub fn told(&self, most: usize) -> Vec<String> {
        let word = |item: &Item| render::words::word(item).into_owned();
        let reason = |(_, row): &Row| {
            let row: Vec<String> = row.iter().map(word).collect();
            self.context.redactor.text(&row.join(" ")).into_owned()
        };
        let redacted =
            self.sentences.iter().map(|text| self.context.redactor.text(text).into_owned());
        let mut told: Vec<String> = redacted.collect();
        told.extend(self.notes.iter().take(most).map(reason));
        if let Some(more) = self.notes.len().checked_sub(most).filter(|more| *more > 0) {
            told.push(format!("and {more} more notes; --format json has all of them"));
        }
        told
    }

    /// Writes the listing of one organization, or of all.
    ///
    /// # Errors
    /// [`ReportError::Write`] when `out` cannot be written.
    pub fn write(
        &self,
        organization: Option<&str>,
        format: Format,
        out: &mut (dyn Write + Send),
    ) -> Result<(), ReportError> {
        let rows = of(&self.rows, organization);
        let report = shaped(
            self.columns.clone(),
            rows,
            of(&self.notes, organization),
            self.sentences.clone(),
        );
        render::whole(&self.context, report, format, out)?;
        Ok(out.flush()?)
    }

    /// Writes why cells of one organization, or of all, are not known, as comma separated values; says how many there are.
    ///
    /// # Errors
    /// [`ReportError::Write`] when `out` cannot be written.
    pub fn write_notes(
        &self,
        organization: Option<&str>,
        out: &mut (dyn Write + Send),
    ) -> Result<usize, ReportError> {
        let mut report =
            shaped(self.columns.clone(), Vec::new(), of(&self.notes, organization), Vec::new());
        report.tables.remove(0);
        let notes = report.tables.iter().map(|table| table.rows.len()).sum();
        render::whole(&self.context, report, Format::Csv, out)?;
        out.flush()?;
        Ok(notes)
    }
}

fn of(rows: &[Row], organization: Option<&str>) -> Vec<Vec<Item>> {
    let is_in = |id: &Option<String>| organization.is_none() || id.as_deref() == organization;
    rows.iter().filter(|(id, _)| is_in(id)).map(|(_, row)| row.clone()).collect()
}

async fn gather(
    context: &Context<'_>,
    ask: &Ask,
) -> Result<(Facts, Option<BTreeMap<String, Used>>), ReportError> {
    let is_of_regions = |field: &Field| {
        matches!(field.what(), What::Regions | What::RegionsText | What::RegionGroup)
    };
    let from =
        if ask.fields.iter().any(is_of_regions) { ask.regions } else { RegionsFrom::Nothing };
    Ok((facts::read(context).await?, regions::read(context, from).await?))
}

fn organizations(context: &Context<'_>, facts: &Facts, rows: &[Row]) -> Vec<Organization> {
    let redactor = &context.redactor;
    let of = |(id, management): (&String, &String)| Organization {
        id: id.clone(),
        management_account: redactor.account(management).into_owned(),
        management_name: context
            .accounts
            .get(management)
            .map(|account| redactor.text(&account.name).into_owned()),
        accounts: rows.iter().filter(|(organization, _)| organization.as_ref() == Some(id)).count(),
    };
    facts.management.iter().map(of).collect()
}

fn shaped(
    columns: Vec<Column>,
    rows: Vec<Vec<Item>>,
    notes: Vec<Vec<Item>>,
    sentences: Vec<String>,
) -> Report {
    let about = vec![
        column("account_id", Kind::Account),
        column("column", Kind::Text),
        column("kind", Kind::Word),
        column("reason", Kind::Text),
    ];
    let title = "Why cells are not known, and what contradicts".to_owned();
    Report {
        name: "accounts",
        title: "Accounts".to_owned(),
        notes: sentences,
        tables: vec![
            Table { name: "rows", title: "Accounts".to_owned(), columns, rows },
            Table { name: "why", title, columns: about, rows: notes },
        ],
    }
}
