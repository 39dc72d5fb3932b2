"""Identity, keys, detectors, trails and records: much of it switches that are on or off."""

import json

from world import EMPTY, SEEDED, seed


@seed
def iam(world):
    client = world("iam")
    linked = client.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]
    world.own("iam.trust", linked["Arn"], region="global")
    user = client.create_user(UserName="seed")["User"]["Arn"]
    group = client.create_group(GroupName="seed")["Group"]["Arn"]
    statement = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
    policy = client.create_policy(
        PolicyName="seed",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    world.own("iam", user, group, policy["Policy"]["Arn"], region="global")


@seed
def kms(world):
    client = world("kms")
    made = [client.create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]
    world.own("kms", *made)
    world.own("kms.policies", *made)


@seed
def secretsmanager(world):
    made = world("secretsmanager").create_secret(Name="seed", SecretString="seed")
    world.own("secretsmanager", made["ARN"])


@seed
def acm(world):
    made = world("acm").request_certificate(DomainName="seed.example.com")
    world.own("acm", made["CertificateArn"])


@seed
def acm_pca(world):
    made = world("acm-pca").create_certificate_authority(
        CertificateAuthorityType="ROOT",
        CertificateAuthorityConfiguration={
            "KeyAlgorithm": "RSA_2048",
            "SigningAlgorithm": "SHA256WITHRSA",
            "Subject": {"CommonName": "seed.example.com"},
        },
    )
    world.own("acm-pca", made["CertificateAuthorityArn"])


@seed
def cloudhsmv2(world):
    client = world("cloudhsmv2")
    client.create_cluster(HsmType="hsm1.medium", SubnetIds=world.subnets()[1][:1])
    # A cluster is backed up from its beginning.
    world.own("cloudhsmv2", client.describe_backups()["Backups"][0]["BackupArn"])


@seed
def payment_cryptography(world):
    made = world("payment-cryptography").create_key(
        Exportable=False,
        KeyAttributes={
            "KeyAlgorithm": "TDES_2KEY",
            "KeyClass": "SYMMETRIC_KEY",
            "KeyUsage": "TR31_P0_PIN_ENCRYPTION_KEY",
            "KeyModesOfUse": {"Encrypt": True, "Decrypt": True, "Wrap": True, "Unwrap": True},
        },
    )
    world.own("payment-cryptography", made["Key"]["KeyArn"])


@seed
def wafv2(world):
    for region, scope, probe, at in (
        (SEEDED, "REGIONAL", "wafv2", SEEDED),
        ("us-east-1", "CLOUDFRONT", "wafv2.cloudfront", "global"),
    ):
        made = world("wafv2", region).create_web_acl(
            Name="seed",
            Scope=scope,
            DefaultAction={"Allow": {}},
            VisibilityConfig={
                "SampledRequestsEnabled": False,
                "CloudWatchMetricsEnabled": False,
                "MetricName": "seed",
            },
        )
        world.own(probe, made["Summary"]["ARN"], region=at)


@seed
def guardduty(world):
    made = world("guardduty").create_detector(Enable=True)
    world.switch("guardduty", True, made["DetectorId"])
    made = world("guardduty", EMPTY).create_detector(Enable=False)
    world.switch("guardduty", False, made["DetectorId"], region=EMPTY)


@seed
def inspector2(world):
    client = world("inspector2")
    client.enable(accountIds=[world.account], resourceTypes=["EC2"])
    world.switch("inspector2", True, world.account)


@seed
def macie(world):
    world("macie2").enable_macie(status="ENABLED")
    world.switch("macie", True, world.account)
    world("macie2", EMPTY).enable_macie(status="PAUSED")
    world.switch("macie", False, world.account, region=EMPTY)


@seed
def securityhub(world):
    client = world("securityhub")
    client.enable_security_hub()
    world.switch("securityhub", True, client.describe_hub()["HubArn"])


@seed
def config(world):
    for region in (SEEDED, EMPTY):
        client = world("config", region)
        client.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default",
                "roleARN": world.role(),
                "recordingGroup": {"allSupported": True},
            }
        )
        client.put_delivery_channel(
            DeliveryChannel={"name": "default", "s3BucketName": world.bucket()}
        )
        world.switch("config", region == SEEDED, "default", region=region)
    world("config").start_configuration_recorder(ConfigurationRecorderName="default")


@seed
def cloudtrail(world):
    for region in (SEEDED, EMPTY):
        made = world("cloudtrail", region).create_trail(
            Name=f"seed-{region}", S3BucketName=world.bucket()
        )
        world.switch("cloudtrail", region == SEEDED, made["TrailARN"], region=region)
    world("cloudtrail").start_logging(Name=f"seed-{SEEDED}")


@seed
def organizations(world):
    made = world("organizations").create_organization(FeatureSet="ALL")["Organization"]
    world.switch("organizations", True, made["Id"], region="global")


@seed
def identitycenter(world):
    # moto has an instance in every region from the beginning.
    for region in (SEEDED, EMPTY):
        there = world("sso-admin", region).list_instances()["Instances"]
        arns = [instance["InstanceArn"] for instance in there]
        world.switch("identitycenter", True, *arns, region=region)


@seed
def ram(world):
    client = world("ram")
    made, gone = (
        client.create_resource_share(name=name)["resourceShare"]["resourceShareArn"]
        for name in ("seed", "gone")
    )
    client.delete_resource_share(resourceShareArn=gone)
    world.own("ram", made)


@seed
def cognito_identity(world):
    made = world("cognito-identity").create_identity_pool(
        IdentityPoolName="seed", AllowUnauthenticatedIdentities=False
    )
    world.own("cognito-identity", made["IdentityPoolId"])


@seed
def cognito_idp(world):
    made = world("cognito-idp").create_user_pool(PoolName="seed")
    world.own("cognito-idp", made["UserPool"]["Id"])


@seed
def clouddirectory(world):
    client = world("clouddirectory")
    schema = client.create_schema(Name="seed")["SchemaArn"]
    published = client.publish_schema(DevelopmentSchemaArn=schema, Version="1")
    made = client.create_directory(Name="seed", SchemaArn=published["PublishedSchemaArn"])
    world.own("clouddirectory", made["DirectoryArn"])
