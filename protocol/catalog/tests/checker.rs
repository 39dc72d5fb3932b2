//! The services of the enablement checker that this catalog takes over, under the same names.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::collections::BTreeSet;

use catalog::Catalog;
use catalog::entry::Origin;
use protocol::ServiceId;
use protocol::judge::Judgement;
use protocol::selection::Selection;

/// Its mapping file's services, all 64.
const SERVICES: &[&str] = &[
    "acm",
    "apigateway",
    "apigatewayv2",
    "athena",
    "autoscaling",
    "backup",
    "chime",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "comprehend",
    "config",
    "connect",
    "datasync",
    "directconnect",
    "dynamodb",
    "ebs",
    "ec2",
    "ecr",
    "ecs",
    "efs",
    "eks",
    "elasticache",
    "elbv2",
    "emr",
    "events",
    "firehose",
    "fsx",
    "glacier",
    "globalaccelerator",
    "glue",
    "guardduty",
    "iam",
    "inspector2",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "networkfirewall",
    "organizations",
    "polly",
    "rds",
    "redshift",
    "rekognition",
    "route53",
    "s3",
    "sagemaker",
    "secretsmanager",
    "securityhub",
    "shield",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "storagegateway",
    "textract",
    "transcribe",
    "transfer",
    "translate",
    "vpc-lattice",
    "waf",
    "wafv2",
    "workspaces",
];

/// Lists that AWS answers whole: they have no pages. Those of one thing are not here.
const WHOLE: &[&str] = &[
    "BatchGetAccountStatus",
    "DescribeAddresses",
    "DescribeConfigurationRecorderStatus",
    "DescribeConfigurationRecorders",
    "DescribeTrails",
    "ListDeliveryStreams",
];

fn service(name: &str) -> ServiceId {
    ServiceId::new(name).expect("a name")
}

#[test]
fn all_sixty_four_are_curated_under_the_same_name() {
    assert_eq!(SERVICES.len(), 64);
    let catalog = Catalog::embedded().expect("the catalog");
    for name in SERVICES {
        let entry = catalog.entry(&service(name));
        assert!(entry.is_some_and(|entry| entry.origin == Origin::Curated), "{name}");
    }
}

#[test]
fn all_sixty_four_are_asked_by_default_and_judged() {
    let catalog = Catalog::embedded().expect("the catalog");
    let probes = catalog.select(&Selection::default()).expect("the default probes");
    let judged: BTreeSet<_> = probes
        .iter()
        .filter(|view| view.probe.decides && view.probe.judgement != Judgement::Listed)
        .map(|view| view.entry.service.to_string())
        .collect();
    for name in SERVICES {
        assert!(judged.contains(*name), "{name}");
    }
}

#[test]
fn every_list_is_read_to_its_end() {
    let catalog = Catalog::embedded().expect("the catalog");
    for name in SERVICES {
        let entry = catalog.entry(&service(name)).expect("an entry");
        for call in entry.probes.iter().flat_map(|probe| &probe.calls) {
            let is_list = call.items.ends_with("[]");
            let whole = call.page.is_some() || WHOLE.contains(&call.operation.as_str());
            assert!(!is_list || whole, "{name}/{}: {}", call.name, call.operation);
        }
    }
}
