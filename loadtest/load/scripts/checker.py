"""The way of the enablement checker, as a reference: 15 threads, a boto3 client for each task.

Takes the file of recorded requests, of which it uses the first session of a member account. Says that it is ready, waits for a
line, asks every service of its mapping in a few regions, and says how many calls it made.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

THREADS = 15
REGIONS = ["us-east-1", "eu-west-1", "us-west-2", "eu-central-1"]
LIVE_STACKS = {"StackStatusFilter": ["CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_FAILED"]}
LIVE_CLUSTERS = {"ClusterStates": ["WAITING", "RUNNING"]}

# Client, operation, parameters: what the checker asks of each regional service that the stand-in plays too.
REGIONAL = [
    ("acm", "list_certificates", {}),
    ("apigateway", "get_rest_apis", {}),
    ("apigatewayv2", "get_apis", {}),
    ("athena", "list_work_groups", {}),
    ("autoscaling", "describe_auto_scaling_groups", {}),
    ("backup", "list_backup_vaults", {}),
    ("cloudformation", "list_stacks", LIVE_STACKS),
    ("cloudtrail", "describe_trails", {}),
    ("cloudwatch", "describe_alarms", {"MaxRecords": 100}),
    ("config", "describe_configuration_recorders", {}),
    ("connect", "list_instances", {}),
    ("datasync", "list_tasks", {}),
    ("directconnect", "describe_connections", {}),
    ("dynamodb", "list_tables", {}),
    ("ec2", "describe_volumes", {}),
    ("ec2", "describe_instances", {}),
    ("ecr", "describe_repositories", {}),
    ("ecs", "list_clusters", {}),
    ("efs", "describe_file_systems", {}),
    ("eks", "list_clusters", {}),
    ("elasticache", "describe_cache_clusters", {}),
    ("elbv2", "describe_load_balancers", {}),
    ("emr", "list_clusters", LIVE_CLUSTERS),
    ("events", "list_rules", {}),
    ("firehose", "list_delivery_streams", {}),
    ("fsx", "describe_file_systems", {}),
    ("glacier", "list_vaults", {}),
    ("glue", "get_databases", {}),
    ("guardduty", "list_detectors", {}),
    ("kinesis", "list_streams", {}),
    ("kms", "list_keys", {}),
    ("lambda", "list_functions", {}),
    ("logs", "describe_log_groups", {}),
    ("network-firewall", "list_firewalls", {}),
    ("rds", "describe_db_instances", {}),
    ("redshift", "describe_clusters", {}),
    ("rekognition", "list_collections", {}),
    ("sagemaker", "list_notebook_instances", {}),
    ("secretsmanager", "list_secrets", {}),
    ("securityhub", "get_enabled_standards", {}),
    ("sns", "list_topics", {}),
    ("sqs", "list_queues", {}),
    ("ssm", "describe_parameters", {}),
    ("stepfunctions", "list_state_machines", {}),
    ("storagegateway", "list_gateways", {}),
    ("textract", "list_adapters", {}),
    ("transcribe", "list_transcription_jobs", {}),
    ("transfer", "list_servers", {}),
    ("translate", "list_text_translation_jobs", {}),
    ("vpc-lattice", "list_services", {}),
    ("wafv2", "list_web_acls", {"Scope": "REGIONAL"}),
    ("workspaces", "describe_workspaces", {}),
]
SETTINGS = Config(
    retries={"mode": "adaptive", "max_attempts": 3},
    read_timeout=30,
    connect_timeout=15,
    max_pool_connections=100,
)


def member_session(path):
    """A session of the first recorded request that has a token."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            recorded = json.loads(line)
            if recorded["token"]:
                return boto3.Session(
                    aws_access_key_id=recorded["access_key_id"],
                    aws_secret_access_key=recorded["secret_access_key"],
                    aws_session_token=recorded["token"],
                )
    raise SystemExit(f"{path} has no request of a member account")


def check(session, region, client, operation, parameters):
    """One task: a client of its own, one call; true where it was answered."""
    try:
        made = session.client(client, region_name=region, config=SETTINGS)
        getattr(made, operation)(**parameters)
    except (BotoCoreError, ClientError):
        return False
    return True


def main():
    session = member_session(sys.argv[1])
    tasks = [(region, *task) for region in REGIONS for task in REGIONAL]
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as threads:
        answered = list(threads.map(lambda task: check(session, *task), tasks))
    seconds = time.monotonic() - began
    print(json.dumps({"calls": len(tasks), "failed": answered.count(False), "seconds": seconds}), flush=True)
    sys.stdin.readline()


main()
