//! Denying the banned reads: whole in a role's policy, cut to the worst in a session's.

use std::collections::BTreeSet;

use super::actions;
use super::control::IDENTITY;
use super::document::{Effect, Statement};
use super::narrow::deny_keys;
use crate::banned::{ACTIONS, ANYWHERE};

/// The banned reads that a session denies too: those that `ReadOnlyAccess` has allowed, or that
/// would hurt the most. A session policy has no room for all of them.
const SESSION: &[&str] = &[
    "appsync:ListApiKeys",
    "athena:GetQueryResults*",
    "cassandra:Select*",
    "codeartifact:GetAuthorizationToken",
    "codecommit:GetBlob",
    "codecommit:GetFile",
    "codecommit:GitPull",
    "codepipeline:GetJobDetails",
    "cognito-idp:DescribeUserPoolClient",
    "connect:GetFederationToken*",
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "dynamodb:PartiQLSelect",
    "dynamodb:Query",
    "dynamodb:Scan",
    "ebs:GetSnapshotBlock",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetConsole*",
    "ec2:GetLaunchTemplateData",
    "ec2:GetPasswordData",
    "ecr-public:GetAuthorizationToken",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "glue:GetConnection*",
    "kinesis:GetRecords",
    "kinesisvideo:GetMedia*",
    "kms:Decrypt",
    "lambda:GetFunction",
    "lambda:GetLayerVersion",
    "lightsail:DownloadDefaultKeyPair",
    "lightsail:GetInstanceAccessDetails",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetQueryResults",
    "quicksight:GetAuthCode",
    "rds:DownloadDBLogFilePortion",
    "redshift-serverless:GetCredentials",
    "s3-object-lambda:GetObject*",
    "s3:GetDataAccess",
    "s3:GetObject*",
    "s3:ListBucket",
    "sdb:Select",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "sqs:ReceiveMessage",
    "ssm:GetAccessToken",
    "ssm:GetParameter*",
    "states:GetExecutionHistory",
    "storagegateway:DescribeChapCredentials",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
    "timestream:Select",
];

/// Denies every banned read.
pub(crate) fn deny_all(partition: &str) -> Vec<Statement> {
    deny(partition, everything())
}

/// Denies the banned reads that a session has room for.
pub(crate) fn deny_in_session(partition: &str) -> Vec<Statement> {
    deny(partition, SESSION.iter().map(|&action| action.to_owned()).collect())
}

fn deny(partition: &str, actions: Vec<String>) -> Vec<Statement> {
    let everywhere = Statement::new(Effect::Deny, actions, vec!["*".to_owned()]);
    vec![everywhere.named("NeverRead"), deny_keys(partition)]
}

/// The whole list, in words that IAM takes: a star may end an action, not stand in its prefix.
/// Where a rule bans a whole service, its reads are named, all but the one that pre-flight calls.
fn everything() -> Vec<String> {
    let plain = ACTIONS.iter().filter(|rule| !is_wide(rule)).map(|&rule| rule.to_owned());
    let mut denied: BTreeSet<String> = plain.collect();
    for rule in ACTIONS.iter().filter(|rule| is_wide(rule)).chain(ANYWHERE) {
        let (prefix, operation) = rule.split_once(':').unwrap_or(("*", rule));
        for (of, name) in reads().filter(|(of, name)| fits(prefix, of) && fits(operation, name)) {
            let operation = if operation == "*" { &name } else { operation };
            denied.insert(format!("{of}:{operation}"));
        }
    }
    denied.remove(IDENTITY);
    let covered = |action: &str| {
        denied.iter().any(|by| by.ends_with('*') && by != action && fits(by, action))
    };
    denied.iter().filter(|action| !covered(action)).cloned().collect()
}

/// Whether a rule is about several services, or all of one.
fn is_wide(rule: &str) -> bool {
    rule.ends_with(":*") || rule.split(':').next().is_some_and(|prefix| prefix.contains('*'))
}

/// Prefix and name of every action that lists or reads.
fn reads() -> impl Iterator<Item = (String, String)> {
    actions::all().filter_map(|(action, _)| {
        action.split_once(':').map(|(prefix, name)| (prefix.to_owned(), name.to_owned()))
    })
}

fn fits(pattern: &str, text: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == text, |start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::banned::rule;

    #[test]
    fn a_session_denies_only_what_is_banned() {
        for action in SESSION {
            let (service, operation) = action.split_once(':').expect("an action");
            assert!(rule(service, operation.trim_end_matches('*')).is_some(), "{action}");
        }
    }

    #[test]
    fn a_session_denies_the_reads_that_the_decision_names() {
        for action in [
            "secretsmanager:GetSecretValue",
            "ssm:GetParameter*",
            "s3:GetObject*",
            "dynamodb:GetItem",
            "ecr:GetAuthorizationToken",
            "ec2:GetPasswordData",
            "lambda:GetFunction",
        ] {
            assert!(SESSION.contains(&action), "{action}");
        }
    }

    #[test]
    fn no_session_and_no_role_is_kept_from_asking_who_it_is() {
        let session = SESSION.iter().map(|&action| action.to_owned());
        for by in session.chain(everything()) {
            assert!(!fits(&by, IDENTITY), "{by}");
        }
    }

    #[test]
    fn every_banned_read_is_denied_in_words_that_iam_takes() {
        let denied = everything();
        assert!(denied.iter().all(|action| !is_wide(action) && action.contains(':')));
        for (prefix, name) in reads() {
            let action = format!("{prefix}:{name}");
            let banned = rule(&prefix, &name).is_some() && action != IDENTITY;
            assert_eq!(denied.iter().any(|by| fits(by, &action)), banned, "{action}");
        }
    }
}
