//! What is kept of an answer: the members that a call's paths lead to. Everything else is read past, and never held.

use std::fmt;

use catalog::entry::{Call, Probe};
use catalog::template;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What is kept of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    whole: bool,
    members: Vec<(String, Kept)>,
}

/// All of it.
pub(crate) const WHOLE: Kept = Kept { whole: true, members: Vec::new() };

impl Kept {
    /// What a call of a probe reads of its answers.
    pub(crate) fn of(probe: &Probe, call: &Call) -> Self {
        let mut kept = Self::default();
        if let Some(page) = &call.page {
            page.more.iter().chain([&page.output]).for_each(|path| kept.add(path));
        }
        if let Some(failures) = &call.failures {
            let below = failures.message.iter().chain([&failures.code]);
            below.for_each(|path| kept.add_below(&failures.path, path));
        }
        let own = call.own.iter().chain(&call.on).map(|condition| &condition.path);
        let told = call.id.iter().chain(&call.home).chain(call.keep.values());
        for path in own.chain(told).chain(call.documents.values()) {
            kept.add_below(&call.items, path);
        }
        let under = |one: &&Call| one.for_each.as_deref() == Some(&call.name);
        for child in probe.calls.iter().filter(under) {
            let only = child.only.iter().map(|condition| condition.path.clone());
            for path in only.chain(template::inputs(child)) {
                kept.add_below(&call.items, &path);
            }
        }
        // Things of which nothing is told are still counted.
        kept.reach(&call.items);
        kept
    }

    fn add_below(&mut self, items: &str, path: &str) {
        self.reach(items).add(path);
    }

    fn add(&mut self, path: &str) {
        self.reach(path).whole = true;
    }

    /// What is kept of that to which a path leads; lists are as their elements.
    pub(super) fn reach(&mut self, path: &str) -> &mut Self {
        let steps = path.split('.').map(|step| step.trim_end_matches("[]"));
        steps.filter(|name| *name != "@").fold(self, |kept, name| {
            let at = kept.place(name).unwrap_or_else(|| {
                kept.members.push((name.to_owned(), Self::default()));
                kept.members.len() - 1
            });
            &mut kept.members[at].1
        })
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|(known, _)| known == name)
    }

    /// What is kept of a member; none where it is read past.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        if self.whole {
            return Some(self);
        }
        self.members.iter().find(|(known, _)| known == name).map(|(_, kept)| kept)
    }
}

/// Reads a value of JSON, and keeps what is to be kept.
impl<'de> DeserializeSeed<'de> for &Kept {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.whole {
            return serde::Deserialize::deserialize(deserializer);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Kept {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element_seed(self)? {
            all.push(one);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key_seed(Name(self))? {
            match name.and_then(|at| self.members.get(at)) {
                Some((name, kept)) => drop(object.insert(name.clone(), map.next_value_seed(kept)?)),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(object))
    }
}

/// The name of a member: its place among those that are kept, where it is one.
struct Name<'k>(&'k Kept);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.place(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(paths: &[(&str, &str)]) -> Kept {
        let mut kept = Kept::default();
        paths.iter().for_each(|(items, path)| kept.add_below(items, path));
        kept
    }

    fn read(kept: &Kept, text: &str) -> Value {
        kept.deserialize(&mut serde_json::Deserializer::from_str(text)).expect("JSON")
    }

    #[test]
    fn members_that_no_path_leads_to_are_read_past() {
        let kept = kept(&[("Users[]", "Id"), ("Users[]", "Tags[].Key"), ("@", "Next")]);
        let text = r#"{"Users":[{"Id":1,"Size":{"a":[1,{}]},"Tags":[{"Key":"k","Value":"v"}]},{"X":0},null],
                       "Next":null,"More":[true]}"#;
        let wanted =
            json!({ "Users": [{ "Id": 1, "Tags": [{ "Key": "k" }] }, {}, null], "Next": null });
        assert_eq!(read(&kept, text), wanted);
    }

    #[test]
    fn what_a_path_ends_at_is_kept_whole() {
        let kept = kept(&[("Users[]", "@"), ("Page", "Next")]);
        let text = r#"{"Users":[{"a":{"b":[1.5,-2,true]}},"x"],"Page":{"Next":{"t":1},"No":1}}"#;
        let wanted = json!({ "Users": [{ "a": { "b": [1.5, -2, true] } }, "x"], "Page": { "Next": { "t": 1 } } });
        assert_eq!(read(&kept, text), wanted);
        assert_eq!(read(&WHOLE, text), serde_json::from_str::<Value>(text).expect("JSON"));
    }
}
