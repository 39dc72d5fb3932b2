"""The files that the rules are about, as data."""

import functools
import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
RUST = [ROOT / "coordinator" / "src", ROOT / "worker" / "src", ROOT / "worker" / "aws" / "src"]


class Cloud(yaml.SafeLoader):
    """Reads CloudFormation's short forms as what they stand for."""


def _short(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Cloud.add_multi_constructor("!", _short)


def text(path):
    return (ROOT / path).read_text()


@functools.cache
def plain(path):
    return yaml.safe_load(text(path))


@functools.cache
def template(path):
    return yaml.load(text(path), Loader=Cloud)


def templates():
    found = sorted(
        path.relative_to(ROOT).as_posix()
        for path in DEPLOY.glob("*/*.yaml")
        if path.read_text().startswith("AWSTemplateFormatVersion")
    )
    assert found, "there are no templates"
    return found


def resources(path, kind):
    return {name: one["Properties"] for name, one in template(path)["Resources"].items() if one["Type"] == kind}


def collector_of_tasks():
    """The settings of the collector beside each task, as they stand in the template."""
    settings = template("deploy/ecs/fleet.yaml")["Resources"]["CollectorSettings"]["Properties"]["Value"]["Fn::Sub"]
    return yaml.safe_load(settings.replace("${", "$("))


def dashboard():
    return json.loads(text("deploy/grafana/orgsweep.json"))


def walk(value):
    """Every mapping in some data."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from walk(one)
    elif isinstance(value, list):
        for one in value:
            yield from walk(one)


def emitted():
    """The metrics that the sources emit: their kinds and labels, from the fields of the events that carry them."""
    kinds = r"(monotonic_counter|counter|histogram|gauge)\.(orgsweep[\w.]+)\s*="
    found = {}
    for folder in RUST:
        for path in folder.rglob("*.rs"):
            for event in re.findall(r"\bevent!\((.*?)\);", path.read_text(), re.S):
                metrics = re.findall(kinds, event)
                fields = re.sub(r"\([^()]*\)|<[^<>]*>", "", event).split(",")
                names = {re.split(r"\s*[=:]", field.strip())[0] for field in fields}
                labels = {name for name in names if re.fullmatch(r"[a-z_]+", name)} - {"target"}
                for kind, name in metrics:
                    found[name] = ({"monotonic_counter": "counter"}.get(kind, kind), labels)
    return found


def prometheus_names():
    """What Prometheus calls these metrics, and which labels they have there."""
    ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
    return {
        name.replace(".", "_") + end: labels | {"instance", "job"} | ({"le"} if end == "_bucket" else set())
        for name, (kind, labels) in emitted().items()
        for end in ends[kind]
    }
