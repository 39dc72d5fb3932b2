//! XML without a schema: elements become objects, repeated names lists, text strings.
//!
//! A list of one looks like an object here; the paths of the catalog say which steps are lists.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};

use super::{Kept, Unreadable, trim};

/// The deepest nesting that is read; AWS's answers stay far below.
const DEEPEST: usize = 64;

/// The most nodes of a document that are read: what a full page has, a hundred times over.
const MOST_NODES: u32 = 4_000_000;

/// An XML body: the name of its root element and what is in it.
#[derive(Debug, PartialEq)]
pub(crate) struct Xml {
    /// The root's name, without its namespace.
    pub root: String,
    /// What the root holds.
    pub value: Value,
}

/// Reads an XML body.
pub(crate) fn read(body: &[u8]) -> Result<Xml, Unreadable> {
    read_below(body, None, &Kept::WHOLE)
}

/// Reads what is to be kept of what the root holds, or of that child of it, where it is there.
pub(super) fn read_below(body: &[u8], child: Option<&str>, kept: &Kept) -> Result<Xml, Unreadable> {
    let text = std::str::from_utf8(trim(body)).map_err(|error| unreadable(&error))?;
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(text, options).map_err(|error| unreadable(&error))?;
    let root = document.root_element();
    let below = child.and_then(|name| root.children().find(|one| one.tag_name().name() == name));
    let value = convert(below.unwrap_or(root), DEEPEST, kept)?;
    Ok(Xml { root: root.tag_name().name().to_owned(), value })
}

fn unreadable(error: &dyn std::fmt::Display) -> Unreadable {
    Unreadable::Xml(error.to_string())
}

/// An element's value: an object of its children, else its text; white space alone is no text.
fn convert(element: Node<'_, '_>, depth: usize, kept: &Kept) -> Result<Value, Unreadable> {
    if depth == 0 {
        return Err(Unreadable::Xml(format!("it is nested deeper than {DEEPEST} elements")));
    }
    let mut children = Map::new();
    let mut is_object = false;
    for child in element.children().filter(Node::is_element) {
        is_object = true;
        let name = child.tag_name().name();
        if let Some(kept) = kept.member(name) {
            add(&mut children, name, convert(child, depth - 1, kept)?);
        }
    }
    if is_object {
        return Ok(Value::Object(children));
    }
    let text: String =
        element.children().filter(Node::is_text).filter_map(|node| node.text()).collect();
    Ok(Value::String(if text.trim().is_empty() { String::new() } else { text }))
}

/// Adds a child; a name that comes again makes a list. (No child is a list by itself, so a list
/// that is there already was made here.)
fn add(children: &mut Map<String, Value>, name: &str, value: Value) {
    match children.get_mut(name) {
        None => {
            children.insert(name.to_owned(), value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(first) => {
            let list = vec![first.take(), value];
            *first = Value::Array(list);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        read(text.as_bytes()).expect("XML").value
    }

    #[test]
    fn elements_become_objects_and_repeated_names_lists() {
        let answer = "\n<?xml version='1.0'?><R xmlns='http://x/'>\n  <set><item><id>a</id></item>\
                      <item><id>b</id></item><item/></set><one><item>x</item></one><n>3</n></R>";
        assert_eq!(
            value(answer),
            json!({
                "set": { "item": [{ "id": "a" }, { "id": "b" }, ""] },
                "one": { "item": "x" },
                "n": "3"
            })
        );
    }

    #[test]
    fn nothing_and_white_space_are_the_empty_text() {
        assert_eq!(value("<R><a/><b></b><c>\n  </c><d> x </d></R>"), {
            json!({ "a": "", "b": "", "c": "", "d": " x " })
        });
        assert_eq!(value("<R/>"), json!(""));
    }

    #[test]
    fn entities_and_cdata_are_text() {
        assert_eq!(value("<R><a>&lt;&amp;&#65;<![CDATA[<b>]]></a></R>"), json!({ "a": "<&A<b>" }));
    }

    #[test]
    fn hostile_nesting_and_entities_are_refused() {
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert!(read(deep.as_bytes()).is_err());
        assert!(read("<a>".repeat(100_000).as_bytes()).is_err());
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert!(read(bomb.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(xml) = read(&body) {
                prop_assert!(!xml.root.is_empty());
            }
        }

        #[test]
        fn no_text_that_looks_like_xml_makes_it_panic(text in "(<[/!?]?[a-c&;]{0,3}[ />\\]]{0,2}|[a-c]){0,40}") {
            if let Ok(xml) = read(text.as_bytes()) {
                prop_assert!(!xml.root.is_empty());
            }
        }
    }
}
