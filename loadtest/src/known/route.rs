//! Path templates of rest operations, and how exactly a request fits one.

/// A path template with its fixed query parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    segments: Vec<Segment>,
    query: Vec<(&'static str, Option<&'static str>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment {
    Fixed(&'static str),
    Label,
    Rest,
}

/// How exact a fit is: the fixed segments, then the fixed parameters.
pub(crate) type Exactness = (usize, usize);

impl Template {
    pub(crate) fn parse(text: &'static str) -> Self {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let segments = split(path)
            .map(|segment| match segment {
                _ if segment.starts_with('{') && segment.ends_with("+}") => Segment::Rest,
                _ if segment.starts_with('{') => Segment::Label,
                _ => Segment::Fixed(segment),
            })
            .collect();
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                pair.split_once('=').map_or((pair, None), |(key, value)| (key, Some(value)))
            })
            .collect();
        Self { segments, query }
    }

    /// How exactly a request fits, if it fits.
    pub(crate) fn fit(&self, path: &str, query: &[(String, String)]) -> Option<Exactness> {
        let mut fixed = 0;
        let mut given = split(path);
        for segment in &self.segments {
            let next = given.next()?;
            match segment {
                Segment::Fixed(text) if *text == next => fixed += 1,
                Segment::Fixed(_) => return None,
                Segment::Label => {}
                Segment::Rest => given.by_ref().for_each(drop),
            }
        }
        let all_given = self.query.iter().all(|(key, value)| {
            query.iter().any(|(k, v)| k == key && value.is_none_or(|value| v == value))
        });
        (given.next().is_none() && all_given).then_some((fixed, self.query.len()))
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_segments_are_more_exact_than_labels() {
        let fit = |template, path| Template::parse(template).fit(path, &[]);
        assert_eq!(fit("/a/{b}", "/a/x"), Some((1, 0)));
        assert_eq!(fit("/a/x", "/a/x"), Some((2, 0)));
        assert_eq!(fit("/{a}/{b+}", "/a/x/y"), Some((0, 0)));
        assert_eq!(fit("/a/{b}", "/a"), None);
        assert_eq!(fit("/a", "/a/x"), None);
        assert_eq!(fit("/a/", "/a"), Some((1, 0)));
    }

    #[test]
    fn fixed_parameters_must_be_given() {
        let template = Template::parse("/{b}?policy&v=2");
        let query = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        assert_eq!(template.fit("/b", &query(&[("policy", ""), ("v", "2")])), Some((0, 2)));
        assert_eq!(template.fit("/b", &query(&[("policy", ""), ("v", "3")])), None);
        assert_eq!(template.fit("/b", &query(&[("v", "2")])), None);
    }
}
