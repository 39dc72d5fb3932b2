//! What is the same each time a call of the catalog is made, and is made once.

use std::borrow::Cow;

use catalog::entry::{Call, Entry, Probe};

use super::Kept;
use super::kept::WHOLE;
use super::request::{Outgoing, Unbuildable, Values, build};

/// What is known of a call before it is made.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    /// What is kept of its answers.
    pub kept: Kept,
    /// The request for its first page, where that is the same whoever is asked about whatever.
    first: Option<Outgoing>,
}

/// A call of which nothing is known before: all of its answer is kept.
pub(crate) static UNPREPARED: Prepared = Prepared { kept: WHOLE, first: None };

impl Prepared {
    /// What is known of a call of a probe.
    pub(crate) fn of(entry: &Entry, probe: &Probe, call: &Call) -> Self {
        // What asks for a value, and what cannot be built at all, is built when it is called.
        Self { kept: Kept::of(probe, call), first: build(entry, call, &|_| None, None).ok() }
    }

    /// The request for the page of `token`, of a call that this was prepared for.
    pub(crate) fn request(
        &self,
        entry: &Entry,
        call: &Call,
        values: &Values<'_>,
        token: Option<&str>,
    ) -> Result<Cow<'_, Outgoing>, Unbuildable> {
        match &self.first {
            Some(first) if token.is_none() => Ok(Cow::Borrowed(first)),
            _ => build(entry, call, &|name| values.get(name), token).map(Cow::Owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(call: &str) -> Entry {
        toml::from_str(&format!(
            "service = 'x'\ntitle = 'X'\ncategory = 'other'\norigin = 'curated'\n\
             protocol = 'rest-json'\nendpoint_prefix = 'x'\nscope = 'regional'\n\
             [[probe]]\nid = 'x'\njudgement = 'resources'\nresource_type = 'T'\n\
             [[probe.call]]\nname = 'c'\noperation = 'Op'\nitems = '@'\niam = []\n\
             page = {{ input = 'next', output = 'N' }}\n{call}"
        ))
        .expect("an entry")
    }

    #[test]
    fn a_prepared_request_is_what_would_be_built() {
        for (call, prepares) in
            [("path = '/things'", true), ("path = '/{account}/things'", false), ("", true)]
        {
            let entry = entry(call);
            let (probe, call) = (&entry.probes[0], &entry.probes[0].calls[0]);
            let prepared = Prepared::of(&entry, probe, call);
            assert_eq!(prepared.first.is_some(), prepares);
            for account in ["111122223333", "444455556666"] {
                let values =
                    Values { account, region: "r", partition: "aws", suffix: "s", item: None };
                for token in [None, Some("t")] {
                    let built = build(&entry, call, &|name| values.get(name), token);
                    let request = prepared.request(&entry, call, &values, token);
                    assert_eq!(request.map(Cow::into_owned), built);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_built_is_told_when_it_is_called() {
        let entry = entry("method = 'B AD'");
        let call = &entry.probes[0].calls[0];
        let prepared = Prepared::of(&entry, &entry.probes[0], call);
        let values = Values { account: "a", region: "r", partition: "p", suffix: "s", item: None };
        let refused = prepared.request(&entry, call, &values, None);
        assert_eq!(refused, Err(Unbuildable::Method("B AD".to_owned())));
    }
}
