//! Whether a request's parameters are those of its operation.

use serde_json::Value;

use super::Operation;

/// What a request sends, beside its path.
#[derive(Debug, Default)]
pub(crate) struct Sent<'r> {
    /// The parameters of the query string.
    pub(crate) query: &'r [(String, String)],
    /// The parameters of a form, for query and ec2.
    pub(crate) form: &'r [(String, String)],
    /// The members of a JSON body.
    pub(crate) body: Option<&'r serde_json::Map<String, Value>>,
    /// Headers that may be parameters: lower-case names that begin with `x-amz-`.
    pub(crate) headers: Vec<(&'r str, &'r str)>,
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Complaint {
    #[error("{operation} has no parameter {name}")]
    Unknown { operation: &'static str, name: String },
    #[error("{operation} needs the parameter {name}")]
    Missing { operation: &'static str, name: &'static str },
    #[error("the parameter {name} of {operation} must not be {value}")]
    Value { operation: &'static str, name: &'static str, value: String },
}

/// Headers that requests may have beyond the models: those of signing, and two that clients add by
/// themselves (the version of Glacier's API, the format that API Gateway is asked for).
const COMMON_HEADERS: &[&str] = &[
    "accept",
    "x-amz-glacier-version",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "x-amz-target",
    "x-amz-user-agent",
    "x-amzn-query-mode",
];

#[derive(Clone, Copy)]
struct Member {
    required: bool,
    place: &'static str,
    name: &'static str,
    kind: &'static str,
    min: Option<i64>,
    max: Option<i64>,
}

fn members(operation: &Operation) -> impl Iterator<Item = Member> + Clone {
    operation.members.split('\t').filter(|text| !text.is_empty()).map(|text| {
        let (required, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (place, rest) = text.split_once(':').unwrap_or(("b", text));
        // A wire name may hold a colon, the other fields may not; limits come last.
        let mut fields = rest.split(':');
        let mut next = || fields.next().unwrap_or("");
        let (name, kind) = (next(), next());
        Member { required, place, name, kind, min: next().parse().ok(), max: next().parse().ok() }
    })
}

/// Checks every parameter that is sent, and that none that is required is missing.
pub(crate) fn check(operation: &Operation, sent: &Sent<'_>) -> Result<(), Complaint> {
    let unknown =
        |name: &str| Complaint::Unknown { operation: operation.name, name: name.to_owned() };
    let known = members(operation);
    for (name, value) in sent.query {
        if fixed_in_path(operation, name) {
            continue;
        }
        let member = known.clone().find(|m| m.place == "q" && m.name == name);
        text_fits(operation, member.ok_or_else(|| unknown(name))?, value)?;
    }
    for (name, value) in sent.form {
        let member = known.clone().find(|member| form_name_fits(*member, name));
        text_fits(operation, member.ok_or_else(|| unknown(name))?, value)?;
    }
    for (name, value) in sent.body.into_iter().flatten() {
        let member = known.clone().find(|m| m.place == "b" && m.name == name);
        json_fits(operation, member.ok_or_else(|| unknown(name))?, value)?;
    }
    for (name, _) in &sent.headers {
        let known = known
            .clone()
            .any(|m| m.place == "h" && (m.name.eq_ignore_ascii_case(name) || m.kind == "o"));
        if !known && !COMMON_HEADERS.contains(name) {
            return Err(unknown(name));
        }
    }
    match known.clone().find(|member| member.required && !is_sent(*member, sent)) {
        Some(member) => Err(Complaint::Missing { operation: operation.name, name: member.name }),
        None => Ok(()),
    }
}

fn fixed_in_path(operation: &Operation, name: &str) -> bool {
    let query = operation.path.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|pair| pair.split('=').next() == Some(name))
}

/// Whether a form's name is a member's: `Owner.1` is of `Owner.`, `Filters.Filter.1.Name` of
/// `Filters.Filter.`.
fn form_name_fits(member: Member, name: &str) -> bool {
    if member.kind == "l" {
        let index = name.strip_prefix(member.name).and_then(|rest| rest.split('.').next());
        return index.is_some_and(|index| {
            !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit())
        });
    }
    if member.kind == "o" { name.starts_with(member.name) } else { name == member.name }
}

fn is_sent(member: Member, sent: &Sent<'_>) -> bool {
    match member.place {
        "q" => sent.query.iter().any(|(name, _)| name == member.name),
        "h" => sent.headers.iter().any(|(name, _)| member.name.eq_ignore_ascii_case(name)),
        "b" => {
            sent.form.iter().any(|(name, _)| form_name_fits(member, name))
                || sent.body.is_some_and(|body| body.contains_key(member.name))
        }
        // A path that fits has all its labels.
        _ => true,
    }
}

fn text_fits(operation: &Operation, member: Member, value: &str) -> Result<(), Complaint> {
    let fits = match member.kind {
        "i" => value.parse().is_ok_and(|number| in_limits(member, number)),
        "f" => value.parse::<f64>().is_ok(),
        "t" => value == "true" || value == "false",
        _ => true,
    };
    fits.then_some(()).ok_or_else(|| wrong(operation, member, value))
}

fn json_fits(operation: &Operation, member: Member, value: &Value) -> Result<(), Complaint> {
    let fits = match member.kind {
        "i" => value.as_i64().is_some_and(|number| in_limits(member, number)),
        "f" | "d" => value.is_number() || value.is_string(),
        "t" => value.is_boolean(),
        "l" => value.is_array(),
        "o" => value.is_object(),
        _ => value.is_string(),
    };
    fits.then_some(()).ok_or_else(|| wrong(operation, member, &value.to_string()))
}

fn in_limits(member: Member, number: i64) -> bool {
    member.min.is_none_or(|min| min <= number) && member.max.is_none_or(|max| number <= max)
}

fn wrong(operation: &Operation, member: Member, value: &str) -> Complaint {
    let value = protocol::failure::cut(value, 80).to_owned();
    Complaint::Value { operation: operation.name, name: member.name, value }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Known;
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn form(action: &str, sent: &[(&str, &str)]) -> Result<(), Complaint> {
        let (signing, version) = match action {
            "DescribeImages" | "DescribeVpcs" => ("ec2", "2016-11-15"),
            "ListStacks" => ("cloudformation", "2010-05-15"),
            _ => ("iam", "2010-05-08"),
        };
        let operation = Known::load().by_action(signing, version, action).expect("known");
        check(&operation, &Sent { form: &pairs(sent), ..Sent::default() })
    }

    #[test]
    fn form_names_are_the_models_wire_names() {
        assert_eq!(form("ListRoles", &[("MaxItems", "1000"), ("Marker", "x")]), Ok(()));
        assert!(form("ListRoles", &[("MaxResults", "10")]).is_err());
        assert_eq!(form("DescribeImages", &[("Owner.1", "self")]), Ok(()));
        assert!(form("DescribeImages", &[("Owners.1", "self")]).is_err());
        assert!(form("DescribeImages", &[("Owner", "self")]).is_err());
        assert_eq!(
            form("ListStacks", &[("StackStatusFilter.member.1", "CREATE_COMPLETE")]),
            Ok(())
        );
        assert!(form("ListStacks", &[("StackStatusFilter.1", "CREATE_COMPLETE")]).is_err());
        assert_eq!(form("DescribeVpcs", &[("Filter.1.Name", "x")]), Ok(()));
    }

    #[test]
    fn a_page_larger_than_the_model_allows_is_refused() {
        assert!(form("ListRoles", &[("MaxItems", "1001")]).is_err());
        assert!(form("ListRoles", &[("MaxItems", "many")]).is_err());
    }

    #[test]
    fn json_bodies_have_known_members_of_the_right_type() {
        let operation = Known::load().by_target("TrentService.DescribeKey").expect("known");
        let check_body =
            |body: Value| check(&operation, &Sent { body: body.as_object(), ..Sent::default() });
        assert_eq!(check_body(json!({ "KeyId": "a" })), Ok(()));
        assert!(matches!(check_body(json!({})), Err(Complaint::Missing { name: "KeyId", .. })));
        assert!(check_body(json!({ "KeyId": "a", "Key": "b" })).is_err());
        assert!(check_body(json!({ "KeyId": 1 })).is_err());
    }

    #[test]
    fn unknown_query_parameters_and_headers_are_refused() {
        let known = Known::load();
        let operation = known.by_route("guardduty", "GET", "/detector", &[])[0];
        let check_query = |sent: &[(&str, &str)]| {
            check(&operation, &Sent { query: &pairs(sent), ..Sent::default() })
        };
        assert_eq!(check_query(&[("maxResults", "50")]), Ok(()));
        assert!(check_query(&[("MaxResults", "50")]).is_err());
        let headers = vec![("x-amz-account-id", "1")];
        assert!(check(&operation, &Sent { headers, ..Sent::default() }).is_err());
    }
}
