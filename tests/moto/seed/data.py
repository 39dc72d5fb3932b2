"""Storage, databases, streams and analytics."""

import json

from world import EMPTY, SEEDED, seed

OSIS = """
version: "2"
seed-pipeline:
  source: {http: {path: /seed}}
  sink: [{stdout: {}}]
"""


@seed
def s3(world):
    world.bucket()
    client = world("s3", "us-east-1")
    client.create_bucket(Bucket="seed-elsewhere")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::seed-elsewhere/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    client.put_bucket_policy(Bucket="seed-elsewhere", Policy=json.dumps(policy))
    world.own("s3", "seed-elsewhere", region="global")
    world.own("s3.policies", "seed-elsewhere", region="global")


@seed
def s3control(world):
    client = world("s3control")
    # botocore puts the account before the host, whose name is then none that there is.
    client.meta.events.register(
        "before-sign",
        lambda request, **_: setattr(request, "url", request.url.replace(f"{world.account}.", "")),
    )
    made = client.create_access_point(
        AccountId=world.account, Name="seed", Bucket=world.bucket()
    )
    # moto does not keep its regions apart.
    for region in (SEEDED, EMPTY):
        world.own("s3control", made["AccessPointArn"], region=region)


@seed
def s3tables(world):
    world.own("s3tables", world("s3tables").create_table_bucket(name="seed-tables")["arn"])


@seed
def s3vectors(world):
    client = world("s3vectors")
    client.create_vector_bucket(vectorBucketName="seed-vectors")
    made = client.get_vector_bucket(vectorBucketName="seed-vectors")["vectorBucket"]
    # moto does not keep its regions apart.
    for region in (SEEDED, EMPTY):
        world.own("s3vectors", made["vectorBucketArn"], region=region)


@seed
def glacier(world):
    client = world("glacier")
    client.create_vault(vaultName="seed")
    world.own("glacier", client.describe_vault(vaultName="seed")["VaultARN"])


@seed
def efs(world):
    made = world("efs").create_file_system(CreationToken="seed")
    world.own("efs", made["FileSystemId"])


@seed
def fsx(world):
    made = world("fsx").create_file_system(
        FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=world.subnets()[1][:1]
    )
    world.own("fsx", made["FileSystem"]["FileSystemId"])


@seed
def backup(world):
    client = world("backup")
    # The vault that AWS makes by itself, in both regions.
    for region in (EMPTY, client.meta.region_name):
        world("backup", region).create_backup_vault(BackupVaultName="Default")
    vault = client.create_backup_vault(BackupVaultName="seed")["BackupVaultArn"]
    rule = {"RuleName": "seed", "TargetBackupVaultName": "seed"}
    plan = client.create_backup_plan(BackupPlan={"BackupPlanName": "seed", "Rules": [rule]})
    world.own("backup", vault, plan["BackupPlanArn"])


@seed
def datasync(world):
    client = world("datasync")
    here, there = (
        client.create_location_smb(
            ServerHostname=f"{name}.example.com",
            Subdirectory="/seed",
            User="seed",
            Password="seed",
            AgentArns=[f"arn:aws:datasync:us-west-2:{world.account}:agent/agent-0123456789abcdef0"],
        )["LocationArn"]
        for name in ("here", "there")
    )
    made = client.create_task(SourceLocationArn=here, DestinationLocationArn=there)
    world.own("datasync", made["TaskArn"])


@seed
def rds(world):
    client = world("rds")
    client.create_db_instance(
        DBInstanceIdentifier="seed-db",
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        AllocatedStorage=20,
        MasterUsername="seed",
        MasterUserPassword="seed-password",
    )
    client.create_db_cluster(
        DBClusterIdentifier="seed-aurora",
        Engine="aurora-mysql",
        MasterUsername="seed",
        MasterUserPassword="seed-password",
    )
    world.own("rds", "seed-db", "seed-aurora")


@seed
def neptune(world):
    world("neptune").create_db_cluster(DBClusterIdentifier="seed-neptune", Engine="neptune")
    world.own("neptune", "seed-neptune")


@seed
def dynamodb(world):
    world("dynamodb").create_table(
        TableName="seed",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    world.own("dynamodb", "seed")


@seed
def dax(world):
    made = world("dax").create_cluster(
        ClusterName="seed", NodeType="dax.t3.small", ReplicationFactor=1, IamRoleArn=world.role()
    )
    world.own("dax", made["Cluster"]["ClusterArn"])


@seed
def elasticache(world):
    world("elasticache").create_cache_cluster(
        CacheClusterId="seed", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1
    )
    world.own("elasticache", "seed")


@seed
def memorydb(world):
    client = world("memorydb")
    group = client.create_subnet_group(SubnetGroupName="seed", SubnetIds=world.subnets()[1])
    made = client.create_cluster(
        ClusterName="seed",
        NodeType="db.t4g.small",
        ACLName="open-access",
        SubnetGroupName=group["SubnetGroup"]["Name"],
    )
    world.own("memorydb", made["Cluster"]["ARN"])


@seed
def redshift(world):
    world("redshift").create_cluster(
        ClusterIdentifier="seed",
        NodeType="ra3.large",
        MasterUsername="seed",
        MasterUserPassword="Seed-password-1",
    )
    world.own("redshift", "seed")


@seed
def dms(world):
    made = world("dms").create_replication_instance(
        ReplicationInstanceIdentifier="seed", ReplicationInstanceClass="dms.t3.micro"
    )
    world.own("dms", made["ReplicationInstance"]["ReplicationInstanceArn"])


@seed
def timestream_influxdb(world):
    vpc, subnets = world.subnets()
    group = world("ec2").create_security_group(GroupName="seed", Description="seed", VpcId=vpc)
    made = world("timestream-influxdb").create_db_instance(
        name="seed",
        password="seed-password",
        dbInstanceType="db.influx.medium",
        vpcSubnetIds=subnets[:1],
        vpcSecurityGroupIds=[group["GroupId"]],
        allocatedStorage=400,
    )
    world.own("timestream-influxdb", made["arn"])


@seed
def kinesis(world):
    world("kinesis").create_stream(StreamName="seed", ShardCount=1)
    world.own("kinesis", "seed")


@seed
def kinesisanalyticsv2(world):
    made = world("kinesisanalyticsv2").create_application(
        ApplicationName="seed", RuntimeEnvironment="FLINK-1_20", ServiceExecutionRole=world.role()
    )
    world.own("kinesisanalyticsv2", made["ApplicationDetail"]["ApplicationARN"])


@seed
def kinesisvideo(world):
    made = world("kinesisvideo").create_stream(StreamName="seed", DeviceName="seed")
    world.own("kinesisvideo", made["StreamARN"])


@seed
def firehose(world):
    world("firehose").create_delivery_stream(
        DeliveryStreamName="seed",
        S3DestinationConfiguration={
            "RoleARN": world.role(),
            "BucketARN": f"arn:aws:s3:::{world.bucket()}",
        },
    )
    world.own("firehose", "seed")


@seed
def kafka(world):
    made = world("kafka").create_cluster(
        ClusterName="seed",
        KafkaVersion="3.5.1",
        NumberOfBrokerNodes=2,
        BrokerNodeGroupInfo={
            "InstanceType": "kafka.m5.large",
            "ClientSubnets": world.subnets()[1],
        },
    )
    world.own("kafka", made["ClusterArn"])


@seed
def athena(world):
    client = world("athena")
    client.create_work_group(Name="seed")
    client.create_data_catalog(Name="seed-catalog", Type="GLUE")
    world.own("athena", "seed", "seed-catalog")


@seed
def glue(world):
    client = world("glue")
    for name in ("default", "seed_database"):
        client.create_database(DatabaseInput={"Name": name})
    client.create_job(Name="seed-job", Role=world.role(), Command={"Name": "glueetl"})
    client.create_crawler(
        Name="seed-crawler",
        Role=world.role(),
        DatabaseName="seed_database",
        Targets={"S3Targets": [{"Path": f"s3://{world.bucket()}"}]},
    )
    world.own("glue", "seed_database", "seed-job", "seed-crawler")


@seed
def lakeformation(world):
    arn = f"arn:aws:s3:::{world.bucket()}"
    world("lakeformation").register_resource(ResourceArn=arn, RoleArn=world.role())
    world.own("lakeformation", arn)


@seed
def datapipeline(world):
    made = world("datapipeline").create_pipeline(name="seed", uniqueId="seed")
    world.own("datapipeline", made["pipelineId"])


@seed
def opensearch(world):
    world("opensearch").create_domain(DomainName="seed")
    world.own("opensearch", "seed")


@seed
def opensearchserverless(world):
    client = world("opensearchserverless")
    policy = {
        "Rules": [{"ResourceType": "collection", "Resource": ["collection/seed"]}],
        "AWSOwnedKey": False,
        "KmsARN": f"arn:aws:kms:us-west-2:{world.account}:key/seed",
    }
    client.create_security_policy(name="seed", type="encryption", policy=json.dumps(policy))
    made = client.create_collection(name="seed", type="SEARCH")
    world.own("opensearchserverless", made["createCollectionDetail"]["arn"])


@seed
def osis(world):
    made = world("osis").create_pipeline(
        PipelineName="seed-pipeline", MinUnits=1, MaxUnits=1, PipelineConfigurationBody=OSIS
    )
    world.own("osis", made["Pipeline"]["PipelineArn"])


@seed
def cleanrooms(world):
    made = world("cleanrooms").create_collaboration(
        name="seed",
        description="seed",
        members=[],
        creatorMemberAbilities=[],
        creatorDisplayName="seed",
        queryLogStatus="DISABLED",
    )
    world.own("cleanrooms", made["collaboration"]["arn"])
