//! Reads that the catalog never makes: they return secrets, tokens, people's data or code.
//!
//! The list is written in IAM's words (`service:Action`, `*` at the end for any ending), so that
//! the policies that we print can deny them too; [`ANYWHERE`] bans an operation whatever its
//! service.

/// Banned actions, by what they give away.
pub const ACTIONS: &[&str] = &[
    // Secrets, passwords and keys.
    "appstream:DescribeDirectoryConfigs",
    "appsync:ListApiKeys",
    "cloudhsm:DescribeClusters",
    "cognito-idp:DescribeIdentityProvider",
    "cognito-idp:DescribeUserPoolClient",
    "devicefarm:GetProject",
    "devicefarm:ListProjects",
    "directconnect:DescribeRouterConfiguration",
    "directconnect:DescribeVirtualInterfaces",
    "ec2:DescribeVpnConnections",
    "ec2:GetPasswordData",
    "ec2:GetVpnConnectionDeviceSampleConfiguration",
    "elasticbeanstalk:DescribeConfigurationSettings",
    "geo:DescribeKey",
    "glue:GetConnection*",
    "ivs:BatchGetStreamKey",
    "ivs:GetStreamKey",
    "kms:Decrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
    "lightsail:DownloadDefaultKeyPair",
    "lightsail:GetBucketAccessKeys",
    "lightsail:GetContainerServiceDeployments",
    "lightsail:GetContainerServices",
    "lightsail:GetInstanceAccessDetails",
    "lightsail:GetRelationalDatabaseMasterUserPassword",
    "mediapackage:DescribeChannel",
    "mediapackage:ListChannels",
    "payment-cryptography:GetParametersFor*",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "snowball:GetJobManifest",
    "snowball:GetJobUnlockCode",
    "ssm:GetParameter*",
    "storagegateway:DescribeChapCredentials",
    "thinclient:GetEnvironment",
    "thinclient:ListEnvironments",
    "wafv2:GetDecryptedAPIKey",
    "wafv2:ListAPIKeys",
    // Tokens and credentials.
    "bedrock-agentcore:GetResourceApiKey",
    "bedrock-agentcore:GetResourceOauth2Token",
    "bedrock-agentcore:GetWorkloadAccessToken*",
    "codeartifact:GetAuthorizationToken",
    "codeconnections:GetConnectionToken",
    "codepipeline:GetJobDetails",
    "codepipeline:GetThirdPartyJobDetails",
    "codestar-connections:GetConnectionToken",
    "cognito-identity:GetCredentialsForIdentity",
    "cognito-identity:GetOpenIdToken*",
    "connect:GetFederationToken*",
    "datazone:GetEnvironmentCredentials",
    "ecr-public:GetAuthorizationToken",
    "ecr:GetAuthorizationToken",
    "elasticmapreduce:GetClusterSessionCredentials",
    "emr-containers:GetManagedEndpointSessionCredentials",
    "finspace:GetProgrammaticAccessCredentials",
    "gamelift:GetComputeAccess",
    "gamelift:GetComputeAuthToken",
    "gamelift:GetInstanceAccess",
    "lakeformation:GetTemporary*",
    "quicksight:GetAuthCode",
    "quicksight:GetDashboardEmbedUrl",
    "quicksight:GetSessionEmbedUrl",
    "redshift-serverless:GetCredentials",
    "s3:GetDataAccess",
    "ssm:GetAccessToken",
    "sso:GetRoleCredentials",
    "states:GetActivityTask",
    "sts:*",
    // Objects, rows, messages and pictures.
    "athena:GetQueryResults*",
    "cassandra:Select*",
    "cloudtrail:GetQueryResults",
    "cognito-idp:AdminGetUser",
    "cognito-idp:GetUser*",
    "cognito-idp:ListUsers*",
    "connect:GetContactAttributes",
    "connect:SearchContacts",
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "dynamodb:PartiQLSelect",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:TransactGetItems",
    "ebs:GetSnapshotBlock",
    "ebs:ListChangedBlocks",
    "ebs:ListSnapshotBlocks",
    "ec2:GetConsole*",
    "iot:GetRetainedMessage",
    "iot:GetThingShadow",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesisvideo:GetClip",
    "kinesisvideo:GetDASHStreamingSessionURL",
    "kinesisvideo:GetHLSStreamingSessionURL",
    "kinesisvideo:GetImages",
    "kinesisvideo:GetMedia*",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetLogObject",
    "logs:GetLogRecord",
    "logs:GetQueryResults",
    "logs:StartLiveTail",
    "macie2:GetSensitiveDataOccurrences",
    "medical-imaging:GetImage*",
    "mobiletargeting:GetEndpoint",
    "mobiletargeting:GetUserEndpoints",
    "omics:GetReadSet",
    "omics:GetReference",
    "pi:GetDimensionKeyDetails",
    "profile:SearchProfiles",
    "rds:DownloadCompleteDBLogFile",
    "rds:DownloadDBLogFilePortion",
    "redshift-data:GetStatementResult*",
    "rum:GetAppMonitorData",
    "s3-object-lambda:GetObject*",
    "s3-outposts:GetObject*",
    "s3:GetObject*",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListObject*",
    "s3:SelectObjectContent",
    "s3tables:GetTableData",
    "sagemaker:BatchGetRecord",
    "sagemaker:GetRecord",
    "sdb:GetAttributes",
    "sdb:Select",
    "sqs:ReceiveMessage",
    "ssm:GetCommandInvocation",
    "ssm:ListCommandInvocations",
    "states:DescribeExecution",
    "states:GetExecutionHistory",
    "support:DescribeAttachment",
    "support:DescribeCommunications",
    "swf:GetWorkflowExecutionHistory",
    "timestream:Select",
    "waf-regional:GetSampledRequests",
    "waf:GetSampledRequests",
    "wafv2:GetSampledRequests",
    "workdocs:GetDocumentVersion",
    "workmailmessageflow:GetRawMessageContent",
    "xray:BatchGetTraces",
    // Code and what starts machines.
    "codeartifact:GetPackageVersionAsset",
    "codeartifact:GetPackageVersionReadme",
    "codecommit:GetBlob",
    "codecommit:GetDifferences",
    "codecommit:GetFile",
    "codecommit:GetFolder",
    "codecommit:GitPull",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetLaunchTemplateData",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "lambda:GetFunction",
    "lambda:GetLayerVersion",
    "lambda:GetLayerVersionByArn",
    "schemas:GetCodeBindingSource",
];

/// Endings and beginnings of operations that are banned in every service.
pub const ANYWHERE: &[&str] = &[
    "GetAuthorizationToken*",
    "GetCredentials*",
    "GetFederationToken*",
    "GetPasswordData*",
    "GetSecretValue*",
    "GetSessionToken*",
];

/// The rule that bans an action or operation of a service, if one does.
///
/// ```
/// use catalog::banned::rule;
///
/// assert_eq!(rule("ssm", "GetParametersByPath"), Some("ssm:GetParameter*"));
/// assert_eq!(rule("ssm", "DescribeParameters"), None);
/// ```
#[must_use]
pub fn rule(service: &str, operation: &str) -> Option<&'static str> {
    let bans = |rule: &&str| {
        let (of_service, of_operation) = rule.split_once(':').unwrap_or(("*", rule));
        fits(of_service, service) && fits(of_operation, operation)
    };
    ACTIONS.iter().chain(ANYWHERE).copied().find(bans)
}

/// Whether a text fits a pattern, without regard to case, as IAM compares.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_gives_secrets_tokens_data_or_code_is_banned() {
        for (service, operation) in [
            ("secretsmanager", "GetSecretValue"),
            ("secretsmanager", "BatchGetSecretValue"),
            ("ssm", "GetParameter"),
            ("ssm", "GetParameters"),
            ("ssm", "GetParameterHistory"),
            ("s3", "GetObject"),
            ("s3", "GetObjectVersion"),
            ("s3", "ListObjectsV2"),
            ("dynamodb", "GetItem"),
            ("dynamodb", "Query"),
            ("dynamodb", "Scan"),
            ("dynamodb", "BatchGetItem"),
            ("ecr", "GetAuthorizationToken"),
            ("newservice", "GetAuthorizationToken"),
            ("ec2", "GetPasswordData"),
            ("ec2", "getpassworddata"),
            ("connect", "GetFederationToken"),
            ("sts", "GetSessionToken"),
            ("sts", "GetCallerIdentity"),
            ("lambda", "GetFunction"),
            ("ecr", "GetDownloadUrlForLayer"),
            ("codecommit", "GetBlob"),
            ("kms", "Decrypt"),
            ("sqs", "ReceiveMessage"),
            ("kinesis", "GetRecords"),
            ("logs", "FilterLogEvents"),
            ("rds", "DownloadDBLogFilePortion"),
            ("redshift-serverless", "GetCredentials"),
            ("waf-regional", "GetSampledRequests"),
        ] {
            assert!(rule(service, operation).is_some(), "{service}:{operation}");
        }
    }

    #[test]
    fn what_only_tells_what_there_is_is_not_banned() {
        for (service, operation) in [
            ("secretsmanager", "ListSecrets"),
            ("ssm", "DescribeParameters"),
            ("s3", "ListAllMyBuckets"),
            ("s3", "GetBucketPolicy"),
            ("lambda", "ListFunctions"),
            ("lambda", "GetFunctionUrlConfig"),
            ("kms", "DescribeKey"),
            ("dynamodb", "ListTables"),
            ("iam", "GetAccountPasswordPolicy"),
        ] {
            assert_eq!(rule(service, operation), None, "{service}:{operation}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(service in "\\PC{0,12}", operation in "\\PC{0,20}") {
            if let Some(rule) = rule(&service, &operation) {
                prop_assert!(ACTIONS.contains(&rule) || ANYWHERE.contains(&rule));
            }
        }
    }
}
