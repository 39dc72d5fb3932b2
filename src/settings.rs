//! From what was typed to what it means: the settings of a scan.

use std::time::Duration;

use aws::Options;
use catalog::Catalog;
use protocol::scan::{self, Detail, Priority, Settings, Source};
use protocol::selection::Selection;
use protocol::{AccountId, ProbeId, Region, ServiceId};

use crate::accounts_file;
use crate::args::{Access, Group, Pace, Resources, Sources, Which, WhichAccounts};
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
        sources: read_sources(sources, access, options).await?,
        access: read_access(access, catalog)?,
        selection: read_selection(which, catalog)?,
        pace: read_pace(pace),
        resources: detail(resources),
        priority: Priority::default(),
    })
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
) -> Result<Vec<Source>, Stop> {
    let mut all = Vec::new();
    if sources.all_profiles || !sources.profile.is_empty() {
        let there = aws::profiles(options).await.map_err(Stop::usage)?;
        let names = if sources.all_profiles { there.clone() } else { sources.profile.clone() };
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
    Ok(all)
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
    })
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
