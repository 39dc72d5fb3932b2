"""Makes an organization with accounts at every depth of its tree, and things in them; prints the truth.

    AWS_ENDPOINT_URL=http://127.0.0.1:5000 python3 organization.py

The organization is that of the keys in the environment:

    Root                    the management account, `workshop`
    +-- Payments            `ledger`
    |   +-- Prod            `shop`
    +-- Gone                `old`, which is closed
"""

import json
import sys

import boto3
from world import EMPTY, SEEDED, World

ROLE = "orgsweep-member"
# Who is where.
HOMES = {"workshop": "Root", "ledger": "Root/Payments", "shop": "Root/Payments/Prod", "old": "Root/Gone"}


def make_tree(client):
    """Makes the units; returns their ids by path."""
    root = client.list_roots()["Roots"][0]["Id"]
    units = {"Root": root}
    for path in ("Root/Payments", "Root/Payments/Prod", "Root/Gone"):
        above, name = path.rsplit("/", 1)
        made = client.create_organizational_unit(ParentId=units[above], Name=name)
        units[path] = made["OrganizationalUnit"]["Id"]
    return units


def make_accounts(client, units):
    """Makes the accounts and puts them where they belong; returns their ids by name."""
    accounts = {}
    for name, path in HOMES.items():
        made = client.create_account(AccountName=name, Email=f"{name}@example.com")
        account = accounts[name] = made["CreateAccountStatus"]["AccountId"]
        if path != "Root":
            client.move_account(
                AccountId=account, SourceParentId=units["Root"], DestinationParentId=units[path]
            )
        client.tag_resource(ResourceId=account, Tags=[{"Key": "team", "Value": name}])
    client.close_account(AccountId=accounts["old"])
    return accounts


def enter(account):
    """A world in another account, which keys of its own open."""
    role = f"arn:aws:iam::{account}:role/{ROLE}"
    keys = boto3.client("sts", region_name=SEEDED).assume_role(RoleArn=role, RoleSessionName="seed")
    return World(
        boto3.Session(
            aws_access_key_id=keys["Credentials"]["AccessKeyId"],
            aws_secret_access_key=keys["Credentials"]["SecretAccessKey"],
            aws_session_token=keys["Credentials"]["SessionToken"],
        )
    )


def make_member_role(world, hub):
    """The role that lets the hub in."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{hub}:root"},
        "Action": "sts:AssumeRole",
    }
    made = world("iam").create_role(
        RoleName=ROLE,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    # An account that an organization makes has a role that lets the organization in.
    first = f"arn:aws:iam::{world.account}:role/OrganizationAccountAccessRole"
    world.own("iam", made["Role"]["Arn"], first, region="global")


def fill_workshop(world):
    world.own("sqs", world("sqs").create_queue(QueueName="jobs")["QueueUrl"])
    world.own("sns", world("sns", EMPTY).create_topic(Name="news")["TopicArn"], region=EMPTY)
    made = world("guardduty").create_detector(Enable=True)
    world.switch("guardduty", True, made["DetectorId"])


def fill_ledger(world):
    table = dict(
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for region, name in ((SEEDED, "west"), (EMPTY, "east"), (EMPTY, "north")):
        world("dynamodb", region).create_table(TableName=name, **table)
        world.own("dynamodb", name, region=region)
    world.own("kms", world("kms").create_key()["KeyMetadata"]["KeyId"])
    world.own("iam", world("iam").create_user(UserName="clerk")["User"]["Arn"], region="global")


def fill_shop(world):
    made = world("ec2", EMPTY).run_instances(
        ImageId="ami-12c6146b", MinCount=2, MaxCount=2, InstanceType="t3.micro"
    )
    world.own("ec2", *(there["InstanceId"] for there in made["Instances"]), region=EMPTY)
    world("s3").create_bucket(
        Bucket="shop-front", CreateBucketConfiguration={"LocationConstraint": SEEDED}
    )
    world.own("s3", "shop-front", region="global")
    made = world("guardduty", EMPTY).create_detector(Enable=False)
    world.switch("guardduty", False, made["DetectorId"], region=EMPTY)


def main():
    hub = World()
    client = hub("organizations")
    organization = client.create_organization(FeatureSet="ALL")["Organization"]
    hub.switch("organizations", True, organization["Id"], region="global")
    accounts = make_accounts(client, make_tree(client))
    worlds = {"": hub}
    for name, fill in (("workshop", fill_workshop), ("ledger", fill_ledger), ("shop", fill_shop)):
        world = worlds[name] = enter(accounts[name])
        make_member_role(world, hub.account)
        world.switch("organizations", True, organization["Id"], region="global")
        fill(world)
    keys = worlds["ledger"]("iam").create_access_key(UserName="clerk")["AccessKey"]
    told = {
        # Keys of a user in `ledger`, which does not manage the organization.
        "clerk": {"id": keys["AccessKeyId"], "secret": keys["SecretAccessKey"]},
        "accounts": [
            {"id": account, "name": name, "path": HOMES[name], "is_active": name != "old"}
            for name, account in accounts.items()
        ]
        + [{"id": hub.account, "name": "master", "path": "Root", "is_active": True}],
        "truth": {world.account: world.rows() for world in worlds.values()},
    }
    json.dump(told, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
