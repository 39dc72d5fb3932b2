//! The columns that a listing of accounts can have, and the layouts that name some of them.

use std::borrow::Cow;

use crate::error::ReportError;
use crate::nearest::nearest;
use crate::shape::{Column, Kind, Show};

/// What stands before the key of a tag in a column's name.
const TAG: &str = "tag:";

/// A column of a listing, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(Source);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Named(&'static Named),
    Tag(String),
}

/// What a column tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What<'f> {
    Id,
    Name,
    State,
    Email,
    Arn,
    JoinedMethod,
    JoinedAt,
    Organization,
    ManagementAccount,
    Management,
    Path,
    IdPath,
    Connection,
    Cloud,
    Environment,
    Application,
    Owner,
    NameTag,
    /// As a list.
    Regions,
    /// As one text.
    RegionsText,
    RegionGroup,
    Tags,
    Notes,
    /// The value of one tag.
    Tag(&'f str),
}

#[derive(Debug, PartialEq, Eq)]
struct Named {
    name: &'static str,
    what: What<'static>,
    kind: Kind,
    show: Show,
}

const fn named(name: &'static str, what: What<'static>, kind: Kind, show: Show) -> Named {
    Named { name, what, kind, show }
}

/// Every name: those of our own reports, then those of the files that other programs know.
const NAMES: &[Named] = &[
    named("account_id", What::Id, Kind::Account, Show::Always),
    named("account_name", What::Name, Kind::Text, Show::Always),
    named("account_state", What::State, Kind::Word, Show::Always),
    named("email", What::Email, Kind::Text, Show::Programs),
    named("arn", What::Arn, Kind::Text, Show::Programs),
    named("joined_method", What::JoinedMethod, Kind::Word, Show::Programs),
    named("joined_at", What::JoinedAt, Kind::Time, Show::Programs),
    named("organization_id", What::Organization, Kind::Text, Show::Page),
    named("management_account", What::ManagementAccount, Kind::Text, Show::Page),
    named("management", What::Management, Kind::Word, Show::Programs),
    named("ou_path", What::Path, Kind::Text, Show::Always),
    named("ou_id_path", What::IdPath, Kind::Text, Show::Programs),
    named("connection", What::Connection, Kind::Text, Show::Programs),
    named("environment", What::Environment, Kind::Text, Show::Always),
    named("application_id", What::Application, Kind::Text, Show::Always),
    named("owner", What::Owner, Kind::Text, Show::Always),
    named("name_tag", What::NameTag, Kind::Text, Show::Programs),
    named("region_group", What::RegionGroup, Kind::Text, Show::Always),
    named("regions", What::Regions, Kind::List, Show::Page),
    named("tags", What::Tags, Kind::Json, Show::Programs),
    named("notes", What::Notes, Kind::List, Show::Page),
    named("Account_Id", What::Id, Kind::Account, Show::Always),
    named("Account_ID", What::Id, Kind::Account, Show::Always),
    named("Account_Name", What::Name, Kind::Text, Show::Always),
    named("Org_ID", What::Organization, Kind::Text, Show::Always),
    named("Tenant_Name", What::ManagementAccount, Kind::Text, Show::Always),
    named("CSP", What::Cloud, Kind::Word, Show::Always),
    named("Billing_Account_State", What::State, Kind::Word, Show::Always),
    named("Region_Group", What::RegionGroup, Kind::Text, Show::Always),
    named("Regions", What::RegionsText, Kind::Text, Show::Always),
    named("Tenant_ID", What::ManagementAccount, Kind::Text, Show::Always),
    named("Environment", What::Environment, Kind::Text, Show::Always),
    named("Aide_ID", What::Application, Kind::Text, Show::Always),
];

/// The layouts by name; of the last three the names and the order of columns are a contract.
const LAYOUTS: &[(&str, &[&str])] = &[
    (
        FULL,
        &[
            "account_id",
            "account_name",
            "account_state",
            "email",
            "arn",
            "joined_method",
            "joined_at",
            "organization_id",
            "management_account",
            "management",
            "ou_path",
            "ou_id_path",
            "connection",
            "environment",
            "application_id",
            "owner",
            "name_tag",
            "region_group",
            "regions",
            "tags",
            "notes",
        ],
    ),
    (
        METADATA,
        &[
            "Account_Id",
            "Account_Name",
            "Org_ID",
            "Tenant_Name",
            "CSP",
            "Billing_Account_State",
            "Region_Group",
            "Tenant_ID",
            "Environment",
            "Aide_ID",
        ],
    ),
    (
        "metadata-regions",
        &[
            "Account_Id",
            "Account_Name",
            "Org_ID",
            "Tenant_Name",
            "CSP",
            "Billing_Account_State",
            "Region_Group",
            "Regions",
            "Tenant_ID",
            "Environment",
            "Aide_ID",
        ],
    ),
    (
        "metadata-id",
        &[
            "Account_ID",
            "Account_Name",
            "Org_ID",
            "Tenant_Name",
            "CSP",
            "Billing_Account_State",
            "Region_Group",
            "Regions",
            "Tenant_ID",
            "Environment",
            "Aide_ID",
        ],
    ),
];

/// The layout with everything that is known.
pub const FULL: &str = "full";
/// The layout of ten columns.
pub const METADATA: &str = "metadata";

impl Field {
    /// Reads the name of a column: one of ours, one of the files that other programs know, or `tag:KEY`.
    ///
    /// # Errors
    /// [`ReportError::NoColumn`] with the nearest name.
    pub fn parse(name: &str) -> Result<Self, ReportError> {
        if let Some(key) = name.strip_prefix(TAG).filter(|key| !key.is_empty()) {
            return Ok(Self(Source::Tag(key.to_owned())));
        }
        NAMES
            .iter()
            .find(|known| known.name == name)
            .map(|known| Self(Source::Named(known)))
            .ok_or_else(|| ReportError::NoColumn {
                name: name.chars().take(80).collect(),
                nearest: nearest(name, NAMES.iter().map(|known| known.name)),
            })
    }

    /// The columns of a layout.
    ///
    /// # Errors
    /// [`ReportError::NoLayout`] with the nearest name.
    pub fn layout(name: &str) -> Result<Vec<Self>, ReportError> {
        let Some((_, fields)) = LAYOUTS.iter().find(|(known, _)| *known == name) else {
            return Err(ReportError::NoLayout {
                name: name.chars().take(80).collect(),
                nearest: nearest(name, LAYOUTS.iter().map(|(known, _)| *known)),
                all: LAYOUTS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
            });
        };
        fields.iter().map(|name| Self::parse(name)).collect()
    }

    /// What it tells.
    pub(super) fn what(&self) -> What<'_> {
        match &self.0 {
            Source::Named(named) => named.what,
            Source::Tag(key) => What::Tag(key),
        }
    }

    /// Its name.
    pub(super) fn name(&self) -> Cow<'static, str> {
        match &self.0 {
            Source::Named(named) => Cow::Borrowed(named.name),
            Source::Tag(key) => Cow::Owned(format!("{TAG}{key}")),
        }
    }

    /// The column of a table. What was chosen is shown everywhere.
    pub(super) fn column(&self, chosen: bool) -> Column {
        let (kind, show) = match &self.0 {
            Source::Named(named) => (named.kind, named.show),
            Source::Tag(_) => (Kind::Text, Show::Always),
        };
        Column { name: self.name(), kind, show: if chosen { Show::Always } else { show } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(layout: &str) -> Vec<String> {
        let fields = Field::layout(layout).expect("a layout");
        fields.iter().map(|field| field.name().into_owned()).collect()
    }

    #[test]
    fn the_ten_columns_have_their_exact_names_and_order() {
        assert_eq!(
            names(METADATA).join(","),
            "Account_Id,Account_Name,Org_ID,Tenant_Name,CSP,Billing_Account_State,Region_Group,Tenant_ID,Environment,Aide_ID"
        );
    }

    #[test]
    fn the_eleven_have_regions_after_the_group_and_the_variant_names_the_first_otherwise() {
        let (ten, mut eleven) = (names(METADATA), names("metadata-regions"));
        let at = eleven.iter().position(|name| name == "Regions").expect("regions");
        assert_eq!(eleven[at - 1], "Region_Group");
        let mut variant = names("metadata-id");
        assert_eq!(variant[0], "Account_ID");
        assert_eq!(variant[1..], eleven[1..]);
        variant.remove(at);
        eleven.remove(at);
        assert_eq!(eleven, ten);
        assert_eq!(variant[1..], ten[1..]);
    }

    #[test]
    fn every_column_of_every_layout_is_known_and_a_slip_gets_the_nearest() {
        for (name, fields) in LAYOUTS {
            assert_eq!(names(name), *fields);
        }
        let slip = Field::parse("Acount_Name").expect_err("no such column").to_string();
        assert!(slip.contains("did you mean \"Account_Name\"?"), "{slip}");
        let slip = Field::layout("metadata-region").expect_err("no such layout").to_string();
        assert!(slip.contains("did you mean \"metadata-regions\"?"), "{slip}");
        assert!(Field::parse(TAG).is_err(), "a tag without a key");
    }

    #[test]
    fn any_tag_is_a_column() {
        let field = Field::parse("tag:Cost Center").expect("a column");
        assert_eq!((field.what(), &*field.name()), (What::Tag("Cost Center"), "tag:Cost Center"));
    }
}
