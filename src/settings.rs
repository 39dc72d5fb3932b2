//! From what was typed to what it means: the settings of a scan.

use std::time::Duration;

use aws::Options;
use catalog::Catalog;
use protocol::scan::{self, Detail, Priority, Settings, Source};
use protocol::selection::Selection;
use protocol::tenants::Tenants;
use protocol::web_identity::{SecretPlace, WebIdentity};
use protocol::{AccountId, ProbeId, Region, ServiceId};

use crate::accounts_file;
use crate::args::{
    Access, Group, Oidc, Pace, Resources, Sources, TenantsTable, Which, WhichAccounts,
};
use crate::stop::Stop;

/// Reads the settings of a scan from its flags.
///
/// # Errors
/// A sentence that says which flag is wrong and what would be right.
pub(crate) async fn settings(
    sources: &Sources,
    access: &Access,
    which: &Which,
    pace: &Pace,
    resources: Resources,
    options: &Options,
    catalog: &Catalog,
) -> Result<Settings, Stop> {
    Ok(Settings {
        sources: read_sources(sources, access, options, catalog).await?,
        access: read_access(access, catalog)?,
        selection: read_selection(which, catalog)?,
        pace: read_pace(pace),
        resources: detail(resources),
        priority: Priority::default(),
        account_tags: false,
        skip_predicted_denials: false,
    })
}

/// Reads the settings of a scan that reads organizations and runs no probe but those that are named.
///
/// # Errors
/// As [`settings`].
pub(crate) async fn inventory(
    (sources, access): (&Sources, &Access),
    which: &WhichAccounts,
    pace: &Pace,
    probes: Vec<ProbeId>,
    options: &Options,
    catalog: &Catalog,
) -> Result<Settings, Stop> {
    let selection = Selection { no_services: true, probes, ..account_selection(which)? };
    Ok(Settings {
        sources: read_sources(sources, access, options, catalog).await?,
        access: read_access(access, catalog)?,
        selection,
        pace: read_pace(pace),
        resources: Detail::None,
        priority: Priority::default(),
        account_tags: true,
        skip_predicted_denials: false,
    })
}

/// Reads with what the current credentials are used for what is written out.
///
/// # Errors
/// As [`settings`].
pub(crate) fn outputs(access: &Access, pace: &Pace, catalog: &Catalog) -> Result<Settings, Stop> {
    let access = read_access(access, catalog)?;
    Ok(Settings { access, pace: read_pace(pace), ..Settings::default() })
}

/// Reads how hard to work.
pub(crate) fn read_pace(pace: &Pace) -> scan::Pace {
    scan::Pace {
        budget_share: pace.budget_share,
        max_in_flight: pace.max_in_flight,
        max_attempts: pace.max_attempts,
        call_timeout_ms: millis(pace.call_timeout),
    }
}

/// Reads how much is kept.
pub(crate) const fn detail(resources: Resources) -> Detail {
    match resources {
        Resources::None => Detail::None,
        Resources::Sample => Detail::Sample,
        Resources::All => Detail::All,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

async fn read_sources(
    sources: &Sources,
    access: &Access,
    options: &Options,
    catalog: &Catalog,
) -> Result<Vec<Source>, Stop> {
    let mut all = Vec::new();
    if sources.all_profiles || !sources.profile.is_empty() {
        let there = aws::profiles(options).await.map_err(Stop::usage)?;
        let names =
            if sources.all_profiles { named_profiles(&there) } else { sources.profile.clone() };
        for name in names {
            if !there.contains(&name) {
                let hint = nearest(&name, there.iter().map(String::as_str));
                return Err(Stop::usage(format!("--profile: there is no profile {name:?}{hint}")));
            }
            all.push(Source::Profile { name });
        }
        if all.is_empty() {
            return Err(Stop::usage(
                "--all-profiles: there are no profiles in the AWS config files",
            ));
        }
    }
    for arn in &sources.role_arn {
        aws::parse_role_arn(arn).map_err(|error| Stop::usage(format!("--role-arn: {error}")))?;
        let external_id = access.external_id.clone();
        all.push(Source::Role { arn: arn.clone(), external_id, profile: None, name: None });
    }
    if let Some(path) = &sources.accounts_file {
        all.extend(accounts_file::sources(path)?);
    }
    if let Some(table) = &sources.tenants.tenants_table {
        if access.org_role.is_some() {
            return Err(Stop::usage(
                "--org-role reads one organization, and --tenants-table leads to many: leave it out, each tenant's is read by its --tenants-role",
            ));
        }
        all.push(Source::Tenants(tenants(table, &sources.tenants, catalog)?));
    }
    Ok(all)
}

/// All profiles but `default`, which usually stands for one of the others; alone it stands for itself.
fn named_profiles(there: &[String]) -> Vec<String> {
    let named: Vec<String> = there.iter().filter(|name| *name != "default").cloned().collect();
    if named.is_empty() { there.to_vec() } else { named }
}

fn tenants(name: &str, table: &TenantsTable, catalog: &Catalog) -> Result<Tenants, Stop> {
    let wrong = |flag: &str, error: &dyn std::fmt::Display| Stop::usage(format!("{flag}: {error}"));
    let role = aws::parse_role_name(&table.tenants_role)
        .map_err(|error| wrong("--tenants-role", &error))?;
    let filter = Tenants::read_filter(&table.tenants_filter)
        .map_err(|error| wrong("--tenants-filter", &error))?;
    let region = table.tenants_region.iter().cloned().collect::<Vec<_>>();
    Ok(Tenants {
        table: name.to_owned(),
        region: regions("--tenants-region", &region, catalog)?.pop(),
        role: role.to_owned(),
        id_attribute: table.tenants_id_attribute.clone(),
        name_attribute: table.tenants_name_attribute.clone(),
        role_attribute: table.tenants_role_attribute.clone(),
        external_id_attribute: table.tenants_external_id_attribute.clone(),
        filter,
    })
}

fn read_access(access: &Access, catalog: &Catalog) -> Result<scan::Access, Stop> {
    for (flag, arn) in [("--org-role", &access.org_role), ("--via-role", &access.via_role)] {
        if let Some(arn) = arn {
            aws::parse_role_arn(arn).map_err(|error| Stop::usage(format!("{flag}: {error}")))?;
        }
    }
    let role = aws::parse_role_name(&access.role)
        .map_err(|error| Stop::usage(format!("--role: {error}")))?;
    let hub_region = access.hub_region.iter().cloned().collect::<Vec<_>>();
    Ok(scan::Access {
        member_role: role.to_owned(),
        external_id: access.external_id.clone(),
        org_role: access.org_role.clone(),
        via_role: access.via_role.clone(),
        session_seconds: access.session_duration,
        hub_region: regions("--hub-region", &hub_region, catalog)?.pop(),
        web_identity: web_identity(&access.oidc)?,
    })
}

/// Reads the web identity; none where no endpoint is named.
fn web_identity(oidc: &Oidc) -> Result<Option<WebIdentity>, Stop> {
    let Some(token_url) = oidc.oidc_token_url.clone() else { return Ok(None) };
    let lack = |flag: &str| Stop::usage(format!("--oidc-token-url: {flag} is missing"));
    let secret = match (&oidc.oidc_secret_env, &oidc.oidc_secret_file) {
        (Some(name), None) => SecretPlace::Variable { name: name.clone() },
        (None, Some(path)) => SecretPlace::File { path: path.clone() },
        (None, None) => return Err(lack("--oidc-secret-env or --oidc-secret-file")),
        (Some(_), Some(_)) => {
            return Err(Stop::usage("--oidc-secret-env and --oidc-secret-file: name one"));
        }
    };
    let identity = WebIdentity {
        token_url,
        client_id: oidc.oidc_client_id.clone().ok_or_else(|| lack("--oidc-client-id"))?,
        scope: oidc.oidc_scope.clone(),
        secret,
        role_arn: oidc.oidc_role_arn.clone(),
    };
    identity.check().map_err(|error| Stop::usage(format!("--oidc-token-url: {error}")))?;
    if let Some(arn) = &identity.role_arn {
        aws::parse_role_arn(arn)
            .map_err(|error| Stop::usage(format!("--oidc-role-arn: {error}")))?;
    }
    Ok(Some(identity))
}

fn read_selection(which: &Which, catalog: &Catalog) -> Result<Selection, Stop> {
    let selection = Selection {
        regions: regions("--region", &which.region, catalog)?,
        exclude_regions: regions("--exclude-region", &which.exclude_region, catalog)?,
        services: services("--service", &which.service)?,
        exclude_services: services("--exclude-service", &which.exclude_service)?,
        all_services: which.services == Group::All,
        probes: probes(&which.probes)?,
        ..account_selection(&which.accounts)?
    };
    let chosen = catalog.select(&selection).map_err(Stop::usage)?;
    if chosen.is_empty() {
        return Err(Stop::usage(
            "no service is left: what --service names, --exclude-service takes away",
        ));
    }
    Ok(selection)
}

/// Reads which accounts are meant; nothing is said of regions and services.
pub(crate) fn account_selection(which: &WhichAccounts) -> Result<Selection, Stop> {
    Ok(Selection {
        accounts: accounts("--account", &which.account)?,
        exclude_accounts: accounts("--exclude-account", &which.exclude_account)?,
        account_names: which.account_name.clone(),
        exclude_account_names: which.exclude_account_name.clone(),
        units: which.ou.clone(),
        exclude_units: which.exclude_ou.clone(),
        tags: tags("--tag", &which.tag)?,
        exclude_tags: tags("--exclude-tag", &which.exclude_tag)?,
        states: which.state.clone(),
        exclude_states: which.exclude_state.clone(),
        no_management_account: which.no_management_account,
        ..Selection::default()
    })
}

fn tags(flag: &str, texts: &[String]) -> Result<Vec<(String, String)>, Stop> {
    let read = |text: &String| {
        let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
        pair.map(|(key, value)| (key.to_owned(), value.to_owned()))
            .ok_or_else(|| Stop::usage(format!("{flag}: {text:?} is not of the form KEY=VALUE")))
    };
    texts.iter().map(read).collect()
}

/// Reads account ids.
pub(crate) fn accounts(flag: &str, texts: &[String]) -> Result<Vec<AccountId>, Stop> {
    let read = |text: &String| {
        aws::parse_account_id(text).map_err(|error| Stop::usage(format!("{flag}: {error}")))
    };
    texts.iter().map(read).collect()
}

/// Reads service ids, known or not.
pub(crate) fn services(flag: &str, texts: &[String]) -> Result<Vec<ServiceId>, Stop> {
    let read = |text: &String| {
        ServiceId::new(text).map_err(|error| Stop::usage(format!("{flag}: {error}")))
    };
    texts.iter().map(read).collect()
}

/// Reads probe ids, known or not.
pub(crate) fn probes(texts: &[String]) -> Result<Vec<ProbeId>, Stop> {
    let read = |text: &String| {
        ProbeId::new(text).map_err(|error| Stop::usage(format!("--probes: {error}")))
    };
    texts.iter().map(read).collect()
}

/// Reads regions that there are, in any partition, or `global`.
pub(crate) fn regions(
    flag: &str,
    texts: &[String],
    catalog: &Catalog,
) -> Result<Vec<Region>, Stop> {
    let read = |text: &String| {
        let region = Region::new(text).map_err(|error| Stop::usage(format!("{flag}: {error}")))?;
        if !region.is_global() {
            catalog.known_region(text).map_err(|error| Stop::usage(format!("{flag}: {error}")))?;
        }
        Ok(region)
    };
    texts.iter().map(read).collect()
}

/// `; did you mean "x"?`, or nothing where nothing is near.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let scored = names.map(|known| (strsim::jaro_winkler(known, name), known));
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0));
    best.filter(|(score, _)| *score > 0.7)
        .map_or(String::new(), |(_, known)| format!("; did you mean {known:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_profile_counts_only_where_it_is_the_only_one() {
        let named = |names: &[&str]| {
            named_profiles(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(named(&["default", "dev", "prod"]), ["dev", "prod"]);
        assert_eq!(named(&["default"]), ["default"]);
        assert!(named(&[]).is_empty());
    }
}
