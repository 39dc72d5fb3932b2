//! The settings file: its keys are the names of flags, and become their defaults.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Command;

use crate::stop::Stop;

/// The file that is read where none is named.
const DEFAULT: &str = "orgsweep.toml";
/// Sections, and the flags that their lines are pairs of.
const SECTIONS: &[(&str, &str)] =
    &[("account_tags", "tag-spelling"), ("region_groups", "region-group")];
/// The longest settings file, in bytes.
const LONGEST: u64 = 1 << 20;

/// Puts the keys of the settings file in as defaults of the flags that they name.
///
/// # Errors
/// A sentence with file, line and key when the file is not one.
pub(crate) fn apply(
    command: Command,
    args: &[OsString],
    env: Option<OsString>,
) -> Result<Command, Stop> {
    let named = named(args).or_else(|| env.map(PathBuf::from));
    let path = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT));
    if named.is_none() && !path.exists() {
        return Ok(command);
    }
    let text = read(&path)?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| line_of(&text, span.start));
        Stop::usage(format!("{}:{line}: {}", path.display(), error.message()))
    })?;
    let mut command = command;
    for (key, value) in &table {
        let section = SECTIONS.iter().find(|(name, _)| name == key);
        let values = match section {
            Some(_) => pairs(value),
            None => texts(value),
        };
        let values = values.ok_or_else(|| {
            let form = match section {
                Some(_) => "the section must have lines of a name and a list of texts",
                None => "a value must be text, a number, true, false or a list of these",
            };
            at(&path, &text, key, form)
        })?;
        let key = section.map_or(key.as_str(), |(_, flag)| flag);
        command = set(command, key, &values).map_err(|nearest| {
            let hint = nearest.map_or(String::new(), |name| format!("; did you mean {name:?}?"));
            at(&path, &text, key, &format!("there is no setting of that name{hint}"))
        })?;
    }
    Ok(command)
}

fn named(args: &[OsString]) -> Option<PathBuf> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        if text == "--config" {
            return args.next().map(PathBuf::from);
        }
        if let Some(path) = text.strip_prefix("--config=") {
            return Some(PathBuf::from(path));
        }
    }
    None
}

/// Reads a file of bounded size.
pub(crate) fn read(path: &Path) -> Result<String, Stop> {
    let unreadable =
        |error: std::io::Error| Stop::usage(format!("{} cannot be read: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > LONGEST {
        return Err(Stop::usage(format!(
            "{} cannot be read: it has {size} bytes, at most {LONGEST} are allowed",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn at(path: &Path, text: &str, key: &str, what: &str) -> Stop {
    let line = text
        .lines()
        .position(|line| line.trim_start().trim_start_matches('[').starts_with(key))
        .map_or(1, |index| index + 1);
    Stop::usage(format!("{}:{line}: {key}: {what}", path.display()))
}

/// The number of the line that an offset is in, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn texts(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Boolean(flag) => Some(vec![flag.to_string()]),
        toml::Value::Array(values) => {
            let each: Option<Vec<Vec<String>>> = values.iter().map(texts).collect();
            each.map(|each| each.concat())
        }
        _ => None,
    }
}

/// The lines of a section as `NAME=TEXT` each.
fn pairs(value: &toml::Value) -> Option<Vec<String>> {
    let mut pairs = Vec::new();
    for (name, value) in value.as_table()? {
        pairs.extend(texts(value)?.into_iter().map(|text| format!("{name}={text}")));
    }
    Some(pairs)
}

/// Sets the default of a flag wherever it is; `Err` holds the nearest name there is.
fn set(command: Command, key: &str, values: &[String]) -> Result<Command, Option<String>> {
    let mut names: Vec<String> = Vec::new();
    collect(&command, &mut names);
    if !names.iter().any(|name| name == key) {
        let score = |name: &String| strsim::jaro_winkler(name, key);
        let nearest = names.into_iter().max_by(|a, b| score(a).total_cmp(&score(b)));
        return Err(nearest.filter(|name| score(name) > 0.8));
    }
    Ok(put(command, key, values))
}

fn collect(command: &Command, names: &mut Vec<String>) {
    let longs = command.get_arguments().filter_map(|arg| arg.get_long());
    names.extend(longs.filter(|long| *long != "config").map(str::to_owned));
    for sub in command.get_subcommands() {
        collect(sub, names);
    }
}

fn put(command: Command, key: &str, values: &[String]) -> Command {
    let id = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(key))
        .map(|arg| arg.get_id().clone());
    let command = match id {
        // What may hold a password is not shown as a default either.
        Some(id) => command.mut_arg(id, |arg| {
            let secret = arg.is_hide_env_values_set();
            arg.default_values(values.to_vec()).hide_default_value(secret)
        }),
        None => command,
    };
    let subs: Vec<String> =
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    subs.into_iter()
        .fold(command, |command, sub| command.mut_subcommand(sub, |sub| put(sub, key, values)))
}
