//! The file of connections: how coordinator and workers get into which organization.
//!
//! ```toml
//! [[connection]]
//! name = "production"
//! organization-role = "arn:aws:iam::111122223333:role/orgsweep-organization"
//! member-role = "orgsweep-member"
//! external-id = "orgsweep-7f3a"
//!
//! [[connection]]
//! name = "acquired"
//! role-arn = "arn:aws:iam::444455556666:role/orgsweep-member"
//!
//! [[connection]]
//! name = "tenants"
//! member-role = "orgsweep-member"
//!
//! [connection.tenants]
//! table = "tenants"
//! region = "us-east-1"
//! role = "orgsweep-tenant"
//! filter = { tenant_status = ["Active"], mgmt_category = ["Known Managed", "Known Partially Managed"] }
//! ```
//!
//! A connection belongs to the workspace `default`, or to those that its `workspaces` names; no other may use it, or sees
//! that it is there.
//!
//! A connection starts from the credentials of the service itself. With `role-arn` it is the one account of that role;
//! without, it is the organization that these credentials, or `organization-role`, can read; with `tenants` it is every
//! organization that a table names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aws::NamedConnection;
use protocol::scan::{Access, Source};
use protocol::tenants::{Tenants, check_filter};
use protocol::web_identity::{SecretPlace, WebIdentity};
use protocol::{ConnectionId, Region, WorkspaceId};
use serde::Deserialize;

use crate::config::{line_of, read};
use crate::stop::Stop;

/// The longest name of a connection with tenants.
const LONGEST_NAME: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    connection: Vec<toml::Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    name: String,
    workspaces: Option<Vec<String>>,
    role_arn: Option<String>,
    external_id: Option<String>,
    member_role: Option<String>,
    organization_role: Option<String>,
    via_role: Option<String>,
    hub_region: Option<String>,
    session_seconds: Option<u32>,
    tenants: Option<Table>,
    web_identity: Option<Identity>,
}

/// A web identity.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Identity {
    token_url: String,
    client_id: String,
    scope: Option<String>,
    secret_env: Option<String>,
    secret_file: Option<String>,
    role_arn: Option<String>,
}

/// A table of tenants; what is left out is as the flags of `scan` have it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    table: String,
    region: Option<String>,
    role: Option<String>,
    id_attribute: Option<String>,
    name_attribute: Option<String>,
    role_attribute: Option<String>,
    external_id_attribute: Option<String>,
    filter: Option<BTreeMap<String, Vec<String>>>,
}

/// A connection, and whose it is.
#[derive(Debug)]
pub(crate) struct Owned {
    /// The way in.
    pub(crate) connection: NamedConnection,
    /// The workspaces that may use it.
    pub(crate) workspaces: BTreeSet<WorkspaceId>,
}

/// Reads the connections that a file names.
///
/// # Errors
/// A sentence with file and line.
pub(crate) fn connections(path: &Path) -> Result<Vec<Owned>, Stop> {
    let text = read(path)?;
    parse(&text).map_err(|(line, what)| {
        Stop::usage(format!("--connections: {}:{line}: {what}", path.display()))
    })
}

fn parse(text: &str) -> Result<Vec<Owned>, (usize, String)> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        (line, error.message().to_owned())
    })?;
    if file.connection.is_empty() {
        return Err((1, "there is no [[connection]] in it".to_owned()));
    }
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for entry in file.connection {
        let line = line_of(text, entry.span().start);
        let entry = entry.into_inner();
        let workspaces = entry.workspaces().map_err(|what| (line, what))?;
        let connection = entry.connection().map_err(|what| (line, what))?;
        if !names.insert(connection.name.clone()) {
            return Err((line, format!("the name {} is there twice", connection.name)));
        }
        all.push(Owned { connection, workspaces });
    }
    Ok(all)
}

impl Entry {
    fn workspaces(&self) -> Result<BTreeSet<WorkspaceId>, String> {
        match self.workspaces.as_deref() {
            None => Ok(BTreeSet::from([WorkspaceId::main()])),
            Some([]) => {
                Err("`workspaces` names none: nobody could use the connection; leave it out \
                             where it is for the workspace `default`"
                    .to_owned())
            }
            Some(names) => {
                let read =
                    |name: &String| WorkspaceId::new(name).map_err(|error| error.to_string());
                names.iter().map(read).collect()
            }
        }
    }

    fn connection(self) -> Result<NamedConnection, String> {
        let name = ConnectionId::new(&self.name).map_err(|error| error.to_string())?;
        for arn in [&self.role_arn, &self.organization_role, &self.via_role].into_iter().flatten() {
            aws::parse_role_arn(arn).map_err(|error| error.to_string())?;
        }
        let hub_region = self.hub_region.map(Region::new).transpose();
        let default = Access::default();
        let access = Access {
            member_role: self.member_role.unwrap_or(default.member_role),
            external_id: self.external_id.clone(),
            org_role: self.organization_role,
            via_role: self.via_role,
            session_seconds: self.session_seconds.unwrap_or(default.session_seconds),
            hub_region: hub_region.map_err(|error| error.to_string())?,
            web_identity: self.web_identity.map(Identity::read).transpose()?,
        };
        let source = match (self.role_arn, self.tenants) {
            (None, None) => Source::Current,
            (None, Some(_)) if access.org_role.is_some() => {
                return Err("organization-role reads one organization, and tenants lead to many: \
                            leave it out"
                    .to_owned());
            }
            (None, Some(table)) => Source::Tenants(table.tenants(&name)?),
            (Some(_), Some(_)) => {
                return Err(
                    "role-arn leads to one account, and tenants to many: leave one out".to_owned()
                );
            }
            (Some(arn), None) => Source::Role {
                arn,
                external_id: self.external_id,
                profile: None,
                name: Some(self.name),
            },
        };
        Ok(NamedConnection { name, source, access })
    }
}

impl Identity {
    fn read(self) -> Result<WebIdentity, String> {
        let secret = match (self.secret_env, self.secret_file) {
            (Some(name), None) => SecretPlace::Variable { name },
            (None, Some(path)) => SecretPlace::File { path },
            _ => return Err("a web identity has its secret in one place: secret-env, the name of a variable, or secret-file".to_owned()),
        };
        if let Some(arn) = &self.role_arn {
            aws::parse_role_arn(arn).map_err(|error| error.to_string())?;
        }
        let Self { token_url, client_id, scope, role_arn, .. } = self;
        let identity = WebIdentity { token_url, client_id, scope, secret, role_arn };
        identity.check().map_err(|error| error.to_string())?;
        Ok(identity)
    }
}

impl Table {
    fn tenants(self, connection: &ConnectionId) -> Result<Tenants, String> {
        if connection.as_str().len() > LONGEST_NAME {
            return Err(format!(
                "the name of a connection with tenants has at most {LONGEST_NAME} bytes: each tenant's account follows it"
            ));
        }
        let default = Tenants::default();
        let role = self.role.unwrap_or(default.role);
        aws::parse_role_name(&role).map_err(|error| error.to_string())?;
        let filter = self.filter.unwrap_or(default.filter);
        check_filter(&filter).map_err(|error| error.to_string())?;
        let region = self.region.map(Region::new).transpose();
        Ok(Tenants {
            table: self.table,
            region: region.map_err(|error| error.to_string())?,
            role,
            id_attribute: self.id_attribute.unwrap_or(default.id_attribute),
            name_attribute: self.name_attribute,
            role_attribute: self.role_attribute,
            external_id_attribute: self.external_id_attribute,
            filter,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_has_a_name_and_ways_in() {
        let text = "[[connection]]\nname = \"prod\"\nmember-role = \"audit/reader\"\nexternal-id = \"abc\"\n\
                    [[connection]]\nname = \"one\"\nrole-arn = \"arn:aws:iam::111122223333:role/r\"\n";
        let all = parse(text).expect("two connections");
        let [first, second] = &all[..] else { panic!("{all:?}") };
        let (source, access) = (&first.connection.source, &first.connection.access);
        assert_eq!(access.external_id.as_deref(), Some("abc"));
        assert_eq!((source, access.member_role.as_str()), (&Source::Current, "audit/reader"));
        let source = &second.connection.source;
        assert!(matches!(source, Source::Role { arn, .. } if arn.ends_with("role/r")));
    }

    #[test]
    fn a_connection_of_tenants_has_a_table_and_the_usual_rest() {
        let text = "[[connection]]\nname = \"all\"\n[connection.tenants]\ntable = \"t\"\nregion = \"us-east-1\"\n\
                    filter = { status = [\"Active\", \"Trial\"] }\n\
                    [[connection]]\nname = \"usual\"\ntenants = { table = \"u\" }\n";
        let all = parse(text).expect("two connections");
        let source = |at: usize| match &all[at].connection.source {
            Source::Tenants(tenants) => tenants.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(source(0).filter_text(), "status = \"Active\" or \"Trial\"");
        assert_eq!(source(0).region.as_ref().map(Region::as_str), Some("us-east-1"));
        assert_eq!(source(1), Tenants { table: "u".to_owned(), ..Tenants::default() });
    }

    #[test]
    fn a_connection_belongs_to_the_workspaces_that_it_names_and_else_to_the_default_one() {
        let text = "[[connection]]\nname = \"a\"\n\
                    [[connection]]\nname = \"b\"\nworkspaces = [\"payments\", \"audit\"]\n";
        let all = parse(text).expect("two connections");
        let owners = |at: usize| {
            let names: Vec<&str> = all[at].workspaces.iter().map(WorkspaceId::as_str).collect();
            names.join(" ")
        };
        assert_eq!([owners(0), owners(1)], ["default", "audit payments"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let wrong = [
            ("", 1, "no [[connection]]"),
            ("[[connection]]\nnam = \"x\"", 2, "nam"),
            ("\n[[connection]]\nname = \"\"", 2, "connection"),
            ("[[connection]]\nname = \"a\"\n[[connection]]\nname = \"a\"", 3, "twice"),
            ("[[connection]]\nname = \"a\"\nrole-arn = \"nonsense\"", 1, "nonsense"),
            ("[[connection]]\nname = \"a\"\nworkspaces = []", 1, "`default`"),
            ("[[connection]]\nname = \"a\"\nworkspaces = [\"\"]", 1, "workspace"),
            (
                "[[connection]]\nname = \"a\"\nweb-identity = { token-url = \"https://e\", client-id = \"c\" }",
                1,
                "secret-env",
            ),
            (
                "[[connection]]\nname = \"a\"\nweb-identity = { token-url = \"http://e\", client-id = \"c\", secret-env = \"S\" }",
                1,
                "token endpoint",
            ),
            ("[[connection]]\nname = \"a\"\ntenants = { tabel = \"t\" }", 3, "tabel"),
            (
                "[[connection]]\nname = \"a\"\ntenants = { table = \"t\", filter = { a = [] } }",
                1,
                "0 values",
            ),
            (
                "[[connection]]\nname = \"a\"\nrole-arn = \"arn:aws:iam::111122223333:role/r\"\ntenants = { table = \"t\" }",
                1,
                "leave one out",
            ),
        ];
        for (text, line, part) in wrong {
            let (found, what) = parse(text).expect_err(text);
            assert!(what.contains(part), "{what}");
            assert_eq!(found, line, "{text}: {what}");
        }
    }
}
