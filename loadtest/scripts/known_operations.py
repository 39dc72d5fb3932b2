"""Writes what botocore's models know of AWS's read operations and AssumeRole: data/known_operations.txt.

The stand-in refuses every operation, path and parameter that is not in this file. It is made from
botocore alone and never looks at the catalog, so that a mistake in a catalog entry cannot hide in it.

    pip install botocore && python3 loadtest/scripts/known_operations.py

Format, one record a line, fields parted by tabs:

    botocore <version>
    service <name> <protocol> <signing name> <endpoint prefix> <api version> <target prefix or ->
    <operation> <method> <path> <member> <member> ...

A member is `[!]PLACE:WIRE_NAME:TYPE[:MIN[:MAX]]`; `!` says that it is required. PLACE is `u` (path), `q` (query
string), `h` (header), `b` (body). TYPE is `s` text, `i` integer, `f` number, `t` true or false, `d` date, `x`
bytes, `o` structure or map, `l` list; for query and ec2 a list's wire name ends where its index begins
(`Filters.Filter.`, `Owner.`).
"""

import pathlib

import botocore
import botocore.session

READS = ("List", "Describe", "Get", "Search", "BatchGet", "Lookup", "Head", "Query", "View", "AssumeRole")
PROTOCOLS = ("json", "query", "ec2", "rest-json", "rest-xml")
TYPES = {
    "string": "s", "character": "s", "integer": "i", "long": "i", "float": "f", "double": "f",
    "boolean": "t", "timestamp": "d", "blob": "x", "structure": "o", "map": "o", "list": "l",
}
PLACES = {"uri": "u", "querystring": "q", "header": "h", "headers": "h"}


def protocols_of(model):
    """The protocols that a service speaks, but for CBOR."""
    named = model.metadata.get("protocols") or [model.metadata["protocol"]]
    return [name for name in named if name in PROTOCOLS]


def wire_name(protocol, member_name, shape):
    """The name of a top-level member as it stands in a request."""
    serial = shape.serialization
    name = serial.get("name", member_name)
    if protocol == "ec2":
        name = serial.get("queryName") or (name[0].upper() + name[1:])
    if protocol in ("query", "ec2") and shape.type_name == "list":
        if protocol == "ec2":
            return name + "."
        if serial.get("flattened"):
            return shape.member.serialization.get("name", name) + "."
        return f"{name}.{shape.member.serialization.get('name', 'member')}."
    if protocol in ("query", "ec2") and shape.type_name in ("structure", "map"):
        return name + "."
    return name


def member(protocol, operation, name, shape):
    """One member of an operation's input, as text."""
    place = PLACES.get(shape.serialization.get("location"), "b")
    wire = wire_name(protocol, name, shape)
    text = f"{place}:{wire}:{TYPES[shape.type_name]}"
    if shape.type_name in ("integer", "long"):
        limits = [str(shape.metadata.get(key, "")) for key in ("min", "max")]
        text += (":" + ":".join(limits)).rstrip(":")
    return ("!" if name in operation.input_shape.required_members else "") + text


def operation_line(protocol, operation):
    """One operation, as a line."""
    fields = [operation.name, operation.http["method"], operation.http["requestUri"]]
    if operation.input_shape:
        for name, shape in sorted(operation.input_shape.members.items()):
            fields.append(member(protocol, operation, name, shape))
    return "\t".join(fields)


def service_lines(service, model, protocol):
    """A service in one of its protocols, as lines."""
    facts = model.metadata
    version = "-" + facts.get("jsonVersion", "1.1") if protocol == "json" else ""
    yield "\t".join([
        "service", service, protocol + version, model.signing_name, model.endpoint_prefix, model.api_version,
        facts.get("targetPrefix", "-"),
    ])
    for name in model.operation_names:
        if name.startswith(READS):
            yield operation_line(protocol, model.operation_model(name))


def main():
    """Writes the file."""
    session = botocore.session.Session()
    lines = [f"botocore\t{botocore.__version__}"]
    for service in sorted(session.get_available_services()):
        model = session.get_service_model(service)
        for protocol in protocols_of(model):
            lines.extend(service_lines(service, model, protocol))
    target = pathlib.Path(__file__).parent.parent / "data" / "known_operations.txt"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(lines)} lines, {target.stat().st_size} bytes")


main()
