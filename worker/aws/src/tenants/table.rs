//! The table of tenants as requests and answers: values are bound, and only what is needed is asked for.

use protocol::AccountId;
use protocol::tenants::Tenants;
use serde_json::{Map, Value, json};

use crate::arn::{parse_account_id, parse_role_arn};

/// Items that one page looks at: a page of the largest items is still far below what a table gives at once.
const PAGE_SIZE: u32 = 200;

/// An account that should manage an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenant {
    /// The account.
    pub account: AccountId,
    /// Its name, where the table tells it.
    pub name: Option<String>,
    /// The ARN of its role, where the table tells it.
    pub role: Option<String>,
    /// The external id that its role asks for, where the table tells it.
    pub external_id: Option<String>,
}

/// A page of the table.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Page {
    /// Its items that pass the filter: each a tenant, or why it is none.
    pub items: Vec<Result<Tenant, String>>,
    /// How many items were looked at.
    pub looked_at: u64,
    /// Where the next page starts.
    pub next: Option<Value>,
}

/// The request for a page.
pub(super) fn request(tenants: &Tenants, start: Option<&Value>) -> Value {
    let mut names = Map::new();
    let mut values = Map::new();
    let mut conditions = Vec::new();
    for (at, (attribute, allowed)) in tenants.filter.iter().enumerate() {
        names.insert(format!("#f{at}"), attribute.as_str().into());
        let mut bound = Vec::new();
        for (nth, value) in allowed.iter().enumerate() {
            let placeholder = format!(":f{at}v{nth}");
            values.insert(placeholder.clone(), json!({ "S": value }));
            bound.push(placeholder);
        }
        conditions.push(format!("#f{at} IN ({})", bound.join(", ")));
    }
    let mut wanted = Vec::new();
    for (at, attribute) in attributes(tenants).enumerate() {
        names.insert(format!("#a{at}"), attribute.into());
        wanted.push(format!("#a{at}"));
    }
    let mut body = json!({
        "TableName": tenants.table,
        "Limit": PAGE_SIZE,
        "ProjectionExpression": wanted.join(", "),
        "ExpressionAttributeNames": names,
    });
    if let Some(body) = body.as_object_mut() {
        if !conditions.is_empty() {
            body.insert("FilterExpression".to_owned(), conditions.join(" AND ").into());
            body.insert("ExpressionAttributeValues".to_owned(), values.into());
        }
        if let Some(start) = start {
            body.insert("ExclusiveStartKey".to_owned(), start.clone());
        }
    }
    body
}

/// The attributes that are read of an item.
fn attributes(tenants: &Tenants) -> impl Iterator<Item = &str> {
    let others = [&tenants.name_attribute, &tenants.role_attribute, &tenants.external_id_attribute];
    let others = others.into_iter().flatten().map(String::as_str);
    let mut seen = std::collections::BTreeSet::new();
    std::iter::once(tenants.id_attribute.as_str())
        .chain(others)
        .filter(move |attribute| seen.insert(*attribute))
}

/// Reads a page; none where the answer is not one.
pub(super) fn read(tenants: &Tenants, answer: &Value) -> Option<Page> {
    let items = answer.get("Items")?.as_array()?;
    let next = answer
        .get("LastEvaluatedKey")
        .filter(|key| key.as_object().is_some_and(|key| !key.is_empty()));
    let looked_at = answer.get("ScannedCount").and_then(Value::as_u64);
    Some(Page {
        items: items.iter().map(|item| tenant(tenants, item)).collect(),
        looked_at: looked_at.unwrap_or(items.len() as u64),
        next: next.cloned(),
    })
}

/// What an item says, or why it is no tenant.
fn tenant(tenants: &Tenants, item: &Value) -> Result<Tenant, String> {
    let name = tenants.name_attribute.as_deref().and_then(|name| text(item, name).ok().flatten());
    let told = |what: String| match &name {
        Some(name) => format!("{what} ({name:?})"),
        None => what,
    };
    let optional = |attribute: Option<&String>| {
        let found = attribute.map(|attribute| text(item, attribute)).transpose();
        found.map(Option::flatten).map_err(told)
    };
    let attribute = &tenants.id_attribute;
    let id = text(item, attribute).map_err(told)?;
    let id = id.ok_or_else(|| told(format!("it has no attribute {attribute}")))?;
    let account = parse_account_id(&id).map_err(|error| told(format!("{attribute}: {error}")))?;
    let role = optional(tenants.role_attribute.as_ref())?;
    if let Some(arn) = &role {
        let parsed = parse_role_arn(arn).map_err(|error| told(error.to_string()))?;
        if parsed.account != account {
            return Err(told(format!("its role {arn} is not in its account {account}")));
        }
    }
    let external_id = optional(tenants.external_id_attribute.as_ref())?;
    Ok(Tenant { account, name, role, external_id })
}

/// The text of an attribute; none where it is not there or empty. A number is an account id that lost its zeros.
fn text(item: &Value, attribute: &str) -> Result<Option<String>, String> {
    let Some(value) = item.get(attribute) else { return Ok(None) };
    let typed = |kind: &str| value.get(kind).and_then(Value::as_str);
    if value.get("NULL").is_some() {
        return Ok(None);
    }
    match (typed("S"), typed("N")) {
        (Some(text), _) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        (None, Some(number)) => Ok(Some(format!("{number:0>12}"))),
        (None, None) => Err(format!("its attribute {attribute} is neither a text nor a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Tenants {
        Tenants {
            table: "tenants".to_owned(),
            name_attribute: Some("tenant_name".to_owned()),
            ..Tenants::default()
        }
    }

    #[test]
    fn values_are_bound_and_never_part_of_the_expression() {
        let evil = "Active\" OR attribute_exists(x) {account} :f0v0";
        let filter = Tenants::read_filter(&[
            format!("tenant_status={evil}"),
            "mgmt_category=Known Managed".to_owned(),
            "mgmt_category=Known Partially Managed".to_owned(),
        ]);
        let tenants = Tenants { filter: filter.expect("a filter"), ..settings() };
        let body = request(&tenants, None);
        assert_eq!(body["FilterExpression"], "#f0 IN (:f0v0, :f0v1) AND #f1 IN (:f1v0)");
        assert_eq!(
            body["ExpressionAttributeValues"],
            json!({
                ":f0v0": { "S": "Known Managed" },
                ":f0v1": { "S": "Known Partially Managed" },
                ":f1v0": { "S": evil },
            })
        );
        assert_eq!(
            body["ExpressionAttributeNames"],
            json!({ "#f0": "mgmt_category", "#f1": "tenant_status", "#a0": "tenant_id", "#a1": "tenant_name" })
        );
        assert_eq!(body["ProjectionExpression"], "#a0, #a1");
        assert!(body.get("ExclusiveStartKey").is_none());
    }

    #[test]
    fn the_usual_filter_is_that_of_active_tenants_that_use_aws() {
        let body = request(&Tenants { table: "t".to_owned(), ..Tenants::default() }, None);
        let names = &body["ExpressionAttributeNames"];
        let values = &body["ExpressionAttributeValues"];
        let pairs = [0, 1, 2].map(|at| {
            let (name, value) = (&names[format!("#f{at}")], &values[format!(":f{at}v0")]["S"]);
            (name.as_str().unwrap_or_default(), value.as_str().unwrap_or_default())
        });
        let expected = [
            ("cloud_service_provider", "AWS"),
            ("tenant_status", "Active"),
            ("tenant_type", "Cloud Usage"),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn a_table_without_a_filter_is_asked_for_all_its_items_from_where_the_last_page_ended() {
        let tenants = Tenants { filter: Default::default(), ..settings() };
        let key = json!({ "tenant_id": { "S": "1" } });
        let body = request(&tenants, Some(&key));
        assert!(body.get("FilterExpression").is_none());
        assert!(body.get("ExpressionAttributeValues").is_none());
        assert_eq!(body["ExclusiveStartKey"], key);
    }

    #[test]
    fn a_page_says_which_items_are_tenants_and_why_others_are_none() {
        let tenants = Tenants {
            role_attribute: Some("role".to_owned()),
            external_id_attribute: Some("secret_word".to_owned()),
            ..settings()
        };
        let answer = json!({
            "Items": [
                { "tenant_id": { "S": "111122223333" }, "secret_word": { "S": "sesame" },
                  "role": { "S": "arn:aws:iam::111122223333:role/reader" } },
                { "tenant_id": { "N": "11122223333" }, "role": { "NULL": true } },
                { "tenant_name": { "S": "Blue" } },
                { "tenant_id": { "S": "12ab" }, "tenant_name": { "S": "Red" } },
                { "tenant_id": { "L": [] } },
                { "tenant_id": { "S": "111122223333" }, "role": { "S": "reader" } },
                { "tenant_id": { "S": "111122223333" },
                  "role": { "S": "arn:aws:iam::999922223333:role/reader" } },
            ],
            "Count": 7, "ScannedCount": 57,
            "LastEvaluatedKey": { "k": { "S": "x" } },
        });
        let page = read(&tenants, &answer).expect("a page");
        assert_eq!((page.looked_at, page.next.is_some()), (57, true));
        let [first, second, rest @ ..] = &page.items[..] else { panic!("{page:?}") };
        let account = |id: &str| AccountId::new(id).expect("an id");
        let tenant = first.as_ref().expect("a tenant");
        assert_eq!(tenant.external_id.as_deref(), Some("sesame"));
        assert_eq!(tenant.role.as_deref(), Some("arn:aws:iam::111122223333:role/reader"));
        assert_eq!(second.as_ref().expect("a tenant").account, account("011122223333"));
        let told: Vec<&str> =
            rest.iter().filter_map(|item| item.as_ref().err().map(String::as_str)).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        it has no attribute tenant_id ("Blue")
        tenant_id: "12ab" is not an account id: an account id is twelve digits, like 123456789012 ("Red")
        its attribute tenant_id is neither a text nor a number
        "reader" is not the ARN of a role: one looks like arn:aws:iam::123456789012:role/orgsweep
        its role arn:aws:iam::999922223333:role/reader is not in its account 111122223333
        "#);
    }

    #[test]
    fn an_answer_of_another_shape_is_no_page() {
        for answer in [json!({}), json!([]), json!({ "Items": 1 }), json!("x")] {
            assert_eq!(read(&settings(), &answer), None, "{answer}");
        }
        let last = read(&settings(), &json!({ "Items": [], "LastEvaluatedKey": {} }));
        assert_eq!(last, Some(Page::default()));
    }
}
