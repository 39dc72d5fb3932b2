#!/usr/bin/env python3
"""Derives catalog entries from botocore's models, for services that nobody has curated.

For each service it takes the one operation that needs no input and best lists the customer's own
things, and writes `aws/SERVICE.toml` with `origin = "derived"`. Such an entry lists; it judges
nothing. Run it with

    pip install botocore && python3 scripts/derive.py            # writes, and removes stale ones
    python3 scripts/derive.py --explain SERVICE...               # the candidates and their scores

A curated file is never touched, and a service whose endpoint and signing name a curated file has
is never derived: curate a service, run the script again, and its derived file is gone. What no
rule can know (closed services, categories, better operations) is in `derive.toml`, each with its
reason. The output depends only on the botocore version, `derive.toml`, `data/iam_actions.txt` and
the curated files.
"""

import argparse
import json
import pathlib
import re
import sys
import tomllib

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader

from derive_candidates import Model, candidates_of

HERE = pathlib.Path(__file__).resolve().parent
AWS = HERE.parent / "aws"
HEADER = f"# derived by protocol/catalog/scripts/derive.py from botocore {botocore.__version__}"

CATEGORIES = set(
    """
    analytics application compute database management ml_ai monitoring network security storage
    developer iot media migration billing other
    """.split()
)


def read_actions():
    """The actions of data/iam_actions.txt."""
    actions = set()
    for line in (HERE.parent / "data" / "iam_actions.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            prefix, _, *names = line.split()
            actions.update(f"{prefix}:{name}" for name in names)
    return actions


def read_curated():
    """Names of curated files, and the (endpoint prefix, signing name) that they cover."""
    names, covered = set(), set()
    for file in sorted(AWS.glob("*.toml")):
        if file.read_text(encoding="utf-8").startswith("# derived by"):
            continue
        entry = tomllib.loads(file.read_text(encoding="utf-8"))
        if entry.get("origin") != "curated":
            continue
        names.add(file.stem)
        prefix = entry["endpoint_prefix"]
        covered.add((prefix, entry.get("signing_name") or prefix))
    return names, covered


def hosts_of(model, partitions, regions, **context):
    """The host and the signing region of each region, by the service's own endpoint rules."""
    provider = EndpointProvider(model.rules, partitions)
    for region in regions:
        found = provider.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False, **context)
        signing = [scheme.get("signingRegion") for scheme in found.properties.get("authSchemes", [])]
        yield found.url.removeprefix("https://"), next((name for name in signing if name), region)


def home_of(candidate, partitions):
    """The home of a service that the partition `aws` has once; none for a regional service."""
    if "home" in candidate.notes:
        return candidate.notes["home"]
    context = {name: given["value"] for name, given in candidate.facts.get("staticContextParams", {}).items()}
    if "host" in candidate.notes:
        return None
    here, there = hosts_of(candidate.model, partitions, ("us-east-1", "eu-west-1"), **context)
    return here[1] if here[0] == there[0] else None


def host_of(candidate, partitions):
    """The host of an operation that has one of its own; none where the service's will do."""
    if "host" in candidate.notes:
        return candidate.notes["host"]
    if not candidate.host_prefix:
        return None
    ((host, _),) = hosts_of(candidate.model, partitions, ("us-east-1",))
    return candidate.host_prefix + host.replace("us-east-1", "{region}").replace("amazonaws.com", "{suffix}")


def quote(value):
    return json.dumps(value, ensure_ascii=False)


def inline(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key_of(key)} = {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return quote(value)


def key_of(key):
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else quote(key)


def title_of(model, titles):
    """The service's name for people, from the table or the model."""
    known = titles.get(model.name) or model.metadata.get("serviceFullName") or model.metadata["serviceId"]
    return known.strip()


def render(candidate, title, category, partitions):
    """The entry's TOML."""
    model, facts = candidate.model, candidate.facts
    metadata = model.metadata
    wire = {"json": "json-" + metadata.get("jsonVersion", "1.0")}.get(model.wire, model.wire)
    lines = [HEADER]
    say = lambda key, value: lines.append(f"{key} = {inline(value)}")  # noqa: E731
    say("service", model.name)
    say("title", title)
    say("category", category)
    say("origin", "derived")
    say("protocol", wire)
    say("endpoint_prefix", model.prefix)
    if model.signing_name != model.prefix:
        say("signing_name", model.signing_name)
    if model.wire == "query":
        say("api_version", metadata["apiVersion"])
    if model.wire == "json":
        say("target_prefix", metadata["targetPrefix"])
    home = home_of(candidate, partitions)
    say("scope", "global" if home else "regional")
    if home and home != "us-east-1":
        say("home", {"aws": home})
    if "error" in candidate.notes:
        say("error", candidate.notes["error"])
    lines += ["", "[[probe]]"]
    say("id", model.name)
    say("judgement", "listed")
    say("resource_type", resource_type(candidate))
    for fixed in candidate.notes.get("each", [None]):
        lines += ["", "[[probe.call]]"]
        say("name", "-".join(["list", *(value.lower() for value in (fixed or {}).values())]))
        say("operation", candidate.operation)
        render_request(candidate, {**candidate.fixed, **(fixed or {})}, say)
        host = host_of(candidate, partitions)
        if host:
            say("host", host)
        say("items", candidate.items)
        say("id", candidate.id)
        if candidate.keep:
            say("keep", candidate.keep)
        if candidate.page:
            say("page", candidate.page)
        say("iam", [candidate.why])
        if "bucket" in candidate.notes:
            say("bucket", candidate.notes["bucket"])
    return "\n".join(lines) + "\n"


def render_request(candidate, fixed, say):
    facts = candidate.facts
    by_place = {"uri": {}, "querystring": {}, "header": {}, "body": {}}
    for name, value in sorted(fixed.items()):
        member = candidate.inputs[name]
        by_place[member.get("location", "body")][candidate.wire_name(name, member)] = value
    if candidate.rest:
        path, _, constant = facts["http"]["requestUri"].partition("?")
        for label, value in by_place["uri"].items():
            path = path.replace("{" + label + "}", value)
        if facts["http"]["method"] != "GET":
            say("method", facts["http"]["method"])
        say("path", path)
        query = dict(part.partition("=")[::2] for part in constant.split("&") if part)
        query.update(by_place["querystring"])
        if query:
            say("query", query)
        if by_place["header"]:
            say("headers", by_place["header"])
    if by_place["body"]:
        say("params", by_place["body"])


def resource_type(candidate):
    if "resource_type" in candidate.notes:
        return candidate.notes["resource_type"]
    service = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", candidate.model.metadata["serviceId"]))
    return f"AWS::{service}::{candidate.thing}"


def explain(model, title, chosen, refused):
    """Prints the candidates of a service, best first, then why the others were refused."""
    print(f"{model.name} ({title})")
    for candidate in chosen:
        reasons = ", ".join(candidate.reasons)
        print(f"  {candidate.score:6.2f} {candidate.operation} {candidate.items} {candidate.id} [{reasons}]")
    for candidate in refused:
        print(f"         {candidate.operation}: {candidate.refuse}")


def derive(model, table, actions, partitions):
    """The entry of a service, or nothing; and why it is left out."""
    if model.name in table["leave"]:
        return None, table["leave"][model.name]
    if model.wire is None or model.metadata.get("signatureVersion") not in ("v4", "s3v4"):
        return None, "speaks no protocol of ours, or is not signed with v4"
    chosen, refused = candidates_of(model, table, actions)
    by_hand = "use" in table["operation"].get(model.name, {})
    if by_hand and not chosen:
        why = refused[0].refuse if refused else "is not there"
        sys.exit(f"derive.toml: the operation of {model.name} {why}")
    if not chosen or (chosen[0].score < table["least_score"] and not by_hand):
        return None, "has no operation that lists the customer's own without input"
    category = table["category"].get(model.name, "other")
    if category not in CATEGORIES:
        sys.exit(f"derive.toml: category of {model.name} is {category!r}")
    return render(chosen[0], title_of(model, table["title"]), category, partitions), None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--explain", nargs="+", metavar="SERVICE", help="print candidates, write nothing")
    arguments = parser.parse_args()

    table = tomllib.loads((HERE / "derive.toml").read_text(encoding="utf-8"))
    actions = read_actions()
    names, covered = read_curated()
    loader = Loader()
    if arguments.explain:
        for name in arguments.explain:
            model = Model(loader, name)
            title = title_of(model, table["title"])
            explain(model, title, *candidates_of(model, table, actions))
        return
    partitions = loader.load_data("partitions")
    written, left = {}, 0
    for name in loader.list_available_services("service-2"):
        model = Model(loader, name)
        if name in names or (model.prefix, model.signing_name) in covered:
            continue
        text, why = derive(model, table, actions, partitions)
        if text:
            written[name] = text
        else:
            left += 1
            print(f"left out: {name}: {why}")
    for file in sorted(AWS.glob("*.toml")):
        if file.stem not in written and file.read_text(encoding="utf-8").startswith("# derived by"):
            file.unlink()
    for name, text in written.items():
        (AWS / f"{name}.toml").write_text(text, encoding="utf-8")
    print(f"derived {len(written)}, curated {len(names)}, left out {left}")


if __name__ == "__main__":
    main()
