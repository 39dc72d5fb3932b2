//! XML without a schema: elements become objects, repeated names lists, text strings.
//!
//! A list of one looks like an object here; the paths of the catalog say which steps are lists.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use serde_json::{Map, Value};

use super::{Kept, Unreadable, WHOLE, trim};

/// The deepest nesting that is kept; AWS's answers stay far below.
const DEEPEST: usize = 64;

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
    read_below(body, None, &WHOLE)
}

/// Reads what is to be kept of what the root holds, or of that child of it, where it is there.
pub(super) fn read_below(body: &[u8], child: Option<&str>, kept: &Kept) -> Result<Xml, Unreadable> {
    let text = std::str::from_utf8(trim(body)).map_err(|error| unreadable(&error))?;
    let mut elements = Elements::of(text);
    let root = elements.root()?;
    let value = match child {
        None => elements.value(DEEPEST, kept)?,
        Some(name) => match elements.child(name, kept)? {
            Some(value) => value,
            None => return read_below(body, None, kept),
        },
    };
    elements.end()?;
    Ok(Xml { root: local(&root).to_owned(), value })
}

/// The elements of a text, one after the other. What nobody asks for is read past, but still has to be XML.
struct Elements<'t>(Reader<&'t [u8]>);

impl<'t> Elements<'t> {
    fn of(text: &'t str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self(reader)
    }

    fn next(&mut self) -> Result<Event<'t>, Unreadable> {
        match self.0.read_event().map_err(|error| unreadable(&error))? {
            Event::DocType(_) => {
                Err(unreadable(&"it has a document type, which could define entities"))
            }
            event => Ok(event),
        }
    }

    /// Reads up to the root and into it.
    fn root(&mut self) -> Result<BytesStart<'t>, Unreadable> {
        loop {
            match self.next()? {
                Event::Start(root) => return Ok(root),
                event => outside(&event)?,
            }
        }
    }

    /// Reads from the root's end to the end of the text.
    fn end(&mut self) -> Result<(), Unreadable> {
        loop {
            match self.next()? {
                Event::Eof => return Ok(()),
                event => outside(&event)?,
            }
        }
    }

    /// Reads what an element holds that just began: an object of its children, else its text; white space alone is no text.
    fn value(&mut self, depth: usize, kept: &Kept) -> Result<Value, Unreadable> {
        if depth == 0 {
            return Err(unreadable(&format!("it is nested deeper than {DEEPEST} elements")));
        }
        let mut children = Map::new();
        let mut is_object = false;
        let mut text = String::new();
        loop {
            match self.next()? {
                Event::Start(child) => {
                    is_object = true;
                    let name = local(&child);
                    match kept.member(name) {
                        Some(kept) => add(&mut children, name, self.value(depth - 1, kept)?),
                        None => self.pass(&child)?,
                    }
                }
                Event::Text(more) if !is_object => text.push_str(&more.xml10_content()),
                Event::CData(more) if !is_object => text.push_str(&more.xml10_content()),
                Event::GeneralRef(reference) if !is_object => text.push_str(&meaning(&reference)?),
                Event::End(_) if is_object => return Ok(Value::Object(children)),
                Event::End(_) if text.trim().is_empty() => return Ok(Value::String(String::new())),
                Event::End(_) => return Ok(Value::String(text)),
                Event::Eof => return Err(unreadable(&"it ends within an element")),
                _ => {}
            }
        }
    }

    /// Reads the first child of that name, and past all others, up to the end of the element that just began.
    fn child(&mut self, name: &str, kept: &Kept) -> Result<Option<Value>, Unreadable> {
        let mut found = None;
        loop {
            match self.next()? {
                Event::Start(child) if found.is_none() && local(&child) == name => {
                    found = Some(self.value(DEEPEST, kept)?);
                }
                Event::Start(child) => self.pass(&child)?,
                Event::End(_) => return Ok(found),
                Event::Eof => return Err(unreadable(&"it ends within an element")),
                _ => {}
            }
        }
    }

    fn pass(&mut self, element: &BytesStart<'_>) -> Result<(), Unreadable> {
        self.0.read_to_end(element.name()).map(|_| ()).map_err(|error| unreadable(&error))
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> Unreadable {
    Unreadable::Xml(error.to_string())
}

/// The name of an element, without its namespace.
fn local<'e>(element: &'e BytesStart<'_>) -> &'e str {
    element.local_name().into_inner()
}

/// Only white space and remarks may be outside of the root.
fn outside(event: &Event<'_>) -> Result<(), Unreadable> {
    match event {
        Event::Text(text) if text.trim().is_empty() => Ok(()),
        Event::Decl(_) | Event::PI(_) | Event::Comment(_) => Ok(()),
        Event::Eof => Err(unreadable(&"it has no element")),
        _ => Err(unreadable(&"it has something beside its root element")),
    }
}

/// The text that a reference stands for.
fn meaning(reference: &BytesRef<'_>) -> Result<String, Unreadable> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| unreadable(&error))? {
        return Ok(character.to_string());
    }
    let known = resolve_predefined_entity(reference);
    known.map(str::to_owned).ok_or_else(|| unreadable(&format!("it refers to &{};", &**reference)))
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
    fn what_is_not_kept_is_read_past_but_has_to_be_xml() {
        let mut kept = Kept::default();
        kept.reach("set.item[].id");
        let read = |text: &str| read_below(text.as_bytes(), Some("Result"), &kept);
        let answer = "<r:R xmlns:r='u'><Meta><id>0</id></Meta><r:Result><more a='>'><set/></more><set><item>\
                      <id>a</id><x><!-- <id> --><y/></x></item></set></r:Result><Result/></r:R>";
        let xml = read(answer).expect("XML");
        assert_eq!(
            (xml.root.as_str(), xml.value),
            ("R", json!({ "set": { "item": { "id": "a" } } }))
        );
        for cut in (1..answer.len()).filter(|at| answer.is_char_boundary(*at)) {
            assert!(read(&answer[..cut]).is_err(), "{}", &answer[..cut]);
        }
        for broken in
            ["<R><Result><x><y></x></y></Result></R>", "<R><Result/></R><R/>", "<R/>x", "x", ""]
        {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn without_the_child_the_root_is_read() {
        let mut kept = Kept::default();
        kept.reach("id");
        let xml = read_below(b"<R><id>7</id><x/></R>", Some("Result"), &kept).expect("XML");
        assert_eq!(xml.value, json!({ "id": "7" }));
    }

    #[test]
    fn hostile_nesting_and_entities_are_refused() {
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert!(read(deep.as_bytes()).is_err());
        assert!(read("<a>".repeat(100_000).as_bytes()).is_err());
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert!(read(bomb.as_bytes()).is_err());
        assert!(read(b"<R>&unknown;</R>").is_err());
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
