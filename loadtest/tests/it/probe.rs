//! A small scanner: runs a probe as the catalog says and judges it by the rules of `protocol`.

use catalog::ProbeView;
use catalog::entry::{Call, Condition, Entry, ErrorRow, Place, Scope, Wire};
use catalog::{Variant, condition, path, template};
use protocol::judge::{Tally, judge};
use protocol::object::Object;
use protocol::{Failure, FailureKind, Status};
use serde_json::{Map, Value};

use crate::client::{Ask, Client, Refusal, Session, encoded, form, form_type};

pub(crate) struct Scanner<'t> {
    pub(crate) client: &'t Client,
    pub(crate) catalog: &'t catalog::Catalog,
    pub(crate) session: Session,
    pub(crate) account: String,
}

struct Item {
    id: String,
    value: Value,
}

const TRIES: u32 = 6;
const PAGES: u32 = 200;

impl Scanner<'_> {
    /// The status of a cell and how many own things it has.
    pub(crate) async fn look(&self, view: ProbeView<'_>, region: &str) -> (Status, u64) {
        let mut tally = Tally::default();
        for call in view.probe.calls.iter().filter(|call| call.for_each.is_none()) {
            let items = match self.list(view, call, region, None).await {
                Ok(items) => items,
                Err(failure) => {
                    tally.fail(failure);
                    continue;
                }
            };
            tally.answered += 1;
            self.see(&mut tally, view, region, call, &items);
            for child in &view.probe.calls {
                if child.for_each.as_deref() != Some(&call.name) {
                    continue;
                }
                for item in
                    items.iter().filter(|item| self.hold(view, region, &child.only, &item.value))
                {
                    match self.list(view, child, region, Some(item)).await {
                        Ok(found) => {
                            tally.answered += 1;
                            self.see(&mut tally, view, region, child, &found);
                        }
                        Err(failure) => tally.fail(failure),
                    }
                }
            }
        }
        (judge(&tally, view.probe.judgement).status, tally.own)
    }

    fn called_region(&self, view: ProbeView<'_>, region: &str) -> String {
        let region = if view.scope() == Scope::Global { "global" } else { region };
        let plain = Variant { fips: false, dual_stack: false };
        self.catalog.endpoint(view.entry, region, plain).expect("an endpoint").signing_region
    }

    fn hold(
        &self,
        view: ProbeView<'_>,
        region: &str,
        conditions: &[Condition],
        thing: &Value,
    ) -> bool {
        let region = self.called_region(view, region);
        let value = |name: &str| match name {
            "account" => Some(self.account.clone()),
            "region" => Some(region.clone()),
            "partition" => Some("aws".to_owned()),
            _ => None,
        };
        let conditions = condition::filled(conditions, &value).expect("values");
        condition::all_hold(&conditions, thing)
    }

    fn see(
        &self,
        tally: &mut Tally,
        view: ProbeView<'_>,
        region: &str,
        call: &Call,
        items: &[Item],
    ) {
        if !call.counts {
            return;
        }
        for item in items {
            let own = self.hold(view, region, &call.own, &item.value);
            tally.see(&Object {
                kind: String::new(),
                id: item.id.clone(),
                parent: None,
                home: None,
                own,
                attributes: Map::new(),
                documents: std::collections::BTreeMap::new(),
            });
            let proof = own || !call.on.is_empty();
            tally.on |= proof && self.hold(view, region, &call.on, &item.value);
        }
    }

    async fn list(
        &self,
        view: ProbeView<'_>,
        call: &Call,
        region: &str,
        parent: Option<&Item>,
    ) -> Result<Vec<Item>, Failure> {
        let mut items = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let answer = self.page(view, call, region, parent, token.as_deref()).await?;
            for value in path::select(&call.items, &answer) {
                let own_id = call.id.as_ref().map(|id| {
                    let id = path::first(id, value).and_then(path::text);
                    id.unwrap_or_else(|| panic!("{} has no {:?}: {value}", call.operation, call.id))
                });
                let above = parent.map_or(&self.account, |parent| &parent.id);
                let id = own_id.map_or_else(|| above.clone(), std::borrow::Cow::into_owned);
                items.push(Item { id, value: value.clone() });
            }
            let Some(page) = &call.page else { return Ok(items) };
            let text = |path: &String| path::first(path, &answer).and_then(path::text);
            let more = page.more.as_ref().is_none_or(|more| text(more).as_deref() == Some("true"));
            token = text(&page.output).filter(|token| more && !token.is_empty()).map(Into::into);
            if token.is_none() {
                return Ok(items);
            }
        }
        panic!("{} has no end", call.operation)
    }

    async fn page(
        &self,
        view: ProbeView<'_>,
        call: &Call,
        region: &str,
        parent: Option<&Item>,
        token: Option<&str>,
    ) -> Result<Value, Failure> {
        let ask = self.request(view, call, region, parent, token);
        let mut tried = 0;
        loop {
            match self.client.send(&self.session, &ask).await {
                Ok(answer) => return Ok(unwrapped(view.entry.protocol, call, answer)),
                Err(refusal) => {
                    let failure = classify(view.entry, call, &refusal);
                    tried += 1;
                    let again =
                        matches!(failure.kind, FailureKind::Throttled | FailureKind::Transient);
                    if !again || tried >= TRIES {
                        return Err(failure);
                    }
                }
            }
        }
    }

    fn request(
        &self,
        view: ProbeView<'_>,
        call: &Call,
        region: &str,
        parent: Option<&Item>,
        token: Option<&str>,
    ) -> Ask {
        let entry = view.entry;
        let mut to = self.called_region(view, region);
        let value = |name: &str| match name {
            "account" => Some(self.account.clone()),
            "region" => Some(to.clone()),
            "partition" => Some("aws".to_owned()),
            "item" => parent.map(|parent| parent.id.clone()),
            _ => {
                let found = path::first(name.strip_prefix("item.")?, &parent?.value)?;
                path::text(found).map(std::borrow::Cow::into_owned)
            }
        };
        let fill = |text: &str| template::fill(text, &value).expect("a template");
        let encoding = |name: &str| value(name).map(|value| encoded(&value));
        let mut query: Vec<(String, String)> =
            call.query.iter().map(|(k, v)| (k.clone(), fill(v))).collect();
        let mut headers: Vec<(String, String)> =
            call.headers.iter().map(|(k, v)| (k.clone(), fill(v))).collect();
        let mut body = filled(&Value::Object(call.params.clone()), &fill);
        let body = body.as_object_mut().expect("an object");
        let rest = matches!(entry.protocol, Wire::RestJson | Wire::RestXml);
        let method =
            call.method.clone().unwrap_or_else(|| if rest { "GET" } else { "POST" }.into());
        if let Some(page) = &call.page {
            let in_query = rest && method == "GET";
            let place = page.place.unwrap_or(if in_query { Place::Query } else { Place::Body });
            let size = page.size.as_ref().map(|size| (size.input.clone(), Value::from(size.value)));
            let token = token.map(|token| (page.input.clone(), Value::from(token)));
            for (name, value) in size.into_iter().chain(token) {
                let text = path::text(&value).expect("plain").into_owned();
                match place {
                    Place::Query => query.push((name, text)),
                    Place::Header => headers.push((name, text)),
                    Place::Body => {
                        body.insert(name, value);
                    }
                }
            }
        }
        let path = call.path.as_deref().filter(|_| rest).unwrap_or("/");
        let mut path_and_query = template::fill(path, &encoding).expect("a path");
        if !query.is_empty() {
            path_and_query = format!("{path_and_query}?{}", form(query.into_iter()));
        }
        let body = self.body(entry, call, body, &mut headers);
        if let Some(elsewhere) = &call.region {
            to = fill(elsewhere);
        }
        let signing = entry.signing_name.as_ref().unwrap_or(&entry.endpoint_prefix).clone();
        Ask { method, path_and_query, headers, body, signing, region: to }
    }

    fn body(
        &self,
        entry: &Entry,
        call: &Call,
        params: &Map<String, Value>,
        headers: &mut Vec<(String, String)>,
    ) -> String {
        let mut set = |name: &str, value: String| headers.push((name.to_owned(), value));
        match entry.protocol {
            Wire::Query | Wire::Ec2 => {
                let (name, value) = form_type();
                set(&name, value);
                let fixed = [
                    ("Action".to_owned(), call.operation.clone()),
                    ("Version".to_owned(), entry.api_version.clone().expect("a version")),
                ];
                let params = params.iter().map(|(name, value)| {
                    (name.clone(), path::text(value).expect("flat").into_owned())
                });
                form(fixed.into_iter().chain(params))
            }
            Wire::Json10 | Wire::Json11 => {
                let minor = if entry.protocol == Wire::Json10 { "0" } else { "1" };
                set("content-type", format!("application/x-amz-json-1.{minor}"));
                let prefix = entry.target_prefix.as_deref().expect("a target");
                set("x-amz-target", format!("{prefix}.{}", call.operation));
                Value::Object(params.clone()).to_string()
            }
            Wire::RestJson if !params.is_empty() => {
                set("content-type", "application/json".to_owned());
                Value::Object(params.clone()).to_string()
            }
            Wire::RestJson | Wire::RestXml => String::new(),
        }
    }
}

fn filled(value: &Value, fill: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text)),
        Value::Array(all) => all.iter().map(|one| filled(one, fill)).collect(),
        Value::Object(all) => {
            all.iter().map(|(name, one)| (name.clone(), filled(one, fill))).collect()
        }
        other => other.clone(),
    }
}

fn unwrapped(wire: Wire, call: &Call, answer: Value) -> Value {
    if wire == Wire::Query {
        return answer[format!("{}Result", call.operation)].clone();
    }
    answer
}

fn classify(entry: &Entry, call: &Call, refusal: &Refusal) -> Failure {
    let message = refusal.message.to_lowercase();
    let says = |row: &&ErrorRow| {
        let part = row.message.as_ref().map(|part| part.to_lowercase());
        row.code == refusal.code && part.is_none_or(|part| message.contains(&part))
    };
    let row = call.errors.iter().chain(&entry.errors).find(says);
    let kind = row.map_or_else(|| kind(refusal), |row| row.means);
    Failure::new(kind, refusal.code.clone(), &refusal.message)
}

fn kind(refusal: &Refusal) -> FailureKind {
    match refusal.code.as_str() {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => FailureKind::Denied,
        "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown" => FailureKind::Throttled,
        "UnknownOperationException" | "InvalidAction" => FailureKind::Invalid,
        _ if refusal.status >= 500 || refusal.status == 0 => FailureKind::Transient,
        _ => FailureKind::Other,
    }
}
