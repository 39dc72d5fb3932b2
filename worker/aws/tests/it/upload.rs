//! Objects that are written: where they are sent, with what, and what is said where a bucket refuses.

use aws::{Encryption, NewObject};
use protocol::scan::Settings;
use protocol::{Failure, FailureKind};

use crate::house::{aws, hub_identity, small_catalog};
use crate::server::{Reply, Seen, Server};

async fn upload(server: &Server, encryption: &Encryption) -> Result<(), Failure> {
    let mut settings = Settings::default();
    settings.pace.max_attempts = 1;
    let aws = aws(&server.endpoint, &settings, small_catalog(""));
    let object = NewObject {
        bucket: "reports",
        key: "a b/listed.csv",
        body: b"Account_Id\n",
        content_type: "text/csv",
        encryption,
    };
    aws.upload(&object).await
}

fn moved(seen: &Seen, home: &str) -> Reply {
    if seen.is_sts() {
        return hub_identity();
    }
    if seen.scope().1 == home {
        return Reply::xml("");
    }
    let body = "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>";
    Reply::Answer(301, vec![("x-amz-bucket-region", home.to_owned())], body.to_owned())
}

#[tokio::test]
async fn an_object_goes_to_the_region_that_s3_names_once() {
    let server = Server::start(|seen| moved(seen, "eu-west-1")).await;
    let key = Encryption::Kms(Some("k-1".to_owned()));
    upload(&server, &key).await.expect("written");
    let seen = server.seen();
    let puts: Vec<&Seen> = seen.iter().filter(|seen| seen.method == "PUT").collect();
    let scopes: Vec<_> = puts.iter().map(|seen| seen.scope()).collect();
    assert_eq!(scopes, [("s3".into(), "us-east-1".into()), ("s3".into(), "eu-west-1".into())]);
    let put = puts[1];
    assert_eq!(
        (put.uri.as_str(), put.body.as_str()),
        ("/reports/a%20b/listed.csv", "Account_Id\n")
    );
    assert_eq!(put.header("content-type"), "text/csv");
    assert_eq!(put.header("x-amz-server-side-encryption"), "aws:kms");
    assert_eq!(put.header("x-amz-server-side-encryption-aws-kms-key-id"), "k-1");
    assert_eq!(put.header("x-amz-content-sha256").len(), 64);
}

#[tokio::test]
async fn a_bucket_that_is_never_where_it_is_asked_for_gets_a_sentence() {
    let mut homes = ["eu-west-1", "eu-west-2"].into_iter().cycle();
    let server = Server::start(move |seen| {
        if seen.is_sts() {
            return hub_identity();
        }
        moved(seen, homes.next().unwrap_or_default())
    })
    .await;
    let failure = upload(&server, &Encryption::Buckets).await.expect_err("refused");
    assert!(failure.message.contains("the bucket reports is said to be in eu-west-2"), "{failure}");
    assert!(failure.message.contains("asked for in eu-west-1"), "{failure}");
}

#[tokio::test]
async fn a_bucket_that_refuses_is_told_with_its_code() {
    let server = Server::start(|seen| {
        if seen.is_sts() {
            return hub_identity();
        }
        let body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        // It says where it is, though that is not what is wrong.
        Reply::Answer(403, vec![("x-amz-bucket-region", "eu-west-1".to_owned())], body.to_owned())
    })
    .await;
    let failure = upload(&server, &Encryption::Aes256).await.expect_err("refused");
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "AccessDenied"));
    assert_eq!(failure.operation.as_deref(), Some("PutObject"));
    assert_eq!(server.seen().iter().filter(|seen| seen.method == "PUT").count(), 1);
}
