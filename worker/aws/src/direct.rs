//! Signed calls of the control plane whose bodies are made at run time: what no entry of the catalog can say.

use bytes::Bytes;
use catalog::entry::Entry;
use http::Method;
use http_body_util::Full;
use protocol::budget::Ask;
use protocol::{Failure, FailureKind, ScanId};
use serde_json::Value;

use crate::access::Access;
use crate::api::{signing_name, unsigned};
use crate::classify::{self, Context, Mending};
use crate::endpoints::Target;
use crate::session::{Key, Session};
use crate::sign::{Signing, signed};
use crate::wire::{self, Answer, Outgoing, WHOLE, error};

/// A call: of which operation, where, with what.
#[derive(Clone, Copy)]
pub(crate) struct Direct<'a> {
    /// The service, which speaks JSON.
    pub entry: &'a Entry,
    /// The operation.
    pub operation: &'a str,
    /// The region.
    pub region: &'a str,
    /// The body.
    pub body: &'a Value,
}

/// Where a request goes.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The service.
    pub entry: &'a Entry,
    /// The region.
    pub region: &'a str,
}

/// Why there is no success.
pub(crate) struct Refused {
    /// The failure.
    pub failure: Failure,
    /// The region that it should have been sent to, as S3 says.
    pub moved: Option<String>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { failure, moved: None }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        refused.failure
    }
}

impl Access {
    /// Makes a call as `who`, for a token of `ask`, and answers its whole body; once more with fresh credentials or a
    /// corrected clock, where the answer asks for that.
    pub(crate) async fn direct(
        &self,
        who: &Key,
        ask: &Ask,
        call: Direct<'_>,
    ) -> Result<Value, Failure> {
        self.attempt(who, ask, call).await.map_err(|failure| match failure.operation {
            None => failure.during(call.operation),
            Some(_) => failure,
        })
    }

    async fn attempt(&self, who: &Key, ask: &Ask, call: Direct<'_>) -> Result<Value, Failure> {
        let invalid = |error: &dyn std::fmt::Display| {
            Failure::new(FailureKind::Invalid, "BadCall", error.to_string())
        };
        let headers =
            wire::json_headers(call.entry, call.operation).map_err(|error| invalid(&error))?;
        let body = Bytes::from(call.body.to_string());
        let outgoing = |_: &Target| Outgoing {
            method: Method::POST,
            path: "/".to_owned(),
            query: String::new(),
            headers: headers.clone().into(),
            body: body.clone(),
            host: None,
        };
        let place = Place { entry: call.entry, region: call.region };
        let answer = self.exchange(who, ask, place, &outgoing).await?;
        wire::read(call.entry, call.operation, &answer.body, &WHOLE).map_err(|error| {
            Failure::new(FailureKind::Transient, "UnreadableBody", error.to_string())
        })
    }

    /// Sends a request as `who`, for a token of `ask`, and answers what is a success; once more with fresh credentials or
    /// a corrected clock, where the answer asks for that.
    pub(crate) async fn exchange(
        &self,
        who: &Key,
        ask: &Ask,
        place: Place<'_>,
        outgoing: &(dyn Fn(&Target) -> Outgoing + Sync),
    ) -> Result<Answer, Refused> {
        let control = &self.control;
        let (mut renewed, mut corrected) = (false, false);
        loop {
            let session = self.session(who).await?;
            let partition = self.partition(&session)?;
            let origin = self.origin(&who.connection).await?;
            let target =
                origin.endpoints.target(self.catalog(), partition, place.entry, place.region)?;
            let in_flight = control.purse.spend(ask, &control.calls).await?;
            let outgoing = outgoing(&target);
            let request =
                self.request(place.entry, &outgoing, &target, who.scan.as_ref(), &session)?;
            let answer = control.transport.send(request, control.deadline).await;
            drop(in_flight);
            let answer = answer.map_err(|fault| classify::fault(&fault))?;
            if answer.status.is_success() {
                return Ok(answer);
            }
            let refusal = error::read(&answer);
            let mut moved = None;
            match classify::mending(&refusal) {
                Some(Mending::Renew) if !renewed => {
                    renewed = true;
                    control.clock.correct(refusal.date.as_deref());
                    self.forget(who, &session).await;
                    continue;
                }
                Some(Mending::CorrectClock) if !corrected => {
                    corrected = true;
                    if control.clock.correct(refusal.date.as_deref()) {
                        continue;
                    }
                }
                Some(Mending::Redirect(region)) => moved = Some(region),
                _ => {}
            }
            let failure = classify::refusal(&refusal, Context::default());
            if failure.kind == FailureKind::Throttled {
                control.purse.throttled(ask).await;
            }
            return Err(Refused { failure, moved });
        }
    }

    fn request(
        &self,
        entry: &Entry,
        outgoing: &Outgoing,
        target: &Target,
        scan: Option<&ScanId>,
        session: &Session,
    ) -> Result<http::Request<Full<Bytes>>, Failure> {
        let invalid = |error: &dyn std::fmt::Display| {
            Failure::new(FailureKind::Invalid, "BadCall", error.to_string())
        };
        let request = unsigned(outgoing, target, scan).map_err(|error| invalid(&error))?;
        let signing = Signing {
            name: signing_name(entry),
            region: &target.signing_region,
            time: self.control.clock.now().into(),
            credentials: &session.credentials,
            keys: &session.keys,
        };
        signed(request, &outgoing.body, signing).map_err(|error| invalid(&error))
    }
}
