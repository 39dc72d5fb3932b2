//! Which probes a scan runs.

use std::collections::BTreeSet;

use protocol::selection::Selection;
use protocol::{ProbeId, ServiceId};

use crate::catalog::Catalog;
use crate::entry::Origin;
use crate::error::CatalogError;
use crate::nearest::nearest;
use crate::view::ProbeView;

impl Catalog {
    /// The probes that a selection asks for, sorted by service, in the order of their files.
    ///
    /// Without services, the curated ones are asked for, or all of them with `all_services`; named
    /// services stand in place of that group (with `all_services` they change nothing). Of a
    /// service run the probes that are on by default; probes that are named run as well. What is
    /// excluded never runs. With `no_services` nothing runs but the probes that are named.
    ///
    /// # Errors
    /// [`CatalogError`] for a name that the catalog does not know, with the nearest right one, and
    /// for a file of the catalog that is broken.
    pub fn select(&self, selection: &Selection) -> Result<Vec<ProbeView<'_>>, CatalogError> {
        let services = self.known_services(&selection.services)?;
        let excluded = self.known_services(&selection.exclude_services)?;
        let named = self.known_probes(&selection.probes)?;
        let wanted = |view: &ProbeView<'_>| {
            let of_group = !selection.no_services
                && (services.contains(&view.entry.service)
                    || selection.all_services
                    || (services.is_empty() && view.entry.origin == Origin::Curated));
            let asked = (of_group && view.probe.on_by_default) || named.contains(&view.probe.id);
            asked && !excluded.contains(&view.entry.service)
        };
        let by_group = !selection.no_services && (services.is_empty() || selection.all_services);
        match self.broken().first() {
            Some(broken) if by_group => Err(broken.clone()),
            _ => Ok(self.probes().filter(wanted).collect()),
        }
    }

    fn known_services<'s>(
        &self,
        names: &'s [ServiceId],
    ) -> Result<BTreeSet<&'s ServiceId>, CatalogError> {
        if let Some(name) = names.iter().find(|name| self.entry(name).is_none()) {
            return Err(self.unknown_service(name.as_str()));
        }
        Ok(names.iter().collect())
    }

    fn known_probes<'s>(
        &self,
        names: &'s [ProbeId],
    ) -> Result<BTreeSet<&'s ProbeId>, CatalogError> {
        if let Some(name) = names.iter().find(|name| self.probe(name).is_none()) {
            return Err(self.unknown_probe(name));
        }
        Ok(names.iter().collect())
    }

    /// The sentence for a service that the catalog does not know: the reason where its file is
    /// broken, else the nearest right name.
    #[must_use]
    pub fn unknown_service(&self, name: &str) -> CatalogError {
        let own_file = format!("aws/{name}.toml");
        let broken = self.broken().iter().find(
            |broken| matches!(broken, CatalogError::Broken { file, .. } if *file == own_file),
        );
        broken.cloned().unwrap_or_else(|| CatalogError::UnknownService {
            name: name.to_owned(),
            nearest: nearest(name, self.entries().map(|entry| entry.service.as_str()))
                .map(str::to_owned),
        })
    }

    fn unknown_probe(&self, probe: &ProbeId) -> CatalogError {
        let name = probe.as_str();
        let near = nearest(name, self.probes().map(|view| view.probe.id.as_str()));
        CatalogError::UnknownProbe { name: name.to_owned(), nearest: near.map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static SMALL: LazyLock<Catalog> = LazyLock::new(small);

    fn entry(service: &str, origin: &str, probes: &[(&str, bool)]) -> (String, String) {
        let mut text = format!(
            "service = '{service}'\ntitle = 'T'\ncategory = 'other'\norigin = '{origin}'\n\
             protocol = 'json-1.1'\nendpoint_prefix = '{service}'\nscope = 'regional'\n"
        );
        for (id, on) in probes {
            text += &format!(
                "[[probe]]\nid = '{id}'\njudgement = 'listed'\non_by_default = {on}\n\
                 resource_type = 'R'\n[[probe.call]]\nname = 'c'\noperation = 'ListThings'\n\
                 items = 'Things[]'\niam = []\n"
            );
        }
        (format!("{service}.toml"), text)
    }

    fn small() -> Catalog {
        Catalog::of_entries([
            entry("athena", "derived", &[("athena", true)]),
            entry("kms", "curated", &[("kms", true), ("kms.policies", false)]),
            entry("s3", "curated", &[("s3", true), ("s3.policies", false)]),
        ])
        .expect("a catalog")
    }

    fn services(names: &[&str]) -> Vec<ServiceId> {
        names.iter().map(|name| ServiceId::new(name).expect("a service")).collect()
    }

    fn probes(names: &[&str]) -> Vec<ProbeId> {
        names.iter().map(|name| ProbeId::new(name).expect("a probe")).collect()
    }

    fn ids(catalog: &Catalog, selection: &Selection) -> Vec<String> {
        let views = catalog.select(selection).expect("a selection");
        views.iter().map(|view| view.probe.id.to_string()).collect()
    }

    #[test]
    fn core_is_what_is_curated_and_all_is_everything() {
        let core = Selection::default();
        let all = Selection { all_services: true, ..Selection::default() };
        assert_eq!(ids(&SMALL, &core), ["kms", "s3"]);
        assert_eq!(ids(&SMALL, &all), ["athena", "kms", "s3"]);
    }

    #[test]
    fn named_services_stand_in_place_of_the_group() {
        let named = Selection { services: services(&["athena"]), ..Selection::default() };
        assert_eq!(ids(&SMALL, &named), ["athena"]);
    }

    #[test]
    fn named_probes_run_besides_and_excluded_services_never() {
        let besides = Selection { probes: probes(&["s3.policies"]), ..Selection::default() };
        assert_eq!(ids(&SMALL, &besides), ["kms", "s3", "s3.policies"]);
        let excluded = Selection { exclude_services: services(&["s3"]), ..besides };
        assert_eq!(ids(&SMALL, &excluded), ["kms"]);
    }

    #[test]
    fn without_services_only_named_probes_run() {
        let none = Selection { no_services: true, ..Selection::default() };
        assert!(ids(&SMALL, &none).is_empty());
        let named = Selection { probes: probes(&["s3.policies"]), ..none };
        assert_eq!(ids(&SMALL, &named), ["s3.policies"]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest_right_one() {
        let told = |selection| SMALL.select(&selection).expect_err("unknown").to_string();
        assert_eq!(
            told(Selection { services: services(&["athina"]), ..Selection::default() }),
            "the catalog has no service \"athina\"; did you mean \"athena\"?"
        );
        assert_eq!(
            told(Selection { exclude_services: services(&["zzz"]), ..Selection::default() }),
            "the catalog has no service \"zzz\""
        );
        assert_eq!(
            told(Selection { probes: probes(&["s3.policy"]), ..Selection::default() }),
            "the catalog has no probe \"s3.policy\"; did you mean \"s3.policies\"?"
        );
    }

    #[test]
    fn a_broken_file_is_never_left_out_of_a_group_in_silence() {
        let half = ("iam.toml".to_owned(), "service = 'iam'\ntitel = 'x'".to_owned());
        let whole = entry("s3", "curated", &[("s3", true)]);
        let catalog = Catalog::of_entries([half, whole]).expect("a catalog");
        let named = |names| Selection { services: services(names), ..Selection::default() };
        assert!(catalog.select(&Selection::default()).is_err());
        assert!(catalog.select(&named(&["iam"])).is_err());
        assert_eq!(ids(&catalog, &named(&["s3"])), ["s3"]);
    }

    proptest! {
        #[test]
        fn a_selection_is_a_part_of_all_in_the_same_order_without_doubles(
            named in prop::sample::subsequence(vec!["athena", "kms", "s3"], 0..=3),
            excluded in prop::sample::subsequence(vec!["athena", "kms", "s3"], 0..=3),
            extra in prop::sample::subsequence(vec!["kms.policies", "s3.policies", "s3"], 0..=3),
            all_services: bool,
        ) {
            let catalog = &*SMALL;
            let selection = Selection {
                services: services(&named), exclude_services: services(&excluded),
                probes: probes(&extra), all_services, ..Selection::default()
            };
            let chosen = ids(catalog, &selection);
            let mut rest = catalog.probes();
            for id in &chosen {
                prop_assert!(rest.any(|view| view.probe.id.as_str() == id), "{id} in {chosen:?}");
            }
        }
    }
}
