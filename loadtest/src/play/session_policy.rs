//! Session policies: whether they are well-formed and fit, and what they deny.

use serde_json::Value;

use crate::ask::Request;
use crate::world::Worded;

/// What a session policy denies and allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SessionPolicy {
    /// The managed policies that it is made of.
    arns: Vec<String>,
    /// Patterns of actions that the inline document denies.
    denied: Vec<String>,
    /// Patterns of actions that the inline document allows; none where there is no document.
    allowed: Option<Vec<String>>,
}

/// The most characters of document and ARNs together.
const LONGEST: usize = 2048;
const MOST_ARNS: usize = 10;

/// Managed policies that allow every read.
const READERS: &[&str] =
    &["ReadOnlyAccess", "job-function/ViewOnlyAccess", "SecurityAudit", "AdministratorAccess"];

/// Reads the session policy of an AssumeRole.
pub(crate) fn read(request: &Request) -> Result<SessionPolicy, Worded> {
    let document = request.text("Policy");
    let arns: Vec<String> = request
        .form
        .iter()
        .filter(|(name, _)| name.starts_with("PolicyArns.member.") && name.ends_with(".arn"))
        .map(|(_, arn)| arn.clone())
        .collect();
    let length =
        document.as_ref().map_or(0, String::len) + arns.iter().map(String::len).sum::<usize>();
    if length > LONGEST || arns.len() > MOST_ARNS {
        return Err(Worded::new(
            "PackedPolicyTooLarge",
            format!(
                "Packed size of session policies consumes {}% of allotted space",
                length * 100 / LONGEST
            ),
        ));
    }
    for arn in &arns {
        let name = arn.strip_prefix("arn:aws:iam::aws:policy/");
        if !name.is_some_and(|name| READERS.contains(&name)) {
            return Err(Worded::new(
                "ValidationError",
                format!("{arn} is not a policy that exists"),
            ));
        }
    }
    let Some(document) = document else {
        return Ok(SessionPolicy { arns, ..SessionPolicy::default() });
    };
    let malformed = || Worded::new("MalformedPolicyDocument", "This policy contains invalid Json");
    let document: Value = serde_json::from_str(&document).map_err(|_| malformed())?;
    if document.get("Version").and_then(Value::as_str) != Some("2012-10-17") {
        return Err(malformed());
    }
    let statements = list(document.get("Statement").ok_or_else(malformed)?);
    let (mut denied, mut allowed) = (Vec::new(), Vec::new());
    for statement in statements {
        if !is_for_everything(statement) {
            // What the stand-in plays are lists; a statement about single resources is not about them.
            continue;
        }
        let actions = list(statement.get("Action").ok_or_else(malformed)?);
        let actions = actions.iter().filter_map(|action| action.as_str()).map(str::to_lowercase);
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Deny") => denied.extend(actions),
            Some("Allow") => allowed.extend(actions),
            _ => return Err(malformed()),
        }
    }
    Ok(SessionPolicy { arns, denied, allowed: Some(allowed) })
}

/// Whether a statement is about every resource.
fn is_for_everything(statement: &Value) -> bool {
    let resources = statement.get("Resource").map(list).unwrap_or_default();
    resources.iter().any(|resource| resource.as_str() == Some("*"))
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |all| all.iter().collect())
}

impl SessionPolicy {
    /// Why an action is denied, if it is.
    pub(crate) fn denies(&self, action: &str) -> Option<&'static str> {
        let action = action.to_lowercase();
        let any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, &action));
        if any(&self.denied) {
            return Some("with an explicit deny in a session policy");
        }
        let allowed = !self.arns.is_empty() || self.allowed.as_deref().is_none_or(any);
        (!allowed).then_some("because no session policy allows the action")
    }
}

/// Whether an action fits a pattern with `*`.
fn fits(pattern: &str, action: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = action.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or("");
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pairs: &[(&str, &str)]) -> Request {
        let form = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Request { form, ..Request::default() }
    }

    #[test]
    fn patterns_fit_as_iam_reads_them() {
        assert!(fits("*", "s3:getobject"));
        assert!(fits("s3:get*", "s3:getobject"));
        assert!(fits("s3:*object", "s3:getobject"));
        assert!(!fits("s3:get*", "s3:listbucket"));
        assert!(!fits("s3:getobject", "s3:getobjectacl"));
    }

    #[test]
    fn a_read_only_session_is_denied_only_what_its_document_denies() {
        let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["s3:GetObject","lambda:GetFunction"],"Resource":"*"}]}"#;
        let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
        let policy = read(&request(&[("Policy", document), ("PolicyArns.member.1.arn", arn)]))
            .expect("read");
        assert!(policy.denies("s3:GetObject").is_some());
        assert_eq!(policy.denies("s3:ListAllMyBuckets"), None);
        let alone = read(&request(&[("Policy", document)])).expect("read");
        assert!(alone.denies("s3:ListAllMyBuckets").is_some(), "nothing is allowed");
    }

    #[test]
    fn what_is_malformed_or_too_long_is_refused() {
        let code = |pairs: &[(&str, &str)]| read(&request(pairs)).map_err(|worded| worded.code);
        assert_eq!(code(&[("Policy", "{")]), Err("MalformedPolicyDocument".to_owned()));
        let long = " ".repeat(2049);
        assert_eq!(code(&[("Policy", &long)]), Err("PackedPolicyTooLarge".to_owned()));
        let arn = ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/Nothing");
        assert_eq!(code(&[arn]), Err("ValidationError".to_owned()));
    }
}
