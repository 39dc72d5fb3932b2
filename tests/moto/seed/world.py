"""What every seeding script needs: clients, the seeds that register themselves, and the truth that they tell.

Clients find the server and the keys in the environment (`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`), as boto3 does.
"""

import json
import sys

import boto3
import botocore
from botocore.config import Config

# Things are made in the first region. In the second there are only things that must not count.
SEEDED, EMPTY = "us-west-2", "eu-west-1"

SEEDS = []


def seed(function):
    """Registers a function that makes things in a world and tells of them."""
    SEEDS.append(function)
    return function


class World:
    """One account of a server, and what was made in it."""

    def __init__(self, session=None):
        self.session = session or boto3.Session()
        self.account = self("sts").get_caller_identity()["Account"]
        self.truth = {}

    def __call__(self, service, region=SEEDED):
        """A client."""
        config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)
        return self.session.client(service, region_name=region, config=config)

    def own(self, probe, *ids, region=SEEDED):
        """Tells of things that count as the account's own."""
        self.truth.setdefault((probe, region), {"ids": [], "on": False})["ids"] += ids

    def switch(self, probe, on, *ids, region=SEEDED):
        """Tells how a switch stands, and the things that say so."""
        self.own(probe, *ids, region=region)
        self.truth[(probe, region)]["on"] |= on

    def rows(self):
        """The truth, cell by cell."""
        return [
            {"probe": probe, "region": region, **said}
            for (probe, region), said in sorted(self.truth.items())
        ]

    def once(self, name, make):
        """Makes a thing that several seeds use."""
        if name not in self.__dict__:
            self.__dict__[name] = make()
        return self.__dict__[name]

    def role(self):
        """The ARN of a role that any service may take."""
        return self.once("_role", lambda: make_role(self, "seed-service", "lambda"))

    def subnets(self):
        """The ids of a VPC and of two subnets in it."""
        return self.once("_subnets", lambda: make_network(self))

    def bucket(self):
        """The name of a bucket."""
        return self.once("_bucket", lambda: make_bucket(self))


def make_role(world, name, service):
    """A role that a service may take."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = world("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    for probe in ("iam", "iam.trust"):
        world.own(probe, role["Role"]["Arn"], region="global")
    return role["Role"]["Arn"]


def make_network(world):
    ec2 = world("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    world.own("vpc", vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{i}.0/24", AvailabilityZone=f"{SEEDED}{zone}")
        for i, zone in enumerate("ab")
    ]
    return vpc, [subnet["Subnet"]["SubnetId"] for subnet in subnets]


def make_bucket(world):
    name = f"seed-{world.account}"
    world("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": SEEDED}
    )
    world.own("s3", name, region="global")
    return name


def tell(world):
    """Runs the seeds (those that the command line names, else all) and prints the truth."""
    failed, names = False, sys.argv[1:]
    for function in SEEDS:
        if names and function.__name__ not in names:
            continue
        try:
            function(world)
        except Exception as error:
            failed = True
            print(f"{function.__name__}: {error!r}"[:600], file=sys.stderr)
    json.dump({"botocore": botocore.__version__, "truth": world.rows()}, sys.stdout, indent=1)
    print()
    sys.exit(1 if failed else 0)
