//! Writes the files, one account after the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::analysis;
use super::row::{CheckRow, iso};
use super::session::{Session, auth_method};
use super::totals::{Totals, summaries};
use crate::context::{AccountFacts, Context};
use crate::error::ReportError;
use crate::recommend::Recommendation;
use crate::render::csv::plain;
use crate::set::{Draft, make_folder};

/// Places of the files in [`Session::files`].
const DETAILED: usize = 0;
const MATRIX: usize = 1;
const SUMMARY: usize = 2;
const REFERENCE: usize = 3;
const INVENTORY: usize = 4;
const REFERENCE_CSV: usize = 5;
const ERRORS: usize = 6;
const ERRORS_CSV: usize = 7;
const POINTER: usize = 8;
const ANALYSIS: usize = 9;
const FIXES: usize = 10;

/// The files while they are written.
pub(crate) struct Files<'f> {
    context: &'f Context<'f>,
    session: &'f Session,
    totals: &'f Totals,
    accounts: usize,
    drafts: Vec<Draft>,
    /// Whether a list or map in a file has an entry already.
    begun: [bool; 11],
}

impl<'f> Files<'f> {
    /// Begins every file, with what stands before the accounts.
    pub(crate) fn begin(
        context: &'f Context<'f>,
        dir: &Path,
        session: &'f Session,
        totals: &'f Totals,
        accounts: &[&AccountFacts],
        regions: &BTreeMap<String, usize>,
    ) -> Result<Self, ReportError> {
        make_folder(&dir.join("error_logs"))?;
        let names = session.files();
        let drafts = names.iter().map(|(_, name)| Draft::create(dir.join(name)));
        let drafts = drafts.collect::<Result<_, _>>()?;
        let mut files =
            Self { context, session, totals, accounts: accounts.len(), drafts, begun: [false; 11] };
        let metadata = session.metadata(accounts.len(), totals);
        let who = accounts.iter().map(|account| {
            json!({
                "name": account.name,
                "account_id": account.id,
                "user_arn": account.principal,
                "auth_method": auth_method(context, account),
                "enabled_regions": regions.get(&account.id),
            })
        });
        let who: Vec<Value> = who.collect();
        files.put(DETAILED, &format!("{{\n\"scan_metadata\": {metadata},\n\"accounts\": "))?;
        files.put(DETAILED, &Value::from(who).to_string())?;
        files.put(DETAILED, ",\n\"results\": [")?;
        files.put(MATRIX, "[")?;
        let head = format!("{{\n\"scan_metadata\": {metadata},\n\"executive_summary\": ");
        files.put(SUMMARY, &head)?;
        files.put(SUMMARY, &executive(totals).to_string())?;
        files.put(SUMMARY, ",\n\"account_service_inventory\": {")?;
        let analysis = totals.error_analysis();
        let head = json!(session.id);
        files.put(ERRORS, &format!("{{\n\"scan_session_id\": {head},\n\"error_analysis\": "))?;
        files.put(ERRORS, &format!("{analysis},\n\"errors\": ["))?;
        files.sheet(INVENTORY, &INVENTORY_HEAD)?;
        files.sheet(ERRORS_CSV, &ERRORS_HEAD)?;
        Ok(files)
    }

    /// Writes an account's rows into every file that has them.
    pub(crate) fn account(
        &mut self,
        account: &AccountFacts,
        rows: &[CheckRow],
    ) -> Result<(), ReportError> {
        for row in rows {
            self.entry(DETAILED, &serde_json::to_string(row)?)?;
            if let Some(matrix) = matrix(row) {
                self.entry(MATRIX, &matrix.to_string())?;
            }
            self.inventory(row)?;
            for error in &row.errors {
                self.entry(ERRORS, &serde_json::to_string(error)?)?;
                self.sheet(
                    ERRORS_CSV,
                    &[
                        &error.account,
                        &error.region,
                        &error.service,
                        &error.function,
                        error.error_type,
                        &error.error_message,
                        error.timestamp.as_deref().unwrap_or_default(),
                        &error.scan_session_id,
                    ],
                )?;
            }
        }
        let key = json!(account.id);
        let value = self.account_inventory(account, rows);
        self.entry(SUMMARY, &format!("{key}: {value}"))
    }

    /// Ends every file and gives it its name.
    pub(crate) fn end(mut self, found: &[Recommendation]) -> Result<Vec<PathBuf>, ReportError> {
        self.put(DETAILED, "\n]\n}\n")?;
        self.put(MATRIX, "\n]\n")?;
        let breakdowns = json!({
            "service_summary": summaries(&self.totals.services),
            "region_summary": summaries(&self.totals.regions),
        });
        let analysis = self.totals.error_analysis();
        let tail = format!(
            "\n}},\n\"legacy_breakdowns\": {breakdowns},\n\"error_analysis\": {analysis}\n}}\n"
        );
        self.put(SUMMARY, &tail)?;
        self.put(ERRORS, "\n]\n}\n")?;
        let reference = self.reference();
        self.put(REFERENCE, &format!("{reference:#}\n"))?;
        self.sheet(REFERENCE_CSV, &["Metric", "Value"])?;
        for (metric, value) in self.metrics() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.sheet(REFERENCE_CSV, &[metric, &value])?;
        }
        let pointer = json!({
            "scan_session_id": self.session.id,
            "scan_start_time": iso(self.session.start),
            "error_csv": self.session.files()[ERRORS_CSV].1,
            "error_summary": self.session.files()[ERRORS].1,
            "scan_session_reference": self.session.files()[REFERENCE].1,
            "total_errors": self.totals.failed,
        });
        self.put(POINTER, &format!("{pointer:#}\n"))?;
        let report = analysis::report(self.session, self.totals, found);
        self.put(ANALYSIS, &format!("{report:#}\n"))?;
        let fixes = analysis::fixes(self.session, self.totals);
        self.put(FIXES, &format!("{fixes:#}\n"))?;
        self.drafts.into_iter().map(|draft| draft.keep(Ok(()))).collect()
    }

    /// Writes a part of a file, redacted.
    fn put(&mut self, file: usize, text: &str) -> Result<(), ReportError> {
        let text = self.context.redactor.text(text);
        self.drafts[file].write(&text)
    }

    /// Writes an entry of a file's list or map.
    fn entry(&mut self, file: usize, text: &str) -> Result<(), ReportError> {
        let comma = if std::mem::replace(&mut self.begun[file], true) { ",\n" } else { "\n" };
        self.put(file, comma)?;
        self.put(file, text)
    }

    /// Writes a line of a file of comma separated values.
    fn sheet(&mut self, file: usize, fields: &[&str]) -> Result<(), ReportError> {
        let redactor = &self.context.redactor;
        let mut sheet = csv::Writer::from_writer(self.drafts[file].out());
        for field in fields {
            sheet.write_field(plain(&redactor.text(field)).as_bytes())?;
        }
        sheet.write_record(None::<&[u8]>)?;
        Ok(sheet.flush()?)
    }

    fn inventory(&mut self, row: &CheckRow) -> Result<(), ReportError> {
        let global = row.scope == "global";
        let count = row.resource_count.to_string();
        let identifiers = identifiers(row);
        self.sheet(
            INVENTORY,
            &[
                &row.account_id,
                &row.account_name,
                if global { "Global" } else { "Regional" },
                &row.region,
                &row.service,
                match row.enabled {
                    Some(true) => "True",
                    Some(false) => "False",
                    None => "Unknown",
                },
                &count,
                &row.resource_identifier,
                &identifiers.join("; "),
                row.scope,
                row.status.as_str(),
            ],
        )
    }

    fn account_inventory(&self, account: &AccountFacts, rows: &[CheckRow]) -> Value {
        let mut regions: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        let mut global = Map::new();
        let mut counted = Totals::default();
        for row in rows {
            counted.add(row, super::is_curated(self.context, &row.service));
            let services = match row.scope {
                "global" => &mut global,
                _ => regions.entry(&row.region).or_default(),
            };
            services.insert(row.service.clone(), service(row));
        }
        let region = |(name, services): (&str, Map<String, Value>)| {
            let summary = counted.regions.get(name).map(super::totals::Part::summary);
            (name.to_owned(), json!({ "services": services, "region_summary": summary }))
        };
        json!({
            "account_name": account.name,
            "account_id": account.id,
            "regions": regions.into_iter().map(region).collect::<Map<_, _>>(),
            "global_services": global,
            "account_summary": counted.all.summary(),
        })
    }

    fn reference(&self) -> Value {
        let all = &self.totals.all;
        let names = self.session.files();
        let files: Map<String, Value> =
            names.iter().map(|(what, name)| ((*what).to_owned(), json!(name))).collect();
        json!({
            "scan_session_id": self.session.id,
            "scan_start_time": iso(self.session.start),
            "scan_end_time": iso(self.session.end),
            "scan_duration_seconds": self.session.seconds(),
            "total_accounts": self.accounts,
            "total_services_checked": all.instances(),
            "total_api_calls": self.totals.checked,
            "successful_calls": self.totals.checked - self.totals.failed,
            "failed_calls": self.totals.failed,
            "success_rate": self.totals.success_rate(),
            "files_generated": files,
            "quick_stats": {
                "enabled_service_instances": all.enabled(),
                "total_service_instances": all.instances(),
                "enablement_rate": all.rate(),
                "unknown_share": all.unknown_share(),
                "unique_enabled_services": self.totals.enabled_services.len(),
                "total_errors": self.totals.failed,
            },
            "csv_files": [names[INVENTORY].1, names[REFERENCE_CSV].1, names[ERRORS_CSV].1],
        })
    }

    /// The sixteen metrics of the reference as a sheet.
    fn metrics(&self) -> [(&'static str, Value); 16] {
        let all = &self.totals.all;
        [
            ("Scan_Session_ID", json!(self.session.id)),
            ("Scan_Start_Time", json!(iso(self.session.start))),
            ("Scan_End_Time", json!(iso(self.session.end))),
            ("Scan_Duration_Seconds", json!(self.session.seconds())),
            ("Total_Accounts", json!(self.accounts)),
            ("Total_Services_Checked", json!(all.instances())),
            ("Total_API_Calls", json!(self.totals.checked)),
            ("Successful_Calls", json!(self.totals.checked - self.totals.failed)),
            ("Failed_Calls", json!(self.totals.failed)),
            ("Success_Rate", json!(self.totals.success_rate())),
            ("Enabled_Service_Instances", json!(all.enabled())),
            ("Total_Service_Instances", json!(all.instances())),
            ("Enablement_Rate", all.rate()),
            ("Unknown_Share", json!(all.unknown_share())),
            ("Unique_Enabled_Services", json!(self.totals.enabled_services.len())),
            ("Total_Errors", json!(self.totals.failed)),
        ]
    }
}

const INVENTORY_HEAD: [&str; 11] = [
    "Account_ID",
    "Account_Name",
    "Region_Type",
    "Region_Name",
    "Service_Name",
    "Service_Enabled",
    "Resource_Count",
    "Resource_Identifier_Type",
    "Resource_Identifiers",
    "Service_Scope",
    "Status",
];
const ERRORS_HEAD: [&str; 8] = [
    "Account",
    "Region",
    "Service",
    "Function",
    "ErrorType",
    "ErrorMessage",
    "Timestamp",
    "ScanSessionId",
];

fn identifiers(row: &CheckRow) -> Vec<&str> {
    row.resources.iter().map(|thing| thing.identifier.as_str()).collect()
}

fn executive(totals: &Totals) -> Value {
    let all = &totals.all;
    json!({
        "total_service_instances": all.instances(),
        "enabled_service_instances": all.enabled(),
        "overall_enablement_rate": all.rate(),
        "unknown_service_instances": all.counts.unknown(),
        "unknown_share": all.unknown_share(),
        "total_resources_discovered": all.counts.resources(),
        "unique_services": totals.services.len(),
        "unique_regions": totals.regions.len(),
        "global_services_count": totals.global_services.len(),
        "regional_services_count": totals.regional_services.len(),
    })
}

/// A row of the matrix; rows that are known to be neither enabled nor to hold anything are left out.
fn matrix(row: &CheckRow) -> Option<Value> {
    if row.enabled == Some(false) && row.resource_count == 0 {
        return None;
    }
    Some(json!({
        "Account_ID": row.account_id,
        "Service_Name": row.service,
        "Region_Name": row.region,
        "Enabled": row.enabled,
        "Resource_Count": row.resource_count,
        "Scope": row.scope,
        "Resources": identifiers(row).join("; "),
        "Status": row.status,
    }))
}

fn service(row: &CheckRow) -> Value {
    json!({
        "service_name": row.service,
        "enabled": row.enabled,
        "resource_count": row.resource_count,
        "resource_identifier_type": row.resource_identifier,
        "resource_identifiers": identifiers(row),
        "scope": row.scope,
        "status": row.status,
    })
}
