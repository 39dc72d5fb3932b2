"""The stacks fit together, and with the program that they run."""

import re
import tomllib
import unittest

import hcl2

import tree

# The most that CloudFormation takes without a bucket, in bytes.
LARGEST = 51_200


class Templates(unittest.TestCase):
    def test_no_template_needs_a_bucket(self):
        for path in tree.templates():
            self.assertLessEqual(len(tree.text(path).encode()), LARGEST, path)

    def test_what_is_imported_is_exported(self):
        exported, imported = set(), set()
        for path in tree.templates():
            for one in tree.walk(tree.template(path)):
                if "Export" in one:
                    exported.add(one["Export"]["Name"]["Fn::Sub"])
                if "Fn::ImportValue" in one:
                    imported.add(one["Fn::ImportValue"]["Fn::Sub"])
        self.assertTrue(imported)
        self.assertFalse(imported - exported)

    def test_the_queues_are_the_lines_of_the_program(self):
        code = tree.text("protocol/src/queue.rs")
        lines = re.findall(r'^\s+\w+ = "(\w+)",$', code, re.M)
        queues = tree.resources("deploy/ecs/data.yaml", "AWS::SQS::Queue")
        self.assertEqual(sorted("${Prefix}-" + line for line in lines), sorted(queue["QueueName"]["Fn::Sub"] for queue in queues.values()))
        most = int(re.search(r"MAX_DELIVERIES: u32 = (\d+);", code)[1])
        redriven = [queue["RedrivePolicy"] for queue in queues.values() if "RedrivePolicy" in queue]
        self.assertEqual([redrive["maxReceiveCount"] for redrive in redriven], [most, most])

    def test_nothing_is_allowed_by_a_wild_action_and_few_things_on_every_resource(self):
        # What AWS takes no resource for.
        everywhere = {"ecr:GetAuthorizationToken"}
        for path in ("deploy/ecs/fleet.yaml", "deploy/ecs/data.yaml"):
            for one in tree.walk(tree.template(path)):
                if one.get("Effect") != "Allow" or "Action" not in one:
                    continue
                actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
                self.assertFalse([action for action in actions if "*" in action], path)
                if one.get("Resource") == "*":
                    self.assertFalse([action for action in actions if action not in everywhere and not action.startswith("xray:")], path)

    def test_a_worker_has_no_way_to_the_store(self):
        fleet = tree.template("deploy/ecs/fleet.yaml")["Resources"]
        worker = str(fleet["WorkerTask"]) + str(fleet["WorkerRole"]) + str(fleet["WorkerExecutionRole"])
        self.assertNotIn("database", worker)
        self.assertNotIn("ORGSWEEP_STORE", worker)
        rules = tree.resources("deploy/ecs/data.yaml", "AWS::EC2::SecurityGroupIngress")
        reach = [rule["SourceSecurityGroupId"] for rule in rules.values() if rule["GroupId"] == {"Ref": "DatabaseGroup"}]
        self.assertEqual(reach, [{"Ref": "CoordinatorGroup"}])

    def test_services_have_time_to_drain_and_write_nowhere(self):
        for task in tree.resources("deploy/ecs/fleet.yaml", "AWS::ECS::TaskDefinition").values():
            for container in task["ContainerDefinitions"]:
                self.assertTrue(container["ReadonlyRootFilesystem"])
                if container["Name"] in ("coordinator", "worker"):
                    self.assertEqual((container["StopTimeout"], container["User"]), (120, "65532:65532"))
                    self.assertEqual(container["HealthCheck"]["Command"], ["CMD", "/usr/local/bin/orgsweep", "health"])

    def test_trust_names_one_hub_role_in_one_organization(self):
        for path, conditions in (
            ("deploy/member-role/stackset.yaml", {"aws:PrincipalOrgID", "sts:ExternalId"}),
            ("deploy/management-account/organization-role.yaml", {"aws:PrincipalOrgID"}),
        ):
            (role,) = tree.resources(path, "AWS::IAM::Role").values()
            (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual(statement["Principal"], {"AWS": {"Ref": "HubRoleArn"}})
            self.assertEqual(set(statement["Condition"]["StringEquals"]), conditions)


class Settings(unittest.TestCase):
    def test_every_variable_is_one_that_the_command_knows(self):
        known = set()
        for path in (tree.ROOT / "src").rglob("*.rs"):
            known |= set(re.findall(r'env = "((?:ORGSWEEP|OTEL)_\w+)"', path.read_text()))
        # What libraries read: OpenTelemetry's own.
        known |= {"OTEL_METRIC_EXPORT_INTERVAL"}
        for path in ("docker-compose.yml", "deploy/ecs/fleet.yaml", "deploy/compose/setup.sh"):
            used = set(re.findall(r"\b(?:ORGSWEEP|OTEL)_[A-Z_]+\b", tree.text(path)))
            self.assertFalse(used - known, path)

    def test_every_key_of_a_connection_is_one_that_the_command_knows(self):
        entry = re.search(r"struct Entry \{(.*?)\n\}", tree.text("src/connections_file.rs"), re.S)[1]
        known = {name.replace("_", "-") for name in re.findall(r"^\s+(\w+):", entry, re.M)}
        for name in ("example", "rehearsal"):
            for connection in tomllib.loads(tree.text(f"deploy/compose/connections.{name}.toml"))["connection"]:
                self.assertFalse(set(connection) - known)


class Terraform(unittest.TestCase):
    def test_the_module_declares_what_it_uses_and_uses_what_it_declares(self):
        folder = tree.DEPLOY / "member-role" / "terraform"
        declared, code = set(), ""
        for path in sorted(folder.glob("*.tf")):
            with path.open() as file:
                parsed = hcl2.load(file)
            declared |= {name for variable in parsed.get("variable", []) for name in variable}
            code += path.read_text()
        self.assertEqual(declared, set(re.findall(r"\bvar\.(\w+)", code)))

    def test_the_module_trusts_and_allows_what_the_stack_set_does(self):
        module = tree.text("deploy/member-role/terraform/main.tf")
        self.assertEqual(re.findall(r'variable = "([\w:]+)"', module), ["aws:PrincipalOrgID", "sts:ExternalId"])
        documents = list((tree.DEPLOY / "member-role" / "terraform" / "policies").glob("*.json"))
        made = tree.resources("deploy/member-role/stackset.yaml", "AWS::IAM::ManagedPolicy")
        self.assertEqual(len(documents), len(made))


if __name__ == "__main__":
    unittest.main()
