//! The files for a bulk import into an empty database: one for each label, one for each type of relationship.

use std::path::{Path, PathBuf};

use csv::Writer;

use super::nodes::{Organization, edges};
use super::{Graph, Row, Value};
use crate::error::ReportError;
use crate::set::{Draft, make_folder};

/// What comes after the properties of every node.
const LAST: [&str; 3] = ["firstseen:long", "lastupdated:long", ":LABEL"];

/// A file of nodes: its labels, the first of which is its name; its columns; its rows.
type Nodes = (&'static str, &'static [&'static str], Vec<Row>);

const ACCOUNT: &[&str] = &[
    "id:ID(aws)",
    "name",
    "arn",
    "email",
    "state",
    "status",
    "joined_method",
    "joined_timestamp:datetime",
    "org_id",
    "profile_name",
    "inscope:boolean",
    "foreign:boolean",
];

/// Writes the files; returns their paths.
pub(super) fn write(graph: &Graph, dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
    make_folder(dir)?;
    let (first, tag) = (graph.made_at.to_string(), graph.update_tag.to_string());
    let mut paths = Vec::new();
    for (labels, columns, rows) in nodes(graph) {
        let records = rows.iter().map(|row| {
            let own = columns.iter().map(|column| field(row, column));
            own.chain([first.clone(), tag.clone(), labels.to_owned()]).collect()
        });
        let name = labels.split(';').next().unwrap_or(labels);
        let header: Vec<&str> = columns.iter().copied().chain(LAST).collect();
        paths.push(file(&dir.join(format!("{name}.csv")), &header, records)?);
    }
    let header = [":START_ID(aws)", ":END_ID(aws)", LAST[0], LAST[1], ":TYPE"];
    let edges = edges(graph);
    for kind in ["RESOURCE", "PARENT"] {
        let of_kind = edges.iter().filter(|(edge, _)| edge.kind() == kind);
        let records = of_kind.flat_map(|(_, pairs)| pairs).map(|(from, to)| {
            vec![(*from).to_owned(), (*to).to_owned(), first.clone(), tag.clone(), kind.to_owned()]
        });
        paths.push(file(&dir.join(format!("{kind}.csv")), &header, records)?);
    }
    Ok(paths)
}

fn nodes(graph: &Graph) -> [Nodes; 5] {
    let principals = graph.accounts.iter().filter_map(|account| account.principal.as_deref());
    let accounts = graph.accounts.iter().map(|account| {
        let mut row = account.member();
        let told = if account.in_scope { "inscope" } else { "foreign" };
        row.push((told, Value::Flag(true)));
        if account.in_scope {
            row.extend(account.scope().into_iter().skip(1));
        }
        row
    });
    [
        (
            "AWSOrganization;Tenant",
            &[
                "id:ID(aws)",
                "arn",
                "feature_set",
                "management_account_arn",
                "management_account_id",
                "management_account_email",
            ],
            graph.organizations.iter().map(Organization::row).collect(),
        ),
        (
            "AWSOrganizationRoot",
            &["id:ID(aws)", "root_id", "arn", "name", "org_id"],
            graph.roots.iter().map(|root| root.row()).collect(),
        ),
        (
            "AWSOrganizationalUnit",
            &[
                "id:ID(aws)",
                "ou_id",
                "arn",
                "name",
                "org_id",
                "root_id",
                "parent_root_id",
                "parent_ou_id",
            ],
            graph.units.iter().map(|unit| unit.row()).collect(),
        ),
        ("AWSAccount;Tenant", ACCOUNT, accounts.collect()),
        (
            "AWSRootPrincipal;AWSPrincipal",
            &["id:ID(aws)", "arn"],
            principals.map(|arn| vec![("id", arn.into()), ("arn", arn.into())]).collect(),
        ),
    ]
}

/// The value of a column; what is not known is empty, which an import leaves out.
fn field(row: &Row, column: &str) -> String {
    let name = column.split(':').next().unwrap_or_default();
    match row.iter().find(|(known, _)| *known == name).map(|(_, value)| value) {
        None | Some(Value::Nothing) => String::new(),
        Some(Value::Flag(flag)) => flag.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Texts(texts)) => texts.join(";"),
    }
}

fn file(
    path: &Path,
    header: &[&str],
    records: impl Iterator<Item = Vec<String>>,
) -> Result<PathBuf, ReportError> {
    let mut draft = Draft::create(path.to_owned())?;
    let mut writer = Writer::from_writer(draft.out());
    let write = || -> Result<(), ReportError> {
        writer.write_record(header)?;
        for record in records {
            writer.write_record(&record)?;
        }
        Ok(writer.flush()?)
    };
    let written = write();
    drop(writer);
    draft.keep(written)
}
