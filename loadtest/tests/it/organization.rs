//! What the stand-in answers of an organization: policies, administrators, trusted services, page by page.

use std::collections::BTreeSet;

use catalog::Catalog;
use loadtest::{Manner, Organization, Running, Shape, Trouble, World};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::{Client, Refusal, Session};

struct Played {
    org: Organization,
    running: Running,
    client: Client,
}

impl Played {
    async fn new() -> Self {
        let trouble = Trouble { closed_doors: true, ..Trouble::NONE };
        let org = Organization::new(Shape { trouble, ..Shape::default() });
        let world = World::new(org.clone(), Catalog::embedded().expect("a catalog"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        // Only what is told matters here, not how fast.
        let manner = Manner { enforce_buckets: false, ..Manner::default() };
        let running = loadtest::serve(world, listener, manner).expect("a server");
        let client = Client::new(&running);
        Self { org, running, client }
    }

    fn hub(&self) -> Session {
        Session::from(self.running.keys())
    }

    async fn ask(&self, from: &Session, operation: &str, body: Value) -> Result<Value, Refusal> {
        let target = format!("AWSOrganizationsV20161128.{operation}");
        self.client.target(from, "organizations", &target, body).await
    }

    /// All entries of a list, and how many pages it had.
    async fn list(&self, operation: &str, name: &str, body: Value) -> (Vec<Value>, usize) {
        let (mut all, mut pages, mut body) = (Vec::new(), 0, body);
        loop {
            let answer = self.ask(&self.hub(), operation, body.clone()).await.expect("a page");
            all.extend(answer[name].as_array().expect("a list").iter().cloned());
            pages += 1;
            match &answer["NextToken"] {
                Value::Null => return (all, pages),
                token => body["NextToken"] = token.clone(),
            }
        }
    }
}

fn words(rows: &[Value], name: &str) -> Vec<String> {
    rows.iter().map(|row| row[name].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn policies_are_listed_by_type_with_documents_and_targets() {
    let played = Played::new().await;
    let (roots, _) = played.list("ListRoots", "Roots", json!({})).await;
    let types = roots[0]["PolicyTypes"].as_array().expect("types");
    let mut seen = 0;
    for kind in words(types, "Type") {
        let (policies, pages) =
            played.list("ListPolicies", "Policies", json!({ "Filter": kind })).await;
        assert_eq!(pages, 2, "the first is empty");
        for id in words(&policies, "Id") {
            let asked = json!({ "PolicyId": id });
            let told = played.ask(&played.hub(), "DescribePolicy", asked.clone()).await;
            let content = told.expect("a policy")["Policy"]["Content"].clone();
            let content: Value =
                serde_json::from_str(content.as_str().expect("a text")).expect("a document");
            assert!(content["Statement"].is_array());
            let (targets, pages) = played.list("ListTargetsForPolicy", "Targets", asked).await;
            let known = played.org.policies.iter().find(|policy| policy.id == id);
            assert_eq!(targets.len(), known.expect("a policy").targets.len());
            assert_eq!(pages, targets.len().div_ceil(20).max(1));
            seen += 1;
        }
    }
    assert_eq!(seen, played.org.policies.len());
    let nobody = json!({ "PolicyId": "p-nothing1" });
    let refusal = played.ask(&played.hub(), "DescribePolicy", nobody).await.expect_err("none");
    assert_eq!(refusal.code, "PolicyNotFoundException");
}

#[tokio::test]
async fn administrators_and_trusted_services_are_listed() {
    let played = Played::new().await;
    let (services, pages) = played
        .list("ListAWSServiceAccessForOrganization", "EnabledServicePrincipals", json!({}))
        .await;
    assert_eq!((services.len() > 20, pages), (true, 2));
    let trusted: BTreeSet<String> = words(&services, "ServicePrincipal").into_iter().collect();
    let (all, _) =
        played.list("ListDelegatedAdministrators", "DelegatedAdministrators", json!({})).await;
    assert!(!all.is_empty());
    for id in words(&all, "Id") {
        let asked = json!({ "AccountId": id });
        let (theirs, _) =
            played.list("ListDelegatedServicesForAccount", "DelegatedServices", asked).await;
        assert!(!theirs.is_empty());
        assert!(words(&theirs, "ServicePrincipal").iter().all(|name| trusted.contains(name)));
    }
}

#[tokio::test]
async fn the_organization_is_told_to_administrators_and_to_no_other_member() {
    let played = Played::new().await;
    let administrators: Vec<usize> =
        played.org.administrators.iter().map(|one| one.account).collect();
    let mut refused = 0;
    for (at, account) in played.org.accounts.iter().enumerate().filter(|(_, a)| a.enterable) {
        let session = match account.management {
            true => played.hub(),
            false => {
                played.client.assume(&played.hub(), &account.id, &[]).await.expect("a session")
            }
        };
        let told = played.ask(&session, "ListRoots", json!({})).await;
        let may = account.management || administrators.contains(&at);
        assert_eq!(told.is_ok(), may, "{}", account.name);
        refused += u32::from(!may);
    }
    assert!(refused > 0 && !administrators.is_empty());
}

#[tokio::test]
async fn accounts_are_told_with_their_paths() {
    let played = Played::new().await;
    let (accounts, _) = played.list("ListAccounts", "Accounts", json!({})).await;
    assert_eq!(accounts.len(), played.org.accounts.len());
    for (told, known) in accounts.iter().zip(&played.org.accounts) {
        let path = told["Paths"][0].as_str().expect("a path");
        let unit = &played.org.units[known.unit].id;
        assert!(path.starts_with(&format!("{}/r-", played.org.id)), "{path}");
        assert!(path.ends_with(&format!("{unit}/{}/", known.id)), "{path}");
    }
}
