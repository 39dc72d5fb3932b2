"""Makes an organization whose accounts carry tags in many spellings, and things with tags; prints what was made.

    AWS_ENDPOINT_URL=http://127.0.0.1:5000 python3 accounts.py

There are more accounts than a page of the list holds. The first three have a role that lets us in.
"""

import json
import sys

from organization import enter, make_member_role
from world import World

COUNT = 23
ENVIRONMENT = ("environment", "Environment", "ENVIRONMENT", "env", "Env", "ENV")
APPLICATION = ("aide-id", "AIDE_ID", "AIDE-ID", "aide_id", "aideId", "AideId")


def make_accounts(client):
    """Makes the accounts, one unit below the other; returns their ids."""
    above = client.list_roots()["Roots"][0]["Id"]
    root, accounts = above, []
    for number in range(COUNT):
        made = client.create_account(AccountName=f"account-{number:02}", Email=f"a{number}@example.com")
        account = made["CreateAccountStatus"]["AccountId"]
        if number % 5 == 4:
            unit = client.create_organizational_unit(ParentId=above, Name=f"unit-{number}")
            above = unit["OrganizationalUnit"]["Id"]
        if above != root:
            client.move_account(AccountId=account, SourceParentId=root, DestinationParentId=above)
        tags = [
            {"Key": ENVIRONMENT[number % len(ENVIRONMENT)], "Value": f"stage, {number}"},
            {"Key": APPLICATION[number % len(APPLICATION)], "Value": f"=app {number}"},
        ]
        client.tag_resource(ResourceId=account, Tags=tags)
        accounts.append(account)
    return accounts


def make_topic(world, region, tagged):
    tags = [{"Key": "a", "Value": "b"}] if tagged else []
    world("sns", region).create_topic(Name="news", Tags=tags)


def fill(world, number):
    """Things of the first accounts: of one group of regions, of several, and without a tag."""
    if number == 0:
        make_topic(world, "us-west-2", tagged=True)
        make_topic(world, "us-east-1", tagged=True)
    if number == 1:
        make_topic(world, "sa-east-1", tagged=True)
        world("ec2", "eu-west-1").create_vpc(
            CidrBlock="10.0.0.0/16",
            TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}],
        )
        world("iam").create_user(UserName="somebody", Tags=[{"Key": "a", "Value": "b"}])


def main():
    hub = World()
    client = hub("organizations")
    organization = client.create_organization(FeatureSet="ALL")["Organization"]
    accounts = make_accounts(client)
    for number in range(3):
        world = enter(accounts[number])
        make_member_role(world, hub.account)
        fill(world, number)
    hub("s3", "us-east-1").create_bucket(Bucket="reports")
    iam = hub("iam")
    iam.create_user(UserName="clerk")
    allowed = {"Effect": "Allow", "Action": ["organizations:*", "sts:*"], "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.put_user_policy(UserName="clerk", PolicyName="p", PolicyDocument=json.dumps(document))
    keys = iam.create_access_key(UserName="clerk")["AccessKey"]
    told = {
        "organization": organization["Id"],
        "accounts": accounts,
        "clerk": {"id": keys["AccessKeyId"], "secret": keys["SecretAccessKey"]},
    }
    json.dump(told, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
