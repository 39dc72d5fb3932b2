"""Machines, containers, functions, networks and load balancers."""

import io
import zipfile

from world import EMPTY, SEEDED, seed

AMI = "ami-12c6146b"


@seed
def ec2(world):
    client = world("ec2")
    run = dict(ImageId=AMI, MinCount=1, MaxCount=1, InstanceType="t3.micro")
    instance, gone = (client.run_instances(**run)["Instances"][0]["InstanceId"] for _ in range(2))
    client.terminate_instances(InstanceIds=[gone])
    disks = client.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    world.own("ec2", instance, client.allocate_address(Domain="vpc")["AllocationId"])
    world.own("ebs", *(disk["Ebs"]["VolumeId"] for disk in disks["BlockDeviceMappings"]))


@seed
def ebs(world):
    client = world("ec2")
    volume = client.create_volume(Size=1, AvailabilityZone="us-west-2a")["VolumeId"]
    world.own("ebs", volume, client.create_snapshot(VolumeId=volume)["SnapshotId"])


@seed
def vpc(world):
    client = world("ec2")
    vpc, subnets = world.subnets()
    address = client.allocate_address(Domain="vpc")["AllocationId"]
    world.own("ec2", address)
    nat = client.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)
    endpoint = client.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-west-2.s3", VpcEndpointType="Gateway"
    )
    world.own("vpc", nat["NatGateway"]["NatGatewayId"], endpoint["VpcEndpoint"]["VpcEndpointId"])


@seed
def vpn(world):
    client = world("ec2")
    gateway = client.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    gone = client.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    client.delete_vpn_gateway(VpnGatewayId=gone)
    customer = client.create_customer_gateway(Type="ipsec.1", PublicIp="192.0.2.1", BgpAsn=65000)
    world.own("vpn", gateway, customer["CustomerGateway"]["CustomerGatewayId"])


@seed
def transitgateway(world):
    client = world("ec2")
    made = [client.create_transit_gateway()["TransitGateway"]["TransitGatewayId"] for _ in range(2)]
    client.delete_transit_gateway(TransitGatewayId=made[1])
    world.own("transitgateway", made[0])


@seed
def autoscaling(world):
    client = world("autoscaling")
    client.create_launch_configuration(
        LaunchConfigurationName="seed", ImageId=AMI, InstanceType="t3.micro"
    )
    client.create_auto_scaling_group(
        AutoScalingGroupName="seed",
        LaunchConfigurationName="seed",
        MinSize=0,
        MaxSize=0,
        VPCZoneIdentifier=world.subnets()[1][0],
    )
    group = client.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    world.own("autoscaling", group["AutoScalingGroupARN"])


@seed
def elb(world):
    world("elb").create_load_balancer(
        LoadBalancerName="seed-classic",
        Listeners=[{"Protocol": "tcp", "LoadBalancerPort": 80, "InstancePort": 80}],
        AvailabilityZones=["us-west-2a"],
    )
    world.own("elb", "seed-classic")


@seed
def elbv2(world):
    made = world("elbv2").create_load_balancer(Name="seed", Subnets=world.subnets()[1])
    world.own("elbv2", made["LoadBalancers"][0]["LoadBalancerArn"])


@seed
def vpc_lattice(world):
    client = world("vpc-lattice")
    service = client.create_service(name="seed-service")["id"]
    world.own("vpc-lattice", service, client.create_service_network(name="seed-network")["id"])


@seed
def networkfirewall(world):
    vpc, subnets = world.subnets()
    made = world("network-firewall").create_firewall(
        FirewallName="seed",
        FirewallPolicyArn=f"arn:aws:network-firewall:us-west-2:{world.account}:firewall-policy/seed",
        VpcId=vpc,
        SubnetMappings=[{"SubnetId": subnets[0]}],
    )
    world.own("networkfirewall", made["Firewall"]["FirewallArn"])


@seed
def networkmanager(world):
    made = world("networkmanager").create_global_network(Description="seed")
    world.own("networkmanager", made["GlobalNetwork"]["GlobalNetworkArn"], region="global")


@seed
def directconnect(world):
    client = world("directconnect")
    made, gone = (
        client.create_connection(location="EqDC2", bandwidth="1Gbps", connectionName=name)
        for name in ("seed", "gone")
    )
    client.delete_connection(connectionId=gone["connectionId"])
    world.own("directconnect", made["connectionId"])


@seed
def lambdas(world):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("seed.py", "def handler(event, context): return event")
    made = world("lambda").create_function(
        FunctionName="seed",
        Runtime="python3.12",
        Role=world.role(),
        Handler="seed.handler",
        Code={"ZipFile": code.getvalue()},
    )
    world.own("lambda", made["FunctionArn"])


@seed
def ecs(world):
    for region in (EMPTY, None):
        client = world("ecs", region) if region else world("ecs")
        client.create_cluster(clusterName="default")
    client = world("ecs")
    cluster = client.create_cluster(clusterName="seed")["cluster"]["clusterArn"]
    client.register_task_definition(
        family="seed", containerDefinitions=[{"name": "seed", "image": "seed", "memory": 64}]
    )
    service = client.create_service(
        cluster="default", serviceName="seed", taskDefinition="seed", desiredCount=0
    )
    world.own("ecs", cluster, service["service"]["serviceArn"])


@seed
def ecr(world):
    made = world("ecr").create_repository(repositoryName="seed")
    world.own("ecr", made["repository"]["repositoryArn"])


@seed
def eks(world):
    world("eks").create_cluster(
        name="seed", roleArn=world.role(), resourcesVpcConfig={"subnetIds": world.subnets()[1]}
    )
    world.own("eks", "seed")


@seed
def batch(world):
    client = world("batch")
    environment = client.create_compute_environment(
        computeEnvironmentName="seed", type="UNMANAGED", state="ENABLED", serviceRole=world.role()
    )["computeEnvironmentArn"]
    queue = client.create_job_queue(
        jobQueueName="seed",
        state="ENABLED",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
    )
    world.own("batch", environment, queue["jobQueueArn"])
    # AWS Batch keeps a cluster of its own for each environment.
    made = client.describe_compute_environments()["computeEnvironments"][0]
    world.own("ecs", made["ecsClusterArn"])


@seed
def elasticbeanstalk(world):
    client = world("elasticbeanstalk")
    made = client.create_application(ApplicationName="seed")["Application"]["ApplicationArn"]
    world.own("elasticbeanstalk", made)


@seed
def emr(world):
    client = world("emr")
    run = dict(
        Instances={
            "MasterInstanceType": "m5.large",
            "InstanceCount": 1,
            "KeepJobFlowAliveWhenNoSteps": True,
        },
        JobFlowRole="EMR_EC2_DefaultRole",
        ServiceRole="EMR_DefaultRole",
        ReleaseLabel="emr-6.0.0",
    )
    made, gone = (client.run_job_flow(Name=name, **run)["JobFlowId"] for name in ("seed", "gone"))
    client.terminate_job_flows(JobFlowIds=[gone])
    # moto does not keep EMR's regions apart.
    for region in (SEEDED, EMPTY):
        world.own("emr", made, region=region)


@seed
def emr_containers(world):
    made = world("emr-containers").create_virtual_cluster(
        name="seed",
        containerProvider={
            "id": "seed",
            "type": "EKS",
            "info": {"eksInfo": {"namespace": "seed"}},
        },
    )
    world.own("emr-containers", made["arn"])


@seed
def emr_serverless(world):
    made = world("emr-serverless").create_application(
        name="seed", type="SPARK", releaseLabel="emr-6.6.0"
    )
    world.own("emr-serverless", made["arn"])


@seed
def workspaces(world):
    vpc, subnets = world.subnets()
    directory = world("ds").create_directory(
        Name="seed.example.com",
        Password="Seed-password-1",
        Size="Small",
        VpcSettings={"VpcId": vpc, "SubnetIds": subnets},
    )["DirectoryId"]
    world.own("directoryservice", directory)
    client = world("workspaces")
    client.register_workspace_directory(DirectoryId=directory)
    made = client.create_workspaces(
        Workspaces=[{"DirectoryId": directory, "UserName": "seed", "BundleId": "wsb-bh8rsxt14"}]
    )
    world.own("workspaces", made["PendingRequests"][0]["WorkspaceId"])


@seed
def workspaces_web(world):
    made = world("workspaces-web").create_portal(displayName="seed")
    world.own("workspaces-web", made["portalArn"])


@seed
def application_autoscaling(world):
    made = world("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/default/seed",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=1,
    )
    world.own("application-autoscaling", made["ScalableTargetARN"])
