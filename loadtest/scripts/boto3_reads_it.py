"""Lets boto3 read the stand-in: every list call of the catalog, with signatures verified.

The stand-in and the scanner both follow the catalog, so a mistake in the catalog could hide in both. boto3
follows botocore's models alone: what it parses is AWS's format, and where it counts, the count must be the truth.

    pip install boto3 && cargo build -p loadtest && python3 loadtest/scripts/boto3_reads_it.py target/debug/stand-in

Ends with 1 where boto3 cannot read an answer or counts otherwise than the truth.
"""

import collections
import json
import pathlib
import re
import signal
import subprocess
import sys
import tomllib
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
import botocore.session
import jmespath

CATALOG = pathlib.Path(__file__).parents[2] / "protocol" / "catalog" / "aws"
SESSION = botocore.session.Session()
CONFIG = botocore.config.Config(
    retries={"max_attempts": 1}, s3={"addressing_style": "path"}, inject_host_prefix=False,
)


class Skip(Exception):
    """A call that this script cannot make through boto3, and why."""


def start(program):
    """Starts the stand-in; answers with the process and what it exports."""
    process = subprocess.Popen([program, "--quiet", "--no-buckets", "--verify"], stdout=subprocess.PIPE, text=True)
    exported = {}
    while "AWS_REGION" not in exported:
        match = re.match(r"export (\w+)=(.*)", process.stdout.readline())
        exported[match[1]] = match[2].strip()
    return process, exported


def fetch(endpoint, page):
    """A page of the stand-in's own."""
    with urllib.request.urlopen(f"{endpoint}/_stand-in/{page}") as answer:
        return answer.read().decode()


def labels(template, path):
    """What a path of the catalog puts into the labels of botocore's template; none where it does not fit."""
    names = re.findall(r"\{(\w+)\+?\}", template)
    pattern = re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(template.split("?")[0].rstrip("/")))
    match = re.fullmatch(pattern, path.rstrip("/"))
    return match and dict(zip(names, match.groups()))


def model_of(entry, call):
    """The service of botocore that an entry's call belongs to, and the values of its path's labels."""
    for name in SESSION.get_available_services():
        model = SESSION.get_service_model(name)
        if model.signing_name != entry.get("signing_name", entry["endpoint_prefix"]):
            continue
        if model.endpoint_prefix != entry["endpoint_prefix"] or call["operation"] not in model.operation_names:
            continue
        if model.resolved_protocol != re.sub(r"-1\.\d", "", entry["protocol"]):
            continue
        if entry.get("target_prefix", model.metadata.get("targetPrefix")) != model.metadata.get("targetPrefix"):
            continue
        found = labels(model.operation_model(call["operation"]).http["requestUri"], call.get("path", "/"))
        if found is not None:
            return name, model, found
    raise Skip("boto3 speaks another protocol with it")


def value_of(shape, text):
    """A parameter of the catalog as boto3 wants it."""
    if shape.type_name == "list" and not isinstance(text, list):
        return [text]
    if shape.type_name in ("integer", "long"):
        return int(text)
    return text == "true" if shape.type_name == "boolean" and isinstance(text, str) else text


def parameters(model, call, in_path, account, region):
    """What a call sends, by botocore's names."""
    shape = model.operation_model(call["operation"]).input_shape
    members = shape.members if shape else {}
    by_wire = {member.serialization.get("name", name): name for name, member in members.items()}
    by_wire.update({name: name for name in members})
    sent = {**call.get("params", {}), **call.get("query", {}), **call.get("headers", {}), **in_path}
    found = {}
    for wire, text in json.loads(json.dumps(sent).replace("{account}", account).replace("{region}", region)).items():
        first = wire.split(".")[0]
        name = by_wire.get(wire) or by_wire.get(first) or by_wire.get(first + "s")
        if wire in ("accept", "x-amz-glacier-version"):
            continue  # boto3 sends these by itself
        if name is None or (wire != name and members[name].type_name == "list"
                            and members[name].member.type_name != "string"):
            raise Skip(f"it sends {wire}")
        value = value_of(members[name], text)
        found[name] = found[name] + value if name in found and isinstance(value, list) else value
    for name in shape.required_members if shape else ():
        if name not in found and call.get("page", {}).get("size"):
            found[name] = call["page"]["size"]["value"]
        elif name not in found:
            raise Skip(f"it needs {name}")
    return found


def count_of(client, operation, sent):
    """How many things boto3 lists, where it says what it lists."""
    method = botocore.xform_name(operation)
    if not client.can_paginate(method):
        getattr(client, method)(**sent)
        return None
    pages = client.get_paginator(method)
    result = pages.paginate(**sent).build_full_result()
    key = pages.result_keys[0]
    return len(jmespath.search(getattr(key, "expression", key), result) or [])


def check(entry, probe, call, truth, exported):
    """Lets boto3 make a call; answers with how many things it counts and how many there are."""
    account = exported["account"]
    is_global = probe.get("scope", entry["scope"]) == "global"
    region = entry.get("home", {}).get("aws") or ("us-west-2" if entry["endpoint_prefix"] in (
        "networkmanager", "route53-recovery-control-config") else "us-east-1")
    wanted = truth.get(("global" if is_global else region, probe["id"]))
    if wanted is None or wanted["status"] == "not_offered":
        raise Skip("it is not offered there, or off by default")
    if entry["endpoint_prefix"] == "s3-control":
        raise Skip("boto3 puts the account before the host")
    name, model, in_path = model_of(entry, call)
    client = boto3.client(
        name, region_name=region, endpoint_url=exported["AWS_ENDPOINT_URL"], config=CONFIG,
        aws_access_key_id=exported["AWS_ACCESS_KEY_ID"], aws_secret_access_key=exported["AWS_SECRET_ACCESS_KEY"],
    )
    means = [row["code"] for row in entry.get("error", []) + call.get("error", [])]
    try:
        count = count_of(client, call["operation"], parameters(model, call, in_path, account, region))
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in means:
            return None, None
        raise
    whole = len(probe["call"]) == 1 and not call.get("own") and probe["judgement"] != "switch"
    return (count, wanted["own"]) if whole and count is not None else (None, None)


def main(program):
    """Makes every call and tells what came of it."""
    process, exported = start(program)
    try:
        cells = [json.loads(line) for line in fetch(exported["AWS_ENDPOINT_URL"], "truth-of-all").splitlines()]
        exported["account"] = cells[0]["account"]
        truth = {(c["region"], c["probe"]): c for c in cells if c["account"] == exported["account"]}
        told, wrong = collections.Counter(), []
        for file in sorted(CATALOG.glob("*.toml")):
            entry = tomllib.loads(file.read_text(encoding="utf-8"))
            for probe in entry["probe"]:
                for call in (call for call in probe["call"] if "for_each" not in call):
                    place = f"{probe['id']} {call['operation']}"
                    try:
                        count, there = check(entry, probe, call, truth, exported)
                    except Skip as why:
                        told["skipped"] += 1
                        print(f"skipped {place}: {why}")
                        continue
                    except Exception as why:  # whatever boto3 finds wrong is what is looked for
                        wrong.append(f"{place}: {type(why).__name__}: {why}")
                        continue
                    told[entry["protocol"]] += 1
                    told["counted"] += count is not None
                    if count != there:
                        wrong.append(f"{place}: boto3 counts {count}, there are {there}")
        told["refused"] = json.loads(fetch(exported["AWS_ENDPOINT_URL"], "counters"))["refused"]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
    print(f"boto3 {boto3.__version__}:", dict(told))
    print("\n".join(wrong) or "nothing is wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
