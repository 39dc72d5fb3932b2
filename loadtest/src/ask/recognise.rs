//! Recognises a request as a question, and takes out what its templates were filled with.

use std::collections::BTreeMap;

use catalog::template::{Part, parts};
use serde_json::Value;

use super::Question;

/// A request, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Request {
    /// The path, not decoded.
    pub(crate) path: String,
    /// The parameters of the query string.
    pub(crate) query: Vec<(String, String)>,
    /// The parameters of a form.
    pub(crate) form: Vec<(String, String)>,
    /// The members of a JSON body.
    pub(crate) body: serde_json::Map<String, Value>,
    /// The headers that may be parameters.
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    /// A parameter of the query string, the form, the body or a header.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let among = |pairs: &[(String, String)]| {
            pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        };
        let body = || match self.body.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        };
        let header = || {
            let mut all = self.headers.iter();
            all.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        };
        among(&self.query).or_else(|| among(&self.form)).or_else(body).or_else(header)
    }
}

/// What templates were filled with: `item`, `item.Name`…
pub(crate) type Captured = BTreeMap<String, String>;

/// What a request's parameters say where a question has templates, and how many fixed parameters
/// fit; none where it is not this question.
pub(crate) fn captured(
    question: &Question,
    request: &Request,
    known: &dyn Fn(&str) -> Option<String>,
) -> Option<(Captured, usize)> {
    let call = &question.call;
    let mut found = Captured::new();
    if let Some(path) = &call.path {
        let mut given = request.path.split('/').filter(|segment| !segment.is_empty());
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            fit(segment, &decoded(given.next()?), known, &mut found)?;
        }
        if given.next().is_some() {
            return None;
        }
    }
    for (name, template) in &call.query {
        let (_, value) = request.query.iter().find(|(key, _)| key == name)?;
        fit(template, value, known, &mut found)?;
    }
    for (name, template) in &call.headers {
        let mut headers = request.headers.iter();
        let (_, value) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        fit(template, value, known, &mut found)?;
    }
    for (name, template) in &call.params {
        match request.form.iter().find(|(key, _)| key == name) {
            Some((_, value)) => {
                let text = template.as_str().map_or_else(|| template.to_string(), str::to_owned);
                fit(&text, value, known, &mut found)?;
            }
            None => fit_value(template, request.body.get(name)?, known, &mut found)?,
        }
    }
    let fixed = call.query.len() + call.headers.len() + call.params.len();
    Some((found, fixed))
}

fn fit_value(
    template: &Value,
    given: &Value,
    known: &dyn Fn(&str) -> Option<String>,
    found: &mut Captured,
) -> Option<()> {
    match (template, given) {
        (Value::String(template), Value::String(given)) => fit(template, given, known, found),
        (Value::Array(templates), Value::Array(given)) if templates.len() == given.len() => {
            let mut pairs = templates.iter().zip(given);
            pairs.try_for_each(|(template, given)| fit_value(template, given, known, found))
        }
        (Value::Object(templates), Value::Object(given)) if templates.len() == given.len() => {
            templates.iter().try_for_each(|(name, template)| {
                fit_value(template, given.get(name)?, known, found)
            })
        }
        (template, given) => (template == given).then_some(()),
    }
}

/// Fits a text to a template: known placeholders must have their values, others take what is there.
fn fit(
    template: &str,
    text: &str,
    known: &dyn Fn(&str) -> Option<String>,
    found: &mut Captured,
) -> Option<()> {
    let parts: Vec<Part<'_>> = parts(template).collect::<Result<_, _>>().ok()?;
    let mut rest = text;
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Text(text) => rest = rest.strip_prefix(text)?,
            Part::Placeholder(name) => match known(name) {
                Some(value) => rest = rest.strip_prefix(value.as_str())?,
                None => {
                    let end = match parts.get(at + 1) {
                        Some(Part::Text(next)) => rest.find(next)?,
                        _ => rest.len(),
                    };
                    let (value, after) = rest.split_at(end);
                    let same = found.insert((*name).to_owned(), value.to_owned());
                    if value.is_empty() || same.is_some_and(|before| before != value) {
                        return None;
                    }
                    rest = after;
                }
            },
        }
    }
    rest.is_empty().then_some(())
}

fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<String> {
        (name == "account").then(|| "111122223333".to_owned())
    }

    fn fitted(template: &str, text: &str) -> Option<Captured> {
        let mut found = Captured::new();
        fit(template, text, &known, &mut found).map(|()| found)
    }

    #[test]
    fn what_is_known_must_be_there_and_the_rest_is_taken() {
        assert_eq!(fitted("a", "a").map(|found| found.len()), Some(0));
        assert_eq!(fitted("a", "b"), None);
        assert_eq!(fitted("{account}", "999"), None);
        let found = fitted("x/{account}/{item}:{item.Name}", "x/111122223333/i:n").expect("fits");
        assert_eq!(found.get("item").map(String::as_str), Some("i"));
        assert_eq!(found.get("item.Name").map(String::as_str), Some("n"));
        assert_eq!(fitted("{item}{item}", "ab"), None);
    }
}
