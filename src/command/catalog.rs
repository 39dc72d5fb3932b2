//! `catalog`: list, show, check, and the IAM policies that a scan needs.

use catalog::entry::Origin;
use catalog::policy::{Names, Purpose, documents};
use catalog::{Catalog, ProbeView};
use protocol::ServiceId;
use protocol::selection::Selection;
use serde_json::json;

use crate::args::{self, Group, Listing, PolicyRole, RoleNames, Services};
use crate::output::{Cells, print, print_json, print_text};
use crate::settings;
use crate::stop::{Exit, Stop};

/// Runs a `catalog` command.
pub(crate) fn run(args: args::Catalog) -> Result<Exit, Stop> {
    let catalog = Catalog::embedded().map_err(Stop::failed)?;
    match args {
        args::Catalog::List { services, format } => list(&catalog, &services, format),
        args::Catalog::Show { service } => show(&catalog, &service),
        args::Catalog::Check => check(&catalog),
        args::Catalog::IamPolicy { role, services, names } => {
            iam_policy(&catalog, role, &services, &names)
        }
    }
}

/// The probes that `--services`, `--service` and `--probes` choose.
fn chosen<'c>(catalog: &'c Catalog, services: &Services) -> Result<Vec<ProbeView<'c>>, Stop> {
    let selection = Selection {
        all_services: services.services == Group::All,
        services: settings::services("--service", &services.service)?,
        probes: settings::probes(&services.probes)?,
        ..Selection::default()
    };
    catalog.select(&selection).map_err(Stop::usage)
}

fn list(catalog: &Catalog, services: &Services, format: Listing) -> Result<Exit, Stop> {
    let probes = chosen(catalog, services)?;
    let origin = |probe: &ProbeView<'_>| match probe.entry.origin {
        Origin::Curated => "curated",
        Origin::Derived => "derived",
    };
    if format == Listing::Json {
        let rows: Vec<_> = probes
            .iter()
            .map(|probe| json!({ "origin": origin(probe), "probe": probe.facts(catalog) }))
            .collect();
        print_json(&rows)?;
        return Ok(Exit::Known);
    }
    let rows = probes.iter().map(|probe| {
        vec![
            probe.probe.id.to_string(),
            probe.entry.title.clone(),
            probe.entry.category.clone(),
            origin(probe).to_owned(),
            probe.probe.judgement.to_string(),
        ]
    });
    let header = ["probe", "service", "category", "origin", "judged by"];
    print(&Cells { header: &header, rows: rows.collect() })?;
    Ok(Exit::Known)
}

fn show(catalog: &Catalog, name: &str) -> Result<Exit, Stop> {
    let id = ServiceId::new(name).map_err(Stop::usage)?;
    let source = catalog.source(&id).ok_or_else(|| Stop::usage(catalog.unknown_service(name)))?;
    print_text(source)?;
    Ok(Exit::Known)
}

fn iam_policy(
    catalog: &Catalog,
    role: PolicyRole,
    services: &Services,
    names: &RoleNames,
) -> Result<Exit, Stop> {
    let purpose = match role {
        PolicyRole::Member => Purpose::Member,
        PolicyRole::Runner => Purpose::Runner,
        PolicyRole::Organization => Purpose::Organization,
        PolicyRole::Outputs => Purpose::Outputs,
    };
    let names = Names {
        hub_role: names.hub_role.clone(),
        external_id: names.external_id.clone(),
        organization: names.organization.clone(),
        organization_role: names.org_role.clone(),
        tenants_role: names.tenants_table.as_ref().map(|_| names.tenants_role.clone()),
        tenants_table: names.tenants_table.clone(),
        ..Names::new(&names.partition, &names.role)
    };
    let probes = chosen(catalog, services)?;
    let documents = documents(purpose, &probes, &names).map_err(Stop::usage)?;
    print_json(&documents)?;
    Ok(Exit::Known)
}

fn check(catalog: &Catalog) -> Result<Exit, Stop> {
    let problems = catalog::validate::check(catalog);
    for problem in &problems {
        print_text(&format!("{problem}\n"))?;
    }
    let curated = catalog.entries().filter(|entry| entry.origin == Origin::Curated).count();
    let derived = catalog.entries().count() - curated;
    print_text(&format!(
        "{curated} curated and {derived} derived services, {} problems, catalog {}\n",
        problems.len(),
        catalog.digest()
    ))?;
    Ok(if problems.is_empty() { Exit::Known } else { Exit::Usage })
}
