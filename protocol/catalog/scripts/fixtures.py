#!/usr/bin/env python3
"""Checks the catalog against botocore's models and writes the fixtures of what is curated.

    python3 fixtures.py            every service: check; curated: write ../aws/fixtures/*.json
    python3 fixtures.py kms iam    only these
    python3 fixtures.py --check    write nothing; also fail where a committed fixture is stale

A derived entry is checked in the same way, but has no fixture: nothing is judged by it. It may
leave a page's size out where the model names no largest one.

Needs botocore (`pip install botocore`); its version is recorded in `fixtures/ABOUT.json`. Nothing
is sent: botocore's client serialises each request and signs it with made-up keys, and our answer is
handed to its parser in place of the network. Mistakes are printed as `file: message`, exit code 1.

`fixtures/SERVICE.json` is a list; each row is one answer to one call:

    probe, call, operation   which call of the entry
    case                     `first` and `last` page, `only` (no pages), `empty`, `on`, `off-N`, `failed`
    item                     for a `for_each` call: `id`, and `inputs` (the parent's values by path)
    request                  what botocore sends; absent where a row repeats another's:
      host, signing_name, signing_region   for the `region` that was asked, or `global`
      method, uri            path and query string; parameters sorted by name
      target                 X-Amz-Target, or null
      headers                fixed headers that the service needs, names in lower case
      body                   json: the object; query, ec2: name -> value; null where there is none
    http                     status, headers, body (text) as AWS would answer
    failure                  `code` and `message` that botocore finds in a `failed` answer, which is a success
    expected_ids             the ids that botocore's parser finds in it, in order
    own_ids                  those of them that are the customer's own
    on                       whether something on the page proves that a switch is on
    next_token               the next page's token, or null

All is for account 123456789012 in partition `aws`, in eu-west-1; global services in their home.
A value that `own` or `on` conditions ask about comes both ways.
"""

import json
import os
import sys
import tomllib
from pathlib import Path

import botocore
from fixture_call import Call
from fixture_models import PROTOCOLS, Models, check_service
from fixture_request import REGION
from fixture_values import ACCOUNT
from fixture_wire import Wrong

HERE = Path(__file__).resolve().parent
CATALOG = HERE.parent / "aws"
FIXTURES = CATALOG / "fixtures"


def fill_conditions(calls, region):
    """Puts the account, the partition and the region into what conditions compare with."""

    def fill(value):
        if isinstance(value, list):
            return [fill(one) for one in value]
        if not isinstance(value, str):
            return value
        return value.format(account=ACCOUNT, partition="aws", region=region)

    for call in calls:
        for key in ("own", "on", "where"):
            call[key] = [{name: fill(value) for name, value in one.items()} for one in call.get(key, [])]


def fixtures_of(entry, models):
    """All rows of one service, and what is wrong with its entry."""
    rows, wrong = [], []
    operations = [call["operation"] for probe in entry["probe"] for call in probe["call"]]
    try:
        name = models.find(entry, operations)
        wrong += check_service(entry, models.metadata(name))
    except Wrong as error:
        return rows, [str(error)]
    if wrong:
        return rows, wrong
    for probe in entry["probe"]:
        scope = probe.get("scope", entry["scope"])
        region = entry.get("home", {}).get("aws", "us-east-1") if scope == "global" else REGION
        client = models.client(name, PROTOCOLS[entry["protocol"]], region)
        done = {}
        shown = "global" if scope == "global" else region
        fill_conditions(probe["call"], shown)
        for call in probe["call"]:
            place = f"{probe['id']}.{call['name']}"
            try:
                parent = done.get(call.get("for_each"))
                if "for_each" in call and parent is None:
                    raise Wrong(f"for_each {call['for_each']} is not an earlier call that is right")
                pages = models.pages(name, call["operation"])
                made = Call(entry, probe, call, parent, client, shown, pages)
                if parent:
                    made.item = parent.parent_item(call)
                rows += made.rows()
                done[call["name"]] = made
            except (Wrong, KeyError) as error:
                wrong.append(f"{place}: {error}" if isinstance(error, Wrong) else f"{place}: {error!r}")
    return rows, wrong


def write(path, content, check):
    """Writes a file, or says that it is stale."""
    if path.exists() and path.read_text() == content:
        return []
    if check:
        return ["the committed fixture is not what the script makes"]
    path.write_text(content)
    return []


def main(arguments):
    """Checks and writes; the exit code."""
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    check = "--check" in arguments
    asked = [a for a in arguments if not a.startswith("-")]
    models, failed, right = Models(), 0, {"curated": 0, "derived": 0}
    FIXTURES.mkdir(exist_ok=True)
    for path in sorted(CATALOG.glob("*.toml")):
        if asked and path.stem not in asked:
            continue
        try:
            entry = tomllib.loads(path.read_text())
        except tomllib.TOMLDecodeError as error:
            print(f"{path.name}: {error}")
            failed += 1
            continue
        rows, wrong = fixtures_of(entry, models)
        if not wrong and entry["origin"] == "curated":
            lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
            wrong += write(FIXTURES / f"{path.stem}.json", f"[\n{lines}\n]\n", check)
        right[entry["origin"]] += not wrong
        for message in wrong:
            print(f"{path.name}: {message}")
        failed += bool(wrong)
    if not asked and not check:
        about = {"made_by": "protocol/catalog/scripts/fixtures.py", "botocore": botocore.__version__}
        (FIXTURES / "ABOUT.json").write_text(json.dumps(about, indent=2) + "\n")
    counts = f"{right['curated']} curated and {right['derived']} derived services are right, {failed} are not"
    print(f"{counts} (botocore {botocore.__version__})", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
