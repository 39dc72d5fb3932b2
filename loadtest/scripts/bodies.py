"""Writes what AWS says of each thing beyond what the catalog reads: data/bodies.txt.

An answer of AWS has many members that no probe keeps, and reading past them costs. For each call of the curated entries this
takes the shape of its things from botocore's models and writes its members with ordinary values, as they look on the wire, so
that the stand-in's answers can be as large as AWS's. What is nested deeper than three levels is left out.

    pip install botocore && python3 loadtest/scripts/bodies.py

Format: `botocore <version>`, then a line a call, fields parted by tabs: service, operation, path to its things, and pairs of a
member's name and its text (JSON: its value; XML: the whole element).
"""

import datetime
import json
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "protocol" / "catalog" / "scripts"))
sys.dont_write_bytecode = True

import botocore  # noqa: E402
from fixture_models import PROTOCOLS, Models  # noqa: E402
from fixture_wire import Wrong, body_root, is_xml, resolve, to_json, to_xml, wire_name  # noqa: E402

DEEPEST = 3
LARGEST = 6000
MOMENT = datetime.datetime(2025, 3, 1, 12, 0, 0, tzinfo=datetime.UTC)
ACCOUNT = "123456789012"


def word(name, service):
    """A text of ordinary length, by a member's name."""
    low = name.lower()
    if low.endswith("arn"):
        return f"arn:aws:{service}:eu-west-1:{ACCOUNT}:{name[:-3] or 'thing'}/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
    if low.endswith(("url", "uri", "endpoint")):
        return f"https://{service}.eu-west-1.amazonaws.com/{ACCOUNT}/{name}"
    if low.endswith("id"):
        return f"{name[:3].lower()}-0a1b2c3d4e5f60718"
    if low.endswith(("description", "reason", "message", "comment")):
        return "Kept by the platform team; see the page of the service before you change it."
    if "policy" in low and "document" in low:
        statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return f"{name.lower()}-of-production-01"


def sample(shape, name, service, depth):
    """An ordinary value of a shape; none where it is too deep."""
    kind = shape.type_name
    if kind == "structure":
        if depth == DEEPEST:
            return None
        made = {key: sample(one, key, service, depth + 1) for key, one in shape.members.items()}
        return {key: one for key, one in made.items() if one is not None}
    if kind == "list":
        one = sample(shape.member, name.removesuffix("s"), service, depth)
        return None if one is None else [one, one] if name.lower().startswith("tag") else [one]
    if kind == "map":
        one = sample(shape.value, name, service, depth)
        return None if one is None else {"environment": one, "owner": one}
    if kind == "string":
        return shape.enum[0] if shape.enum else word(name, service)
    if kind == "timestamp":
        return MOMENT
    if kind == "boolean":
        return False
    if kind in ("integer", "long"):
        return 4096
    if kind in ("float", "double"):
        return 42.5
    return b"ballast of bytes" if kind == "blob" else None


def members(shape, protocol, service):
    """The members of a thing: their names on the wire, and their texts."""
    size = 0
    for key, member in shape.members.items():
        if member.serialization.get("location"):
            continue
        value = sample(member, key, service, 1)
        if value is None:
            continue
        name = wire_name(member, key, protocol)
        if is_xml(protocol):
            text = to_xml(member, value, name, protocol)
        else:
            text = json.dumps(to_json(member, value, protocol), separators=(",", ":"))
        if "\t" in text or "\n" in text:
            raise Wrong(f"{service} {key}: a text with a tab or a line's end")
        size += len(text)
        if size > LARGEST:
            return
        yield name
        yield text


def lines(entry, models):
    """A line for each call of an entry whose things have members."""
    calls = [call for probe in entry["probe"] for call in probe["call"]]
    name = models.find(entry, [call["operation"] for call in calls])
    protocol = PROTOCOLS[entry["protocol"]]
    client = models.client(name, protocol, "us-east-1")
    done = set()
    for call in calls:
        operation = client.meta.service_model.operation_model(call["operation"])
        _, root = body_root(operation.output_shape, protocol)
        _, shape = resolve(root, call["items"], protocol)
        place = (entry["service"], call["operation"], call["items"])
        if shape.type_name != "structure" or place in done or call["items"] == "@":
            continue
        done.add(place)
        yield "\t".join([*place, *members(shape, protocol, entry["service"])])


def main():
    models, written = Models(), [f"botocore\t{botocore.__version__}"]
    for path in sorted((ROOT / "protocol" / "catalog" / "aws").glob("*.toml")):
        entry = tomllib.loads(path.read_text())
        if entry["origin"] == "curated":
            written += lines(entry, models)
    out = pathlib.Path(__file__).resolve().parents[1] / "data" / "bodies.txt"
    out.write_text("\n".join(written) + "\n")


main()
