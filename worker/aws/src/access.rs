//! Getting in: from a connection's own credentials, over roles, into an account.

use std::sync::Arc;

use catalog::policy::{SessionPolicy, session_policy};
use catalog::{Catalog, Partition};
use futures_util::future::BoxFuture;
use protocol::failure::cut;
use protocol::scan::{self, Source};
use protocol::{AccountId, ConnectionId, Failure, FailureKind, ScanId};

use crate::connection::{Connections, Origin};
use crate::control::{Caller, Control};
use crate::session::{Broker, Identity, Key, Session};
use crate::sts::Role;

/// The region that is called where nobody names one.
const USUAL_REGION: &str = "us-east-1";

/// Enters accounts, and keeps the sessions.
pub(crate) struct Access {
    /// The connections of the scan.
    pub connections: Connections,
    /// What control-plane calls share.
    pub control: Control,
    settings: scan::Access,
    catalog: Catalog,
    broker: Broker,
}

impl Access {
    /// Enters by `settings` what `connections` lead to.
    pub(crate) fn new(
        connections: Connections,
        control: Control,
        settings: scan::Access,
        catalog: Catalog,
    ) -> Self {
        Self { connections, control, settings, catalog, broker: Broker::new() }
    }

    /// The session of an identity; entered once for all who ask.
    pub(crate) fn session<'a>(
        &'a self,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Arc<Session>, Failure>> {
        Box::pin(self.broker.get(key.clone(), self.enter(key)))
    }

    /// The session of an identity that was entered and lives, though it may be about to be renewed.
    pub(crate) async fn present(&self, key: &Key) -> Option<Arc<Session>> {
        self.broker.present(key).await
    }

    /// Forgets credentials that AWS refused, wherever in the chain they came from, so that the next
    /// who asks enters anew.
    pub(crate) async fn forget(&self, key: &Key, refused: &Session) {
        for key in [key.clone(), key.with(Identity::Hub), key.with(Identity::Base)] {
            self.broker.forget(&key, &refused.credentials).await;
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

    /// The partition of a session.
    pub(crate) fn partition(&self, session: &Session) -> Result<&Partition, Failure> {
        self.catalog.partition(&session.partition).ok_or_else(|| {
            let message = format!("the catalog knows no partition {}", session.partition);
            Failure::new(FailureKind::RoleFailed, "NoPartition", message)
        })
    }

    async fn enter(&self, key: &Key) -> Result<Session, Failure> {
        match &key.identity {
            Identity::Base => self.enter_base(key).await,
            Identity::Hub => self.enter_hub(key).await,
            Identity::Organization => self.enter_organization(key).await,
            Identity::Account(account) => self.enter_account(key, account).await,
        }
    }

    async fn enter_base(&self, key: &Key) -> Result<Session, Failure> {
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
        let arn = format!("arn:{partition}:iam::{account}:role/{}", self.settings.member_role);
        let external_id = self.settings.external_id.clone();
        let role = self.role(arn, external_id, Some(session_policy(partition)));
        self.assume(&hub_key, role).await
    }

    fn role(
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
            self.control.assume(caller, &ask, role).await.map_err(|failure| {
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
