//! What an error of the SDK means: wait for it to pass, or say what to mend.
//!
//! The SDK has tried again by itself what throttles and what fails on SQS's side.

use std::error::Error;

use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use protocol::queue::QueueError;

use crate::patience::Trouble;

/// Codes that pass by themselves, as parts of what SQS says.
const PASSING: &[&str] = &[
    "Throttl",
    "OverLimit",
    "QueueDeletedRecently",
    "RequestTimeout",
    "InternalError",
    "InternalFailure",
    "ServiceUnavailable",
    "RequestExpired",
];

/// Codes that say that the credentials are wrong.
const CREDENTIALS: &[&str] = &[
    "InvalidClientTokenId",
    "UnrecognizedClient",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidSecurity",
    "MissingAuthenticationToken",
    "IncompleteSignature",
];

/// What a failed call means; `asked` says what it was, as `receiving from orgsweep-tasks in eu-west-1`.
pub(super) fn of_sdk<E>(asked: &str, error: &SdkError<E, HttpResponse>) -> Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(told) => {
            let code = told.err().code().unwrap_or("no code");
            let says = told.err().message().unwrap_or("nothing more");
            of_code(asked, code, says, told.raw().status().is_server_error())
        }
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
            away(asked, &root(error))
        }
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => away(asked, &root(error)),
        _ => refused(format!(
            "{asked} could not be asked of SQS: {}; mend AWS's own settings (credentials, endpoint)",
            root(error)
        )),
    }
}

/// What a code means that SQS gives for a call, or for one entry of a batch.
pub(super) fn of_code(asked: &str, code: &str, says: &str, is_theirs: bool) -> Trouble {
    let is = |codes: &[&str]| codes.iter().any(|part| code.contains(part));
    if is_theirs || is(PASSING) {
        return away(asked, &format!("{code}: {says}"));
    }
    let cure = if is(CREDENTIALS) {
        "; mend the AWS credentials"
    } else if code.contains("AccessDenied") {
        "; allow it in the policy of the role that asked"
    } else if code.contains("NonExistentQueue") || code.contains("QueueDoesNotExist") {
        "; the queue was deleted: start anew, which makes it where that is allowed"
    } else {
        ""
    };
    refused(format!("{asked}: SQS says {code}: {says}{cure}"))
}

fn away(asked: &str, why: &str) -> Trouble {
    Trouble::Passing(QueueError::Away(format!("{asked}: {why}")))
}

fn refused(why: String) -> Trouble {
    Trouble::Lasting(QueueError::Refused(why))
}

/// The first line of what is at the bottom of an error: the rest says only that something failed.
fn root(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str, is_theirs: bool) -> Result<String, String> {
        match of_code("sending to q", code, "so it is", is_theirs) {
            Trouble::Passing(error) | Trouble::Late(error) => Ok(error.to_string()),
            Trouble::Lasting(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn what_passes_is_waited_for() {
        for code in ["RequestThrottled", "ThrottlingException", "OverLimit", "ServiceUnavailable"] {
            assert!(told(code, false).is_ok(), "{code}");
        }
        assert!(told("SomethingNew", true).is_ok(), "an error of theirs passes");
    }

    #[test]
    fn what_lasts_says_what_to_mend() {
        let denied = told("AccessDenied", false).unwrap_err();
        assert!(denied.contains("sending to q") && denied.contains("policy"), "{denied}");
        assert!(told("ExpiredTokenException", false).unwrap_err().contains("credentials"));
        assert!(
            told("AWS.SimpleQueueService.NonExistentQueue", false).unwrap_err().contains("deleted")
        );
    }
}
