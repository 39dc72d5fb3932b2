//! AWS as a provider: the port, put together from its parts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalog::bucket::{KeyBy, LocationBy};
use catalog::entry::Call;
use catalog::{Catalog, ProbeView};
use futures_util::stream::BoxStream;
use protocol::budget::{Ask, Budget, BudgetKey};
use protocol::holding::{Holding, Part};
use protocol::inventory::{Found, Tree};
use protocol::preflight::Preflight;
use protocol::provider::{KnownRegion, Page, PageRequest, Place, Provider};
use protocol::scan::{Settings, Source};
use protocol::{Clock, ConnectionId, Failure, FailureKind, OrgId, Region, ScanId};
use tokio::sync::Semaphore;

use crate::access::Access;
use crate::api::{Api, Question, called_region, signing_name};
use crate::arn::{parse_role_arn, parse_role_name};
use crate::connection::Connections;
use crate::control::Control;
use crate::error::ConnectError;
use crate::options::Options;
use crate::organization;
use crate::page::{self, Asked};
use crate::purse::Purse;
use crate::sdk::SdkHttp;
use crate::session::Key;
use crate::skew::SkewedClock;
use crate::transport::{Reach, Transport};
use crate::upload::{self, NewObject};
use crate::{endpoints, preflight, tenants};

/// The longest that a connect may take; less where a whole call may take less.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Calls to STS and Organizations in flight at once, and lists of regions: these come beside a worker's own calls.
const CONTROL_CALLS: usize = 32;

/// AWS.
pub struct Aws {
    api: Api,
    settings: Settings,
}

impl Aws {
    /// AWS as a scan's settings and AWS's own options reach it. Calls nothing yet.
    ///
    /// # Errors
    /// [`ConnectError`] for settings that could never work.
    pub fn connect(
        settings: &Settings,
        options: Options,
        catalog: Catalog,
        budget: Arc<dyn Budget>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectError> {
        check(settings, &options, &catalog)?;
        let deadline = Duration::from_millis(settings.pace.call_timeout_ms.max(1));
        let reach = if options.loopback_only { Reach::Loopback } else { Reach::Anywhere };
        let transport = Transport::new(CONNECT_TIMEOUT.min(deadline), reach);
        let http = SdkHttp::new(transport.clone(), deadline);
        let clock = SkewedClock::new(clock);
        let share = settings.pace.budget_share;
        let purse = Arc::new(Purse::new(budget, share, catalog.clone()));
        let connections = Connections::new(settings, Arc::new(options), http.clone())?;
        let calls = Semaphore::new(CONTROL_CALLS);
        let control = Control {
            http,
            transport: transport.clone(),
            clock: clock.clone(),
            purse,
            calls,
            deadline,
        };
        let access = Access::new(connections, control, settings.access.clone(), catalog.clone())?;
        let api = Api::new(access, catalog, transport, clock, deadline, CONTROL_CALLS);
        Ok(Self { api, settings: settings.clone() })
    }

    /// Writes an object by the credentials of the first connection themselves, before any role is assumed.
    ///
    /// # Errors
    /// [`Failure`] as S3 told it; what may pass was tried again.
    pub async fn upload(&self, object: &NewObject<'_>) -> Result<(), Failure> {
        upload::upload(&self.api.access, &self.settings, object).await
    }

    fn call<'a>(&'a self, request: PageRequest<'_>) -> Result<(ProbeView<'a>, &'a Call), Failure> {
        let view = self.api.catalog.probe(request.probe);
        let call = view.and_then(|view| Some((view, view.probe.calls.get(request.call)?)));
        call.ok_or_else(|| {
            let message = format!("the catalog has no call {} of {}", request.call, request.probe);
            Failure::new(FailureKind::Invalid, "NoCall", message)
        })
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").finish_non_exhaustive()
    }
}

#[async_trait]
impl Provider for Aws {
    fn discover<'a>(
        &'a self,
        scan: &'a ScanId,
        connection: &'a ConnectionId,
    ) -> BoxStream<'a, Result<Found, Failure>> {
        let (access, settings) = (&self.api.access, &self.settings);
        match access.connections.table(connection) {
            Some(tenants) => tenants::discover(access, settings, tenants, scan, connection),
            None => organization::discover(access, settings, scan, connection.clone()),
        }
    }

    async fn regions(&self, connection: &ConnectionId) -> Result<Vec<KnownRegion>, Failure> {
        let identity = self.api.access.first(connection);
        let key = Key { scan: None, connection: connection.clone(), identity };
        let session = self.api.access.session(&key).await?;
        let known = self.api.access.partition(&session)?.regions.iter().filter_map(|region| {
            Some(KnownRegion { region: Region::new(&region.name).ok()?, opt_in: region.opt_in })
        });
        Ok(known.collect())
    }

    async fn tree(
        &self,
        scan: &ScanId,
        connection: &ConnectionId,
        _: &OrgId,
    ) -> Result<Tree, Failure> {
        let attempts = self.settings.pace.max_attempts;
        organization::tree(&self.api.access, scan, connection, attempts).await
    }

    async fn holding(
        &self,
        scan: &ScanId,
        connection: &ConnectionId,
        _: &OrgId,
        part: Part,
    ) -> Holding {
        let attempts = self.settings.pace.max_attempts;
        organization::holding(&self.api.access, scan, connection, attempts, part).await
    }

    async fn preflight(&self, place: &Place) -> Result<Preflight, Failure> {
        self.api.preflight(place).await
    }

    async fn enter(&self, place: &Place) -> Result<(), Failure> {
        let who = Key::of_account(&place.scan, &place.connection, &place.account);
        match self.api.access.fresh(&who).await {
            Some(_) => Ok(()),
            None => self.api.access.session(&who).await.map(drop),
        }
    }

    fn price(&self, place: &Place, request: PageRequest<'_>) -> Result<Ask, Failure> {
        let (view, call) = self.call(request)?;
        let rule = self.api.catalog.bucket(&call.bucket).ok_or_else(|| {
            let file = page::file(view.entry);
            let message = format!("{file} names the bucket {}, which is none", call.bucket);
            Failure::new(FailureKind::Invalid, "NoBucket", message)
        })?;
        // Services that share an endpoint share its bucket, and have one signing name.
        let service = signing_name(view.entry);
        let class = match rule.key {
            KeyBy::Operation => format!("{service}:{}", call.operation),
            KeyBy::Service => service.to_owned(),
        };
        let called = called_region(call, request.item).and_then(|name| Region::new(name).ok());
        let location = match rule.location {
            LocationBy::Region => called.unwrap_or_else(|| place.region.clone()),
            LocationBy::Account => Region::global(),
        };
        let key = BudgetKey { owner: place.account.clone(), location, class };
        Ok(Ask { key, budget: rule.bucket })
    }

    async fn page(&self, place: &Place, request: PageRequest<'_>) -> Result<Page, Failure> {
        let (view, call) = self.call(request)?;
        let asked = Asked {
            entry: view.entry,
            probe: view.probe,
            call,
            account: &place.account,
            parent: request.item,
            token: request.token,
            prepared: self.api.prepared(request.probe, request.call),
        };
        let who = Key::of_account(&place.scan, &place.connection, &place.account);
        let question = Question {
            who: &who,
            asked: &asked,
            scope: view.scope(),
            region: &place.region,
            scan: &place.scan,
        };
        self.api.ask(question).await
    }
}

/// Checks that a web identity is used, and alone.
fn check_web_identity(settings: &Settings) -> Result<(), ConnectError> {
    let Some(web) = &settings.access.web_identity else { return Ok(()) };
    web.check()?;
    if settings.access.via_role.is_some() {
        return Err(ConnectError::Unused(
            "a role to assume first goes with credentials, not with a token: leave --via-role out",
        ));
    }
    if let Some(arn) = &web.role_arn {
        parse_role_arn(arn)?;
        return Ok(());
    }
    let enters =
        |source: &Source| matches!(source, Source::Role { profile: None, .. } | Source::Tenants(_));
    if settings.sources.iter().any(enters) {
        return Ok(());
    }
    Err(ConnectError::Unused(
        "nothing is entered by it: name the role that it becomes with --oidc-role-arn, or roles with --role-arn or --tenants-table",
    ))
}

/// Checks what can be wrong before anything is called.
fn check(settings: &Settings, options: &Options, catalog: &Catalog) -> Result<(), ConnectError> {
    let access = &settings.access;
    parse_role_name(&access.member_role)?;
    for arn in access.org_role.iter().chain(&access.via_role) {
        parse_role_arn(arn)?;
    }
    check_web_identity(settings)?;
    if !(900..=43_200).contains(&access.session_seconds) {
        return Err(ConnectError::SessionLength { seconds: access.session_seconds });
    }
    let hub = access.hub_region.as_ref().map(Region::as_str);
    if let Some(region) = hub.or(options.region.as_deref())
        && catalog.partition_of_region(region).is_none()
    {
        catalog.known_region(region)?;
    }
    endpoints::check(options)?;
    preflight::check()
}
