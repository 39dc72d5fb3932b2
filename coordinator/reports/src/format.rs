//! The formats that a report can be had in.

use crate::error::ReportError;
use crate::nearest::nearest;

/// How a report is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Columns for a terminal.
    Table,
    /// One JSON document.
    Json,
    /// A JSON object a line: the rows of the main table.
    Jsonl,
    /// Comma separated values with a header: the rows of the main table.
    Csv,
    /// One page that opens from disk.
    Html,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Table, Self::Json, Self::Jsonl, Self::Csv, Self::Html];

    /// Reads the name of a format.
    ///
    /// # Errors
    /// [`ReportError::NoFormat`] with the nearest name.
    pub fn parse(name: &str) -> Result<Self, ReportError> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name).ok_or_else(|| {
            let nearest = nearest(name, Self::ALL.iter().map(|format| format.as_str()));
            ReportError::NoFormat { name: name.chars().take(80).collect(), nearest }
        })
    }

    /// The name of the format, which is its files' extension too (`table` has no files).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = ReportError;
    fn from_str(name: &str) -> Result<Self, ReportError> {
        Self::parse(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_reads_back_and_a_slip_gets_the_nearest() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.as_str()).ok(), Some(*format));
        }
        let error = Format::parse("jsn").expect_err("there is no such format");
        assert!(error.to_string().contains("did you mean \"json\""), "{error}");
    }
}
