#!/usr/bin/env python3
"""Writes the IAM policies of deploy/ as the catalog makes them.

    cargo xtask deploy

builds the command and runs this with it; `--check` writes nothing, and names the files that are stale.

The documents are those that `orgsweep catalog iam-policy` prints, for every service and every probe that there is, so
that a role need not be deployed again when a scan asks for more. They are made with placeholders as names; a
placeholder becomes a parameter of the template that the document stands in.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tomllib

DEPLOY = pathlib.Path(__file__).resolve().parent.parent

# Names that are made up here, and found again in what is printed.
ROLE = "orgsweep-member"
ORGANIZATION = "o-aaaaaaaaaa"
ORGANIZATION_ROLE = "arn:aws:iam::111122223333:role/orgsweep-organization"
# What IAM counts of a managed policy: all but white space.
LIMIT = 6144


def ask(orgsweep, *words):
    """What a `catalog` command prints, as data."""
    ran = subprocess.run([orgsweep, "catalog", *words], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        sys.exit(f"{orgsweep} catalog {' '.join(words)}: {ran.stderr.strip()}")
    return json.loads(ran.stdout)


def every_probe(catalog):
    """The probes that are off by default have to be named."""
    named = []
    for file in sorted(catalog.glob("*.toml")):
        probes = tomllib.loads(file.read_text())["probe"]
        named += [probe["id"] for probe in probes if not probe.get("on_by_default", True)]
    return named


def documents(orgsweep, purpose, probes):
    """The policies of a role, by their names."""
    made = ask(
        orgsweep, "iam-policy", "--for", purpose, "--services", "all", "--probes", ",".join(probes),
        "--role", ROLE, "--organization", ORGANIZATION, "--org-role", ORGANIZATION_ROLE,
    )  # fmt: skip
    policies = {policy["name"]: policy["document"] for policy in made["policies"]}
    for name, document in policies.items():
        size = len(re.sub(r"\s", "", json.dumps(document)))
        if size > LIMIT:
            sys.exit(f"{name} has {size} characters, IAM takes {LIMIT}")
    return policies


def renamed(value, names):
    """The same document with other names."""
    if isinstance(value, dict):
        return {key: renamed(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one, names) for one in value]
    for old, new in names:
        value = value.replace(old, new)
    return value


def yaml(value, indent):
    """Lines of block YAML; what holds a parameter is substituted."""
    pad = " " * indent
    if isinstance(value, dict):
        for key, one in value.items():
            key = key if re.fullmatch(r"[A-Za-z]+", key) else f'"{key}"'
            if isinstance(one, str):
                yield f"{pad}{key}: {scalar(one)}"
            else:
                yield f"{pad}{key}:"
                yield from yaml(one, indent + 2)
    else:
        for one in value:
            if isinstance(one, str):
                yield f"{pad}- {scalar(one)}"
            else:
                first, *rest = yaml(one, indent + 2)
                yield f"{pad}- {first.lstrip()}"
                yield from rest


def scalar(text):
    return f'!Sub "{text}"' if "${" in text else f'"{text}"'


# What a placeholder is in a CloudFormation template: the order matters.
PARAMETERS = [
    (ORGANIZATION_ROLE, "${OrganizationRoleArn}"),
    ("arn:aws:iam::*:role/" + ROLE, "arn:${AWS::Partition}:iam::*:role/${MemberRoleName}"),
    ("arn:aws:s3:::*/*", "arn:${AWS::Partition}:s3:::${ResultsBucket}/*"),
    ("arn:aws:dynamodb:*:*:table/*", "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TenantsTable}"),
    ("arn:aws:", "arn:${AWS::Partition}:"),
    (ORGANIZATION, "${OrganizationId}"),
]  # fmt: skip


def managed_policies(policies, role, path):
    """Resources of a template: a managed policy for each document, attached to a role of the template."""
    for number, document in enumerate(policies.values(), start=1):
        name = path if len(policies) == 1 else f"{path}{number}"
        yield f"  {name}:"
        yield "    Type: AWS::IAM::ManagedPolicy"
        if any(statement["Effect"] == "Deny" for statement in document["Statement"]):
            yield "    Metadata:"
            yield "      # What is denied are operations; some of them are no actions of their own in IAM."
            yield "      cfn-lint: {config: {ignore_checks: [W3037]}}"
        yield "    Properties:"
        yield f"      Description: Made from the catalog of orgsweep ({number} of {len(policies)})"
        yield f"      Roles: [!Ref {role}]"
        yield "      PolicyDocument:"
        yield from yaml(renamed(document, PARAMETERS), 8)


def inline_policy(policies, indent):
    """The statements of an inline policy."""
    (document,) = policies.values()
    yield from yaml(renamed(document, PARAMETERS), indent)


def between_marks(text, name, lines):
    """The text with other lines between the marks of that name."""
    mark = rf"([ ]*# made by `cargo xtask deploy`: {name}\n)(?s:.*?)([ ]*# end of {name}\n)"
    body = "".join(f"{line}\n" for line in lines)
    text, found = re.subn(mark, lambda mark: mark[1] + body + mark[2], text)
    if found != 1:
        sys.exit(f"there are {found} places for {name!r} where one is needed")
    return text


def wanted(orgsweep):
    """Every file with generated parts, as it should be."""
    probes = every_probe(DEPLOY.parent / "protocol" / "catalog" / "aws")
    made = {purpose: documents(orgsweep, purpose, probes) for purpose in ("member", "runner", "organization", "outputs")}

    files = {}
    for name, document in made["member"].items():
        files[DEPLOY / "member-role" / "terraform" / "policies" / f"{name}.json"] = json.dumps(document, indent=2) + "\n"

    def template(path, name, lines):
        path = DEPLOY / path
        files[path] = between_marks(files.get(path) or path.read_text(), name, lines)

    template("member-role/stackset.yaml", "member policies", managed_policies(made["member"], "MemberRole", "MemberPolicy"))
    template("management-account/organization-role.yaml", "organization policy",
             managed_policies(made["organization"], "OrganizationRole", "OrganizationPolicy"))  # fmt: skip
    template("ecs/hub-role.yaml", "runner policy", inline_policy(made["runner"], 12))
    template("ecs/hub-role.yaml", "member policies", managed_policies(made["member"], "HubRole", "OwnAccountPolicy"))
    template("ecs/fleet.yaml", "outputs policy", inline_policy(made["outputs"], 8))
    return files


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("orgsweep", help="the command, as it was built")
    arguments.add_argument("--check", action="store_true", help="write nothing, name what is stale")
    arguments = arguments.parse_args()

    files = wanted(arguments.orgsweep)
    old = set((DEPLOY / "member-role" / "terraform" / "policies").glob("*.json")) - set(files)
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    if arguments.check:
        for path in sorted([*stale, *old]):
            print(f"{path.relative_to(DEPLOY.parent)} is not what the catalog makes: run `cargo xtask deploy`")
        sys.exit(1 if stale or old else 0)
    for path in stale:
        path.write_text(files[path])
    for path in old:
        path.unlink()
    print(f"{len(files)} files, {len(stale)} of them written, {len(old)} removed")


if __name__ == "__main__":
    main()
