//! Whether what is asked of a scan can be done here: names that there are, figures within their bounds.

use catalog::Catalog;
use protocol::scan::Settings;
use protocol::{ConnectionId, Region, WorkspaceId};

use super::api::{NewScan, Pace, Requeue, Select};
use super::problem::Problem;
use super::{Parts, lists};

/// Checks what is asked of a scan; the settings that it is started with.
pub(super) fn check(
    parts: &Parts,
    workspace: &WorkspaceId,
    asked: NewScan,
) -> Result<Settings, Problem> {
    lists::check_scan(&asked)?;
    let connections = connections(&asked.connections, workspace, &parts.connections.of(workspace))?;
    in_bounds(&asked.pace)?;
    let select = &asked.selection;
    regions("selection.regions", &select.regions, &parts.catalog)?;
    regions("selection.exclude_regions", &select.exclude_regions, &parts.catalog)?;
    printable(select)?;
    let settings = asked.settings(connections);
    let chosen = parts.catalog.select(&settings.selection);
    let chosen = chosen.map_err(|error| Problem::field("selection", error.to_string()))?;
    if chosen.is_empty() {
        let sentence = "no service is left: what `services` names, `exclude_services` takes away";
        return Err(Problem::field("selection.exclude_services", sentence));
    }
    Ok(settings)
}

/// Checks the names in a filter of cells, and how many there are.
pub(super) fn check_names(catalog: &Catalog, asked: &Requeue) -> Result<(), Problem> {
    lists::check_requeue(asked)?;
    texts(&[("units", &asked.units), ("codes", &asked.codes)])?;
    regions("regions", &asked.regions, catalog)?;
    match asked.services.iter().find(|service| catalog.entry(service).is_none()) {
        Some(service) => {
            let error = catalog.unknown_service(service.as_str());
            Err(Problem::field("services", error.to_string()))
        }
        None => Ok(()),
    }
}

/// The connections that a scan gets in by: those that it names, else the only one there is.
fn connections(
    asked: &[ConnectionId],
    workspace: &WorkspaceId,
    there: &[ConnectionId],
) -> Result<Vec<ConnectionId>, Problem> {
    let wrong = |sentence: String| Err(Problem::field("connections", sentence));
    let names = || there.iter().map(ConnectionId::as_str).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = asked.iter().find(|name| !there.contains(name)) {
        let shown: String = unknown.as_str().chars().take(80).collect();
        let has = if there.is_empty() { "none".to_owned() } else { names() };
        return wrong(format!("workspace {workspace} has no connection {shown:?}; it has: {has}"));
    }
    match (asked, there) {
        (_, []) => wrong(format!(
            "workspace {workspace} has no connection; the server's settings name them, with the workspaces that own them"
        )),
        ([], [only]) => Ok(vec![only.clone()]),
        ([], _) => wrong(format!("name the connections to get in by, of: {}", names())),
        (asked, _) => {
            let mut once: Vec<ConnectionId> = Vec::new();
            for name in asked {
                if !once.contains(name) {
                    once.push(name.clone());
                }
            }
            Ok(once)
        }
    }
}

fn in_bounds(pace: &Pace) -> Result<(), Problem> {
    let bounds = [
        ("budget_share", u64::from(pace.budget_share), 100),
        ("max_in_flight", u64::from(pace.max_in_flight), 16_384),
        ("max_attempts", u64::from(pace.max_attempts), 20),
        ("call_timeout_ms", pace.call_timeout_ms, 3_600_000),
    ];
    let out = bounds.iter().find(|(_, value, most)| !(1..=*most).contains(value));
    out.map_or(Ok(()), |(name, value, most)| {
        Err(Problem::field(
            format!("pace.{name}"),
            format!("{name} is {value}; it must be 1 to {most}"),
        ))
    })
}

fn regions(field: &str, regions: &[Region], catalog: &Catalog) -> Result<(), Problem> {
    let named = regions.iter().filter(|region| !region.is_global());
    for region in named {
        let known = catalog.known_region(region.as_str());
        known.map_err(|error| Problem::field(field, error.to_string()))?;
    }
    Ok(())
}

/// Texts that are no ids of ours are bounded all the same.
fn printable(select: &Select) -> Result<(), Problem> {
    texts(&[
        ("selection.account_names", &select.account_names),
        ("selection.exclude_account_names", &select.exclude_account_names),
        ("selection.units", &select.units),
        ("selection.exclude_units", &select.exclude_units),
    ])?;
    for (name, tags) in [("tags", &select.tags), ("exclude_tags", &select.exclude_tags)] {
        if !tags.iter().all(|tag| !tag.key.is_empty() && is_text(&tag.key) && is_text(&tag.value)) {
            let sentence = "a tag's key has 1 to 256 printable characters, its value at most 256";
            return Err(Problem::field(format!("selection.{name}"), sentence));
        }
    }
    Ok(())
}

fn texts(lists: &[(&str, &[String])]) -> Result<(), Problem> {
    let fine = |text: &String| !text.is_empty() && is_text(text);
    match lists.iter().find(|(_, texts)| !texts.iter().all(fine)) {
        None => Ok(()),
        Some((field, _)) => {
            let sentence =
                format!("what stands in {field} must have 1 to 256 printable characters");
            Err(Problem::field(*field, sentence))
        }
    }
}

fn is_text(text: &str) -> bool {
    text.len() <= 256 && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ConnectionId {
        ConnectionId::new(text).unwrap()
    }

    #[test]
    fn a_scan_gets_in_by_what_the_server_names_and_by_nothing_else() {
        let (two, own) = ([name("main"), name("other")], WorkspaceId::main());
        assert_eq!(connections(&[], &own, &two[..1]).unwrap(), [name("main")]);
        assert_eq!(
            connections(&[name("other"), name("other")], &own, &two).unwrap(),
            [name("other")]
        );
        let said = |asked: &[ConnectionId], there: &[ConnectionId]| {
            format!("{:?}", connections(asked, &own, there).unwrap_err())
        };
        assert!(said(&[], &two).contains("main, other"));
        assert!(said(&[name("mian")], &two).contains("no connection"));
        assert!(said(&[], &[]).contains("settings name them"));
        assert!(said(&[name("main")], &[]).contains("it has: none"));
        assert!(said(&[name("source-0")], &two).contains("no connection"));
    }

    #[test]
    fn a_figure_beyond_its_bounds_is_named() {
        assert!(in_bounds(&Pace::default()).is_ok());
        let none = Pace { max_attempts: 0, ..Pace::default() };
        assert!(format!("{:?}", in_bounds(&none)).contains("pace.max_attempts"));
        let much = Pace { budget_share: 101, ..Pace::default() };
        assert!(format!("{:?}", in_bounds(&much)).contains("1 to 100"));
    }
}
