//! The order in which a request is judged: known, signed, open region, in budget, then answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use catalog::entry::{Scope, Wire};
use protocol::Clock;
use protocol::budget::Bucket;

use super::credentials::{Caller, Keys, Mint, Refused};
use super::fleeting::Fleeting;
use super::limits::{BucketKey, Counters, Limits};
use super::reader::{Credential, Incoming, Read};
use super::reply::{Break, Reply};
use super::session_policy::SessionPolicy;
use super::windows::BucketCalls;
use super::{listed, organizations, regions, signature, sts};
use crate::ask::{Name, Question};
use crate::known::{Known, Operation, Sent, check};
use crate::world::{
    Cell, FIRST_REGION, Mischief, Worded, World, broken, throttled, unknown_operation,
};

/// How requests are judged and answered, whatever the world is like.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ways {
    pub(crate) enforce_buckets: bool,
    pub(crate) verify_signatures: bool,
    /// Sessions last no longer than this many seconds, whatever is asked for.
    pub(crate) longest_session: Option<i64>,
    pub(crate) keep_times: bool,
    /// The share of every bucket, in per cent, whose use is counted.
    pub(crate) share: Option<u8>,
    /// Whether things say all that AWS says of them, not only what the catalog reads.
    pub(crate) full_bodies: bool,
}

/// Everything that a reply depends on.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mint: Mint,
    pub(crate) limits: Limits,
    pub(crate) ways: Ways,
    known: Known,
    fleeting: Fleeting,
    policies: Mutex<Vec<SessionPolicy>>,
    nonce: AtomicU64,
    classes: Vec<String>,
}

/// A request whose caller is known.
pub(crate) struct Asked<'r> {
    pub(crate) caller: &'r Caller,
    pub(crate) region: &'r str,
    pub(crate) read: &'r Read,
    pub(crate) id: String,
}

/// A token bucket of the control plane: its name in the catalog, and whether regions have their own.
struct ControlBucket {
    name: &'static str,
    regional: bool,
}

const CONTROL: [ControlBucket; 4] = [
    ControlBucket { name: "sts", regional: true },
    ControlBucket { name: "organizations", regional: false },
    ControlBucket { name: "account", regional: false },
    ControlBucket { name: "ec2-read", regional: true },
];

/// The most distinct session policies that are remembered.
const MOST_POLICIES: usize = 1000;

impl Stage {
    pub(crate) fn new(world: World, clock: Arc<dyn Clock>, ways: Ways) -> Self {
        let mut classes = world.questions().classes.clone();
        classes
            .extend(["sts", "organizations", "account", "ec2:DescribeRegions"].map(str::to_owned));
        Self {
            mint: Mint::new(world.organization().shape.seed),
            limits: Limits::new(ways.enforce_buckets, ways.keep_times, ways.share),
            known: Known::load(),
            fleeting: Fleeting::default(),
            policies: Mutex::default(),
            nonce: AtomicU64::new(0),
            ways,
            world,
            clock,
            classes,
        }
    }

    /// The keys of the management account.
    pub(crate) fn keys(&self) -> Keys {
        self.mint.long_term(self.world.organization().management())
    }

    pub(crate) fn counters(&self) -> Counters {
        self.limits.counters(&self.classes)
    }

    /// The calls of each bucket.
    pub(crate) fn calls(&self) -> Vec<BucketCalls> {
        let regions = self.world.regions();
        let name = |at: u16| regions.get(usize::from(at)).map_or("", |(name, _)| name).to_owned();
        self.limits.calls(&self.classes, name)
    }

    /// The version of botocore whose models requests are checked against.
    pub(crate) fn botocore(&self) -> &'static str {
        self.known.botocore
    }

    pub(crate) fn next_nonce(&self) -> u64 {
        self.nonce.fetch_add(1, Ordering::Relaxed)
    }

    /// Remembers a session policy; none where there are too many.
    pub(crate) fn keep_policy(&self, policy: SessionPolicy) -> Option<usize> {
        let mut policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = policies.iter().position(|known| *known == policy) {
            return Some(at);
        }
        if policies.len() >= MOST_POLICIES {
            return None;
        }
        policies.push(policy);
        Some(policies.len() - 1)
    }

    /// Answers a request.
    pub(crate) fn play(&self, incoming: &Incoming) -> Reply {
        let id = self.request_id();
        let mut reply = match incoming.credential() {
            None => {
                let read = incoming.read(&self.known, "");
                let (status, worded) = Refused::Missing.words(read.wire);
                Reply::error(read.wire, "", status, &worded, &id)
            }
            Some(credential) => {
                let read = incoming.read(&self.known, &credential.signing);
                let told = self.judge(incoming, &credential, &read, &id);
                told.unwrap_or_else(|(status, worded)| {
                    Reply::error(read.wire, &credential.signing, status, &worded, &id)
                })
            }
        };
        reply.headers.push(("x-amzn-requestid", id));
        reply
    }

    fn request_id(&self) -> String {
        let bits = crate::dice::Dice::of(self.next_nonce()).and("request").bits();
        format!("{:08x}-0000-4000-8000-{:012x}", bits >> 32, bits & 0xffff_ffff_ffff)
    }

    fn judge(
        &self,
        incoming: &Incoming,
        credential: &Credential,
        read: &Read,
        id: &str,
    ) -> Result<Reply, (u16, Worded)> {
        let operation = self.known_operation(credential, read)?;
        let caller = self.caller(incoming, credential, read.wire)?;
        let region = credential.region.as_str();
        if self.world.is_open(caller.account, region) != Some(true) {
            return Err(Refused::UnknownKey.words(read.wire));
        }
        let asked = Asked { caller: &caller, region, read, id: id.to_owned() };
        match (credential.signing.as_str(), operation.name) {
            ("sts", _) => {
                self.control(&asked, 0)?;
                Ok(sts::answer(self, &operation, &caller, &read.request, id))
            }
            ("organizations", _) => {
                self.only_in_first_region(region)?;
                self.control(&asked, 1)?;
                Ok(organizations::answer(self, &operation, &caller, &read.request, id))
            }
            ("account", "ListRegions") => {
                self.only_in_first_region(region)?;
                self.control(&asked, 2)?;
                Ok(regions::list(self, &caller, &read.request, id))
            }
            ("ec2", "DescribeRegions") => {
                self.control(&asked, 3)?;
                Ok(regions::describe(self, &caller, &read.request, id))
            }
            _ => self.of_catalog(&asked, &operation),
        }
    }

    /// Refuses what botocore's models do not know.
    fn known_operation(
        &self,
        credential: &Credential,
        read: &Read,
    ) -> Result<Operation, (u16, Worded)> {
        let known = read.operations.iter().filter(|one| one.signing == credential.signing);
        let mut known: Vec<&Operation> = known.collect();
        if known.is_empty() {
            self.limits.count_refusal(format!("{} (signed for {})", read.said, credential.signing));
            let status = if read.wire == Wire::RestJson { 404 } else { 400 };
            return Err((status, unknown_operation(read.wire, &read.said)));
        }
        let questions = self.world.questions();
        known.sort_by_key(|operation| questions.named(&read.name(operation)).is_empty());
        let request = &read.request;
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let sent = Sent {
            query: &request.query,
            form: &request.form,
            body: Some(&request.body),
            headers: headers.collect(),
        };
        let mut complaint = None;
        for operation in known {
            match check(operation, &sent) {
                Ok(()) => return Ok(*operation),
                Err(why) => complaint = complaint.or(Some(format!("{}: {why}", operation.service))),
            }
        }
        let complaint = complaint.unwrap_or_default();
        self.limits.count_refusal(complaint.clone());
        let code = match read.wire {
            Wire::Ec2 => "InvalidParameterValue",
            Wire::Query => "ValidationError",
            _ => "ValidationException",
        };
        Err((400, Worded::new(code, complaint)))
    }

    fn caller(
        &self,
        incoming: &Incoming,
        credential: &Credential,
        wire: Wire,
    ) -> Result<Caller, (u16, Worded)> {
        let token = incoming.header("x-amz-security-token");
        let org = self.world.organization();
        let caller = self.mint.caller(org, &credential.key, token, self.clock.now());
        let caller = caller.map_err(|refused| refused.words(wire))?;
        let signed = !self.ways.verify_signatures
            || signature::verify(incoming, credential, &self.mint.secret(&credential.key));
        if signed { Ok(caller) } else { Err(Refused::Signature.words(wire)) }
    }

    fn only_in_first_region(&self, region: &str) -> Result<(), (u16, Worded)> {
        if region == FIRST_REGION { Ok(()) } else { Err(wrong_region(FIRST_REGION)) }
    }

    /// Spends a token of a control plane's bucket, the caller's.
    fn control(&self, asked: &Asked<'_>, nth: usize) -> Result<(), (u16, Worded)> {
        let Some(control) = CONTROL.get(nth) else { return Ok(()) };
        let rule = self.world.catalog().bucket(control.name);
        let bucket = rule.map_or(Bucket { burst: 20.0, per_second: 10.0 }, |rule| rule.bucket);
        let account = asked.caller.account;
        let class = self.world.questions().classes.len() + nth;
        let region = control.regional.then_some(asked.region);
        let signing = if nth == 1 { "organizations" } else { "" };
        self.spend(account, region, class, bucket, asked.read.wire, signing)
    }

    fn spend(
        &self,
        account: usize,
        region: Option<&str>,
        class: usize,
        bucket: Bucket,
        wire: Wire,
        signing: &str,
    ) -> Result<(), (u16, Worded)> {
        let place = |region: &str| {
            let at = self.world.regions().iter().position(|(name, _)| name == region);
            at.and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX)
        };
        let key = BucketKey {
            account: u32::try_from(account).unwrap_or(u32::MAX),
            region: region.map(place),
            class: u16::try_from(class).unwrap_or(u16::MAX),
        };
        if self.limits.take(key, bucket) { Ok(()) } else { Err(throttled(wire, signing)) }
    }

    fn of_catalog(&self, asked: &Asked<'_>, operation: &Operation) -> Result<Reply, (u16, Worded)> {
        let Some((at, question, found)) = listed::question(self, asked, operation) else {
            let Read { said, wire, .. } = asked.read;
            let named = self.world.questions().named(&name(asked, operation));
            let what =
                if named.is_empty() { "is in no catalog entry" } else { "is asked in another way" };
            self.limits.count_refusal(format!("{said}: {} {what}", operation.name));
            return Err((400, unknown_operation(*wire, operation.name)));
        };
        self.in_its_region(asked, question)?;
        let region = question.regional_bucket.then_some(asked.region);
        let account = asked.caller.account;
        let bucket = question.bucket;
        self.spend(account, region, question.class, bucket, question.wire, &question.signing)?;
        let cell = Cell { account, region: question.cell_region(asked.region) };
        self.limits.see_cell(self.world.cell_hash(cell, &question.service));
        let mischief = self.world.mischief(&question.service, cell);
        let strikes = self.fleeting.strikes(mischief, account, cell.region, &question.service);
        let broken_how = match strikes {
            None => None,
            Some(Mischief::Throttle { .. }) => {
                self.limits.count_throttle();
                return Err(throttled(question.wire, &question.signing));
            }
            Some(Mischief::ServerError) => {
                self.limits.count_fault();
                return Err((503, broken(question.wire)));
            }
            Some(Mischief::WebPage) => {
                self.limits.count_fault();
                return Ok(Reply::web_page());
            }
            Some(Mischief::Reset) => Some(Break::Reset),
            Some(Mischief::Truncated) => Some(Break::Truncated),
            Some(Mischief::Hang) => Some(Break::Hang),
        };
        self.session_allows(asked, question)?;
        let mut reply = listed::answer(self, asked, at, question, &found);
        if broken_how.is_some() {
            self.limits.count_fault();
            reply.broken = broken_how;
        }
        if self.world.mislabels(&question.service, cell) {
            reply.content_type = "application/octet-stream";
        }
        Ok(reply)
    }

    fn in_its_region(&self, asked: &Asked<'_>, question: &Question) -> Result<(), (u16, Worded)> {
        match question.home.as_ref().filter(|_| question.scope == Scope::Global) {
            // S3 lists buckets in any region, and each bucket has a region of its own.
            Some(home) if question.signing != "s3" && home != asked.region => {
                self.limits
                    .count_refusal(format!("{}: signed for {}", asked.read.said, asked.region));
                Err(wrong_region(home))
            }
            _ => Ok(()),
        }
    }

    fn session_allows(&self, asked: &Asked<'_>, question: &Question) -> Result<(), (u16, Worded)> {
        let policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        let policy = asked.caller.policy.and_then(|at| policies.get(at));
        let Some(why) = policy.and_then(|policy| policy.denies(&question.action)) else {
            return Ok(());
        };
        let (who, action) = (asked.caller.arn(), &question.action);
        let message = format!("User: {who} is not authorized to perform: {action} {why}");
        Err((403, Worded::new("AccessDenied", message)))
    }
}

fn name(asked: &Asked<'_>, operation: &Operation) -> Name {
    asked.read.name(operation)
}

fn wrong_region(home: &str) -> (u16, Worded) {
    let message = format!("Credential should be scoped to a valid region: {home}.");
    (403, Worded::new("SignatureDoesNotMatch", message))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;
    use protocol::clock::SystemClock;

    use super::*;
    use crate::synthetic::{Organization, Shape};

    static STAGE: LazyLock<Stage> = LazyLock::new(|| {
        let catalog = catalog::Catalog::embedded().expect("a catalog");
        let world = World::new(Organization::new(Shape::default()), catalog);
        Stage::new(world, Arc::new(SystemClock), Ways::default())
    });

    fn incoming() -> impl Strategy<Value = Incoming> {
        let signing = prop::sample::select(vec![
            "s3",
            "iam",
            "kms",
            "ec2",
            "sts",
            "organizations",
            "guardduty",
            "x",
        ]);
        let method = prop::sample::select(vec![http::Method::GET, http::Method::POST]);
        let kind = prop::sample::select(vec![
            "application/x-www-form-urlencoded",
            "application/x-amz-json-1.1",
            "application/json",
            "text/html",
        ]);
        let target = prop::option::of(prop_oneof![
            Just("TrentService.DescribeKey".to_owned()),
            Just("AWSOrganizationsV20161128.ListAccounts".to_owned()),
            "[ -~]{0,30}",
        ]);
        let body = prop_oneof![
            Just("Action=AssumeRole&Version=2011-06-15&RoleArn=%FF&RoleSessionName=é".to_owned()),
            Just(
                "{\"KeyId\":\"é\",\"Marker\":[1],\"NextToken\":\"page-99999999999999999999\"}"
                    .to_owned()
            ),
            "\\PC{0,80}",
        ];
        let path = prop_oneof![Just("/detector/%C3%28".to_owned()), "/[ -~]{0,30}"];
        (signing, method, kind, target, body, path, "[ -~]{0,30}").prop_map(
            |(signing, method, kind, target, body, path, query)| {
                let key = STAGE.keys().access_key_id;
                let credential = format!(
                    "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{signing}/aws4_request, \
                     SignedHeaders=host, Signature=0"
                );
                let mut headers = HeaderMap::new();
                let all =
                    [("authorization", Some(credential)), ("content-type", Some(kind.into()))];
                for (name, value) in all.into_iter().chain([("x-amz-target", target)]) {
                    if let Some(value) = value.and_then(|text| HeaderValue::from_str(&text).ok()) {
                        headers.insert(HeaderName::from_static(name), value);
                    }
                }
                Incoming { method, path, query, headers, body: Bytes::from(body) }
            },
        )
    }

    proptest! {
        #[test]
        fn no_request_makes_it_panic(incoming in incoming()) {
            let reply = STAGE.play(&incoming);
            prop_assert!((200..600).contains(&reply.status));
        }
    }
}
