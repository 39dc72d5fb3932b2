//! Connections: where a source's own credentials, region and endpoints come from.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::SdkConfig;
use aws_types::region::Region;
use protocol::scan::{Settings, Source};
use protocol::tenants::{Tenants, check_filter};
use protocol::{ConnectionId, Failure, FailureKind};
use tokio::sync::OnceCell;

use crate::arn::{parse_account_id, parse_role_arn, parse_role_name};
use crate::endpoints::Endpoints;
use crate::error::ConnectError;
use crate::options::{Options, StaticKeys, named_keys};
use crate::profiles::chain;
use crate::sdk::SdkHttp;
use crate::tenants::Named;

/// A source of a scan, by the id that everybody else knows it by.
pub(crate) struct Connection {
    /// The source.
    pub source: Source,
    keys: Option<StaticKeys>,
    origin: OnceCell<Origin>,
}

/// What a source starts from.
pub(crate) struct Origin {
    /// Its credentials.
    provider: SharedCredentialsProvider,
    /// The region that it is set to.
    pub region: Option<String>,
    /// Where services are.
    pub endpoints: Endpoints,
}

/// All connections of a scan.
pub(crate) struct Connections {
    by_id: BTreeMap<ConnectionId, Connection>,
    options: Arc<Options>,
    http: SdkHttp,
}

impl Connections {
    /// The connections of a scan's sources; keys that sources name by variables are read here.
    pub(crate) fn new(
        settings: &Settings,
        options: Arc<Options>,
        http: SdkHttp,
    ) -> Result<Self, ConnectError> {
        let connection = |(id, source): (ConnectionId, Source)| {
            match &source {
                Source::Role { arn, .. } => drop(parse_role_arn(arn)?),
                Source::Connection { name } => {
                    return Err(ConnectError::OnlyThere { name: name.clone() });
                }
                Source::Tenants(tenants) => check(tenants)?,
                Source::Current | Source::Profile { .. } | Source::Keys { .. } => {}
            }
            let keys = match &options.credentials {
                Some(keys) => Some(keys.clone()),
                None => named_keys(&source)?,
            };
            Ok((id, Connection { source, keys, origin: OnceCell::new() }))
        };
        let by_id = settings
            .connections()
            .into_iter()
            .map(connection)
            .collect::<Result<_, ConnectError>>()?;
        Ok(Self { by_id, options, http })
    }

    /// A connection by its id.
    pub(crate) fn get(&self, id: &ConnectionId) -> Result<&Connection, Failure> {
        let table = || self.by_id.get(&self.tenant(id)?.table);
        self.by_id.get(id).or_else(table).ok_or_else(|| {
            let message = format!("this scan's settings have no connection {id}");
            Failure::new(FailureKind::RoleFailed, "NoConnection", message)
        })
    }

    /// The table of tenants that a connection leads to.
    pub(crate) fn table(&self, id: &ConnectionId) -> Option<&Tenants> {
        match &self.by_id.get(id)?.source {
            Source::Tenants(tenants) => Some(tenants),
            _ => None,
        }
    }

    /// The tenant that a connection leads to.
    pub(crate) fn tenant(&self, id: &ConnectionId) -> Option<Named<'_>> {
        let (table, account) = id.tenant()?;
        let account = parse_account_id(account.as_str()).ok()?;
        let tenants = self.table(&table)?;
        Some(Named { table, account, tenants })
    }

    /// What a connection starts from; read once.
    pub(crate) async fn origin(&self, id: &ConnectionId) -> Result<&Origin, Failure> {
        let connection = self.get(id)?;
        Ok(connection.origin.get_or_init(|| Box::pin(self.load(connection))).await)
    }

    async fn load(&self, connection: &Connection) -> Origin {
        let provider = connection.keys.as_ref().map(static_provider);
        if let (Some(provider), true) = (&provider, self.options.credentials.is_some()) {
            let endpoints = Endpoints::new(self.options.clone(), None);
            let region = self.options.region.clone();
            return Origin { provider: provider.clone(), region, endpoints };
        }
        let config = self.read_aws_files(&connection.source, provider).await;
        let none = || SharedCredentialsProvider::new(NoProvider);
        Origin {
            provider: config.credentials_provider().unwrap_or_else(none),
            region: config.region().map(|region| region.as_ref().to_owned()),
            endpoints: Endpoints::new(self.options.clone(), Some(config)),
        }
    }

    /// Reads environment and files as AWS's own tools do; a named profile comes before variables.
    async fn read_aws_files(
        &self,
        source: &Source,
        keys: Option<SharedCredentialsProvider>,
    ) -> SdkConfig {
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).http_client(self.http.clone());
        if let Some(region) = &self.options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let profile = match source {
            Source::Profile { name } => Some(name),
            Source::Role { profile, .. } => profile.as_ref(),
            Source::Connection { .. }
            | Source::Current
            | Source::Keys { .. }
            | Source::Tenants(_) => None,
        };
        if let Some(profile) = profile {
            let region = self.options.region.clone().map(Region::new);
            let config = ProviderConfig::without_region()
                .with_http_client(self.http.clone())
                .with_region(region);
            let provider = ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(provider);
        }
        if let Some(keys) = keys {
            loader = loader.credentials_provider(keys);
        }
        loader.load().await
    }
}

impl Origin {
    /// The credentials that the source itself has.
    pub(crate) async fn credentials(&self, source: &Source) -> Result<Credentials, Failure> {
        self.provider
            .provide_credentials()
            .await
            .map_err(|error| credentials_failure(&error, source))
    }
}

/// Checks what can be wrong with a table's settings before anything is called.
fn check(tenants: &Tenants) -> Result<(), ConnectError> {
    parse_role_name(&tenants.role)?;
    check_filter(&tenants.filter)?;
    let others = [&tenants.name_attribute, &tenants.role_attribute, &tenants.external_id_attribute];
    let mut names = others.into_iter().flatten().chain([&tenants.table, &tenants.id_attribute]);
    if names.any(String::is_empty) {
        return Err(ConnectError::NamelessTable);
    }
    Ok(())
}

fn static_provider(keys: &StaticKeys) -> SharedCredentialsProvider {
    let StaticKeys { access_key_id, secret_access_key, session_token } = keys;
    SharedCredentialsProvider::new(Credentials::new(
        access_key_id,
        secret_access_key,
        session_token.clone(),
        None,
        "keys",
    ))
}

/// Stands where the chain has nothing at all.
#[derive(Debug)]
struct NoProvider;

impl ProvideCredentials for NoProvider {
    fn provide_credentials<'a>(
        &'a self,
    ) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(
            CredentialsError::not_loaded("there is no source of credentials"),
        ))
    }
}

fn credentials_failure(error: &CredentialsError, source: &Source) -> Failure {
    let told = chain(error);
    let profile = match source {
        Source::Profile { name } => Some(name),
        Source::Role { profile, .. } => profile.as_ref(),
        Source::Connection { .. } | Source::Current | Source::Keys { .. } | Source::Tenants(_) => {
            None
        }
    };
    let not_loaded = matches!(error, CredentialsError::CredentialsNotLoaded(_));
    // The instance's metadata service is the last place of the chain: nothing before it had any.
    let nowhere = not_loaded || told.contains("IMDS");
    let (kind, code, message) = match (error, profile) {
        (_, None) if nowhere => (
            FailureKind::RoleFailed,
            "NoCredentials",
            "no AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in with \
             `aws sso login`"
                .to_owned(),
        ),
        (_, Some(profile)) if not_loaded => (
            FailureKind::RoleFailed,
            "NoCredentials",
            format!("the profile {profile} has no credentials: {told}"),
        ),
        (CredentialsError::ProviderTimedOut(_), _) => {
            (FailureKind::Unreachable, "CredentialsTimeout", told)
        }
        _ => (
            FailureKind::RoleFailed,
            "CredentialsFailed",
            format!("the credentials cannot be had, perhaps a sign-in has expired: {told}"),
        ),
    };
    Failure::new(kind, code, message)
}
