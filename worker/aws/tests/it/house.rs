//! What every test needs: a provider that reaches only loopback, and answers of STS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws::{Aws, Options, StaticKeys};
use catalog::Catalog;
use protocol::budget::{Admission, Ask, Budget, BudgetError, Control};
use protocol::clock::SystemClock;
use protocol::object::Object;
use protocol::provider::{Item, PageRequest, Place, Provider};
use protocol::scan::Settings;
use protocol::{AccountId, ConnectionId, Failure, ProbeId, Region, ScanId};

use crate::server::Reply;

/// The hub's own account.
pub(crate) const HUB: &str = "123456789012";
/// An account that is entered by a role.
pub(crate) const MEMBER: &str = "210987654321";

/// Grants everything, and remembers what was asked.
#[derive(Default)]
pub(crate) struct Generous {
    pub asked: Mutex<Vec<Ask>>,
    pub throttled: Mutex<Vec<Ask>>,
}

#[async_trait]
impl Budget for Generous {
    async fn admit(&self, asks: &[Ask]) -> Result<Vec<Admission>, BudgetError> {
        self.asked.lock().expect("no panic").extend_from_slice(asks);
        Ok(asks.iter().map(|_| Admission::Granted).collect())
    }

    async fn throttled(&self, ask: &Ask) -> Result<(), BudgetError> {
        self.throttled.lock().expect("no panic").push(ask.clone());
        Ok(())
    }

    async fn control(&self) -> Result<Control, BudgetError> {
        Ok(Control::default())
    }

    async fn set_control(&self, _: &Control) -> Result<(), BudgetError> {
        Ok(())
    }
}

/// A provider whose every call goes to `endpoint`.
pub(crate) fn aws(endpoint: &str, settings: &Settings, catalog: Catalog) -> Aws {
    aws_with(endpoint, settings, catalog, Arc::new(Generous::default()))
}

pub(crate) fn aws_with(
    endpoint: &str,
    settings: &Settings,
    catalog: Catalog,
    budget: Arc<Generous>,
) -> Aws {
    let options = Options {
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some(StaticKeys {
            access_key_id: "AKIDHUB".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        }),
        ..Options::default()
    };
    Aws::connect(settings, options, catalog, budget, Arc::new(SystemClock)).expect("a provider")
}

/// A catalog of one json service `x` with a paged list and a detail.
pub(crate) fn small_catalog(more: &str) -> Catalog {
    let text = format!(
        "service = 'x'\ntitle = 'X'\ncategory = 'other'\norigin = 'curated'\nprotocol = 'json-1.1'\n\
         endpoint_prefix = 'x'\ntarget_prefix = 'XService'\nscope = 'regional'\n\
         [[probe]]\nid = 'x'\njudgement = 'resources'\nresource_type = 'T'\n\
         [[probe.call]]\nname = 'list'\noperation = 'ListThings'\nitems = 'Things[]'\nid = 'Id'\n\
         page = {{ input = 'NextToken', output = 'NextToken' }}\niam = ['x:ListThings']\n{more}"
    );
    Catalog::of_entries([("aws/x.toml".to_owned(), text)]).expect("a catalog")
}

pub(crate) fn scan() -> ScanId {
    ScanId::new("20261122T031700-0badcafe").expect("an id")
}

pub(crate) fn connection() -> ConnectionId {
    ConnectionId::new("source-0").expect("an id")
}

pub(crate) fn place(account: &str, region: &str) -> Place {
    Place {
        scan: scan(),
        account: AccountId::new(account).expect("an id"),
        connection: connection(),
        region: Region::new(region).expect("a region"),
    }
}

/// Asks the first page of the first call of probe `x` in the hub's own account.
pub(crate) async fn list(aws: &Aws) -> Result<Vec<String>, Failure> {
    list_in(aws, HUB).await
}

pub(crate) async fn list_in(aws: &Aws, account: &str) -> Result<Vec<String>, Failure> {
    let probe = ProbeId::new("x").expect("an id");
    let request = PageRequest { probe: &probe, call: 0, item: None, token: None };
    let page = aws.page(&place(account, "eu-west-1"), request).await?;
    Ok(page.items.into_iter().map(|item| item.object.id).collect())
}

pub(crate) fn item(id: &str, inputs: BTreeMap<String, String>) -> Item {
    let object = Object {
        kind: "T".to_owned(),
        id: id.to_owned(),
        parent: None,
        home: None,
        own: true,
        attributes: serde_json::Map::new(),
        documents: BTreeMap::new(),
    };
    Item { object, on: false, inputs, follow: Vec::new() }
}

pub(crate) fn caller_identity(account: &str, arn: &str) -> Reply {
    Reply::xml(format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><Arn>{arn}</Arn><UserId>U</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    ))
}

/// Who the hub is.
pub(crate) fn hub_identity() -> Reply {
    caller_identity(HUB, &format!("arn:aws:iam::{HUB}:user/ana"))
}
