"""Queues, topics, schedules, APIs, pipelines, and what watches over them."""

import json

from world import make_role, seed


@seed
def sqs(world):
    client = world("sqs")
    world.own("sqs", *(client.create_queue(QueueName=f"seed-{i}")["QueueUrl"] for i in range(2)))


@seed
def sns(world):
    world.own("sns", world("sns").create_topic(Name="seed")["TopicArn"])


@seed
def mq(world):
    made = world("mq").create_broker(
        BrokerName="seed",
        AutoMinorVersionUpgrade=False,
        DeploymentMode="SINGLE_INSTANCE",
        EngineType="ActiveMQ",
        EngineVersion="5.18",
        HostInstanceType="mq.t3.micro",
        PubliclyAccessible=False,
        Users=[{"Username": "seed", "Password": "seed-password"}],
    )
    world.own("mq", made["BrokerArn"])


@seed
def events(world):
    client = world("events")
    bus = client.create_event_bus(Name="seed")["EventBusArn"]
    rule = client.put_rule(Name="seed", ScheduleExpression="rate(1 day)")["RuleArn"]
    world.own("events", bus, rule)


@seed
def scheduler(world):
    made = world("scheduler").create_schedule(
        Name="seed",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:us-west-2:{world.account}:seed", "RoleArn": world.role()},
    )
    world.own("scheduler", made["ScheduleArn"])


@seed
def pipes(world):
    made = world("pipes").create_pipe(
        Name="seed",
        RoleArn=world.role(),
        Source=f"arn:aws:sqs:us-west-2:{world.account}:seed-0",
        Target=f"arn:aws:sqs:us-west-2:{world.account}:seed-1",
    )
    world.own("pipes", made["Arn"])


@seed
def stepfunctions(world):
    client = world("stepfunctions")
    states = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    machine = client.create_state_machine(
        name="seed", definition=json.dumps(states), roleArn=world.role()
    )
    activity = client.create_activity(name="seed")
    world.own("stepfunctions", machine["stateMachineArn"], activity["activityArn"])


@seed
def swf(world):
    client = world("swf")
    for name in ("seed", "gone"):
        client.register_domain(name=name, workflowExecutionRetentionPeriodInDays="1")
    client.deprecate_domain(name="gone")
    world.own("swf", client.describe_domain(name="seed")["domainInfo"]["arn"])


@seed
def apigateway(world):
    world.own("apigateway", world("apigateway").create_rest_api(name="seed")["id"])


@seed
def apigatewayv2(world):
    made = world("apigatewayv2").create_api(Name="seed", ProtocolType="HTTP")
    world.own("apigatewayv2", made["ApiId"])


@seed
def appsync(world):
    client = world("appsync")
    graph = client.create_graphql_api(name="seed", authenticationType="API_KEY")
    world.own("appsync", graph["graphqlApi"]["arn"])
    event = client.create_api(
        name="seed-events",
        eventConfig={
            "authProviders": [{"authType": "API_KEY"}],
            "connectionAuthModes": [{"authType": "API_KEY"}],
            "defaultPublishAuthModes": [{"authType": "API_KEY"}],
            "defaultSubscribeAuthModes": [{"authType": "API_KEY"}],
        },
    )
    world.own("appsync", event["api"]["apiArn"])


@seed
def cloudfront(world):
    made = world("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "seed",
            "Comment": "seed",
            "Enabled": True,
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "seed",
                        "DomainName": "seed.s3.amazonaws.com",
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "seed",
                "ViewerProtocolPolicy": "allow-all",
                "MinTTL": 0,
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
            },
        }
    )
    world.own("cloudfront", made["Distribution"]["ARN"], region="global")


@seed
def route53(world):
    made = world("route53").create_hosted_zone(Name="seed.example.com", CallerReference="seed")
    world.own("route53", made["HostedZone"]["Id"], region="global")


@seed
def route53domains(world):
    person = {
        "FirstName": "A",
        "LastName": "B",
        "ContactType": "PERSON",
        "AddressLine1": "1 Street",
        "City": "Town",
        "State": "WA",
        "CountryCode": "US",
        "ZipCode": "98101",
        "PhoneNumber": "+1.2065550100",
        "Email": "a@example.com",
    }
    world("route53domains", "us-east-1").register_domain(
        DomainName="seedexample.com",
        DurationInYears=2,
        AdminContact=person,
        RegistrantContact=person,
        TechContact=person,
    )
    world.own("route53domains", "seedexample.com", region="global")
    # Registering a domain makes its zone.
    zones = world("route53").list_hosted_zones()["HostedZones"]
    made = [zone["Id"] for zone in zones if zone["Name"].startswith("seedexample")]
    world.own("route53", *made, region="global")


@seed
def route53resolver(world):
    client = world("route53resolver")
    vpc, subnets = world.subnets()
    group = world("ec2").create_security_group(GroupName="dns", Description="dns", VpcId=vpc)
    endpoint = client.create_resolver_endpoint(
        CreatorRequestId="seed",
        Name="seed",
        SecurityGroupIds=[group["GroupId"]],
        Direction="OUTBOUND",
        IpAddresses=[{"SubnetId": subnet} for subnet in subnets],
    )["ResolverEndpoint"]["Id"]
    rule = client.create_resolver_rule(
        CreatorRequestId="seed",
        Name="seed",
        RuleType="FORWARD",
        DomainName="seed.example.com",
        TargetIps=[{"Ip": "192.0.2.1", "Port": 53}],
        ResolverEndpointId=endpoint,
    )
    world.own("route53resolver", endpoint, rule["ResolverRule"]["Id"])


@seed
def servicediscovery(world):
    client = world("servicediscovery")
    client.create_http_namespace(Name="seed")
    world.own("servicediscovery", client.list_namespaces()["Namespaces"][0]["Id"])


@seed
def cloudformation(world):
    client = world("cloudformation")
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "cf"}}}}
    made = client.create_stack(StackName="seed", TemplateBody=json.dumps(template))["StackId"]
    client.create_stack(StackName="gone", TemplateBody=json.dumps({"Resources": {}}))
    client.delete_stack(StackName="gone")
    world.own("cloudformation", made)
    world.own("sqs", world("sqs").get_queue_url(QueueName="cf")["QueueUrl"])


@seed
def servicecatalog(world):
    made = world("servicecatalog").create_portfolio(
        DisplayName="seed", ProviderName="seed", IdempotencyToken="seed"
    )
    world.own("servicecatalog", made["PortfolioDetail"]["Id"])


@seed
def servicecatalog_appregistry(world):
    made = world("servicecatalog-appregistry").create_application(name="seed", clientToken="seed")
    world.own("servicecatalog-appregistry", made["application"]["arn"])


@seed
def resource_groups(world):
    query = {
        "ResourceTypeFilters": ["AWS::AllSupported"],
        "TagFilters": [{"Key": "seed", "Values": ["seed"]}],
    }
    made = world("resource-groups").create_group(
        Name="seed", ResourceQuery={"Type": "TAG_FILTERS_1_0", "Query": json.dumps(query)}
    )
    world.own("resource-groups", made["Group"]["GroupArn"])


@seed
def resiliencehub(world):
    world.own("resiliencehub", world("resiliencehub").create_app(name="seed")["app"]["appArn"])


@seed
def fis(world):
    made = world("fis").create_experiment_template(
        clientToken="seed",
        description="seed",
        stopConditions=[{"source": "none"}],
        actions={},
        roleArn=world.role(),
    )
    world.own("fis", made["experimentTemplate"]["arn"])


@seed
def budgets(world):
    world("budgets").create_budget(
        AccountId=world.account,
        Budget={
            "BudgetName": "seed",
            "BudgetLimit": {"Amount": "1", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
    )
    world.own("budgets", "seed", region="global")


@seed
def support(world):
    made = world("support", "us-east-1").create_case(subject="seed", communicationBody="seed")
    world.own("support", made["caseId"], region="global")


@seed
def cloudwatch(world):
    client = world("cloudwatch")
    client.put_metric_alarm(
        AlarmName="seed",
        MetricName="seed",
        Namespace="seed",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )
    world.own("cloudwatch", client.describe_alarms()["MetricAlarms"][0]["AlarmArn"])
    body = json.dumps({"widgets": []})
    world("cloudwatch", "us-east-1").put_dashboard(DashboardName="seed", DashboardBody=body)
    world.own("cloudwatch.dashboards", "seed", region="global")


@seed
def logs(world):
    world("logs").create_log_group(logGroupName="/seed")
    world.own("logs", "/seed")


@seed
def synthetics(world):
    made = world("synthetics").create_canary(
        Name="seed",
        Code={"Handler": "seed.handler"},
        ArtifactS3Location=f"s3://{world.bucket()}",
        ExecutionRoleArn=world.role(),
        Schedule={"Expression": "rate(1 hour)"},
        RuntimeVersion="syn-nodejs-puppeteer-9.0",
    )
    world.own("synthetics", made["Canary"]["Id"])


@seed
def amp(world):
    world.own("amp", world("amp").create_workspace(alias="seed")["arn"])


@seed
def ssm(world):
    client = world("ssm")
    client.put_parameter(Name="/seed", Value="seed", Type="String")
    content = {
        "schemaVersion": "2.2",
        "description": "seed",
        "mainSteps": [{"action": "aws:runShellScript", "name": "seed", "inputs": {}}],
    }
    client.create_document(Name="seed", Content=json.dumps(content), DocumentType="Command")
    world.own("ssm", "/seed", "seed")


@seed
def codebuild(world):
    world("codebuild").create_project(
        name="seed",
        source={"type": "S3", "location": f"{world.bucket()}/seed.zip"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=world.role(),
    )
    world.own("codebuild", "seed")


@seed
def codedeploy(world):
    world("codedeploy").create_application(applicationName="seed", computePlatform="Server")
    world.own("codedeploy", "seed")


@seed
def ses(world):
    world("sesv2").create_email_identity(EmailIdentity="seed.example.com")
    world.own("ses", "seed.example.com")


@seed
def transfer(world):
    world.own("transfer", world("transfer").create_server()["ServerId"])


@seed
def connect(world):
    made = world("connect").create_instance(
        IdentityManagementType="CONNECT_MANAGED",
        InboundCallsEnabled=True,
        OutboundCallsEnabled=True,
        InstanceAlias="seed",
    )
    world.own("connect", made["Arn"])


@seed
def iotcore(world):
    client = world("iot")
    client.create_thing(thingName="seed")
    client.create_topic_rule(ruleName="seed", topicRulePayload={"sql": "SELECT *", "actions": []})
    world.own("iotcore", "seed", client.get_topic_rule(ruleName="seed")["ruleArn"])


@seed
def codepipeline(world):
    kind = {"owner": "AWS", "version": "1"}
    world("codepipeline").create_pipeline(
        pipeline={
            "name": "seed",
            "roleArn": make_role(world, "seed-pipeline", "codepipeline"),
            "artifactStore": {"type": "S3", "location": world.bucket()},
            "version": 1,
            "stages": [
                {
                    "name": "Source",
                    "actions": [
                        {
                            "name": "Source",
                            "actionTypeId": {"category": "Source", "provider": "S3", **kind},
                            "configuration": {"S3Bucket": world.bucket(), "S3ObjectKey": "seed"},
                            "outputArtifacts": [{"name": "seed"}],
                        }
                    ],
                },
                {
                    "name": "Build",
                    "actions": [
                        {
                            "name": "Build",
                            "actionTypeId": {"category": "Build", "provider": "CodeBuild", **kind},
                            "configuration": {"ProjectName": "seed"},
                            "inputArtifacts": [{"name": "seed"}],
                        }
                    ],
                },
            ],
        }
    )
    world.own("codepipeline", "seed")
