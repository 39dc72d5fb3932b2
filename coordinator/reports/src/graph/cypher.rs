//! The file for `cypher-shell`: each statement behind the parameters that it takes, as literals.

use std::io::Write;

use super::{Graph, Row, Value};
use crate::error::ReportError;

/// Writes the file.
pub(super) fn write(graph: &Graph, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let Graph { scan, update_tag, notes, .. } = graph;
    writeln!(out, "// The account graph of scan {scan}, update tag {update_tag}.")?;
    writeln!(out, "// Run it with `cypher-shell --file`; to run it again changes nothing.")?;
    for note in notes {
        writeln!(out, "// {}", one_line(note))?;
    }
    writeln!(out, ":param update_tag => {update_tag}")?;
    let mut about = "";
    for statement in graph.statements() {
        if statement.about != about {
            about = statement.about;
            writeln!(out, "\n// {about}")?;
        }
        if !statement.rows.is_empty() {
            writeln!(out, ":param rows => {}", rows(&statement.rows))?;
        }
        writeln!(out, "{};", statement.text)?;
    }
    Ok(())
}

/// A note ends with its line: what comes after would be a statement.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_separator(c) { ' ' } else { c }).collect()
}

fn rows(rows: &[Row]) -> String {
    let row = |row: &Row| {
        let known = row.iter().filter(|(_, value)| *value != Value::Nothing);
        let fields: Vec<String> =
            known.map(|(name, value)| format!("{name}: {}", literal(value))).collect();
        format!("{{{}}}", fields.join(", "))
    };
    format!("[{}]", rows.iter().map(row).collect::<Vec<_>>().join(", "))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Nothing => "null".to_owned(),
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => quoted(text),
        Value::Texts(texts) => {
            format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text as a literal on one line.
///
/// A backslash before a `u` is where some readers replace `\uXXXX` before they look for the end of the text; so the text is
/// put together from two there.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if matches!(letters.peek(), Some('u' | 'U')) => out.push_str(r"\\' + '"),
            '\\' => out.push_str(r"\\"),
            '\'' => out.push_str(r"\'"),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            other if other.is_control() || is_separator(other) => {
                out.push_str(&format!("\\u{:04X}", u32::from(other)));
            }
            other => out.push(other),
        }
    }
    out.push('\'');
    out
}

/// What some readers take for the end of a line.
const fn is_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a literal as Cypher does: texts in single quotes, joined by `+`.
    fn read(literal: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = literal.chars();
        loop {
            if rest.next()? != '\'' {
                return None;
            }
            loop {
                match rest.next()? {
                    '\'' => break,
                    '\\' => match rest.next()? {
                        'n' => out.push('\n'),
                        'r' => out.push('\r'),
                        't' => out.push('\t'),
                        'u' => {
                            let digits: String = rest.by_ref().take(4).collect();
                            out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                        }
                        itself @ ('\\' | '\'') => out.push(itself),
                        _ => return None,
                    },
                    other => out.push(other),
                }
            }
            let more: String = rest.by_ref().take(3).collect();
            match more.as_str() {
                "" => return Some(out),
                " + " => {}
                _ => return None,
            }
        }
    }

    #[test]
    fn a_text_that_would_end_its_literal_stays_in_it() {
        assert_eq!(quoted("o'x"), r"'o\'x'");
        assert_eq!(quoted(r"a\"), r"'a\\'");
        assert_eq!(quoted("one\ntwo\u{2028}\u{0}"), r"'one\ntwo\u2028\u0000'");
    }

    #[test]
    fn a_backslash_never_stands_before_a_u_of_the_text() {
        assert_eq!(quoted(r"\u0027 OR"), r"'\\' + 'u0027 OR'");
    }

    #[test]
    fn what_is_not_known_is_not_in_a_row() {
        let row = vec![("id", "a".into()), ("arn", Value::Nothing), ("x", Value::Flag(true))];
        assert_eq!(rows(&[row]), "[{id: 'a', x: true}]");
        let row = vec![("ids", Value::Texts(vec!["a".to_owned()])), ("n", Value::Number(-1))];
        assert_eq!(rows(&[row]), "[{ids: ['a'], n: -1}]");
    }

    proptest! {
        #[test]
        fn every_text_is_read_as_it_was(text in r"(\\|u|U|'|\PC|\n|\u{0}|\u{85}){0,40}") {
            let literal = quoted(&text);
            prop_assert_eq!(read(&literal), Some(text));
            prop_assert!(!literal.contains(|c: char| c.is_control()));
        }
    }
}
