//! The document of the interface.

use serde_json::Value;

use crate::client::Ask;
use crate::server::Server;

#[tokio::test]
async fn the_document_changes_only_on_purpose() {
    let server = Server::start().await;
    let answer = server.ask(Ask::new("GET", "/openapi.json")).await.is(200);
    insta::assert_snapshot!("openapi", answer.body);
}

#[tokio::test]
async fn every_operation_says_what_it_does_and_what_it_refuses() {
    let server = Server::start().await;
    let document = server.ask(Ask::new("GET", "/openapi.json")).await.is(200).json();
    let mut ids = std::collections::BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let about = format!("{method} {path}");
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{about}");
            assert!(
                ids.insert(operation["operationId"].to_string()),
                "{about} has a name of its own"
            );
            let is_open = operation["security"]
                .as_array()
                .unwrap()
                .iter()
                .all(|way| way.as_object().unwrap().is_empty());
            assert_eq!(
                operation["responses"].get("401").is_none(),
                is_open && path != "/session",
                "{about}"
            );
        }
    }
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for part in text.split("\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is referred to and told");
    }
    for (name, schema) in schemas {
        assert!(schema["description"].is_string(), "{name} is described: {schema}");
    }
}

#[tokio::test]
async fn the_page_is_plain_and_names_every_route() {
    let server = Server::start().await;
    let page = server.ask(Ask::new("GET", "/docs")).await.is(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let document: Value = server.ask(Ask::new("GET", "/openapi.json")).await.json();
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.body.contains(&format!("<code>{path}</code>")), "{path}");
    }
    for foreign in ["<script", "http://", "https://", "style="] {
        assert!(!page.body.contains(foreign), "{foreign} in the page");
    }
    let style = server.ask(Ask::new("GET", "/docs.css")).await.is(200);
    assert!(style.header("content-type").unwrap().starts_with("text/css"));
}
