"""Makes an organization whose server is about to verify signatures and permissions; prints the truth.

    AWS_ENDPOINT_URL=http://127.0.0.1:5000 python3 guarded.py POLICIES

POLICIES is a JSON file: `{"runner": [document...], "member": [document...]}`, as `orgsweep catalog
iam-policy` prints them. A user `runner` may do what the first say. Of the member accounts, `open`
lets it do what the second say, `narrow` that without listing queues, and `shut` nothing at all.
"""

import json
import sys

from organization import ROLE, enter, make_member_role
from world import World


def without(document, action):
    """A policy document that does not allow an action."""
    narrower = json.loads(json.dumps(document))
    for statement in narrower["Statement"]:
        actions = statement["Action"]
        actions = actions if isinstance(actions, list) else [actions]
        statement["Action"] = [there for there in actions if there != action]
    return narrower


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        policies = json.load(file)
    hub = World()
    organizations = hub("organizations")
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]
    hub.switch("organizations", True, organization["Id"], region="global")
    iam = hub("iam")
    hub.own("iam", iam.create_user(UserName="runner")["User"]["Arn"], region="global")
    for number, document in enumerate(policies["runner"] + policies["member"]):
        iam.put_user_policy(
            UserName="runner", PolicyName=f"p{number}", PolicyDocument=json.dumps(document)
        )
    keys = iam.create_access_key(UserName="runner")["AccessKey"]

    accounts, truth = {}, {hub.account: hub.rows()}
    for name in ("open", "narrow", "shut"):
        created = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
        accounts[name] = created["CreateAccountStatus"]["AccountId"]
        world = enter(accounts[name])
        make_member_role(world, hub.account)
        documents = policies["member"] if name != "shut" else []
        for number, document in enumerate(documents):
            if name == "narrow":
                document = without(document, "sqs:ListQueues")
            world("iam").put_role_policy(
                RoleName=ROLE, PolicyName=f"p{number}", PolicyDocument=json.dumps(document)
            )
        world.own("sqs", world("sqs").create_queue(QueueName="jobs")["QueueUrl"])
        world.own("sns", world("sns").create_topic(Name="news")["TopicArn"])
        made = world("ram").create_resource_share(name="seed")["resourceShare"]
        world.own("ram", made["resourceShareArn"])
        made = world("ec2").allocate_address(Domain="vpc")
        world.own("ec2", made["AllocationId"])
        world.switch("organizations", True, organization["Id"], region="global")
        truth[world.account] = world.rows()
    told = {
        "accounts": {**accounts, "hub": hub.account},
        "keys": {"id": keys["AccessKeyId"], "secret": keys["SecretAccessKey"]},
        "truth": truth,
    }
    json.dump(told, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
