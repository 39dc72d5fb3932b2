//! Gathers the distinct questions of a catalog.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::bucket::{KeyBy, LocationBy};
use catalog::entry::{Call, Entry, Scope, Wire};
use catalog::{Catalog, Offered};

use super::{About, Name, Question, Questions, Reading, ThingShape};
use crate::ballast::Bodies;
use crate::dice::number_of;
use crate::tree::Node;

/// The slots of an answer around its things.
pub(crate) const TOKEN: usize = 0;
pub(crate) const MORE: usize = 1;

/// Gathers the questions of every probe of a catalog.
pub(crate) fn gather(catalog: &Catalog) -> Questions {
    let mut gathered = Gathered::new(catalog);
    for view in catalog.probes() {
        let mut readings: Vec<Reading> = Vec::new();
        let names: Vec<&str> = view.probe.calls.iter().map(|call| call.name.as_str()).collect();
        for call in &view.probe.calls {
            let parent = call.for_each.as_deref();
            let parent = parent.and_then(|name| names.iter().position(|known| *known == name));
            let above = parent.and_then(|at| readings.get(at)).map(|reading| reading.question);
            let at = gathered.question(view.entry, view.scope(), call, above);
            let reading = gathered.reading(view.entry, call, at, parent, above);
            readings.push(reading);
        }
        gathered.questions.by_probe.insert(view.probe.id.clone(), readings);
    }
    gathered.finish()
}

struct Gathered<'c> {
    catalog: &'c Catalog,
    questions: Questions,
    /// By all that tells questions apart.
    known: HashMap<String, usize>,
    classes: HashMap<String, usize>,
}

impl<'c> Gathered<'c> {
    fn new(catalog: &'c Catalog) -> Self {
        let questions = Questions {
            all: Vec::new(),
            by_probe: HashMap::new(),
            classes: Vec::new(),
            by_name: HashMap::new(),
            roots: BTreeMap::new(),
        };
        Self { catalog, questions, known: HashMap::new(), classes: HashMap::new() }
    }

    fn question(
        &mut self,
        entry: &Entry,
        scope: Scope,
        call: &Call,
        above: Option<usize>,
    ) -> usize {
        let name = name_of(entry, call);
        let key = format!(
            "{name:?} {:?} {:?} {:?} {:?} {:?} {:?} {above:?} {:?}",
            call.method, call.path, call.query, call.headers, call.params, call.region, call.items
        );
        let at = if let Some(at) = self.known.get(&key) {
            *at
        } else {
            let question = self.new_question(entry, scope, call, above);
            let at = self.questions.all.len();
            self.questions.all.push(question);
            self.questions.by_name.entry(name).or_default().push(at);
            self.known.insert(key, at);
            if let Some(parent) = above.and_then(|above| self.questions.all.get_mut(above)) {
                parent.children.push(at);
            }
            at
        };
        if let Some(question) = self.questions.all.get_mut(at) {
            question.thing.see(call, &question.call.items);
            question.counts |= call.counts;
            // Where one probe asks each region and another one region for all, each region answers.
            if scope == Scope::Regional {
                question.scope = Scope::Regional;
            }
            if !question.entries.contains(&entry.service) {
                question.entries.push(entry.service.clone());
            }
            if question.errors.is_empty() {
                question.errors = call.errors.iter().chain(&entry.errors).cloned().collect();
            }
        }
        at
    }

    fn new_question(
        &mut self,
        entry: &Entry,
        scope: Scope,
        call: &Call,
        parent: Option<usize>,
    ) -> Question {
        let signing = signing_name(entry).to_owned();
        let rule = self.catalog.bucket(&call.bucket).or_else(|| self.catalog.bucket("default"));
        let service = wire_service(entry);
        let class = match rule.map(|rule| rule.key) {
            Some(KeyBy::Operation) => format!("{service}:{}", call.operation),
            _ => service.clone(),
        };
        let next = self.classes.len();
        let class_at = *self.classes.entry(class.clone()).or_insert(next);
        if class_at == next {
            self.questions.classes.push(class);
        }
        let home = self.catalog.endpoint(
            entry,
            protocol::ids::GLOBAL,
            catalog::Variant { fips: false, dual_stack: false },
        );
        Question {
            tag: number_of(&format!(
                "{}:{}:{}:{:?}",
                service, call.operation, call.items, call.params
            )),
            not_offered: BTreeSet::new(),
            entries: Vec::new(),
            wire: entry.protocol,
            operation: call.operation.clone(),
            service,
            scope,
            home: home.ok().map(|endpoint| endpoint.signing_region),
            call: call.clone(),
            parent,
            children: Vec::new(),
            outer: outer(call),
            single: !call.items.contains("[]"),
            thing: ThingShape::default(),
            ballast: String::new(),
            page: call.page.clone(),
            errors: Vec::new(),
            bucket: rule.map_or(DEFAULT_BUCKET, |rule| rule.bucket),
            class: class_at,
            regional_bucket: rule.is_none_or(|rule| rule.location == LocationBy::Region),
            action: call
                .iam
                .first()
                .cloned()
                .unwrap_or_else(|| format!("{signing}:{}", call.operation)),
            body_is_document: call.documents.values().any(|path| path == "@"),
            counts: false,
            is_switch: false,
            tells_owner: false,
            signing,
        }
    }

    fn reading(
        &mut self,
        entry: &Entry,
        call: &Call,
        at: usize,
        parent: Option<usize>,
        above: Option<usize>,
    ) -> Reading {
        let mut only = Vec::new();
        if let Some(above) = above.and_then(|above| self.questions.all.get_mut(above)) {
            catalog::template::inputs(call).iter().for_each(|path| above.thing.see_input(path));
            only = above.thing.goal(About::Child, &call.only);
        }
        let (mut own, mut on) = (Vec::new(), Vec::new());
        if let Some(question) = self.questions.all.get_mut(at) {
            own = question.thing.goal(About::Owner, &call.own);
            on = question.thing.goal(About::Switch, &call.on);
        }
        let errors = call.errors.iter().chain(&entry.errors).cloned().collect();
        Reading { question: at, parent, only, own, on, counts: call.counts, errors }
    }

    /// The regions where no entry of a question is offered.
    fn not_offered(&self, question: &Question) -> BTreeSet<String> {
        let regions = self.catalog.partition("aws").into_iter().flat_map(|one| &one.regions);
        let nowhere = |region: &str| {
            question.entries.iter().all(|service| {
                self.catalog.entry(service).is_some_and(|entry| {
                    let offered = self.catalog.offered(entry, question.scope, region);
                    matches!(offered, Offered::No { .. })
                })
            })
        };
        let names = regions.map(|region| region.name.as_str()).chain([protocol::ids::GLOBAL]);
        names.filter(|region| nowhere(region)).map(str::to_owned).collect()
    }

    fn finish(mut self) -> Questions {
        let bodies = Bodies::load();
        for at in 0..self.questions.all.len() {
            let has = |about| {
                let family = |at: usize| self.questions.all.get(at);
                let own = family(at);
                let children =
                    own.iter().flat_map(|one| &one.children).filter_map(|at| family(*at));
                own.into_iter().chain(children).any(|one| one.thing.has_goal(about))
            };
            let (is_switch, tells_owner) = (has(About::Switch), has(About::Owner));
            let not_offered = self.questions.all.get(at).map(|one| self.not_offered(one));
            if let Some(question) = self.questions.all.get_mut(at) {
                question.not_offered = not_offered.unwrap_or_default();
                question.is_switch = is_switch;
                question.tells_owner = tells_owner;
                question.thing.order_goals();
                let entry = question.entries.first().map_or("", |entry| entry.as_str());
                let call = (entry, question.operation.as_str(), question.call.items.as_str());
                question.ballast = bodies.of(call, question.wire, &question.thing.tree);
                if question.parent.is_none() {
                    let roots = self.questions.roots.entry(question.service.clone()).or_default();
                    roots.push(at);
                }
            }
        }
        self.questions
    }
}

const DEFAULT_BUCKET: protocol::budget::Bucket =
    protocol::budget::Bucket { burst: 20.0, per_second: 10.0 };

/// The name that an entry's requests are signed for.
pub(crate) fn signing_name(entry: &Entry) -> &str {
    entry.signing_name.as_deref().unwrap_or(&entry.endpoint_prefix)
}

/// The service on the wire: entries that share it (rds, neptune) share its moods and buckets.
fn wire_service(entry: &Entry) -> String {
    match (&entry.target_prefix, &entry.api_version) {
        (Some(prefix), _) => prefix.clone(),
        (None, Some(version)) if matches!(entry.protocol, Wire::Query | Wire::Ec2) => {
            format!("{}/{version}", signing_name(entry))
        }
        _ => entry.endpoint_prefix.clone(),
    }
}

fn name_of(entry: &Entry, call: &Call) -> Name {
    let operation = call.operation.clone();
    match entry.protocol {
        Wire::Json10 | Wire::Json11 => {
            let prefix = entry.target_prefix.as_deref().unwrap_or_default();
            Name::Target(format!("{prefix}.{operation}"))
        }
        Wire::Query | Wire::Ec2 => Name::Action(
            signing_name(entry).to_owned(),
            entry.api_version.clone().unwrap_or_default(),
            operation,
        ),
        Wire::RestJson | Wire::RestXml => Name::Route(signing_name(entry).to_owned(), operation),
    }
}

fn outer(call: &Call) -> Node {
    let mut outer = Node::Nothing;
    outer.grow(&call.items, Node::Things);
    if let Some(page) = call.page.as_ref().filter(|_| !call.items.starts_with('@')) {
        outer.grow(&page.output, Node::Leaf(TOKEN));
        if let Some(more) = &page.more {
            outer.grow(more, Node::Leaf(MORE));
        }
    }
    outer
}
