//! The store's tables, brought up to date from the texts in `migrations/`.

use std::borrow::Cow;

use protocol::store::StoreError;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};

use crate::database::Sql;

/// A migration that is compiled in: its file's name and text.
struct File {
    name: &'static str,
    text: &'static str,
}

macro_rules! file {
    ($name:literal) => {
        File { name: $name, text: include_str!(concat!("../../../migrations/", $name)) }
    };
}

/// All of them, in order. A name that ends in `.sqlite.sql` is for that database alone.
const FILES: &[File] = &[
    file!("20261122000100_scans.sql"),
    file!("20261122000200_answers.postgres.sql"),
    file!("20261122000200_answers.sqlite.sql"),
    file!("20261122000300_scan_cells.sql"),
    file!("20261122000400_fleet.sql"),
    file!("20261122000500_registry.sql"),
    file!("20261122000600_returned.sql"),
    file!("20261122000700_resource_calls.sql"),
    file!("20261122000800_stints.sql"),
    file!("20261122000900_renewals.sql"),
    file!("20261122001000_inventory.sql"),
    file!("20261122001100_asked.sql"),
    file!("20261122001500_preflight_at.sql"),
    file!("20261122001800_members.sql"),
];

/// How the store's tables compare with those that this build knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// There are none.
    Empty,
    /// Some migrations have not been run.
    Older,
    /// They are as this build makes them.
    Same,
    /// They were changed by a migration that this build does not know.
    Newer,
}

/// What a text column is in PostgreSQL: ordered and compared as bytes, as SQLite does, not by some
/// language's rules.
const BYTEWISE: &str = " text collate \"C\"";

/// PostgreSQL's code for what a user may not do.
const NOT_PERMITTED: &str = "42501";

/// The migrations of a database, e.g. `sqlite`.
fn migrator(database: &str) -> Migrator {
    let migrations = FILES.iter().filter_map(|file| {
        let (version, rest) = file.name.split_once('_')?;
        let (words, only) = rest.strip_suffix(".sql")?.split_once('.').unwrap_or((rest, database));
        (only == database).then_some(())?;
        let version = version.parse().ok()?;
        let words = words.trim_end_matches(".sql").replace('_', " ");
        let sql = match database {
            "postgres" => Sql::from(file.text.replace(" text", BYTEWISE)),
            _ => Sql::from(file.text),
        };
        let sql = sql.into_text();
        Some(Migration::new(version, Cow::Owned(words), MigrationType::Simple, sql, false))
    });
    Migrator::with_migrations(migrations.collect())
}

/// Brings the tables up to date.
pub(crate) async fn run<C>(
    connection: &mut C,
    database: &str,
    place: &str,
) -> Result<(), StoreError>
where
    C: Migrate,
{
    let mut migrator = migrator(database);
    // Who may run it is decided before.
    migrator.set_locking(false);
    migrator.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(_)
        | MigrateError::VersionTooNew(..)
        | MigrateError::VersionMismatch(_) => StoreError::Newer(place.to_owned()),
        other => StoreError::Unusable { place: place.to_owned(), why: plain(&other) },
    })
}

/// Compares the migrations that were run with those that there are.
pub(crate) fn compare(database: &str, applied: &[i64]) -> Age {
    let migrator = migrator(database);
    if applied.is_empty() {
        return Age::Empty;
    }
    if applied.iter().any(|version| !migrator.version_exists(*version)) {
        return Age::Newer;
    }
    if migrator.iter().all(|known| applied.contains(&known.version)) {
        Age::Same
    } else {
        Age::Older
    }
}

fn plain(error: &MigrateError) -> String {
    match error {
        MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => why_not(cause),
        other => other.to_string(),
    }
}

/// Why tables could not be made.
pub(crate) fn why_not(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(refusal) if refusal.code().as_deref() == Some(NOT_PERMITTED) => format!(
            "{}: its user must be allowed to make tables, or somebody who is runs `orgsweep migrate`",
            refusal.message()
        ),
        Some(refusal) => refusal.message().to_owned(),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_compiled_in_and_none_else() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder of migrations")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .filter(|name| name.ends_with(".sql"))
            .collect();
        names.sort();
        assert_eq!(names, FILES.iter().map(|file| file.name).collect::<Vec<_>>());
    }

    #[test]
    fn every_name_is_read_and_a_database_gets_the_common_ones_and_its_own() {
        let of = |end: &str| FILES.iter().filter(|file| file.name.ends_with(end)).count();
        let (sqlite, postgres) = (of(".sqlite.sql"), of(".postgres.sql"));
        assert!(sqlite > 0 && sqlite == postgres);
        for database in ["sqlite", "postgres"] {
            let ours: Vec<i64> = migrator(database).iter().map(|known| known.version).collect();
            assert_eq!(ours.len(), FILES.len() - sqlite);
            assert!(ours.is_sorted_by(|one, next| one < next), "{ours:?}");
        }
        assert_eq!(migrator("other").iter().count(), of(".sql") - sqlite - postgres);
        assert_eq!(
            migrator("sqlite").iter().next().map(|first| &*first.description),
            Some("scans")
        );
    }

    #[test]
    fn versions_are_compared_by_what_was_run() {
        let all: Vec<i64> = migrator("sqlite").iter().map(|known| known.version).collect();
        assert_eq!(compare("sqlite", &[]), Age::Empty);
        assert_eq!(compare("sqlite", &all[..1]), Age::Older);
        assert_eq!(compare("sqlite", &all), Age::Same);
        assert_eq!(compare("sqlite", &[all[0], i64::MAX]), Age::Newer);
    }
}
