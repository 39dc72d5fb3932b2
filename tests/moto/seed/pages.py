"""Makes more things than one page of a list holds, in services that are cheap to fill; prints the truth.

    AWS_ENDPOINT_URL=http://127.0.0.1:5000 python3 pages.py [SEED...]
"""

from concurrent.futures import ThreadPoolExecutor

from world import SEEDED, World, seed, tell


def fill(world, probe, count, make, region=SEEDED):
    """Makes things by number, a few at once, and tells of them."""
    with ThreadPoolExecutor(8) as pool:
        world.own(probe, *pool.map(make, range(count)), region=region)


@seed
def dynamodb(world):
    client = world("dynamodb")

    def make(number):
        client.create_table(
            TableName=f"table-{number}",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return f"table-{number}"

    fill(world, "dynamodb", 110, make)


@seed
def sns(world):
    client = world("sns")
    fill(world, "sns", 110, lambda number: client.create_topic(Name=f"topic-{number}")["TopicArn"])


@seed
def logs(world):
    client = world("logs")

    def make(number):
        client.create_log_group(logGroupName=f"group-{number}")
        return f"group-{number}"

    fill(world, "logs", 110, make)


@seed
def ssm(world):
    client = world("ssm")

    def make(number):
        client.put_parameter(Name=f"parameter-{number}", Value="x", Type="String")
        return f"parameter-{number}"

    fill(world, "ssm", 110, make)


@seed
def events(world):
    client = world("events")
    rule = dict(ScheduleExpression="rate(1 day)")
    fill(world, "events", 110, lambda number: client.put_rule(Name=f"r-{number}", **rule)["RuleArn"])


@seed
def kms(world):
    client = world("kms")
    fill(world, "kms", 30, lambda _: client.create_key()["KeyMetadata"]["KeyId"])


@seed
def route53(world):
    client = world("route53")

    def make(number):
        made = client.create_hosted_zone(Name=f"zone-{number}.com", CallerReference=str(number))
        return made["HostedZone"]["Id"]

    fill(world, "route53", 110, make, region="global")


@seed
def scheduler(world):
    client = world("scheduler")
    target = {"Arn": f"arn:aws:sqs:us-west-2:{world.account}:x", "RoleArn": world.role()}

    def make(number):
        return client.create_schedule(
            Name=f"schedule-{number}",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
        )["ScheduleArn"]

    fill(world, "scheduler", 110, make)


@seed
def ec2(world):
    made = world("ec2").run_instances(
        ImageId="ami-12c6146b", MinCount=1010, MaxCount=1010, InstanceType="t3.micro"
    )
    world.own("ec2", *(there["InstanceId"] for there in made["Instances"]))


if __name__ == "__main__":
    tell(World())
