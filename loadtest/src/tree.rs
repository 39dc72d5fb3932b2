//! The shape of an answer, grown from paths, and how it is written as JSON or XML.
//!
//! Paths are the catalog's: names with dots, `[]` at list steps, `@` for the value itself. The
//! tree is grown once for each call; writing an answer only fills its leaves.

use std::fmt::Write as _;

/// What a node of an answer is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Node {
    /// Nothing leads here yet.
    #[default]
    Nothing,
    /// A plain value: the number of its slot.
    Leaf(usize),
    /// Named members, in the order in which paths named them.
    Object(Vec<(String, Node)>),
    /// A list.
    List(Box<Node>),
    /// Where the things of the answer stand, each written by its own tree.
    Things,
}

/// The type of a plain value in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// True, false or a number: written without quotes where the text is one.
    Bare,
}

/// What fills the slots of a tree; an empty slot's member is left out.
pub(crate) type Values = Vec<Option<String>>;

impl Node {
    /// Grows the tree so that `path` leads to `end`. What is there stays where paths disagree.
    pub(crate) fn grow(&mut self, path: &str, end: Self) {
        let (step, rest) =
            path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
        let (name, list) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
        let mut target = if name == "@" { self } else { self.member(name) };
        if list {
            target = target.element();
        }
        match rest {
            Some(rest) => target.grow(rest, end),
            None => target.become_end(end),
        }
    }

    fn become_end(&mut self, end: Self) {
        if *self == Self::Nothing {
            *self = end;
        } else if let Self::List(inner) = self {
            inner.become_end(end);
        }
    }

    fn member(&mut self, name: &str) -> &mut Self {
        if let Self::List(inner) = self {
            return inner.member(name);
        }
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        let Self::Object(members) = self else { unreachable!("it was made an object") };
        let at = members.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            members.push((name.to_owned(), Self::Nothing));
            members.len() - 1
        });
        &mut members[at].1
    }

    fn element(&mut self) -> &mut Self {
        if !matches!(self, Self::List(_)) {
            let inner = std::mem::replace(self, Self::Nothing);
            *self = Self::List(Box::new(inner));
        }
        let Self::List(inner) = self else { unreachable!("it was made a list") };
        inner
    }

    /// Whether a member of that name is written.
    pub(crate) fn has_member(&self, name: &str) -> bool {
        matches!(self, Self::Object(members) if members.iter().any(|(known, _)| known == name))
    }

    fn holds_things(&self) -> bool {
        match self {
            Self::Things => true,
            Self::List(inner) => inner.holds_things(),
            Self::Object(members) => members.iter().any(|(_, node)| node.holds_things()),
            Self::Nothing | Self::Leaf(_) => false,
        }
    }

    /// Whether nothing would be written for it.
    fn is_empty(&self, values: &Values) -> bool {
        match self {
            Self::Nothing => true,
            Self::Leaf(slot) => values.get(*slot).is_none_or(Option::is_none),
            Self::List(inner) => inner.is_empty(values),
            Self::Object(members) => members.iter().all(|(_, node)| node.is_empty(values)),
            Self::Things => false,
        }
    }
}

/// An answer to be written: the tree around the things, its values, and the things.
pub(crate) struct Answer<'a> {
    /// The tree around the things.
    pub(crate) outer: &'a Node,
    /// Its values.
    pub(crate) values: &'a Values,
    /// The tree of one thing.
    pub(crate) thing: &'a Node,
    /// The types of a thing's values.
    pub(crate) kinds: &'a [Kind],
    /// The things' values.
    pub(crate) things: &'a [Values],
    /// What every thing says beside its values, as it is written; mostly nothing.
    pub(crate) ballast: &'a str,
}

/// How many things stand together where lists are nested (instances of one reservation).
const GROUP: usize = 3;

impl Answer<'_> {
    /// The answer as JSON.
    pub(crate) fn json(&self) -> String {
        let mut out = String::with_capacity(64 + self.things.len() * 256);
        if self.outer.is_empty(self.values) && !self.outer.holds_things() {
            out.push_str("{}");
        } else {
            self.write_json(&mut out, self.outer, self.things);
        }
        out
    }

    /// The members of the answer as XML, without a root.
    pub(crate) fn xml(&self) -> String {
        let mut out = String::with_capacity(64 + self.things.len() * 256);
        self.write_xml(&mut out, None, self.outer, self.things);
        out
    }

    fn write_json(&self, out: &mut String, node: &Node, things: &[Values]) {
        match node {
            Node::List(inner) if **inner == Node::Things => {
                list_json(out, things.iter(), |out, thing| self.thing_json(out, thing));
            }
            Node::List(inner) if inner.holds_things() => {
                list_json(out, things.chunks(GROUP), |out, group| {
                    self.write_json(out, inner, group);
                });
            }
            Node::Object(members) if node.holds_things() => {
                let there = members
                    .iter()
                    .filter(|(_, node)| node.holds_things() || !node.is_empty(self.values));
                object_json(out, there.map(|(name, node)| (name.as_str(), node)), |out, node| {
                    self.write_json(out, node, things);
                });
            }
            Node::Things => match things.first() {
                Some(thing) if !self.thing.is_empty(thing) => self.thing_json(out, thing),
                _ => out.push_str("{}"),
            },
            other => node_json(out, other, self.values, &[]),
        }
    }

    fn write_xml(&self, out: &mut String, name: Option<&str>, node: &Node, things: &[Values]) {
        match node {
            Node::List(inner) if **inner == Node::Things => {
                for thing in things {
                    self.thing_xml(out, name, thing);
                }
            }
            Node::List(inner) if inner.holds_things() => {
                for group in things.chunks(GROUP) {
                    self.write_xml(out, name, inner, group);
                }
            }
            Node::Object(members) if node.holds_things() => {
                element(out, name, |out| {
                    for (name, node) in members {
                        self.write_xml(out, Some(name), node, things);
                    }
                });
            }
            Node::Things => {
                if let Some(thing) = things.first() {
                    self.thing_xml(out, name, thing);
                }
            }
            other => node_xml(out, name, other, self.values),
        }
    }
}

impl Answer<'_> {
    fn thing_json(&self, out: &mut String, thing: &Values) {
        node_json(out, self.thing, thing, self.kinds);
        if !self.ballast.is_empty() && out.ends_with('}') {
            out.pop();
            if !out.ends_with('{') {
                out.push(',');
            }
            out.push_str(self.ballast);
            out.push('}');
        }
    }

    fn thing_xml(&self, out: &mut String, name: Option<&str>, thing: &Values) {
        let before = out.len();
        node_xml(out, name, self.thing, thing);
        let end = name.map_or_else(String::new, |name| format!("</{name}>"));
        if !self.ballast.is_empty() && out.len() > before && out.ends_with(&end) {
            out.truncate(out.len() - end.len());
            out.push_str(self.ballast);
            out.push_str(&end);
        }
    }
}

fn list_json<T>(
    out: &mut String,
    elements: impl Iterator<Item = T>,
    write: impl Fn(&mut String, T),
) {
    out.push('[');
    for (at, element) in elements.enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(out, element);
    }
    out.push(']');
}

fn object_json<'n>(
    out: &mut String,
    members: impl Iterator<Item = (&'n str, &'n Node)>,
    write: impl Fn(&mut String, &'n Node),
) {
    out.push('{');
    for (at, (name, node)) in members.enumerate() {
        if at > 0 {
            out.push(',');
        }
        json_text(out, name);
        out.push(':');
        write(out, node);
    }
    out.push('}');
}

fn node_json(out: &mut String, node: &Node, values: &Values, kinds: &[Kind]) {
    match node {
        Node::Leaf(slot) => {
            let value = values.get(*slot).and_then(Option::as_deref).unwrap_or("");
            let bare = kinds.get(*slot) == Some(&Kind::Bare) && is_bare(value);
            if bare { out.push_str(value) } else { json_text(out, value) }
        }
        Node::Object(members) => {
            let there = members.iter().filter(|(_, node)| !node.is_empty(values));
            object_json(out, there.map(|(name, node)| (name.as_str(), node)), |out, node| {
                node_json(out, node, values, kinds);
            });
        }
        Node::List(inner) if inner.is_empty(values) => out.push_str("[]"),
        Node::List(inner) => {
            out.push('[');
            node_json(out, inner, values, kinds);
            out.push(']');
        }
        Node::Nothing | Node::Things => out.push_str("{}"),
    }
}

fn node_xml(out: &mut String, name: Option<&str>, node: &Node, values: &Values) {
    match node {
        Node::Leaf(slot) => {
            if let Some(value) = values.get(*slot).and_then(Option::as_deref) {
                element(out, name, |out| xml_text(out, value));
            }
        }
        Node::Object(_) if name.is_some() && node.is_empty(values) => {}
        Node::Object(members) => element(out, name, |out| {
            for (name, node) in members {
                node_xml(out, Some(name), node, values);
            }
        }),
        Node::List(inner) => node_xml(out, name, inner, values),
        Node::Nothing | Node::Things => {}
    }
}

fn element(out: &mut String, name: Option<&str>, write: impl FnOnce(&mut String)) {
    let Some(name) = name else { return write(out) };
    out.push('<');
    out.push_str(name);
    out.push('>');
    write(out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Whether a text is a JSON value without quotes: a truth value or a plain number.
fn is_bare(text: &str) -> bool {
    let number = || {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.len() < 16 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain && !digits.is_empty() && (digits == "0" || !digits.starts_with('0'))
    };
    text == "true" || text == "false" || number()
}

/// Writes a text as a JSON string.
pub(crate) fn json_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // Writing to a String cannot fail.
            c if c.is_control() => write!(out, "\\u{:04x}", u32::from(c)).unwrap_or(()),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Writes a text as XML character data.
pub(crate) fn xml_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(value: &str) -> Values {
        vec![Some(value.to_owned()), Some("true".to_owned()), None]
    }

    fn written(items: &str, values: &[&str]) -> (String, String) {
        let mut outer = Node::Nothing;
        outer.grow(items, Node::Things);
        if items != "@" && items != "@[]" {
            outer.grow("Next", Node::Leaf(0));
        }
        let mut tree = Node::Nothing;
        tree.grow("Name", Node::Leaf(0));
        tree.grow("Tags[].On", Node::Leaf(1));
        tree.grow("Missing.Deep", Node::Leaf(2));
        let things: Vec<_> = values.iter().map(|value| thing(value)).collect();
        let answer = Answer {
            outer: &outer,
            values: &vec![Some("n".to_owned())],
            thing: &tree,
            kinds: &[Kind::Text, Kind::Bare, Kind::Text],
            things: &things,
            ballast: "",
        };
        (answer.json(), answer.xml())
    }

    #[test]
    fn lists_of_things_stand_at_their_path() {
        let (json, xml) = written("Users.member[]", &["a", "<b>"]);
        insta::assert_snapshot!(json, @r#"{"Users":{"member":[{"Name":"a","Tags":[{"On":true}]},{"Name":"<b>","Tags":[{"On":true}]}]},"Next":"n"}"#);
        insta::assert_snapshot!(xml, @"<Users><member><Name>a</Name><Tags><On>true</On></Tags></member><member><Name>&lt;b&gt;</Name><Tags><On>true</On></Tags></member></Users><Next>n</Next>");
    }

    #[test]
    fn an_empty_list_is_there_and_empty() {
        let (json, xml) = written("Users.member[]", &[]);
        insta::assert_snapshot!(json, @r#"{"Users":{"member":[]},"Next":"n"}"#);
        insta::assert_snapshot!(xml, @"<Users></Users><Next>n</Next>");
    }

    #[test]
    fn things_of_nested_lists_stand_in_groups() {
        let (json, _) = written("set[].item[]", &["a", "b", "c", "d"]);
        let value: serde_json::Value = serde_json::from_str(&json).expect("json");
        assert_eq!(value["set"].as_array().map(Vec::len), Some(2));
        assert_eq!(value["set"][1]["item"][0]["Name"], "d");
    }

    #[test]
    fn a_thing_can_be_the_answer_itself() {
        let (json, xml) = written("@", &["a"]);
        insta::assert_snapshot!(json, @r#"{"Name":"a","Tags":[{"On":true}]}"#);
        insta::assert_snapshot!(xml, @"<Name>a</Name><Tags><On>true</On></Tags>");
    }

    #[test]
    fn ballast_stands_at_the_end_of_each_thing() {
        let mut outer = Node::Nothing;
        outer.grow("Users.member[]", Node::Things);
        let mut tree = Node::Nothing;
        tree.grow("Name", Node::Leaf(0));
        let things = [thing("a"), vec![None]];
        let values = vec![];
        let answer = |ballast| Answer {
            outer: &outer,
            values: &values,
            thing: &tree,
            kinds: &[Kind::Text],
            things: &things,
            ballast,
        };
        let json = answer("\"B\":1").json();
        insta::assert_snapshot!(json, @r#"{"Users":{"member":[{"Name":"a","B":1},{"B":1}]}}"#);
        let xml = answer("<B>1</B>").xml();
        insta::assert_snapshot!(xml, @"<Users><member><Name>a</Name><B>1</B></member></Users>");
    }

    #[test]
    fn texts_are_escaped() {
        let mut out = String::new();
        json_text(&mut out, "a\"b\\c\n");
        assert_eq!(out, "\"a\\\"b\\\\c\\u000a\"");
    }
}
