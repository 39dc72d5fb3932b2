#!/usr/bin/env python3
"""Writes ../tests/vectors/sigv4.json: requests and the signatures that botocore gives them.

    python3 sigv4_vectors.py

Needs botocore (`pip install botocore`); its version is recorded in the file. The keys are made up.
"""

import datetime
import json
from pathlib import Path

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

OUT = Path(__file__).resolve().parent.parent / "tests" / "vectors" / "sigv4.json"
WHEN = datetime.datetime(2026, 11, 22, 3, 17, 0, tzinfo=datetime.timezone.utc)
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "token/with+chars="
JSON = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.ListKeys"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}

# name, signing name, region, method, url, headers, body, token
CASES = [
    ("json", "kms", "eu-west-1", "POST", "https://kms.eu-west-1.amazonaws.com/", JSON, '{"Limit":1000}', None),
    ("json with a token", "kms", "eu-west-1", "POST", "https://kms.eu-west-1.amazonaws.com/", JSON, "{}", TOKEN),
    ("form", "iam", "us-east-1", "POST", "https://iam.amazonaws.com/", FORM, "Action=ListUsers&Version=2010-05-08", TOKEN),
    ("query string out of order", "guardduty", "eu-west-1", "GET",
     "https://guardduty.eu-west-1.amazonaws.com/detector?nextToken=a%2Fb%3D%3D&maxResults=50", {}, "", None),
    ("an encoded path is encoded twice", "lambda", "us-east-1", "GET",
     "https://lambda.us-east-1.amazonaws.com/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af%20g",
     {}, "", TOKEN),
    ("s3 list", "s3", "us-east-1", "GET", "https://s3.us-east-1.amazonaws.com/?max-buckets=1000", {}, "", TOKEN),
    ("s3 takes the path as it is", "s3", "eu-central-1", "GET",
     "https://s3.eu-central-1.amazonaws.com/a.bucket%20with%2Fodd?policy", {}, "", None),
    ("a port is part of the host", "ec2", "us-east-1", "POST", "http://127.0.0.1:5000/", FORM,
     "Action=DescribeInstances&Version=2016-11-15", None),
    ("fixed headers", "s3", "us-west-2", "GET", "https://123456789012.s3-control.us-west-2.amazonaws.com/v20180820/accesspoint",
     {"x-amz-account-id": "123456789012"}, "", TOKEN),
]


def sign(name, signing_name, region, method, url, headers, body, token):
    request = AWSRequest(method=method, url=url, headers=dict(headers), data=body.encode())
    credentials = Credentials(KEY, SECRET, token)
    kind = botocore.auth.S3SigV4Auth if signing_name == "s3" else botocore.auth.SigV4Auth
    kind(credentials, signing_name, region).add_auth(request)
    return {
        "case": name,
        "signing_name": signing_name,
        "region": region,
        "method": method,
        "url": url,
        "headers": headers,
        "body": body,
        "token": token,
        "authorization": request.headers["Authorization"],
    }


def main():
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: WHEN.replace(tzinfo=None)
    vectors = [sign(*case) for case in CASES]
    made = {
        "made_by": "worker/aws/scripts/sigv4_vectors.py",
        "botocore": botocore.__version__,
        "access_key_id": KEY,
        "secret_access_key": SECRET,
        "time": WHEN.isoformat(),
        "vectors": vectors,
    }
    OUT.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
