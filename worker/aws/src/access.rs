//! Getting in: from a connection's own credentials, over roles, into an account.

use std::sync::Arc;

use aws_credential_types::Credentials;
use catalog::policy::{SessionPolicy, session_policy};
use catalog::{Catalog, Partition};
use futures_util::future::BoxFuture;
use protocol::failure::cut;
use protocol::scan::{self, Source};
use protocol::{AccountId, ConnectionId, Failure, FailureKind, ScanId};

use crate::arn::{InvalidName, parse_role_arn};
use crate::connection::{Connections, Origin};
use crate::control::{Caller, Control};
use crate::error::ConnectError;
use crate::session::{Broker, Identity, Key, Session};
use crate::sts::{Principal, Role};
use crate::tenants::{Named, Rosters, rosters};
use crate::web_identity::Tokens;

/// The region that is called where nobody names one.
const USUAL_REGION: &str = "us-east-1";

/// Enters accounts, and keeps the sessions.
pub(crate) struct Access {
    /// The connections of the scan.
    pub connections: Connections,
    /// What control-plane calls share.
    pub control: Control,
    /// Tables of tenants that were read.
    pub rosters: Rosters,
    settings: scan::Access,
    tokens: Option<Tokens>,
    catalog: Catalog,
    broker: Broker,
}

impl Access {
    /// Enters by `settings` what `connections` lead to; the secret of a web identity must be there.
    pub(crate) fn new(
        connections: Connections,
        control: Control,
        settings: scan::Access,
        catalog: Catalog,
    ) -> Result<Self, ConnectError> {
        let tokens = settings
            .web_identity
            .as_ref()
            .map(|identity| Tokens::new(identity, control.transport.clone(), control.deadline));
        let (tokens, rosters, broker) = (tokens.transpose()?, rosters(), Broker::new());
        Ok(Self { connections, control, rosters, settings, tokens, catalog, broker })
    }

    /// The session of an identity; entered once for all who ask.
    pub(crate) fn session<'a>(
        &'a self,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Arc<Session>, Failure>> {
        Box::pin(async move {
            if let Some(session) = self.broker.fresh(key).await {
                return Ok(session);
            }
            // Entering is large, and each call comes by here.
            Box::pin(self.broker.get(key.clone(), self.enter(key))).await
        })
    }

    /// The session of an identity that was entered and is not about to be renewed.
    pub(crate) async fn fresh(&self, key: &Key) -> Option<Arc<Session>> {
        self.broker.fresh(key).await
    }

    /// The session of an identity that was entered and lives, though it may be about to be renewed.
    pub(crate) async fn present(&self, key: &Key) -> Option<Arc<Session>> {
        self.broker.present(key).await
    }

    /// Forgets credentials that AWS refused, wherever in the chain they came from, so that the next
    /// who asks enters anew.
    pub(crate) async fn forget(&self, key: &Key, refused: &Session) {
        let table = self.connections.tenant(&key.connection).map(|named| named.table);
        for connection in [Some(key.connection.clone()), table].into_iter().flatten() {
            for identity in [key.identity.clone(), Identity::Hub, Identity::Base] {
                let key = Key { connection: connection.clone(), ..key.with(identity) };
                self.broker.forget(&key, &refused.credentials).await;
            }
        }
    }

    /// What a connection starts from.
    pub(crate) async fn origin(&self, connection: &ConnectionId) -> Result<&Origin, Failure> {
        self.connections.origin(connection).await
    }

    /// The region of the hub: as set, else the connection's own, else the usual one.
    pub(crate) fn hub_region<'a>(&'a self, origin: &'a Origin) -> &'a str {
        let set = self.settings.hub_region.as_ref().map(protocol::Region::as_str);
        set.or(origin.region.as_deref()).unwrap_or(USUAL_REGION)
    }

    /// A region that every account of a partition has: the hub's, or the partition's home.
    pub(crate) fn open_region<'a>(
        &'a self,
        origin: &'a Origin,
        partition: &'a Partition,
    ) -> &'a str {
        let hub = self.hub_region(origin);
        let listed = partition.regions.iter().find(|region| region.name == hub);
        match listed {
            Some(region) if !region.opt_in => &region.name,
            _ => &partition.home,
        }
    }

    /// What is called, as data.
    pub(crate) const fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The external id that roles ask for, where nothing else says it.
    pub(crate) fn external_id(&self) -> Option<String> {
        self.settings.external_id.clone()
    }

    /// The partition of a session.
    pub(crate) fn partition(&self, session: &Session) -> Result<&Partition, Failure> {
        self.catalog.partition(&session.partition).ok_or_else(|| {
            let message = format!("the catalog knows no partition {}", session.partition);
            Failure::new(FailureKind::RoleFailed, "NoPartition", message)
        })
    }

    async fn enter(&self, key: &Key) -> Result<Session, Failure> {
        if let Some(named) = self.connections.tenant(&key.connection) {
            return self.enter_tenant(key, &named).await;
        }
        match &key.identity {
            Identity::Base => self.enter_base(key).await,
            Identity::Hub => self.enter_hub(key).await,
            Identity::Organization => self.enter_organization(key).await,
            Identity::Account(account) => self.enter_account(key, account).await,
        }
    }

    /// What a connection begins with: the identity that is there before any role of its own is assumed.
    pub(crate) fn first(&self, connection: &ConnectionId) -> Identity {
        let source = self.connections.get(connection).map(|connection| &connection.source);
        match source {
            Ok(Source::Role { profile: None, .. }) if self.tokens.is_some() => Identity::Hub,
            _ => Identity::Base,
        }
    }

    async fn enter_base(&self, key: &Key) -> Result<Session, Failure> {
        // Profiles and keys are credentials of their own.
        let source = &self.connections.get(&key.connection)?.source;
        let of_ours = matches!(source, Source::Current | Source::Tenants(_));
        let web = self.settings.web_identity.as_ref().filter(|_| of_ours);
        if let Some(arn) = web.and_then(|web| web.role_arn.clone()) {
            return self.assume_by_token(key, &self.role(arn, None, None)).await;
        }
        let origin = self.origin(&key.connection).await?;
        let source = &self.connections.get(&key.connection)?.source;
        let credentials = origin.credentials(source).await?;
        let caller = Caller {
            origin,
            credentials: &credentials,
            region: self.hub_region(origin),
            scan: key.scan.as_ref(),
        };
        // Whose bucket it spends is what this call tells: the one call that no budget covers.
        let principal = self.control.who_am_i(caller, None).await.map_err(role_failed)?;
        let now = self.control.clock.now();
        Ok(Session::new(credentials, principal.arn, principal.account, principal.partition, now))
    }

    async fn enter_hub(&self, key: &Key) -> Result<Session, Failure> {
        if let (Some(_), Source::Role { arn, profile: None, .. }) =
            (&self.tokens, &self.connections.get(&key.connection)?.source)
        {
            let partition = parse_role_arn(arn).map_err(|error| invalid(&error))?.partition;
            let narrowing = Some(session_policy(&partition));
            return self.assume_by_token(key, &self.role(arn.clone(), None, narrowing)).await;
        }
        let base = key.with(Identity::Base);
        let first = match &self.settings.via_role {
            Some(arn) => self.assume(&base, self.role(arn.clone(), None, None)).await?,
            None => Session::clone(&*self.session(&base).await?),
        };
        match &self.connections.get(&key.connection)?.source {
            Source::Role { arn, external_id, .. } => {
                let narrowing = session_policy(&first.partition);
                let role = self.role(arn.clone(), external_id.clone(), Some(narrowing));
                self.assume_as(key, &first, &role).await
            }
            Source::Connection { .. }
            | Source::Current
            | Source::Tenants(_)
            | Source::Profile { .. }
            | Source::Keys { .. } => Ok(first),
        }
    }

    async fn enter_organization(&self, key: &Key) -> Result<Session, Failure> {
        let hub = key.with(Identity::Hub);
        match &self.settings.org_role {
            Some(arn) => self.assume(&hub, self.role(arn.clone(), None, None)).await,
            None => Ok(Session::clone(&*self.session(&hub).await?)),
        }
    }

    async fn enter_account(&self, key: &Key, account: &AccountId) -> Result<Session, Failure> {
        let hub_key = key.with(Identity::Hub);
        let hub = self.session(&hub_key).await?;
        if hub.account == *account {
            return Ok(Session::clone(&*hub));
        }
        let partition = &hub.partition;
        let arn = self.member_role(partition, account);
        let external_id = self.settings.external_id.clone();
        let role = self.role(arn, external_id, Some(session_policy(partition)));
        self.assume(&hub_key, role).await
    }

    /// Of a tenant's organization: its hub is the tenant's role, which enters the members, and narrowed the tenant itself.
    async fn enter_tenant(&self, key: &Key, named: &Named<'_>) -> Result<Session, Failure> {
        let from = Key { connection: named.table.clone(), ..key.with(Identity::Hub) };
        let table = self.session(&from).await?;
        let narrowing = match &key.identity {
            Identity::Base => return Ok(Session::clone(&*table)),
            Identity::Organization => {
                return Ok(Session::clone(&*self.session(&key.with(Identity::Hub)).await?));
            }
            Identity::Account(account) if *account != named.account => {
                return self.enter_account(key, account).await;
            }
            Identity::Account(_) => Some(session_policy(&table.partition)),
            Identity::Hub => None,
        };
        let role = self.tenant_role(key, named, &table.partition, narrowing).await?;
        if self.tokens.is_some() {
            return self.assume_by_token(key, &role).await;
        }
        self.assume(&from, role).await
    }

    /// Assumes a role by a token; once more with a new one, if that one had expired.
    async fn assume_by_token(&self, key: &Key, role: &Role) -> Result<Session, Failure> {
        let Some(tokens) = &self.tokens else {
            let failure = Failure::new(FailureKind::Invalid, "NoToken", "there is no web identity");
            return Err(failure);
        };
        let origin = self.origin(&key.connection).await?;
        let region = self.hub_region(origin);
        let account = parse_role_arn(&role.arn).map_err(|error| invalid(&error))?.account;
        let ask = self.control.purse.ask("sts", &account, region)?;
        // The call is not signed.
        let nobody = Credentials::new("none", "none", None, None, "web identity");
        let caller = Caller { origin, credentials: &nobody, region, scan: key.scan.as_ref() };
        let mut renewed = false;
        loop {
            let token = tokens.get().await?;
            match self.control.assume(caller, &ask, role, Some(&token)).await {
                Ok((credentials, principal)) => {
                    let now = self.control.clock.now();
                    let Principal { arn, account, partition } = principal;
                    return Ok(Session::new(credentials, arn, account, partition, now));
                }
                Err(failure) if failure.kind == FailureKind::Expired && !renewed => {
                    renewed = true;
                    tokens.forget(&token).await;
                }
                Err(failure) => {
                    let told =
                        format!("the web identity cannot become {}: {}", role.arn, failure.message);
                    let message = cut(&told, Failure::MESSAGE_LIMIT).to_owned();
                    return Err(role_failed(Failure { message, ..failure }));
                }
            }
        }
    }

    /// The role that every member account has.
    pub(crate) fn member_role(&self, partition: &str, account: &AccountId) -> String {
        format!("arn:{partition}:iam::{account}:role/{}", self.settings.member_role)
    }

    /// A role that is assumed for as long as is set.
    pub(crate) fn role(
        &self,
        arn: String,
        external_id: Option<String>,
        narrowing: Option<SessionPolicy>,
    ) -> Role {
        Role { arn, external_id, seconds: self.settings.session_seconds, narrowing }
    }

    /// Assumes a role as `from`; once more with a renewed session, if that one had expired.
    async fn assume(&self, from: &Key, role: Role) -> Result<Session, Failure> {
        let session = self.session(from).await?;
        match self.assume_as(from, &session, &role).await {
            Err(failure) if failure.code.starts_with("ExpiredToken") => {
                self.forget(from, &session).await;
                let session = self.session(from).await?;
                self.assume_as(from, &session, &role).await
            }
            outcome => outcome,
        }
    }

    async fn assume_as(&self, from: &Key, by: &Session, role: &Role) -> Result<Session, Failure> {
        let origin = self.origin(&from.connection).await?;
        let region = self.hub_region(origin);
        let ask = self.control.purse.ask("sts", &by.account, region)?;
        let scan = from.scan.as_ref();
        let caller = Caller { origin, credentials: &by.credentials, region, scan };
        let (credentials, principal) =
            self.control.assume(caller, &ask, role, None).await.map_err(|failure| {
                let told = format!("{} cannot become {}: {}", by.arn, role.arn, failure.message);
                let message = cut(&told, Failure::MESSAGE_LIMIT).to_owned();
                role_failed(Failure { message, ..failure })
            })?;
        let now = self.control.clock.now();
        Ok(Session::new(credentials, principal.arn, principal.account, principal.partition, now))
    }
}

impl Key {
    /// The key of an account's session.
    pub(crate) fn of_account(
        scan: &ScanId,
        connection: &ConnectionId,
        account: &AccountId,
    ) -> Self {
        Self {
            scan: Some(scan.clone()),
            connection: connection.clone(),
            identity: Identity::Account(account.clone()),
        }
    }

    /// The key of another identity of the same connection.
    pub(crate) fn with(&self, identity: Identity) -> Self {
        Self { identity, ..self.clone() }
    }
}

fn invalid(error: &InvalidName) -> Failure {
    Failure::new(FailureKind::Invalid, "BadRole", error.to_string())
}

/// The failure as one of getting in, unless trying again may help.
pub(crate) fn role_failed(failure: Failure) -> Failure {
    if may_pass(&failure) {
        return failure;
    }
    Failure { kind: FailureKind::RoleFailed, ..failure }
}

/// Whether asking again later may help.
pub(crate) fn may_pass(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::Throttled | FailureKind::Unreachable | FailureKind::Transient
    )
}
