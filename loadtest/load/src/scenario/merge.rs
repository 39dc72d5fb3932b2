//! One scenario that is like another: its file says only what differs.

use std::path::Path;

use anyhow::{Context, bail};
use toml::{Table, Value};

/// The most files that a scenario goes back to.
const MOST: usize = 4;

/// Reads a scenario's file over the one that its `like` names, and that over its own.
pub(super) fn read(path: &Path) -> anyhow::Result<Table> {
    let mut all = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        if all.len() == MOST {
            bail!("{}: `like` leads through more than {MOST} files", path.display());
        }
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut table: Table = text.parse().with_context(|| path.display().to_string())?;
        next = match table.remove("like") {
            None => None,
            Some(Value::String(name)) => Some(path.with_file_name(name)),
            Some(_) => bail!("{}: `like` is the name of another file", path.display()),
        };
        all.push(table);
    }
    let mut merged = Table::new();
    for table in all.into_iter().rev() {
        lay_over(&mut merged, table);
    }
    Ok(merged)
}

/// Lays a table over another: tables in it are merged, everything else is replaced.
fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        folder
    }

    #[test]
    fn a_file_says_what_differs_from_the_one_that_it_is_like() {
        let base = "a = 1\n[t]\nx = 1\ny = [1, 2]";
        let folder = files(&[("base.toml", base), ("own.toml", "like = 'base.toml'\nt.y = [3]")]);
        let merged = read(&folder.path().join("own.toml")).expect("a table");
        assert_eq!(merged.to_string(), "a = 1\n\n[t]\nx = 1\ny = [3]\n");
    }

    #[test]
    fn a_file_that_leads_nowhere_or_to_itself_is_refused() {
        let folder = files(&[("own.toml", "like = 'own.toml'"), ("lost.toml", "like = 'x.toml'")]);
        let told =
            |name: &str| format!("{:#}", read(&folder.path().join(name)).expect_err("a refusal"));
        assert!(told("own.toml").contains("more than 4"), "{}", told("own.toml"));
        assert!(told("lost.toml").contains("x.toml"), "{}", told("lost.toml"));
    }
}
