//! From an answer to a page of things, by what the catalog says of the call.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use catalog::condition::{all_hold, filled};
use catalog::entry::{Call, Condition, Entry, Paging, Probe};
use catalog::template::TemplateError;
use catalog::{path, template};
use protocol::judge::Judgement;
use protocol::object::Object;
use protocol::provider::{Item, Page};
use protocol::{AccountId, Failure, FailureKind, Region};
use serde_json::{Map, Value};

use crate::documents;
use crate::wire::Prepared;

/// A call of the catalog and what it was made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The service.
    pub entry: &'a Entry,
    /// The probe.
    pub probe: &'a Probe,
    /// The call.
    pub call: &'a Call,
    /// The account that was asked.
    pub account: &'a AccountId,
    /// The thing that it was asked about, for `for_each` calls.
    pub parent: Option<&'a Item>,
    /// The page that was asked for.
    pub token: Option<&'a str>,
    /// What was known of it before.
    pub prepared: &'a Prepared,
}

impl Asked<'_> {
    /// The catalog's file, to name where it is at fault.
    pub(crate) fn file(&self) -> String {
        file(self.entry)
    }

    fn invalid(&self, code: &str, what: &str) -> Failure {
        let message = format!("{what} (the catalog's file {} says otherwise)", self.file());
        Failure::new(FailureKind::Invalid, code, message).during(&self.call.operation)
    }
}

/// The file of a service in the catalog.
pub(crate) fn file(entry: &Entry) -> String {
    format!("aws/{}.toml", entry.service)
}

/// What a call judges its things by, with the placeholders in its conditions filled.
struct Rules<'a> {
    own: Cow<'a, [Condition]>,
    on: Cow<'a, [Condition]>,
    children: Vec<Child<'a>>,
}

/// A `for_each` call under the one that was made.
struct Child<'a> {
    index: usize,
    only: Cow<'a, [Condition]>,
    needs: BTreeSet<String>,
}

/// Reads the page that an answer holds; `known` is what conditions may ask for.
pub(crate) fn read(
    asked: &Asked<'_>,
    known: &dyn Fn(&str) -> Option<String>,
    answer: &Value,
) -> Result<Page, Failure> {
    let rules =
        rules(asked, known).map_err(|error| asked.invalid("BadCondition", &error.to_string()))?;
    let items = path::select(&asked.call.items, answer)
        .into_iter()
        .filter(|thing| !is_nothing(thing))
        .map(|thing| item(asked, &rules, thing))
        .collect::<Result<_, _>>()?;
    let next = asked.call.page.as_ref().map(|page| next(asked, page, answer)).transpose()?;
    Ok(Page { items, next: next.flatten() })
}

/// Code and message of the first failure that an answer tells though it is a success; both empty
/// where it does not say them.
pub(crate) fn failure(call: &Call, answer: &Value) -> Option<(String, String)> {
    let failures = call.failures.as_ref()?;
    let told = path::select(&failures.path, answer).into_iter().find(|told| !is_nothing(told))?;
    let say = |path: &str| path::first(path, told).and_then(text).unwrap_or_default();
    Some((say(&failures.code), failures.message.as_deref().map(say).unwrap_or_default()))
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

fn rules<'a>(
    asked: &Asked<'a>,
    known: &dyn Fn(&str) -> Option<String>,
) -> Result<Rules<'a>, TemplateError> {
    let under = |call: &Call| call.for_each.as_deref() == Some(&asked.call.name);
    let calls = asked.probe.calls.iter().enumerate().filter(|(_, call)| under(call));
    let child = |(index, call): (usize, &'a Call)| {
        let only = filled(&call.only, known)?;
        Ok(Child { index, only, needs: template::inputs(call) })
    };
    Ok(Rules {
        own: filled(&asked.call.own, known)?,
        on: filled(&asked.call.on, known)?,
        children: calls.map(child).collect::<Result<_, _>>()?,
    })
}

fn item(asked: &Asked<'_>, rules: &Rules<'_>, thing: &Value) -> Result<Item, Failure> {
    let Asked { call, probe, .. } = asked;
    let object = Object {
        kind: call.resource_type.as_ref().unwrap_or(&probe.resource_type).clone(),
        id: id(asked, thing)?,
        parent: asked.parent.map(|parent| parent.object.id.clone()),
        home: call.home.as_deref().and_then(|home| region(path::first(home, thing)?)),
        own: all_hold(&rules.own, thing),
        attributes: attributes(&call.keep, thing),
        documents: documents(&call.documents, thing),
    };
    let follow: Vec<&Child<'_>> =
        rules.children.iter().filter(|child| all_hold(&child.only, thing)).collect();
    let paths: BTreeSet<&String> = follow.iter().flat_map(|child| &child.needs).collect();
    let input = |path: &String| Some((path.clone(), text(path::first(path, thing)?)?));
    Ok(Item {
        on: is_on(asked, rules, &object, thing),
        inputs: paths.into_iter().filter_map(input).collect(),
        follow: follow.iter().map(|child| child.index).collect(),
        object,
    })
}

/// Whether a thing proves that a switch is on: as its conditions say, or, in a call that counts
/// and has none, by being there.
fn is_on(asked: &Asked<'_>, rules: &Rules<'_>, object: &Object, thing: &Value) -> bool {
    asked.probe.judgement == Judgement::Switch
        && if rules.on.is_empty() {
            asked.call.counts && object.own
        } else {
            all_hold(&rules.on, thing)
        }
}

/// A thing's id: by its path, else its parent's, else (one thing of the whole account) the account's.
fn id(asked: &Asked<'_>, thing: &Value) -> Result<String, Failure> {
    match (&asked.call.id, asked.parent) {
        (Some(id), _) => path::first(id, thing)
            .and_then(text)
            .filter(|id| !id.is_empty())
            .ok_or_else(|| asked.invalid("NoId", &format!("a thing has no {id}, its id"))),
        (None, Some(parent)) => Ok(parent.object.id.clone()),
        (None, None) => Ok(asked.account.to_string()),
    }
}

fn text(value: &Value) -> Option<String> {
    path::text(value).map(std::borrow::Cow::into_owned)
}

fn region(value: &Value) -> Option<Region> {
    Region::new(path::text(value)?).ok()
}

fn attributes(keep: &BTreeMap<String, String>, thing: &Value) -> Map<String, Value> {
    let kept = keep.iter().filter_map(|(name, path)| {
        let mut values = path::select(path, thing);
        let value = match values.len() {
            0 => return None,
            1 => values.swap_remove(0).clone(),
            _ => Value::Array(values.into_iter().cloned().collect()),
        };
        (!is_nothing(&value)).then(|| (name.clone(), value))
    });
    kept.collect()
}

fn documents(paths: &BTreeMap<String, String>, thing: &Value) -> BTreeMap<String, String> {
    let document = |(name, path): (&String, &String)| {
        Some((name.clone(), documents::read(path::first(path, thing)?)?))
    };
    paths.iter().filter_map(document).collect()
}

/// The next page, where there is one.
fn next(asked: &Asked<'_>, page: &Paging, answer: &Value) -> Result<Option<String>, Failure> {
    let flag = |path: &String| path::first(path, answer).and_then(path::text);
    let more = page.more.as_ref().map(|path| flag(path).is_some_and(|flag| flag == "true"));
    if more == Some(false) {
        return Ok(None);
    }
    // Where a path leads to several tokens, the last of them goes on.
    let token = path::select(&page.output, answer).pop().and_then(text);
    let token = token.filter(|token| !token.is_empty());
    match token {
        Some(token) if asked.token == Some(&token) => {
            let what = "the answer names the page that was asked for as the next one";
            Err(Failure::new(FailureKind::Other, "TokenLoop", what).during(&asked.call.operation))
        }
        None if more == Some(true) => {
            let what = format!("there is more, but {} names no next page", page.output);
            Err(asked.invalid("NoToken", &what))
        }
        token => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::wire::UNPREPARED;

    fn entry(calls: &str) -> Entry {
        toml::from_str(&format!(
            "service = 'x'\ntitle = 'X'\ncategory = 'other'\norigin = 'curated'\nprotocol = 'json-1.1'\n\
             endpoint_prefix = 'x'\nscope = 'regional'\n[[probe]]\nid = 'x'\njudgement = 'switch'\n\
             resource_type = 'T'\n{calls}"
        ))
        .expect("an entry")
    }

    const LIST: &str = "[[probe.call]]\nname = 'list'\noperation = 'List'\nitems = 'Things[]'\nid = 'Id'\n\
                        iam = []\n";

    fn page_of(calls: &str, token: Option<&str>, answer: &Value) -> Result<Page, Failure> {
        let entry = entry(calls);
        let account = AccountId::new("111122223333").expect("an account");
        let probe = &entry.probes[0];
        let call = &probe.calls[0];
        let asked = Asked {
            entry: &entry,
            probe,
            call,
            account: &account,
            parent: None,
            token,
            prepared: &UNPREPARED,
        };
        let known = |name: &str| (name == "account").then(|| "111122223333".to_owned());
        read(&asked, &known, answer)
    }

    #[test]
    fn a_thing_has_its_id_attributes_home_and_ownership() {
        let calls = format!(
            "{LIST}own = [{{ path = 'Owner', equals = 'ME' }}]\nhome = 'Region'\n\
             keep = {{ state = 'State.Name', tags = 'Tags[].Key', none = 'No' }}\n"
        );
        let answer = json!({ "Things": [
            { "Id": 7, "Owner": "ME", "Region": "eu-west-1", "State": { "Name": "on" },
              "Tags": [{ "Key": "a" }, { "Key": "b" }] },
            { "Id": "b", "Region": "" }, null, "",
        ] });
        let items = page_of(&calls, None, &answer).expect("a page").items;
        let objects: Vec<_> = items.iter().map(|item| &item.object).collect();
        assert_eq!(objects.len(), 2);
        assert_eq!(objects[0].id, "7");
        assert!(objects[0].own && !objects[1].own);
        assert_eq!(objects[0].home, Region::new("eu-west-1").ok());
        assert_eq!(objects[1].home, None);
        assert_eq!(json!(objects[0].attributes), json!({ "state": "on", "tags": ["a", "b"] }));
    }

    #[test]
    fn a_thing_says_which_calls_follow_it_and_what_they_need() {
        let calls = format!(
            "{LIST}counts = false\n[[probe.call]]\nname = 'get'\nfor_each = 'list'\n\
             where = [{{ path = 'Kind', equals = 'A' }}]\noperation = 'Get'\nitems = '@'\niam = []\n\
             params = {{ Name = '{{item.Name}}' }}\n"
        );
        let answer = json!({ "Things": [
            { "Id": "1", "Kind": "A", "Name": "n" }, { "Id": "2", "Kind": "B", "Name": "m" },
        ] });
        let items = page_of(&calls, None, &answer).expect("a page").items;
        assert_eq!(items[0].follow, [1]);
        assert_eq!(items[0].inputs.get("Name").map(String::as_str), Some("n"));
        assert!(items[1].follow.is_empty() && items[1].inputs.is_empty());
        assert!(items.iter().all(|item| !item.on), "a way to details proves nothing");
    }

    #[test]
    fn a_switch_is_on_when_its_thing_says_so_or_is_there() {
        let says = format!("{LIST}on = [{{ path = 'Status', equals = 'ENABLED' }}]\n");
        let answer = json!({ "Things": [{ "Id": "1", "Status": "ENABLED" }, { "Id": "2" }] });
        let on = |calls: &str| -> Vec<bool> {
            let page = page_of(calls, None, &answer).expect("a page");
            page.items.iter().map(|item| item.on).collect()
        };
        assert_eq!(on(&says), [true, false]);
        assert_eq!(on(LIST), [true, true]);
    }

    #[test]
    fn a_condition_may_ask_for_the_account() {
        let calls = format!("{LIST}own = [{{ path = 'Owner', equals = '{{account}}' }}]\n");
        let answer = json!({ "Things": [
            { "Id": "1", "Owner": "111122223333" }, { "Id": "2", "Owner": "444455556666" },
        ] });
        let items = page_of(&calls, None, &answer).expect("a page").items;
        let own: Vec<bool> = items.iter().map(|item| item.object.own).collect();
        assert_eq!(own, [true, false]);
        let unknown = calls.replace("{account}", "{moon}");
        assert_eq!(page_of(&unknown, None, &answer).expect_err("unknown").code, "BadCondition");
    }

    #[test]
    fn a_thing_without_an_id_is_the_catalogs_fault() {
        let failure = page_of(LIST, None, &json!({ "Things": [{}] })).expect_err("no id");
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Invalid, "NoId"));
        assert!(failure.message.contains("aws/x.toml"));
    }

    fn next_of(page: &str, token: Option<&str>, answer: &Value) -> Result<Option<String>, String> {
        let calls = format!("{LIST}page = {{ {page} }}\n");
        page_of(&calls, token, answer).map(|page| page.next).map_err(|failure| failure.code)
    }

    #[test]
    fn pages_end_with_an_empty_token_or_a_flag() {
        let plain = "input = 'Next', output = 'Next'";
        let flag = "input = 'M', output = 'L.Marker', more = 'L.More'";
        let token = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(next_of(plain, None, &json!({ "Next": "b" })), token("b"));
        assert_eq!(next_of(plain, None, &json!({ "Next": 12 })), token("12"));
        assert_eq!(next_of(plain, None, &json!({ "Next": "" })), Ok(None));
        assert_eq!(next_of(plain, None, &json!({ "Next": null })), Ok(None));
        assert_eq!(next_of(plain, None, &json!({})), Ok(None));
        let more = |more: Value| json!({ "L": { "More": more, "Marker": "m" } });
        assert_eq!(next_of(flag, None, &more(json!("true"))), token("m"));
        assert_eq!(next_of(flag, None, &more(json!(true))), token("m"));
        assert_eq!(next_of(flag, None, &more(json!("false"))), Ok(None));
        let told = json!({ "L": { "More": true } });
        assert_eq!(next_of(flag, None, &told), Err("NoToken".to_owned()));
    }

    #[test]
    fn a_list_without_end_is_named() {
        let plain = "input = 'Next', output = 'Next'";
        let answer = json!({ "Next": "a" });
        assert_eq!(next_of(plain, Some("a"), &answer), Err("TokenLoop".to_owned()));
        assert_eq!(next_of(plain, Some("b"), &answer), Ok(Some("a".to_owned())));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(text in "[{}\\[\\]\",:ThingsIdNext0-9]{0,60}") {
            if let Ok(answer) = serde_json::from_str::<Value>(&text) {
                let page = page_of(LIST, None, &answer);
                prop_assert!(page.is_ok() || answer.get("Things").is_some());
            }
        }
    }
}
