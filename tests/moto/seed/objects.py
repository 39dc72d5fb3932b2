"""Prints what is in the bucket `reports`: each object with its text, its type and how it is encrypted.

    AWS_ENDPOINT_URL=http://127.0.0.1:5000 python3 objects.py
"""

import json
import sys

from world import World


def main():
    client = World()("s3", "us-east-1")
    told = {}
    for listed in client.list_objects_v2(Bucket="reports").get("Contents", []):
        read = client.get_object(Bucket="reports", Key=listed["Key"])
        told[listed["Key"]] = {
            "text": read["Body"].read().decode("utf-8"),
            "type": read["ContentType"],
            "encryption": read.get("ServerSideEncryption"),
            "key": read.get("SSEKMSKeyId"),
        }
    json.dump(told, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
