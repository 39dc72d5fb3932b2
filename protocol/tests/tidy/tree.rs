//! The work tree: the files that git knows or would take, and the parts of a Rust file.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A text file of the project.
pub(crate) struct File {
    /// Its path from the project's folder, with `/` between its parts.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every text file of the project: tracked, or new and not ignored.
pub(crate) fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let output = Command::new("git").args(list).current_dir(root()).output();
        let output = output.expect("git is needed: the rules are about the files that it tracks");
        assert!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr));
        let names = String::from_utf8(output.stdout).unwrap();
        let mut files: Vec<File> = names.split_terminator('\0').filter_map(read).collect();
        assert!(files.len() > 100, "the project has more than {} files", files.len());
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files
    })
}

/// None for pictures and the like, and for a file that was deleted and not yet committed.
fn read(path: &str) -> Option<File> {
    let bytes = std::fs::read(root().join(path)).ok()?;
    Some(File { path: path.to_owned(), text: String::from_utf8(bytes).ok()? })
}

/// Files whose names end so.
pub(crate) fn ending(end: &str) -> impl Iterator<Item = &'static File> {
    files().iter().filter(move |file| file.path.ends_with(end))
}

/// The file of that path.
pub(crate) fn file(path: &str) -> &'static File {
    files().iter().find(|file| file.path == path).unwrap_or_else(|| panic!("there is no {path}"))
}

impl File {
    /// Whether the whole file is only for tests, measurements or examples.
    pub(crate) fn is_test(&self) -> bool {
        let folder = |name: &str| {
            self.path.starts_with(&format!("{name}/")) || self.path.contains(&format!("/{name}/"))
        };
        folder("tests")
            || folder("examples")
            || folder("benches")
            || self.path.ends_with("/tests.rs")
    }

    /// The lines of a Rust file that are in the product, numbered from 1: those before its tests.
    pub(crate) fn product(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = if self.is_test() { 0 } else { self.tests_begin() };
        self.numbered().take(end)
    }

    /// The lines of a Rust file that are tests.
    pub(crate) fn tests(&self) -> impl Iterator<Item = (usize, &str)> {
        let start = if self.is_test() { 0 } else { self.tests_begin() };
        self.numbered().skip(start)
    }

    /// Every line, numbered from 1.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// How many lines come before `#[cfg(test)] mod tests {`.
    fn tests_begin(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens = |line: &str| line.contains("mod ") && line.ends_with('{');
        let at = lines.windows(2).position(|two| two[0] == "#[cfg(test)]" && opens(two[1]));
        at.unwrap_or(lines.len())
    }
}

/// A line without its comment. A `//` after a `:` or within quotes is none (addresses).
pub(crate) fn code(line: &str) -> &str {
    let mut from = 0;
    while let Some(found) = line[from..].find("//") {
        let at = from + found;
        let before = &line[..at];
        if !before.ends_with(':') && before.matches('"').count().is_multiple_of(2) {
            return before;
        }
        from = at + 2;
    }
    line
}

/// Fails with every place that breaks a rule.
#[track_caller]
pub(crate) fn none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}; broken {} times:\n  {}", broken.len(), broken.join("\n  "));
}

/// Lines of product or tests in which something stands, as `path:line: text`.
pub(crate) fn hits<'f>(
    path: &'f str,
    lines: impl Iterator<Item = (usize, &'f str)>,
    stands: impl Fn(&str) -> bool,
) -> Vec<String> {
    lines
        .filter(|(_, line)| stands(code(line)))
        .map(|(number, line)| format!("{path}:{number}: {}", line.trim()))
        .collect()
}
