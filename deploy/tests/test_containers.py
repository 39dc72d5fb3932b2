"""The image and the compose file keep what their comments promise."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import unittest

import tree

PROFILES = ["observe", "rehearsal"]


def composed():
    """The compose file as Compose itself reads it, with every profile."""
    variables = ("POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD")
    compose = pathlib.Path(sys.executable).with_name("docker-compose")
    profiles = [word for profile in PROFILES for word in ("--profile", profile)]
    ran = subprocess.run(
        [compose, "--env-file", os.devnull, *profiles, "config", "--format", "json"],
        cwd=tree.ROOT, env=os.environ | dict.fromkeys(variables, "none"), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(ran.stdout)["services"]


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.services = composed()

    def test_the_first_comment_names_every_profile(self):
        comment = tree.text("docker-compose.yml").split("\nx-", 1)[0]
        found = sorted({profile for service in self.services.values() for profile in service.get("profiles", [])})
        self.assertEqual(found, PROFILES)
        for profile in found:
            self.assertRegex(comment, rf"\n#   {profile} ")

    def test_only_the_interface_and_grafana_are_published_and_only_on_loopback(self):
        published = {
            (name, port["host_ip"], port["published"]) for name, service in self.services.items() for port in service.get("ports", [])
        }
        self.assertEqual(published, {("coordinator", "127.0.0.1", "8080"), ("grafana", "127.0.0.1", "3000")})

    def test_every_container_is_hardened_and_limited(self):
        for name, service in self.services.items():
            with self.subTest(name):
                self.assertTrue(service["read_only"])
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertNotIn("cap_add", service)
                self.assertIn("no-new-privileges:true", service["security_opt"])
                self.assertRegex(service["user"], r"^[1-9]\d*:[1-9]\d*$")
                self.assertGreater(int(service["mem_limit"]), 0)
                self.assertGreater(service["pids_limit"], 0)
                self.assertIn("restart", service)

    def test_every_image_has_a_version(self):
        for name, service in self.services.items():
            tag = service["image"].rpartition(":")[2]
            self.assertRegex(tag, r"^(local|v?\d+\.\d+\.\d+(-alpine)?|17\.\d+-alpine)$", name)

    def test_databases_broker_and_cache_are_on_a_network_that_nothing_outside_reaches(self):
        for name in ("postgres", "rabbitmq", "redis", "stand-in", "collector", "prometheus"):
            self.assertEqual(list(self.services[name]["networks"]), ["inside"], name)
            if name in ("postgres", "rabbitmq", "redis"):
                self.assertIn("healthcheck", self.services[name])

    def test_services_are_asked_whether_they_live(self):
        # The image's own check stands, unless something else is said here.
        for name in ("coordinator", "worker"):
            self.assertNotIn("healthcheck", self.services[name])
            self.assertNotIn("ORGSWEEP_HEALTH", self.services[name]["environment"])

    def test_a_worker_is_not_told_where_the_store_is(self):
        told = set(self.services["worker"]["environment"])
        self.assertFalse(told & {"ORGSWEEP_STORE", "PGPASSWORD"})

    def test_services_have_time_to_drain(self):
        for name in ("coordinator", "worker"):
            self.assertEqual(self.services[name]["stop_grace_period"], "2m0s")

    def test_nothing_is_told_to_a_service_that_nobody_set(self):
        for name in ("coordinator", "worker"):
            told = self.services[name]["environment"]
            self.assertFalse([key for key, value in told.items() if value == ""], name)


class Image(unittest.TestCase):
    file = tree.text("deploy/Dockerfile")

    def test_the_toolchain_is_the_one_that_the_project_names(self):
        wanted = tomllib.loads(tree.text("Cargo.toml"))["workspace"]["package"]["rust-version"]
        self.assertIn(f"ARG RUST=rust:{wanted}-bookworm\n", self.file)

    def test_its_version_is_that_of_the_project(self):
        version = tomllib.loads(tree.text("Cargo.toml"))["workspace"]["package"]["version"]
        self.assertIn(f"ARG VERSION={version}\n", self.file)

    def test_it_runs_as_nobody_without_a_shell_and_ends_when_told(self):
        base = re.search(r"^FROM \$\{BASE\} AS base$.*?(?=^FROM )", self.file, re.M | re.S)[0]
        self.assertIn("\nUSER 65532:65532\n", base)
        self.assertIn("\nSTOPSIGNAL SIGTERM\n", base)
        self.assertNotIn("\nRUN ", base)
        last = self.file[self.file.rindex("\nFROM ") :]
        self.assertTrue(last.startswith("\nFROM base AS orgsweep\n"))
        self.assertIn('ENTRYPOINT ["/usr/local/bin/orgsweep"]', last)

    def test_its_own_program_asks_whether_a_service_lives(self):
        last = self.file[self.file.rindex("\nFROM ") :]
        self.assertRegex(last, r'\nENV ORGSWEEP_HEALTH=127\.0\.0\.1:\d+\n')
        self.assertRegex(last, r'\nHEALTHCHECK .* CMD \["/usr/local/bin/orgsweep", "health"\]\n')

    def test_every_crate_gets_into_the_build(self):
        kept = {line[1:] for line in tree.text(".dockerignore").splitlines() if line.startswith("!")}
        for member in tomllib.loads(tree.text("Cargo.toml"))["workspace"]["members"]:
            first = member.split("/")[0]
            self.assertTrue(first in kept or f"{first}/src" in kept, member)


if __name__ == "__main__":
    unittest.main()
