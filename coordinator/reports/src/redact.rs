//! Stable pseudonyms for account ids, wherever they stand in a text.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::shape::{Column, Item, Kind, Report};

/// Digits of an account's id.
const DIGITS: usize = 12;

/// Asks for pseudonyms; the same salt gives the same pseudonyms.
#[derive(Debug, Clone)]
pub struct Redaction {
    /// What nobody who reads the reports may know: else ids can be guessed by trying them all.
    pub salt: Vec<u8>,
}

/// Replaces account ids by pseudonyms, or leaves everything as it is.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    salt: Option<Vec<u8>>,
    known: BTreeMap<String, String>,
}

impl Redactor {
    /// A redactor that knows the accounts of a scan.
    pub(crate) fn new(asked: Option<&Redaction>, accounts: &BTreeSet<String>) -> Self {
        let Some(Redaction { salt }) = asked else { return Self::default() };
        let known =
            accounts.iter().map(|account| (account.clone(), pseudonym(salt, account))).collect();
        Self { salt: Some(salt.clone()), known }
    }

    /// An account's id, or its pseudonym.
    pub(crate) fn account<'t>(&'t self, id: &'t str) -> Cow<'t, str> {
        match (&self.salt, self.known.get(id)) {
            (None, _) => Cow::Borrowed(id),
            (Some(_), Some(known)) => Cow::Borrowed(known),
            (Some(salt), None) => Cow::Owned(pseudonym(salt, id)),
        }
    }

    /// The text with a pseudonym for every run of exactly twelve digits, and for every account of
    /// the scan inside a longer run.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(salt) = &self.salt else { return Cow::Borrowed(text) };
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Cow::Borrowed(text);
        }
        let mut out = String::new();
        let mut copied = 0;
        let mut at = 0;
        while at < text.len() {
            let run = text.as_bytes()[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if run == DIGITS {
                out.push_str(&text[copied..at]);
                out.push_str(&self.of_digits(salt, &text[at..at + run]));
                copied = at + run;
            } else if run > DIGITS {
                copied = self.inside(&mut out, text, copied, at, run);
            }
            at += run.max(1);
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[copied..]);
        Cow::Owned(out)
    }

    /// Replaces the ids in a row.
    pub(crate) fn row(&self, columns: &[Column], items: &mut [Item]) {
        if self.salt.is_none() {
            return;
        }
        for (column, item) in columns.iter().zip(items) {
            match (column.kind, item) {
                (Kind::Account, Item::Text(id)) => *id = self.account(id).into_owned(),
                (Kind::Text | Kind::Json, Item::Text(text)) => *text = self.text(text).into_owned(),
                (_, Item::List(list)) => {
                    list.iter_mut().for_each(|text| *text = self.text(text).into_owned());
                }
                _ => {}
            }
        }
    }

    /// Replaces the ids in all tables of a report.
    pub(crate) fn report(&self, report: &mut Report) {
        for table in &mut report.tables {
            for row in &mut table.rows {
                self.row(&table.columns, row);
            }
        }
    }

    /// Replaces the scan's accounts inside a long run of digits; returns what was copied so far.
    fn inside(
        &self,
        out: &mut String,
        text: &str,
        mut copied: usize,
        at: usize,
        run: usize,
    ) -> usize {
        let mut from = at;
        while from + DIGITS <= at + run {
            let Some(known) = self.known.get(&text[from..from + DIGITS]) else {
                from += 1;
                continue;
            };
            out.push_str(&text[copied..from]);
            out.push_str(known);
            from += DIGITS;
            copied = from;
        }
        copied
    }

    fn of_digits(&self, salt: &[u8], id: &str) -> String {
        self.known.get(id).cloned().unwrap_or_else(|| pseudonym(salt, id))
    }
}

/// `account-` and 48 bits of a keyed digest of the id.
fn pseudonym(salt: &[u8], id: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(salt.len().to_be_bytes());
    hash.update(salt);
    hash.update(id.as_bytes());
    let mut name = "account-".to_owned();
    for byte in hash.finalize().iter().take(6) {
        if write!(name, "{byte:02x}").is_err() {
            break;
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: &str = "111122223333";

    fn redactor() -> Redactor {
        let redaction = Redaction { salt: b"salt".to_vec() };
        Redactor::new(Some(&redaction), &BTreeSet::from([KNOWN.to_owned()]))
    }

    #[test]
    fn an_id_has_the_same_pseudonym_alone_and_in_an_arn() {
        let redactor = redactor();
        let arn = format!("arn:aws:iam::{KNOWN}:role/x");
        let name = redactor.account(KNOWN).into_owned();
        assert_eq!(redactor.text(&arn), format!("arn:aws:iam::{name}:role/x"));
    }

    #[test]
    fn another_salt_gives_another_pseudonym() {
        let other = Redactor::new(Some(&Redaction { salt: b"other".to_vec() }), &BTreeSet::new());
        assert_ne!(redactor().account(KNOWN), other.account(KNOWN));
    }

    #[test]
    fn without_redaction_nothing_changes() {
        let redactor = Redactor::default();
        assert_eq!(redactor.text(KNOWN), KNOWN);
        assert_eq!(redactor.account(KNOWN), KNOWN);
    }

    #[test]
    fn ids_of_accounts_outside_the_scan_are_replaced_too_and_other_numbers_are_not() {
        let redactor = redactor();
        assert!(!redactor.text("owner 999988887777 said").contains("999988887777"));
        assert_eq!(redactor.text("at 1700000000000, 42 times"), "at 1700000000000, 42 times");
    }

    proptest! {
        #[test]
        fn a_known_id_never_survives(before in "\\PC{0,20}", after in "\\PC{0,20}") {
            let text = format!("{before}{KNOWN}{after}");
            prop_assert!(!redactor().text(&text).contains(KNOWN));
        }

        #[test]
        fn any_text_can_be_redacted(text in "\\PC{0,80}") {
            let redactor = redactor();
            let once = redactor.text(&text).into_owned();
            prop_assert!(!once.contains(KNOWN));
        }
    }
}
