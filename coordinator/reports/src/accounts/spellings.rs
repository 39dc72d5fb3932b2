//! Tags that mean something, by a list of spellings each. Pure.

use crate::error::ReportError;
use crate::nearest::nearest;

/// What a tag may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Environment,
    Application,
    Owner,
    Name,
}

impl Meaning {
    const ALL: [(&'static str, Self, &'static [&'static str]); 4] = [
        ("environment", Self::Environment, &["environment", "env"]),
        ("application", Self::Application, &["aide-id", "aide_id", "aideid"]),
        ("owner", Self::Owner, &["owner"]),
        ("name", Self::Name, &["name"]),
    ];
}

/// The keys that mean an environment, an application, an owner and a name; upper and lower case are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spellings([Vec<String>; 4]);

/// A tag that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spelled<'t> {
    pub(super) key: &'t str,
    pub(super) value: &'t str,
    /// Keys of the same meaning that say something else.
    pub(super) others: Vec<&'t str>,
}

impl Default for Spellings {
    fn default() -> Self {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        Self(Meaning::ALL.map(|(_, _, usual)| keys(usual)))
    }
}

impl Spellings {
    /// Reads `MEANING=KEY` pairs; the keys of a meaning that is named stand in place of its usual ones.
    ///
    /// # Errors
    /// [`ReportError::BadSpelling`] for what is no pair, or has no such meaning.
    pub fn parse(pairs: &[String]) -> Result<Self, ReportError> {
        let bad = |why: String| ReportError::BadSpelling(why.chars().take(200).collect());
        let mut named: [Vec<String>; 4] = Default::default();
        for pair in pairs {
            let (meaning, key) = pair
                .split_once('=')
                .filter(|(_, key)| !key.is_empty())
                .ok_or_else(|| bad(format!("{pair:?} is not of the form MEANING=KEY")))?;
            let all = Meaning::ALL.map(|(word, ..)| word);
            let at = all.iter().position(|word| *word == meaning).ok_or_else(|| {
                let nearest = nearest(meaning, all);
                bad(format!(
                    "no tag means {meaning:?}; did you mean {nearest:?}? There are: {}",
                    all.join(", ")
                ))
            })?;
            named[at].push(key.to_owned());
        }
        let mut spellings = Self::default();
        for (usual, named) in spellings.0.iter_mut().zip(named) {
            if !named.is_empty() {
                *usual = named;
            }
        }
        Ok(spellings)
    }

    /// The tag that means something: of several spellings the first of the list wins, of one spelling the key that is
    /// written exactly so, then the first by its bytes.
    pub(super) fn find<'t>(
        &self,
        meaning: Meaning,
        tags: &'t [(String, String)],
    ) -> Option<Spelled<'t>> {
        let keys = Meaning::ALL.iter().zip(&self.0).find(|((_, known, _), _)| *known == meaning);
        let keys = keys.map(|(_, keys)| keys)?;
        let rank = |key: &str| {
            let at = keys.iter().position(|known| known.to_lowercase() == key.to_lowercase())?;
            Some((at, keys[at] != key))
        };
        let mut found: Vec<_> =
            tags.iter().filter_map(|(key, value)| Some((rank(key)?, key, value))).collect();
        found.sort();
        let (_, key, value) = *found.first()?;
        let others = found.iter().filter(|(_, _, other)| *other != value);
        Some(Spelled { key, value, others: others.map(|(_, key, _)| key.as_str()).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn value(meaning: Meaning, pairs: &[(&str, &str)]) -> Option<String> {
        let tags = tags(pairs);
        Spellings::default().find(meaning, &tags).map(|found| found.value.to_owned())
    }

    #[test]
    fn every_spelling_that_is_known_is_found_whatever_its_case() {
        for key in ["environment", "Environment", "ENVIRONMENT", "env", "Env", "ENV"] {
            assert_eq!(value(Meaning::Environment, &[(key, "x")]).as_deref(), Some("x"), "{key}");
        }
        for key in ["aide-id", "AIDE_ID", "AIDE-ID", "aide_id", "aideId", "AideId"] {
            assert_eq!(value(Meaning::Application, &[(key, "x")]).as_deref(), Some("x"), "{key}");
        }
        assert_eq!(value(Meaning::Environment, &[("environments", "x")]), None);
    }

    #[test]
    fn of_two_spellings_the_first_of_the_list_wins_and_the_other_is_named() {
        let both = tags(&[("Env", "dev"), ("Environment", "prod"), ("env", "prod")]);
        let found = Spellings::default().find(Meaning::Environment, &both).expect("found");
        assert_eq!((found.key, found.value, found.others), ("Environment", "prod", vec!["Env"]));
    }

    #[test]
    fn of_one_spelling_the_key_that_is_written_so_wins() {
        let both = tags(&[("Environment", "a"), ("environment", "b"), ("ENVIRONMENT", "b")]);
        let found = Spellings::default().find(Meaning::Environment, &both).expect("found");
        assert_eq!((found.key, found.others), ("environment", vec!["Environment"]));
    }

    #[test]
    fn an_empty_value_is_a_value() {
        assert_eq!(value(Meaning::Owner, &[("owner", "")]).as_deref(), Some(""));
    }

    #[test]
    fn keys_that_are_set_stand_in_place_of_those_of_their_meaning_alone() {
        let set = ["owner=team", "owner=squad"].map(str::to_owned);
        let spellings = Spellings::parse(&set).expect("spellings");
        let tags = tags(&[("owner", "a"), ("Squad", "b"), ("env", "dev")]);
        let of = |meaning| spellings.find(meaning, &tags).map(|found| found.value);
        assert_eq!(of(Meaning::Owner), Some("b"));
        assert_eq!(of(Meaning::Environment), Some("dev"));
    }

    #[test]
    fn what_is_no_spelling_is_refused_in_a_sentence() {
        let told =
            |pair: &str| Spellings::parse(&[pair.to_owned()]).expect_err("refused").to_string();
        assert!(told("env").contains("MEANING=KEY"));
        assert!(told("enviroment=env").contains("did you mean \"environment\"?"));
    }
}
