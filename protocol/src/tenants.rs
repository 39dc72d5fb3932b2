//! A table of tenants: one source that leads to many organizations, each by a connection of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ConnectionId, InvalidId, Region};

/// The most values that an attribute may be compared with: what the table's own language takes.
const MOST_VALUES: usize = 100;

/// A table whose items name the accounts that manage organizations. Holds names, never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Tenants {
    /// The table's name.
    pub table: String,
    /// The table's region; none means the hub's.
    pub region: Option<Region>,
    /// The name (with path) of the role that is assumed in every tenant.
    pub role: String,
    /// The attribute that holds a tenant's account id.
    pub id_attribute: String,
    /// The attribute that holds a tenant's name, for messages.
    pub name_attribute: Option<String>,
    /// The attribute that holds the ARN of a tenant's role, where they are not all named alike.
    pub role_attribute: Option<String>,
    /// The attribute that holds the external id that a tenant's role asks for.
    pub external_id_attribute: Option<String>,
    /// Which items are meant: each attribute must have one of its values.
    pub filter: BTreeMap<String, Vec<String>>,
}

/// Why a filter of tenants is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilter {
    /// It is not an attribute and a value.
    #[error("{0:?} is not of the form ATTRIBUTE=VALUE")]
    Form(String),
    /// An attribute has no value to be compared with, or too many.
    #[error(
        "the attribute {attribute:?} is compared with {values} values: 1 to {} are possible",
        MOST_VALUES
    )]
    Values {
        /// The attribute.
        attribute: String,
        /// How many values there are.
        values: usize,
    },
}

impl Default for Tenants {
    fn default() -> Self {
        Self {
            table: String::new(),
            region: None,
            role: "orgsweep-tenant".to_owned(),
            id_attribute: "tenant_id".to_owned(),
            name_attribute: None,
            role_attribute: None,
            external_id_attribute: None,
            filter: usual_filter(),
        }
    }
}

/// The filter where none is set: active tenants that use AWS.
fn usual_filter() -> BTreeMap<String, Vec<String>> {
    let usual = [
        ("tenant_type", "Cloud Usage"),
        ("tenant_status", "Active"),
        ("cloud_service_provider", "AWS"),
    ];
    usual.map(|(attribute, value)| (attribute.to_owned(), vec![value.to_owned()])).into()
}

impl Tenants {
    /// Reads a filter of `ATTRIBUTE=VALUE` texts; an attribute that is there several times may have any of its values.
    ///
    /// # Errors
    /// [`InvalidFilter`] for a text of another form.
    pub fn read_filter<T: AsRef<str>>(
        texts: &[T],
    ) -> Result<BTreeMap<String, Vec<String>>, InvalidFilter> {
        let mut filter = BTreeMap::<String, Vec<String>>::new();
        for text in texts.iter().map(AsRef::as_ref) {
            let pair =
                text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
            let (attribute, value) = pair.ok_or_else(|| InvalidFilter::Form(text.to_owned()))?;
            filter.entry(attribute.to_owned()).or_default().push(value.to_owned());
        }
        check_filter(&filter)?;
        Ok(filter)
    }

    /// Whether a tenant's role is told by its item, and not by its account alone.
    #[must_use]
    pub const fn is_told_by_item(&self) -> bool {
        self.role_attribute.is_some() || self.external_id_attribute.is_some()
    }

    /// The filter in words, for messages.
    #[must_use]
    pub fn filter_text(&self) -> String {
        let one = |(attribute, values): (&String, &Vec<String>)| {
            let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
            format!("{attribute} = {}", values.join(" or "))
        };
        let all: Vec<String> = self.filter.iter().map(one).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    }
}

/// Checks that every attribute of a filter has as many values as can be compared.
///
/// # Errors
/// [`InvalidFilter::Values`] that names the attribute.
pub fn check_filter(filter: &BTreeMap<String, Vec<String>>) -> Result<(), InvalidFilter> {
    let wrong = filter.iter().find(|(_, values)| !(1..=MOST_VALUES).contains(&values.len()));
    wrong.map_or(Ok(()), |(attribute, values)| {
        Err(InvalidFilter::Values { attribute: attribute.clone(), values: values.len() })
    })
}

impl ConnectionId {
    /// The connection to one tenant of the table that this connection leads to.
    ///
    /// # Errors
    /// [`InvalidId`] where the two are too long together.
    pub fn of_tenant(&self, tenant: &AccountId) -> Result<Self, InvalidId> {
        Self::new(format!("{self}/{tenant}"))
    }

    /// The connection to the table, and the tenant, where this may be a connection to a tenant.
    #[must_use]
    pub fn tenant(&self) -> Option<(Self, AccountId)> {
        let (table, tenant) = self.as_str().rsplit_once('/')?;
        Some((Self::new(table).ok()?, AccountId::new(tenant).ok()?))
    }

    /// Whether this is `other`, or the connection to a tenant of `other`.
    #[must_use]
    pub fn is_part_of(&self, other: &str) -> bool {
        let rest = self.as_str().strip_prefix(other);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_takes_any_of_the_values_of_an_attribute() {
        let texts =
            ["mgmt_category=Known Managed", "status=Active", "mgmt_category=Known = Partly"];
        let filter = Tenants::read_filter(&texts).expect("a filter");
        let tenants = Tenants { filter, ..Tenants::default() };
        assert_eq!(
            tenants.filter_text(),
            "mgmt_category = \"Known Managed\" or \"Known = Partly\", status = \"Active\""
        );
    }

    #[test]
    fn a_filter_of_another_form_is_told() {
        for text in ["", "status", "=Active", "status="] {
            assert_eq!(
                Tenants::read_filter(&[text]),
                Err(InvalidFilter::Form(text.to_owned())),
                "{text}"
            );
        }
        let many: Vec<String> = (0..=MOST_VALUES).map(|n| format!("a={n}")).collect();
        let told = Tenants::read_filter(&many).expect_err("too many").to_string();
        assert!(told.contains("\"a\" is compared with 101 values"), "{told}");
        assert!(check_filter(&BTreeMap::from([("a".to_owned(), vec![])])).is_err());
    }

    #[test]
    fn what_is_stored_of_an_older_table_reads_with_the_usual_settings() {
        let read: Tenants = serde_json::from_str(r#"{"table":"t"}"#).expect("settings");
        assert_eq!(read, Tenants { table: "t".to_owned(), ..Tenants::default() });
    }

    #[test]
    fn a_tenants_connection_names_its_table_and_its_account() {
        let table = ConnectionId::new("prod/tenants").expect("an id");
        let tenant = AccountId::new("111122223333").expect("an id");
        let both = table.of_tenant(&tenant).expect("an id");
        assert_eq!(both.as_str(), "prod/tenants/111122223333");
        assert_eq!(both.tenant(), Some((table.clone(), tenant)));
        assert!(both.is_part_of("prod/tenants") && table.is_part_of("prod/tenants"));
        assert!(!both.is_part_of("prod/tenant") && !table.is_part_of(both.as_str()));
        assert_eq!(ConnectionId::new("source-0").expect("an id").tenant(), None);
    }
}
