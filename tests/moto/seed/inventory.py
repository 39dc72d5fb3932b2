"""Makes an organization with more units and policies than a page holds; prints what was made.

    AWS_ENDPOINT_URL=http://127.0.0.1:5000 python3 inventory.py

Below the root there are more units than a page holds, the first of which has four more below it, one below the other.
"""

import json
import sys

from world import World

WIDE, DEEP, POLICIES = 21, 4, 21


def document(effect, action, **more):
    """A policy's text."""
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_units(client, root):
    """Makes the units; returns their ids by path."""
    units = {"Root": root}

    def below(above, name):
        made = client.create_organizational_unit(ParentId=units[above], Name=name)
        units[f"{above}/{name}"] = made["OrganizationalUnit"]["Id"]
        return f"{above}/{name}"

    for number in range(WIDE):
        below("Root", f"unit-{number:02}")
    path = "Root/unit-00"
    for depth in range(DEEP):
        path = below(path, f"deep-{depth}")
    return units


def make_accounts(client, units):
    """Makes the accounts; returns their ids by name."""
    accounts = {}
    homes = {"high": "Root", "low": "Root/unit-00/deep-0/deep-1/deep-2/deep-3", "last": "Root/unit-20"}
    for name, path in homes.items():
        made = client.create_account(AccountName=name, Email=f"{name}@example.com")
        account = accounts[name] = made["CreateAccountStatus"]["AccountId"]
        if path != "Root":
            client.move_account(
                AccountId=account, SourceParentId=units["Root"], DestinationParentId=units[path]
            )
        client.tag_resource(ResourceId=account, Tags=[{"Key": "team", "Value": name}])
    return accounts, homes


def make_policies(client, units, accounts):
    """Makes policies of two types; returns what each says and where."""
    policies = {}

    def make(kind, name, content, *targets):
        made = client.create_policy(Type=kind, Name=name, Description="", Content=content)
        policy = made["Policy"]["PolicySummary"]["Id"]
        for target in targets:
            client.attach_policy(PolicyId=policy, TargetId=target)
        policies[policy] = {"kind": kind, "name": name, "content": content, "targets": sorted(targets)}

    for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
        client.enable_policy_type(RootId=units["Root"], PolicyType=kind)
    deny = document("Deny", "sqs:DeleteQueue")
    for number in range(POLICIES):
        make("SERVICE_CONTROL_POLICY", f"scp-{number:02}", deny)
    targets = [units["Root"], units["Root/unit-00/deep-0"], accounts["low"]]
    make("SERVICE_CONTROL_POLICY", "everywhere", document("Deny", "sns:DeleteTopic"), *targets)
    there = {"StringEquals": {"aws:RequestedRegion": "us-west-2"}}
    queues = document("Deny", "sqs:*", Condition=there)
    make("SERVICE_CONTROL_POLICY", "no-queues", queues, units["Root/unit-00"])
    ours = document("Deny", "s3:*", Principal="*")
    make("RESOURCE_CONTROL_POLICY", "ours", ours, units["Root/unit-20"])
    return policies


def main():
    client = World()("organizations")
    organization = client.create_organization(FeatureSet="ALL")["Organization"]
    units = make_units(client, client.list_roots()["Roots"][0]["Id"])
    accounts, homes = make_accounts(client, units)
    policies = make_policies(client, units, accounts)
    client.register_delegated_administrator(
        AccountId=accounts["last"], ServicePrincipal="guardduty.amazonaws.com"
    )
    client.register_delegated_administrator(
        AccountId=accounts["last"], ServicePrincipal="ssm.amazonaws.com"
    )
    for service in ("guardduty", "ram"):
        client.enable_aws_service_access(ServicePrincipal=f"{service}.amazonaws.com")
    told = {
        "organization": {"id": organization["Id"], "arn": organization["Arn"]},
        "units": units,
        "accounts": {name: {"id": id, "path": homes[name]} for name, id in accounts.items()},
        "policies": policies,
    }
    json.dump(told, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
