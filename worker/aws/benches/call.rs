//! What one call costs besides its round trip: `cargo bench -p aws --features bench`.

use std::hint::black_box;

use aws::measured::Measured;
use bytes::Bytes;
use catalog::Catalog;
use criterion::{Criterion, criterion_group, criterion_main};

/// Functions on a page.
const THINGS: usize = 50;

fn call(c: &mut Criterion) {
    let catalog = Catalog::embedded().expect("the catalog");
    let made = |probe| Measured::of(&catalog, probe).expect("a probe");
    let (json, query) = (made("lambda"), made("iam"));
    c.bench_function("request and signature, rest-json", |b| b.iter(|| black_box(json.request())));
    c.bench_function("request and signature, query", |b| b.iter(|| black_box(query.request())));
    let page = functions();
    assert_eq!(json.page(&page), Ok(THINGS));
    c.bench_function("page of 50 functions, 55 kB of JSON", |b| {
        b.iter(|| black_box(json.page(&page)));
    });
    let page = users();
    assert_eq!(query.page(&page), Ok(THINGS));
    c.bench_function("page of 50 users, 35 kB of XML", |b| b.iter(|| black_box(query.page(&page))));
}

/// A page of functions as Lambda tells them.
fn functions() -> Bytes {
    let function = |nth| {
        serde_json::json!({
            "FunctionName": format!("orders-{nth}"), "FunctionArn": format!("arn:aws:lambda:eu-west-1:111122223333:function:orders-{nth}"),
            "Runtime": "python3.13", "Role": "arn:aws:iam::111122223333:role/service-role/orders", "Handler": "main.handler",
            "CodeSize": 4096, "Description": "Takes orders and puts them where they belong.", "Timeout": 30, "MemorySize": 512,
            "LastModified": "2025-03-01T12:00:00.000+0000", "CodeSha256": "a".repeat(44), "Version": "$LATEST",
            "VpcConfig": { "SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"], "VpcId": "vpc-1" },
            "Environment": { "Variables": { "STAGE": "production", "TABLE": "orders", "QUEUE": "orders-in" } },
            "TracingConfig": { "Mode": "PassThrough" }, "RevisionId": "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
            "Layers": [{ "Arn": "arn:aws:lambda:eu-west-1:111122223333:layer:tools:7", "CodeSize": 1024 }],
            "PackageType": "Zip", "Architectures": ["arm64"], "EphemeralStorage": { "Size": 512 },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": "/aws/lambda/orders" },
        })
    };
    let functions: Vec<_> = (0..THINGS).map(function).collect();
    Bytes::from(serde_json::json!({ "Functions": functions }).to_string())
}

/// A page of users as IAM tells them.
fn users() -> Bytes {
    let user = |nth| {
        let tags = "<member><Key>owner</Key><Value>orders</Value></member>".repeat(6);
        format!(
            "<member><Path>/</Path><UserName>user-{nth}</UserName><UserId>AIDAEXAMPLE{nth}</UserId><Arn>arn:aws:iam::111122223333:user/user-{nth}</Arn>\
             <CreateDate>2025-03-01T12:00:00Z</CreateDate><PasswordLastUsed>2025-03-01T12:00:00Z</PasswordLastUsed><Tags>{tags}</Tags></member>"
        )
    };
    let users: String = (0..THINGS).map(user).collect();
    Bytes::from(format!(
        "<ListUsersResponse><ListUsersResult><Users>{users}</Users><IsTruncated>false</IsTruncated></ListUsersResult></ListUsersResponse>"
    ))
}

criterion_group!(benches, call);
criterion_main!(benches);
