#!/usr/bin/env python3
"""Writes data/partitions.toml and data/endpoints.toml from an installed botocore.

    python3 protocol/catalog/scripts/partitions.py [--date YYYY-MM-DD]

Where a service is offered comes from botocore's endpoints.json; host names come from each
service's own endpoint rules, asked for every region and variant. What follows the rule of its
variant is not written. Before writing, everything written is read back and compared with what
the endpoint rules said; a difference ends the script.

The list of opt-in regions is not in botocore: data/opt_in_regions.toml is kept by hand.
"""

import argparse
import datetime
import json
import pathlib
import re
import sys

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader

DATA = pathlib.Path(__file__).parent.parent / "data"

# Name of a variant, its settings (FIPS, dual-stack), and the host of a service without quirks.
VARIANTS = {
    "plain": ((False, False), "{prefix}.{region}.{dns}"),
    "fips": ((True, False), "{prefix}-fips.{region}.{dns}"),
    "dual": ((False, True), "{prefix}.{region}.{dual}"),
    "fips_dual": ((True, True), "{prefix}-fips.{region}.{dual}"),
}
# Word of the list `offered` for a service that the partition has once.
GLOBAL = "global"

# Global services that a partition has though neither source says so.
ALSO_OFFERED = {("account", "aws-us-gov"), ("organizations", "aws-eusc")}


def read_partitions(loader):
    """The partitions: id, suffixes, home, what regions begin with, regions."""
    outputs = {p["id"]: p["outputs"] for p in loader.load_data("partitions")["partitions"]}
    partitions = []
    for part in loader.load_data("endpoints")["partitions"]:
        out = outputs[part["partition"]]
        partitions.append({
            "id": part["partition"],
            "dns_suffix": out["dnsSuffix"],
            "dual_stack_suffix": out["dualStackDnsSuffix"],
            "home": out["implicitGlobalRegion"],
            "prefixes": prefixes(part["regionRegex"]),
            "regions": sorted(part["regions"]),
            "services": part["services"],
        })
    return partitions


def prefixes(regex):
    """What the names of a partition's regions begin with, e.g. `us-gov-`."""
    text = regex.removeprefix("^").replace("\\-", "-").removesuffix("$")
    head = text.removesuffix("\\w+-\\d+")
    found = re.fullmatch(r"([a-z-]*)(?:\(([a-z|]+)\)-)?([a-z-]*)", head)
    if not found or head == text:
        sys.exit(f"regionRegex {regex} is not understood")
    before, words, after = found.groups()
    if words is None:
        return [before + after]
    return [f"{before}{word}-{after}" for word in words.split("|")]


def resolve(loader, partitions):
    """What the endpoint rules say: prefix -> (region, variant) -> (host, signing region),
    and prefix -> partitions that its rules name."""
    services = loader.list_available_services("service-2")
    metadata = {s: loader.load_service_model(s, "service-2")["metadata"] for s in services}
    # Where services share a prefix, the one of that name speaks for it.
    services.sort(key=lambda s: (s != metadata[s]["endpointPrefix"], s))
    rules = loader.load_data("partitions")
    resolved, named = {}, {}
    for service in services:
        prefix = metadata[service]["endpointPrefix"]
        rule_set = loader.load_service_model(service, "endpoint-rule-set-1")
        provider = EndpointProvider(rule_set, rules)
        answers = {}
        for part in partitions:
            for region in part["regions"]:
                for variant, ((fips, dual), _) in VARIANTS.items():
                    answer = ask(provider, region, fips, dual)
                    if answer:
                        answers[region, variant] = answer
        if answers and prefix not in resolved:
            resolved[prefix] = answers
            text = json.dumps(rule_set)
            named[prefix] = {part["id"] for part in partitions if f'"{part["id"]}"' in text}
    return resolved, named


def ask(provider, region, fips, dual):
    """Host and signing region (none: the region), or nothing where the rules refuse."""
    try:
        found = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual)
    except EndpointProviderError:
        return None
    host = found.url.removeprefix("https://")
    if "/" in host:
        return None
    schemes = found.properties.get("authSchemes", [{}])
    return host, schemes[0].get("signingRegion")


def offered(partitions, prefix):
    """Partition -> regions (and `global`) of endpoints.json, or nothing if it has no such name."""
    if not any(prefix in part["services"] for part in partitions):
        return None
    found = {}
    for part in partitions:
        service = part["services"].get(prefix)
        if service is None:
            continue
        endpoints = service["endpoints"]
        places = [r for r in part["regions"] if r in endpoints and not endpoints[r].get("deprecated")]
        if service.get("partitionEndpoint") in endpoints:
            places.insert(0, GLOBAL)
        if places:
            found[part["id"]] = places
    return found


def variant_places(part, prefix, variant):
    """The regions (and `global`) for which endpoints.json has a host of a variant."""
    service = part["services"].get(prefix)
    if service is None:
        return set()
    tags = {"fips": {"fips"}, "dual": {"dualstack"}, "fips_dual": {"fips", "dualstack"}}[variant]
    places = set()
    for name, endpoint in service["endpoints"].items():
        place = GLOBAL if name == service.get("partitionEndpoint") else name
        if any(set(v["tags"]) == tags for v in endpoint.get("variants", [])):
            places.add(place)
        # The older way to write it: an endpoint of its own, named for its region.
        if variant == "fips" and endpoint.get("deprecated") and "fips" in name:
            region = endpoint.get("credentialScope", {}).get("region")
            places.add(region if region in part["regions"] else place)
    return places & {GLOBAL, *part["regions"]}


def template(host, prefix, region, part):
    """A host with its variable parts by name."""
    for word, value in (("dual", part["dual_stack_suffix"]), ("dns", part["dns_suffix"])):
        if host.endswith("." + value):
            host = host.removesuffix(value) + "{" + word + "}"
            break
    host = re.sub(rf"(^|[.]){re.escape(region)}([.])", r"\1{region}\2", host)
    if re.match(rf"{re.escape(prefix)}[.-]", host):
        host = "{prefix}" + host.removeprefix(prefix)
    return host


def expand(text, prefix, region, part):
    """The host that a template stands for."""
    values = {"prefix": prefix, "region": region, "dns": part["dns_suffix"],
              "dual": part["dual_stack_suffix"]}
    return re.sub(r"\{(\w+)\}", lambda m: values[m[1]], text)


def most_common(values):
    values = list(values)
    return max(sorted(set(values)), key=values.count)


def describe(prefix, answers, named, partitions):
    """The record of a service: what differs from the rules, and where variants exist."""
    record = {}
    listed = offered(partitions, prefix)
    homes = global_homes(answers, partitions)
    if listed is not None:
        also = named | {part for service, part in ALSO_OFFERED if service == prefix}
        listed |= {part: [GLOBAL] for part in also & homes.keys() if part not in listed}
        record["offered"] = {
            part["id"]: shorten(listed[part["id"]], part) for part in partitions
            if part["id"] in listed
        }
    if homes:
        record["global"] = homes
    others = [part for part in partitions if part["id"] not in homes]
    for variant, (_, rule) in VARIANTS.items():
        quirks = hosts_beside_the_rule(prefix, answers, others, variant, rule)
        if quirks:
            record[variant] = quirks
    if listed is not None:
        record.update(variants_offered(prefix, answers, partitions, listed, homes))
    return record


def global_homes(answers, partitions):
    """Partition -> hosts of a service, if every region of partition aws has the same host."""
    aws = [answers.get((region, "plain")) for region in partitions[0]["regions"]]
    if len(set(aws)) != 1 or aws[0] is None:
        return {}
    homes = {}
    for part in partitions:
        found = {}
        for variant in VARIANTS:
            hosts = {answers.get((region, variant)) for region in part["regions"]}
            if len(hosts) == 1 and None not in hosts:
                host, region = hosts.pop()
                found[variant] = [host, region or part["home"]]
        if "plain" in found:
            homes[part["id"]] = found
    return homes


def hosts_beside_the_rule(prefix, answers, partitions, variant, rule):
    """`*`, a partition or a region -> template; the most exact name counts."""
    told = {}
    for part in partitions:
        for region in part["regions"]:
            if (region, variant) in answers:
                host = answers[region, variant][0]
                text = template(host, prefix, region, part)
                told.setdefault(part["id"], {})[region] = text
    if not told:
        return {}
    common = most_common(text for regions in told.values() for text in regions.values())
    quirks = {} if common == rule else {"*": common}
    for partition, regions in told.items():
        usual = most_common(regions.values())
        if usual != common:
            quirks[partition] = usual
        quirks.update({r: text for r, text in regions.items() if text != usual})
    return quirks


def variants_offered(prefix, answers, partitions, listed, homes):
    """Where a service that the table lists has hosts of a variant: where endpoints.json has one,
    or where the endpoint rules name one of the region's own."""
    places = {}
    for variant in ("fips", "dual"):
        usual = usual_template(prefix, answers, partitions, variant)
        for part in partitions:
            found = variant_places(part, prefix, variant)
            if part["id"] in homes:
                found &= {GLOBAL}
            else:
                found |= {
                    region for region in part["regions"] if (region, variant) in answers
                    and template(answers[region, variant][0], prefix, region, part) != usual
                }
            places[variant, part["id"]] = found & {GLOBAL, *listed.get(part["id"], [])}
    for part in partitions:
        both = places["fips", part["id"]] & places["dual", part["id"]]
        listed_both = variant_places(part, prefix, "fips_dual")
        places["fips_dual", part["id"]] = both | (listed_both & {*listed.get(part["id"], [])})
    record = {}
    for variant in ("fips", "dual", "fips_dual"):
        told = {
            part["id"]: shorten(sorted(places[variant, part["id"]]), part)
            for part in partitions if places[variant, part["id"]]
        }
        if told:
            record[f"{variant}_in"] = told
    return record


def usual_template(prefix, answers, partitions, variant):
    """The template of most regions; dual-stack hosts of a shape of their own are never usual."""
    rule = VARIANTS[variant][1]
    if variant == "dual":
        return rule
    told = [
        template(answers[region, variant][0], prefix, region, part)
        for part in partitions for region in part["regions"] if (region, variant) in answers
    ]
    return most_common(told) if told else rule


def shorten(places, part):
    """`*` and what is not in it, where that is shorter than the list."""
    regions = [p for p in places if p != GLOBAL]
    rest = [f"-{r}" for r in part["regions"] if r not in regions]
    if regions and len(rest) < len(regions):
        regions = ["*", *rest]
    return [p for p in places if p == GLOBAL] + regions


def verify(records, resolved, partitions):
    """Compares what was written with what the endpoint rules said."""
    for prefix, answers in resolved.items():
        record = records.get(prefix, {})
        for part in partitions:
            home = record.get("global", {}).get(part["id"])
            for region in part["regions"]:
                for variant, (_, rule) in VARIANTS.items():
                    said = answers.get((region, variant))
                    if said is None:
                        continue
                    if home and variant not in home:
                        continue  # The rules do not agree on one host: we have none.
                    if home:
                        ours = tuple(home[variant])
                        said = (said[0], said[1] or part["home"])
                    else:
                        quirks = record.get(variant, {})
                        text = quirks.get(region, quirks.get(part["id"], quirks.get("*", rule)))
                        ours = (expand(text, prefix, region, part), said[1])
                        if said[1] not in (None, region, "*"):
                            sys.exit(f"{prefix} in {region} is signed for {said[1]}")
                    if ours != said:
                        sys.exit(f"{prefix} in {region}, {variant}: {ours} is not {said}")


def toml(value):
    """A value as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key(k)} = {toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def key(text):
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else json.dumps(text)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--date", default=datetime.date.today().isoformat())
    date = arguments.parse_args().date

    loader = Loader()
    partitions = read_partitions(loader)
    resolved, named = resolve(loader, partitions)
    names = {*resolved, *(s for part in partitions for s in part["services"])}
    records = {
        name: describe(name, resolved.get(name, {}), named.get(name, set()), partitions)
        for name in sorted(names)
    }
    records = {name: record for name, record in records.items() if record}
    verify(records, resolved, partitions)

    head = f"# Made by scripts/partitions.py from botocore {botocore.__version__}; do not edit.\n"
    with open(DATA / "partitions.toml", "w", encoding="utf-8") as out:
        out.write(head)
        out.write(f'\nmade_on = "{date}"\nbotocore = "{botocore.__version__}"\n')
        out.write("# A no of these tables skips a call for so many days after they were made.\nfresh_days = 180\n")
        for part in partitions:
            out.write("\n[[partition]]\n")
            for name, value in part.items():
                if name != "services":
                    out.write(f"{key(name)} = {toml(value)}\n")
    with open(DATA / "endpoints.toml", "w", encoding="utf-8") as out:
        out.write(head + HOW_TO_READ)
        for name, record in records.items():
            out.write(f"\n[{key(name)}]\n")
            for word, value in record.items():
                out.write(f"{word} = {toml(value)}\n")
    print(f"{len(partitions)} partitions, {len(records)} services")


HOW_TO_READ = """#
# By endpoint prefix. A service whose record lacks a word follows the rule.
# offered     by partition: where. `global`: once for the partition; `*`: every region; `-r`: but not r.
#             A service without it is in no table of regions.
# global      by partition: the one host of each variant, and the region that it is signed for.
# plain, fips, dual, fips_dual
#             by region, partition or `*` (the most exact counts): the host. The rules are
#             {prefix}.{region}.{dns}  {prefix}-fips.{region}.{dns}  {prefix}.{region}.{dual}  {prefix}-fips.{region}.{dual}
# fips_in, dual_in, fips_dual_in
#             where such a host exists; for a service without `offered`, wherever it is.
"""

if __name__ == "__main__":
    main()
