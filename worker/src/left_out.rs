//! What is left out of answers that are larger than a message may be; each loss is named.

use protocol::failure::cut;
use protocol::object::Object;
use protocol::result::Answer;
use serde_json::{Map, Value};

/// The attribute that names what a thing lost, and how many bytes each part had.
pub(crate) const NAME: &str = "left_out";

/// The longest id that is kept of an answer that is too large otherwise, in bytes.
const ID_LIMIT: usize = 512;
/// Stands at the end of a text that was cut.
const CUT: &str = "…";

/// Takes its largest document from a thing, else its largest attribute, else the ends of its ids;
/// `false` when there is nothing more to take.
pub(crate) fn lose_largest(object: &mut Object) -> bool {
    let largest = object.documents.iter().max_by_key(|(_, text)| text.len());
    if let Some(name) = largest.map(|(name, _)| name.clone()) {
        let bytes = object.documents.remove(&name).map_or(0, |text| text.len());
        note(object, name, bytes);
        return true;
    }
    let sizes = object.attributes.iter().filter(|(name, _)| *name != NAME);
    let largest = sizes.map(|(name, value)| (value.to_string().len(), name)).max();
    if let Some((bytes, name)) = largest.map(|(bytes, name)| (bytes, name.clone())) {
        object.attributes.remove(&name);
        note(object, name, bytes);
        return true;
    }
    let lost = [("id", shorten_id(&mut object.id)), ("parent", shorten_maybe(&mut object.parent))];
    let lost: Vec<_> = lost.into_iter().filter_map(|(name, lost)| Some((name, lost?))).collect();
    for (name, bytes) in &lost {
        note(object, (*name).to_owned(), *bytes);
    }
    !lost.is_empty()
}

/// Cuts the ids that an answer gives as examples.
pub(crate) fn shorten(answer: &mut Answer) {
    let sample = match answer {
        Answer::Cell(cell) => &mut cell.sample,
        Answer::Held(held) => match &mut held.task.continuation {
            Some(at) => &mut at.tally.sample,
            None => return,
        },
        _ => return,
    };
    for id in sample {
        shorten_id(id);
    }
}

/// Notes what a thing lost; the same name twice (a document's and an attribute's) is one sum.
fn note(object: &mut Object, name: String, bytes: usize) {
    let noted = object.attributes.entry(NAME).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(noted) = noted {
        let before = noted.get(&name).and_then(Value::as_u64).unwrap_or(0);
        noted.insert(name, Value::from(before + bytes as u64));
    }
}

fn shorten_maybe(id: &mut Option<String>) -> Option<usize> {
    id.as_mut().and_then(shorten_id)
}

/// Cuts an id; says how long it was, if it was too long.
fn shorten_id(id: &mut String) -> Option<usize> {
    let bytes = id.len();
    if bytes <= ID_LIMIT {
        return None;
    }
    *id = format!("{}{CUT}", cut(id, ID_LIMIT - CUT.len()));
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn object(attributes: &[(&str, usize)], documents: &[(&str, usize)]) -> Object {
        let text = |bytes: &usize| "x".repeat(*bytes);
        let attributes =
            attributes.iter().map(|(name, bytes)| ((*name).to_owned(), text(bytes).into()));
        let documents = documents.iter().map(|(name, bytes)| ((*name).to_owned(), text(bytes)));
        Object {
            kind: "Thing".into(),
            id: "i".repeat(2000),
            parent: None,
            home: None,
            own: true,
            attributes: attributes.collect(),
            documents: documents.collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn documents_go_before_attributes_and_the_largest_first() {
        let mut object = object(&[("tags", 50), ("name", 10)], &[("acl", 20), ("policy", 30)]);
        let mut left = Vec::new();
        while lose_largest(&mut object) {
            let documents: Vec<_> = object.documents.keys().cloned().collect();
            left.push((documents, object.attributes.len() - 1));
        }
        let acl = vec!["acl".to_owned()];
        assert_eq!(left, [(acl, 2), (vec![], 2), (vec![], 1), (vec![], 0), (vec![], 0)]);
        let named = &object.attributes[NAME];
        assert_eq!((&named["policy"], &named["tags"]), (&30.into(), &52.into()));
        assert_eq!((object.id.len(), &named["id"]), (ID_LIMIT, &2000.into()));
    }
}
