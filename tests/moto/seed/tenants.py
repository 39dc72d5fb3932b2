"""Makes several organizations by several hub accounts, and tables of tenants that lead to them; prints the truth.

    AWS_ENDPOINT_URL=http://127.0.0.1:5000 python3 tenants.py

The tables are in the account of the keys in the environment, in us-east-1:

    tenants     the usual attributes, and hundreds of items that the usual filter leaves out
    empty       no items
    other       items of another shape
"""

import json
import sys

import boto3
from organization import enter, make_member_role
from world import World

BLUE, GREEN, ALONE, RED = "111111111111", "222222222222", "333333333333", "444444444444"
# More than a few pages.
LEFT_OUT = 450


def make_organization(hub, names):
    """An organization whose members let it in, each with a queue; returns its members by name."""
    world = enter(hub)
    organizations = world("organizations")
    organizations.create_organization(FeatureSet="ALL")
    members = {}
    for name in names:
        made = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
        member = members[name] = made["CreateAccountStatus"]["AccountId"]
        inside = enter(member)
        make_member_role(inside, hub)
        inside("sqs").create_queue(QueueName=f"of-{name}")
    return members


def make_table(client, name, items):
    """A table whose key no reader needs to know."""
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "entry", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "entry", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number, item in enumerate(items):
        item = {"entry": {"S": f"e{number:04}"}, **item}
        client.put_item(TableName=name, Item=item)


def tenant(account, category="Known Managed", **more):
    """An item of the usual attributes."""
    usual = {
        "tenant_id": account,
        "tenant_type": "Cloud Usage",
        "tenant_status": "Active",
        "cloud_service_provider": "AWS",
        "mgmt_category": category,
    }
    return {name: {"S": value} for name, value in {**usual, **more}.items() if value}


def main():
    blue = make_organization(BLUE, ["ink", "sky"])
    green = make_organization(GREEN, ["moss"])
    red = make_organization(RED, ["rust"])
    items = [tenant(BLUE), *(tenant(f"9{number:011}", tenant_status="Closed") for number in range(LEFT_OUT))]
    items += [
        tenant(GREEN, category="Known Partially Managed"),
        tenant(ALONE),
        tenant(blue["sky"]),
        tenant(red["rust"]),
        tenant(BLUE, cloud_service_provider="Azure"),
        tenant(None, tenant_name="Nobody"),
        tenant("12ab", category="Unknown"),
    ]
    client = boto3.client("dynamodb", region_name="us-east-1")
    make_table(client, "tenants", items)
    make_table(client, "empty", [])
    make_table(client, "other", [{"customer": {"S": BLUE}}, {"customer": {"S": GREEN}}])
    told = {"hub": World().account, "blue": blue, "green": green, "red": red}
    json.dump(told, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
