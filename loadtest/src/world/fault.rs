//! Faults in words: the code, message and HTTP status that a service of each protocol answers with.

use catalog::entry::Wire;

use super::Mood;
use crate::ask::Question;

/// An answer that is not a list of things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Access is denied; the message says by whom.
    Denied(Mood),
    /// The service is broken.
    Broken,
    /// The service says with a code of its own that there is nothing.
    Says(Worded),
    /// The service does not exist there.
    NotOffered,
}

/// A code and a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worded {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Worded {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

impl Fault {
    /// The fault in words, and its HTTP status.
    pub(crate) fn words(&self, question: &Question, caller: &str) -> (u16, Worded) {
        let wire = question.wire;
        match self {
            Self::Denied(mood) => denied(question, mood, caller),
            Self::Broken => (500, broken(wire)),
            Self::Says(worded) => (if wire == Wire::RestJson { 404 } else { 400 }, worded.clone()),
            Self::NotOffered => (
                if is_rest(wire) { 404 } else { 400 },
                unknown_operation(wire, &question.operation),
            ),
        }
    }
}

fn denied(question: &Question, mood: &Mood, caller: &str) -> (u16, Worded) {
    let action = &question.action;
    let why = match mood {
        Mood::DeniedByScp(arn) => {
            let named = arn.as_ref().map_or_else(String::new, |arn| format!(": {arn}"));
            format!("with an explicit deny in a service control policy{named}")
        }
        _ => format!("because no identity-based policy allows the {action} action"),
    };
    let message =
        format!("User: {caller} is not authorized to perform: {action} on resource: * {why}");
    match question.wire {
        Wire::Ec2 => {
            let message = format!("You are not authorized to perform this operation. {message}");
            (403, Worded::new("UnauthorizedOperation", message))
        }
        Wire::Query | Wire::RestXml => (403, Worded::new("AccessDenied", message)),
        Wire::Json10 | Wire::Json11 => (400, Worded::new("AccessDeniedException", message)),
        Wire::RestJson => (403, Worded::new("AccessDeniedException", message)),
    }
}

pub(crate) fn broken(wire: Wire) -> Worded {
    let message = "An internal error occurred.";
    match wire {
        Wire::Ec2 | Wire::RestXml => Worded::new("InternalError", message),
        Wire::Query => Worded::new("InternalFailure", message),
        Wire::Json10 | Wire::Json11 | Wire::RestJson => {
            Worded::new("InternalServerException", message)
        }
    }
}

pub(crate) fn unknown_operation(wire: Wire, operation: &str) -> Worded {
    match wire {
        Wire::Query | Wire::Ec2 => {
            let message = format!("The action {operation} is not valid for this web service.");
            Worded::new("InvalidAction", message)
        }
        _ => {
            Worded::new("UnknownOperationException", format!("There is no operation {operation}."))
        }
    }
}

/// What a service answers when its bucket is empty, and the HTTP status.
pub(crate) fn throttled(wire: Wire, signing: &str) -> (u16, Worded) {
    let rate = "Rate exceeded";
    match (wire, signing) {
        (_, "organizations") => (400, Worded::new("TooManyRequestsException", rate)),
        (Wire::Ec2, _) => (503, Worded::new("RequestLimitExceeded", "Request limit exceeded.")),
        (Wire::RestXml, "s3") => (503, Worded::new("SlowDown", "Please reduce your request rate.")),
        (Wire::Query | Wire::RestXml, _) => (400, Worded::new("Throttling", rate)),
        (Wire::Json10 | Wire::Json11, _) => (400, Worded::new("ThrottlingException", rate)),
        (Wire::RestJson, _) => (429, Worded::new("TooManyRequestsException", rate)),
    }
}

const fn is_rest(wire: Wire) -> bool {
    matches!(wire, Wire::RestJson | Wire::RestXml)
}
