//! What an error says: the one table. Rows of the call come first, then the service's, then these.

use catalog::entry::ErrorRow;
use protocol::{Failure, FailureKind};

use crate::denial;
use crate::transport::Fault;
use crate::wire::error::Refusal;

/// What a row of the table means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// Just this kind.
    Kind(FailureKind),
    /// The credentials have expired.
    Expired,
    /// The two clocks differ.
    Skewed,
    /// The credentials are not known there: the region is off, if the account's list says so.
    Unknown,
    /// The operation is not known there: not offered, if the table of regions agrees.
    NotOffered,
}

/// The table. Exact codes; each row is tested.
const TABLE: &[(Means, &[&str])] = &[
    (
        Means::Kind(FailureKind::Denied),
        &[
            "AccessDenied",
            "AccessDeniedException",
            "UnauthorizedOperation",
            "UnauthorizedAccess",
            "UnauthorizedException",
            "Forbidden",
            "ForbiddenException",
            "AuthorizationError",
            "AuthorizationErrorException",
            "NotAuthorized",
            "NotAuthorizedException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "IncompleteSignature",
        ],
    ),
    (
        Means::Unknown,
        &[
            "AuthFailure",
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "RegionDisabledException",
        ],
    ),
    (
        Means::Expired,
        &[
            "ExpiredToken",
            "ExpiredTokenException",
            "RequestExpired",
            "TokenRefreshRequired",
            "CredentialsExpired",
        ],
    ),
    (
        Means::Skewed,
        &[
            "RequestTimeTooSkewed",
            "RequestInTheFuture",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
        ],
    ),
    (
        Means::Kind(FailureKind::Off),
        &[
            "SubscriptionRequiredException",
            "NotSubscribed",
            "OptInRequired",
            "AWSOrganizationsNotInUseException",
        ],
    ),
    (
        Means::Kind(FailureKind::Throttled),
        &[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestLimitExceeded",
            "TooManyRequests",
            "TooManyRequestsException",
            "SlowDown",
            "BandwidthLimitExceeded",
            "PriorRequestNotComplete",
            "EC2ThrottledException",
            "ProvisionedThroughputExceededException",
            "TransactionInProgressException",
            "LimitExceededException",
            "LimitExceeded",
        ],
    ),
    (
        Means::Kind(FailureKind::Transient),
        &[
            "InternalFailure",
            "InternalError",
            "InternalServerError",
            "InternalServerErrorException",
            "InternalServerException",
            "InternalServiceError",
            "InternalServiceException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "Unavailable",
            "RequestTimeout",
            "RequestTimeoutException",
        ],
    ),
    (
        Means::NotOffered,
        &[
            "UnknownOperationException",
            "UnknownOperation",
            "InvalidAction",
            "UnsupportedOperation",
            "UnsupportedOperationException",
        ],
    ),
    (
        Means::Kind(FailureKind::Invalid),
        &[
            "ValidationException",
            "ValidationError",
            "InvalidParameterValue",
            "InvalidParameterValueException",
            "InvalidParameter",
            "InvalidParameterException",
            "InvalidParameterCombination",
            "MissingParameter",
            "SerializationException",
            "MalformedQueryString",
            "NoSuchVersion",
        ],
    ),
];

/// What is known about the place of a call, beside its answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context<'a> {
    /// The rows of the call.
    pub call: &'a [ErrorRow],
    /// The rows of the service.
    pub service: &'a [ErrorRow],
    /// The file to name where the catalog is at fault; empty for control-plane calls.
    pub file: &'a str,
    /// Whether the table of regions says that the service is not offered there.
    pub table_says_no: bool,
    /// Whether the account's own list says that the region is closed.
    pub region_closed: bool,
}

/// What may be mended before a refusal is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mending {
    /// Fresh credentials.
    Renew,
    /// A corrected clock.
    CorrectClock,
    /// The bucket's own region.
    Redirect(String),
}

/// What may be mended, where something may.
pub(crate) fn mending(refusal: &Refusal) -> Option<Mending> {
    let moved = matches!(
        refusal.code.as_str(),
        "PermanentRedirect"
            | "TemporaryRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException"
    ) || matches!(refusal.status, 301 | 307);
    if let (true, Some(region)) = (moved, &refusal.bucket_region) {
        return Some(Mending::Redirect(region.clone()));
    }
    match lookup(&refusal.code)? {
        Means::Expired => Some(Mending::Renew),
        Means::Skewed => Some(Mending::CorrectClock),
        Means::Kind(_) | Means::Unknown | Means::NotOffered => None,
    }
}

/// The failure that a refusal is, after all mending.
pub(crate) fn refusal(refusal: &Refusal, context: Context<'_>) -> Failure {
    let own = context.call.iter().chain(context.service).find(|row| fits(row, refusal));
    let kind = own.map_or_else(|| kind(refusal, context), |row| row.means);
    let code = match refusal.code.as_str() {
        "" if refusal.html => format!("Html{}", refusal.status),
        "" => format!("Http{}", refusal.status),
        code => code.to_owned(),
    };
    let message = match kind {
        FailureKind::Invalid if !context.file.is_empty() => {
            format!("{} (the catalog's file {} asks for it)", refusal.message, context.file)
        }
        _ => refusal.message.clone(),
    };
    let mut failure = Failure::new(kind, code, message);
    failure.http_status = Some(refusal.status);
    failure.request_id.clone_from(&refusal.request_id);
    failure.retry_after_ms = refusal.retry_after_ms;
    if kind == FailureKind::Denied {
        let denial = denial::read(&refusal.message);
        failure.denied_by = Some(denial.by);
        failure.policy_arn = denial.policy_arn;
    }
    failure
}

/// The failure that a fault of the transport is.
pub(crate) fn fault(fault: &Fault) -> Failure {
    let (kind, code) = match fault {
        Fault::Timeout(_) => (FailureKind::Unreachable, "Timeout"),
        Fault::Dns(_) => (FailureKind::Unreachable, "DnsFailed"),
        Fault::Connect(_) => (FailureKind::Unreachable, "ConnectFailed"),
        Fault::Tls(_) => (FailureKind::Unreachable, "TlsFailed"),
        Fault::Cut(_) => (FailureKind::Transient, "ConnectionBroken"),
        Fault::TooLarge(_) => (FailureKind::Other, "BodyTooLarge"),
        Fault::OutOfReach(_) => (FailureKind::Other, "OutOfReach"),
    };
    Failure::new(kind, code, fault.to_string())
}

fn fits(row: &ErrorRow, refusal: &Refusal) -> bool {
    let says = |part: &String| refusal.message.to_lowercase().contains(&part.to_lowercase());
    row.code == refusal.code && row.message.as_ref().is_none_or(says)
}

fn lookup(code: &str) -> Option<Means> {
    TABLE.iter().find(|(_, codes)| codes.contains(&code)).map(|(means, _)| *means)
}

fn kind(refusal: &Refusal, context: Context<'_>) -> FailureKind {
    let not_offered =
        if context.table_says_no { FailureKind::NotOffered } else { FailureKind::Other };
    match lookup(&refusal.code) {
        Some(Means::Kind(kind)) => kind,
        Some(Means::Expired) => FailureKind::Expired,
        Some(Means::Skewed) => FailureKind::Denied,
        Some(Means::Unknown) if context.region_closed => FailureKind::RegionOff,
        Some(Means::Unknown) => FailureKind::Denied,
        Some(Means::NotOffered) => not_offered,
        None if unsupported(&refusal.message) => not_offered,
        None => match refusal.status {
            429 => FailureKind::Throttled,
            500 | 502 | 503 | 504 => FailureKind::Transient,
            401 | 403 => FailureKind::Denied,
            404 if refusal.html => not_offered,
            _ => FailureKind::Other,
        },
    }
}

fn unsupported(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("not supported in this region")
        || message.contains("not available in this region")
        || message.contains("not supported in the called region")
}

#[cfg(test)]
mod tests {
    use protocol::DeniedBy;

    use super::*;

    fn code(code: &str) -> Refusal {
        Refusal { status: 400, code: code.to_owned(), ..Refusal::default() }
    }

    /// aws.md's table, written down a second time, independently of the one above.
    #[test]
    fn every_documented_code_becomes_what_the_documentation_says() {
        let rows = [
            (
                FailureKind::Denied,
                "AccessDenied AccessDeniedException UnauthorizedOperation Forbidden AuthorizationError \
                 AuthorizationErrorException NotAuthorized AuthFailure UnrecognizedClientException \
                 InvalidClientTokenId SignatureDoesNotMatch",
            ),
            (
                FailureKind::Expired,
                "ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired",
            ),
            (
                FailureKind::Off,
                "SubscriptionRequiredException NotSubscribed OptInRequired AWSOrganizationsNotInUseException",
            ),
            (
                FailureKind::Throttled,
                "Throttling ThrottlingException ThrottledException RequestThrottled \
                 RequestThrottledException RequestLimitExceeded TooManyRequestsException SlowDown \
                 BandwidthLimitExceeded PriorRequestNotComplete EC2ThrottledException \
                 ProvisionedThroughputExceededException TransactionInProgressException \
                 LimitExceededException",
            ),
            (
                FailureKind::Transient,
                "InternalFailure InternalError InternalServerError InternalServerErrorException \
                 ServiceUnavailable ServiceUnavailableException",
            ),
            (
                FailureKind::Other,
                "UnknownOperationException InvalidAction UnsupportedOperation Whatever",
            ),
            (FailureKind::Invalid, "ValidationException InvalidParameterValue MissingParameter"),
        ];
        for (kind, codes) in rows {
            for name in codes.split_whitespace() {
                assert_eq!(refusal(&code(name), Context::default()).kind, kind, "{name}");
            }
        }
    }

    #[test]
    fn no_code_is_in_two_rows() {
        let all: Vec<&str> = TABLE.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), distinct.len());
    }

    #[test]
    fn the_calls_own_rows_come_before_the_services_and_the_table() {
        let row = |means, message: Option<&str>| ErrorRow {
            code: "AccessDeniedException".to_owned(),
            message: message.map(str::to_owned),
            means,
        };
        let service = [row(FailureKind::Off, Some("NOT enabled"))];
        let call = [row(FailureKind::Absent, Some("nothing"))];
        let context = Context { call: &call, service: &service, ..Context::default() };
        let says = |message: &str| {
            let told = Refusal { message: message.to_owned(), ..code("AccessDeniedException") };
            refusal(&told, context).kind
        };
        assert_eq!(says("Macie is not enabled"), FailureKind::Off);
        assert_eq!(says("nothing there, and not enabled"), FailureKind::Absent);
        assert_eq!(says("you may not"), FailureKind::Denied);
    }

    #[test]
    fn what_is_not_known_there_is_not_offered_only_if_the_table_agrees() {
        let no = Context { table_says_no: true, ..Context::default() };
        let page = Refusal { status: 404, html: true, ..Refusal::default() };
        let message = "CreateX is not supported in this region".to_owned();
        let says = Refusal { status: 400, message, ..Refusal::default() };
        for told in [code("InvalidAction"), page, says] {
            assert_eq!(refusal(&told, no).kind, FailureKind::NotOffered, "{told:?}");
            assert_eq!(refusal(&told, Context::default()).kind, FailureKind::Other, "{told:?}");
        }
    }

    #[test]
    fn unknown_credentials_mean_a_closed_region_only_if_the_accounts_list_says_so() {
        let closed = Context { region_closed: true, ..Context::default() };
        assert_eq!(refusal(&code("AuthFailure"), closed).kind, FailureKind::RegionOff);
        assert_eq!(refusal(&code("AuthFailure"), Context::default()).kind, FailureKind::Denied);
    }

    #[test]
    fn without_a_code_the_status_tells() {
        let kind = |status| {
            let told = Refusal { status, ..Refusal::default() };
            let failure = refusal(&told, Context::default());
            (failure.kind, failure.code)
        };
        assert_eq!(kind(429), (FailureKind::Throttled, "Http429".to_owned()));
        assert_eq!(kind(503), (FailureKind::Transient, "Http503".to_owned()));
        assert_eq!(kind(403), (FailureKind::Denied, "Http403".to_owned()));
        assert_eq!(kind(404), (FailureKind::Other, "Http404".to_owned()));
        assert_eq!(kind(418), (FailureKind::Other, "Http418".to_owned()));
    }

    #[test]
    fn a_wrong_request_names_the_catalogs_file() {
        let context = Context { file: "aws/x.toml", ..Context::default() };
        assert!(refusal(&code("ValidationException"), context).message.contains("aws/x.toml"));
    }

    #[test]
    fn a_denial_says_who_denied() {
        let message = "no identity-based policy allows the s3:ListAllMyBuckets action";
        let told = Refusal { message: format!("because {message}"), ..code("AccessDenied") };
        assert_eq!(refusal(&told, Context::default()).denied_by, Some(DeniedBy::Identity));
    }

    #[test]
    fn only_what_can_be_mended_is() {
        assert_eq!(mending(&code("ExpiredToken")), Some(Mending::Renew));
        assert_eq!(mending(&code("RequestTimeTooSkewed")), Some(Mending::CorrectClock));
        assert_eq!(mending(&code("AccessDenied")), None);
        let region = Some("eu-west-1".to_owned());
        let moved = Refusal { status: 301, bucket_region: region.clone(), ..Refusal::default() };
        assert_eq!(mending(&moved), Some(Mending::Redirect("eu-west-1".to_owned())));
        let denied = Refusal { bucket_region: region, ..code("AccessDenied") };
        assert_eq!(mending(&denied), None);
    }
}
