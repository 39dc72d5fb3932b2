//! The one place that calls data planes: build, sign, send, mend once, read or classify.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalog::entry::{Call, Entry, Scope};
use catalog::{Catalog, Offered, Partition, ProbeView};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::Full;
use moka::future::Cache;
use protocol::provider::{Item, Page};
use protocol::{AccountId, Failure, FailureKind, ProbeId, Region, ScanId};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::access::Access;
use crate::classify::{self, Context, Mending};
use crate::control::user_agent;
use crate::endpoints::Target;
use crate::page::{self, Asked, file};
use crate::session::{Key, Session, lately_used};
use crate::sign::{Signing, signed};
use crate::skew::SkewedClock;
use crate::transport::{Fault, Transport};
use crate::wire::error::Refusal;
use crate::wire::{self, Answer, Outgoing, Prepared, UNPREPARED, Values, error};

/// How long the question may take whether a region's STS has an address.
const LOOKUP_DEADLINE: Duration = Duration::from_secs(3);

/// Calls data planes.
pub(crate) struct Api {
    /// Gets in.
    pub access: Access,
    /// What is called.
    pub catalog: Catalog,
    transport: Transport,
    clock: SkewedClock,
    deadline: Duration,
    closed: Cache<AccountId, Arc<Vec<Region>>>,
    /// What is known of each probe's calls before they are made.
    prepared: HashMap<ProbeId, Vec<Prepared>>,
    /// Permits for lists of regions.
    pub lists: Semaphore,
}

/// One call: of what, where, as whom.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// As whom.
    pub who: &'a Key,
    /// What.
    pub asked: &'a Asked<'a>,
    /// Where the service lives.
    pub scope: Scope,
    /// In which region, or `global`.
    pub region: &'a Region,
    /// For which scan.
    pub scan: &'a ScanId,
}

/// What was mended already, each once.
#[derive(Default)]
struct Mended {
    credentials: bool,
    clock: bool,
    region: Option<String>,
}

impl Api {
    /// Calls through `transport`, signing by `clock`, waiting at most `deadline` for an answer; has so many `lists` of
    /// regions read at once.
    pub(crate) fn new(
        access: Access,
        catalog: Catalog,
        transport: Transport,
        clock: SkewedClock,
        deadline: Duration,
        lists: usize,
    ) -> Self {
        let (closed, lists) = (lately_used(), Semaphore::new(lists));
        let prepared = catalog.probes().map(prepared).collect();
        Self { access, catalog, transport, clock, deadline, closed, prepared, lists }
    }

    /// Remembers which regions an account has closed, to tell what its errors mean.
    pub(crate) async fn remember_closed(&self, account: &AccountId, closed: &[Region]) {
        self.closed.insert(account.clone(), Arc::new(closed.to_vec())).await;
    }

    /// Makes one call and reads its page.
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Page, Failure> {
        let operation = &question.asked.call.operation;
        self.attempt(question).await.map_err(|failure| match failure.operation {
            None => failure.during(operation),
            Some(_) => failure,
        })
    }

    async fn attempt(&self, question: Question<'_>) -> Result<Page, Failure> {
        let Question { who, asked, .. } = question;
        let mut mended = Mended::default();
        loop {
            let session = match self.access.present(who).await {
                Some(session) => session,
                None => self.access.session(who).await?,
            };
            let partition = self.access.partition(&session)?;
            let target = self.target(question, partition, mended.region.as_deref()).await?;
            let values = values(asked, partition, &target);
            let request = self.request(question, &values, &target, &session)?;
            let answer = match self.transport.send(request, self.deadline).await {
                Ok(answer) => answer,
                Err(fault) => {
                    return Err(Box::pin(self.fault(question, partition, &target, &fault)).await);
                }
            };
            let refusal = if answer.status.is_success() {
                let body = Self::read(asked, &answer)?;
                match page::failure(asked.call, &body) {
                    None => return page::read(asked, &|name| values.get(name), &body),
                    Some(failure) => error::inside(&answer, failure),
                }
            } else {
                error::read(&answer)
            };
            if !Box::pin(self.mend(&mut mended, who, &session, &target, &refusal)).await {
                let closed = self.closed.get(asked.account).await;
                let context = Context {
                    call: &asked.call.errors,
                    service: &asked.entry.errors,
                    file: &asked.file(),
                    table_says_no: self.table_says_no(question),
                    region_closed: closed.is_some_and(|list| list.contains(question.region)),
                };
                return Err(classify::refusal(&refusal, context));
            }
        }
    }

    /// What is known of a call of the catalog before it is made.
    pub(crate) fn prepared(&self, probe: &ProbeId, call: usize) -> &Prepared {
        self.prepared.get(probe).and_then(|calls| calls.get(call)).unwrap_or(&UNPREPARED)
    }

    /// What the call keeps of an answer.
    fn read(asked: &Asked<'_>, answer: &Answer) -> Result<Value, Failure> {
        let operation = &asked.call.operation;
        wire::read(asked.entry, operation, &answer.body, &asked.prepared.kept).map_err(|error| {
            let mut failure =
                Failure::new(FailureKind::Transient, "UnreadableBody", error.to_string());
            failure.http_status = Some(answer.status.as_u16());
            failure
        })
    }

    /// Where the call goes.
    async fn target(
        &self,
        question: Question<'_>,
        partition: &Partition,
        moved_to: Option<&str>,
    ) -> Result<Arc<Target>, Failure> {
        let Question { who, asked, region, .. } = question;
        let own = called_region(asked.call, asked.parent);
        let region = moved_to.or(own).unwrap_or(region.as_str());
        let origin = self.access.origin(&who.connection).await?;
        origin.endpoints.target(&self.catalog, partition, asked.entry, region)
    }

    /// The signed request.
    fn request(
        &self,
        question: Question<'_>,
        values: &Values<'_>,
        target: &Target,
        session: &Session,
    ) -> Result<http::Request<Full<Bytes>>, Failure> {
        let Question { asked, scan, .. } = question;
        let outgoing = asked
            .prepared
            .request(asked.entry, asked.call, values, asked.token)
            .map_err(|error| invalid(asked.entry, &error))?;
        let request = unsigned(&outgoing, target, Some(scan))
            .map_err(|error| invalid(asked.entry, &error))?;
        let signing = Signing {
            name: signing_name(asked.entry),
            region: &target.signing_region,
            time: self.clock.now().into(),
            credentials: &session.credentials,
            keys: &session.keys,
        };
        signed(request, &outgoing.body, signing).map_err(|error| invalid(asked.entry, &error))
    }

    /// Mends what a refusal asks for, each thing once; answers whether to call again.
    async fn mend(
        &self,
        mended: &mut Mended,
        who: &Key,
        session: &Session,
        target: &Target,
        refusal: &Refusal,
    ) -> bool {
        match classify::mending(refusal) {
            Some(Mending::Renew) if !mended.credentials => {
                mended.credentials = true;
                self.clock.correct(refusal.date.as_deref());
                self.access.forget(who, session).await;
                true
            }
            Some(Mending::CorrectClock) if !mended.clock => {
                mended.clock = true;
                self.clock.correct(refusal.date.as_deref())
            }
            Some(Mending::Redirect(region)) if mended.region.is_none() => {
                let elsewhere = region != target.signing_region;
                mended.region = Some(region);
                elsewhere
            }
            _ => false,
        }
    }

    fn table_says_no(&self, question: Question<'_>) -> bool {
        let Question { asked, scope, region, .. } = question;
        matches!(self.catalog.offered(asked.entry, scope, region.as_str()), Offered::No { .. })
    }

    /// A fault; a host without an address is no service only if the table agrees and the
    /// region's STS has one.
    async fn fault(
        &self,
        question: Question<'_>,
        partition: &Partition,
        target: &Target,
        fault: &Fault,
    ) -> Failure {
        let failure = classify::fault(fault);
        let unknown_host = matches!(fault, Fault::Dns(_)) && !target.configured;
        if !unknown_host || !self.table_says_no(question) {
            return failure;
        }
        let host = format!("sts.{}.{}:443", target.signing_region, partition.dns_suffix);
        let lookup = tokio::time::timeout(LOOKUP_DEADLINE, tokio::net::lookup_host(host)).await;
        let resolves = lookup
            .is_ok_and(|addresses| addresses.is_ok_and(|mut addresses| addresses.next().is_some()));
        let kind = if resolves { FailureKind::NotOffered } else { failure.kind };
        Failure { kind, ..failure }
    }
}

/// A probe with what is known of its calls.
fn prepared(view: ProbeView<'_>) -> (ProbeId, Vec<Prepared>) {
    let ProbeView { entry, probe, .. } = view;
    let calls = probe.calls.iter().map(|call| Prepared::of(entry, probe, call));
    (probe.id.clone(), calls.collect())
}

/// What the templates of a call may ask for.
fn values<'a>(asked: &Asked<'a>, partition: &'a Partition, target: &'a Target) -> Values<'a> {
    Values {
        account: asked.account.as_str(),
        region: &target.signing_region,
        partition: &partition.id,
        suffix: &partition.dns_suffix,
        item: asked.parent,
    }
}

/// The region that a call names for itself, where the thing that it is made for has one.
pub(crate) fn called_region<'a>(call: &'a Call, item: Option<&'a Item>) -> Option<&'a str> {
    let template = call.region.as_deref()?;
    let Some(name) = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return (!template.contains('{')).then_some(template);
    };
    let path = name.strip_prefix("item.")?;
    item?.inputs.get(path).map(String::as_str).filter(|region| !region.is_empty())
}

/// The name that requests of a service are signed for.
pub(crate) fn signing_name(entry: &Entry) -> &str {
    entry.signing_name.as_deref().unwrap_or(&entry.endpoint_prefix)
}

/// A request to a target that is not signed yet.
pub(crate) fn unsigned(
    outgoing: &Outgoing,
    target: &Target,
    scan: Option<&ScanId>,
) -> Result<http::Request<Full<Bytes>>, http::Error> {
    let own = outgoing.host.as_ref().filter(|_| !target.configured);
    let (scheme, base) = own.map_or(("", &target.base), |host| ("https://", host));
    let mark = if outgoing.query.is_empty() { "" } else { "?" };
    let uri = [scheme, base, &outgoing.path, mark, &outgoing.query].concat();
    let mut request = http::Request::new(Full::new(outgoing.body.clone()));
    *request.method_mut() = outgoing.method.clone();
    *request.uri_mut() = uri.try_into()?;
    let host = request.uri().authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(host)?;
    let agent = HeaderValue::try_from(user_agent(scan))?;
    // With room for what a signature adds.
    let mut headers = HeaderMap::with_capacity(outgoing.headers.len() + 8);
    headers.extend([(header::USER_AGENT, agent), (header::HOST, host)]);
    headers.extend(outgoing.headers.iter().cloned());
    *request.headers_mut() = headers;
    Ok(request)
}

fn invalid(entry: &Entry, error: &dyn std::fmt::Display) -> Failure {
    let message = format!("{}: {error}", file(entry));
    Failure::new(FailureKind::Invalid, "BadCall", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(region: &str) -> Call {
        let text =
            format!("name = 'c'\noperation = 'Op'\nitems = '@'\niam = []\nregion = '{region}'");
        toml::from_str(&text).expect("a call")
    }

    fn item(region: &str) -> Item {
        let object = serde_json::json!({ "kind": "T", "id": "i", "own": true });
        let inputs = std::collections::BTreeMap::from([("Home".to_owned(), region.to_owned())]);
        let object = serde_json::from_value(object).expect("an object");
        Item { object, on: false, inputs, follow: Vec::new() }
    }

    #[test]
    fn a_call_goes_to_the_region_of_its_thing_where_that_has_one() {
        let of = |template: &str, item: Option<&Item>| {
            called_region(&call(template), item).map(str::to_owned)
        };
        assert_eq!(of("{item.Home}", Some(&item("eu-west-1"))).as_deref(), Some("eu-west-1"));
        assert_eq!(of("{item.Home}", Some(&item(""))), None);
        assert_eq!(of("{item.Other}", Some(&item("eu-west-1"))), None);
        assert_eq!(of("{item.Home}", None), None);
        assert_eq!(of("us-west-2", None).as_deref(), Some("us-west-2"));
    }
}
