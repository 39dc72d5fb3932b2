"""Wire names: from a catalog path to botocore's model names, and from values to bytes.

Nothing here reads a catalog's paths into answers: they are only translated into model names, so
that botocore's own parser can be asked for the things that a path is meant to find.
"""

import base64
import json
from xml.sax.saxutils import escape

MEMBER, EACH = "member", "each"


class Wrong(Exception):
    """An entry says something that the model does not know."""


def is_xml(protocol):
    """Whether answers are XML."""
    return protocol in ("query", "ec2", "rest-xml")


def wire_name(shape, name, protocol):
    """The name that a member has in an answer."""
    if is_xml(protocol) and shape.type_name == "list" and shape.serialization.get("flattened"):
        item = shape.member.serialization.get("name")
        if item is not None:
            return item
    if protocol in ("json", "query-compatible"):
        return name
    return shape.serialization.get("name", name)


def item_name(shape):
    """The name of a list's elements where the list is not flat."""
    return shape.member.serialization.get("name", "member")


def is_payload(shape):
    """Whether a structure's answer body is one member of it; then that member's name."""
    return shape.serialization.get("payload")


def body_root(output, protocol):
    """Where paths start: the model steps to the body, and its shape."""
    if output is None:
        raise Wrong("the operation answers nothing")
    if protocol.startswith("rest"):
        member = is_payload(output)
        if member:
            return [(MEMBER, member)], output.members[member]
    return [], output


def resolve(shape, path, protocol):
    """Translates a wire path below `shape` into model steps; gives the steps and the last shape."""
    steps = []
    if path == "@":
        return steps, shape
    segments = path.split(".")
    at = 0
    while at < len(segments):
        segment = segments[at]
        each = segment.endswith("[]")
        word = segment[:-2] if each else segment
        at += 1
        if shape.type_name == "map":
            steps.append((MEMBER, word))
            shape = shape.value
            continue
        if shape.type_name != "structure":
            raise Wrong(f"path {path}: {word} is asked of a {shape.type_name} ({shape.name})")
        known = {wire_name(member, name, protocol): name for name, member in shape.members.items()}
        if word not in known:
            raise Wrong(f"path {path}: {shape.name} has no {word}; it has {', '.join(known)}")
        steps.append((MEMBER, known[word]))
        shape = shape.members[known[word]]
        if shape.type_name != "list":
            if each:
                raise Wrong(f"path {path}: {word} is a {shape.type_name}, not a list")
            continue
        wrapped = is_xml(protocol) and not shape.serialization.get("flattened")
        if wrapped:
            if each:
                raise Wrong(f"path {path}: {word} holds {item_name(shape)}[], it is not flat")
            if at == len(segments):
                continue
            if segments[at] != item_name(shape) + "[]":
                raise Wrong(f"path {path}: {word} holds {item_name(shape)}[], not {segments[at]}")
            at += 1
        elif not each:
            if at == len(segments):
                continue
            raise Wrong(f"path {path}: {word} is a list and needs []")
        steps.append((EACH,))
        shape = shape.member
    return steps, shape


def reach(value, steps):
    """The values that model steps lead to in what botocore parsed."""
    found = [value]
    for step in steps:
        if step[0] == MEMBER:
            found = [v[step[1]] for v in found if isinstance(v, dict) and step[1] in v]
        else:
            found = [one for v in found if isinstance(v, list) for one in v]
    return found


def text(value):
    """A value as the text that conditions compare."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode()
    return str(value)


def _stamp(shape, value, default):
    kind = shape.serialization.get("timestampFormat", default)
    if kind == "iso8601":
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "rfc822":
        return value.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return int(value.timestamp())


def to_json(shape, value, protocol):
    """A value in model names as the JSON that AWS would answer."""
    kind = shape.type_name
    if value is None:
        return None
    if kind == "structure":
        return {
            wire_name(shape.members[name], name, protocol): to_json(shape.members[name], one, protocol)
            for name, one in value.items()
            if shape.members[name].serialization.get("location") in (None, "")
        }
    if kind == "list":
        return [to_json(shape.member, one, protocol) for one in value]
    if kind == "map":
        return {key: to_json(shape.value, one, protocol) for key, one in value.items()}
    if kind == "timestamp":
        return _stamp(shape, value, "unixTimestamp")
    if kind == "blob":
        return base64.b64encode(value).decode()
    return value


def to_xml(shape, value, name, protocol):
    """A value in model names as the XML element `name` that AWS would answer."""
    kind = shape.type_name
    if kind == "structure":
        inner = "".join(_member_xml(shape.members[key], one, key, protocol) for key, one in value.items())
        return f"<{name}>{inner}</{name}>"
    if kind == "list":
        if shape.serialization.get("flattened"):
            return "".join(to_xml(shape.member, one, name, protocol) for one in value)
        inner = "".join(to_xml(shape.member, one, item_name(shape), protocol) for one in value)
        return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"
    if kind == "map":
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        rows = [
            f"<{key_name}>{escape(key)}</{key_name}>" + to_xml(shape.value, one, value_name, protocol)
            for key, one in value.items()
        ]
        if shape.serialization.get("flattened"):
            return "".join(f"<{name}>{row}</{name}>" for row in rows)
        return f"<{name}>" + "".join(f"<entry>{row}</entry>" for row in rows) + f"</{name}>"
    if kind == "timestamp":
        return f"<{name}>{_stamp(shape, value, 'iso8601')}</{name}>"
    if kind == "blob":
        return f"<{name}>{base64.b64encode(value).decode()}</{name}>"
    return f"<{name}>{escape(text(value))}</{name}>"


def _member_xml(shape, value, key, protocol):
    if shape.serialization.get("location") or value is None:
        return ""
    return to_xml(shape, value, wire_name(shape, key, protocol), protocol)


def answer(operation, value, protocol):
    """The headers and the body with which AWS would answer `value` (in model names)."""
    output = operation.output_shape
    service = operation.service_model
    headers = {"x-amzn-RequestId": "0d1e2f3a-0000-4000-8000-000000000001"}
    prefix, root = body_root(output, protocol)
    body = value[prefix[0][1]] if prefix else value
    if protocol.startswith("rest"):
        for name, member in output.members.items():
            if member.serialization.get("location") == "header" and value.get(name) is not None:
                headers[member.serialization["name"]] = text(value[name])
    if root.type_name in ("string", "blob") and prefix:
        headers["Content-Type"] = "application/json"
        return headers, text(body)
    if not is_xml(protocol):
        version = service.metadata.get("jsonVersion", "1.1")
        headers["Content-Type"] = "application/json" if protocol == "rest-json" else f"application/x-amz-json-{version}"
        return headers, json.dumps(to_json(root, body, protocol), separators=(",", ":"))
    headers["Content-Type"] = "text/xml;charset=UTF-8"
    space = (
        service.metadata.get("xmlNamespace")
        or f"http://{service.endpoint_prefix}.amazonaws.com/doc/{service.api_version}/"
    )
    if isinstance(space, dict):
        space = space["uri"]
    inner = "".join(_member_xml(root.members[key], one, key, protocol) for key, one in body.items())
    request = "<RequestId>0d1e2f3a-0000-4000-8000-000000000001</RequestId>"
    if protocol == "query":
        wrapper = output.serialization.get("resultWrapper")
        inner = f"<{wrapper}>{inner}</{wrapper}>" if wrapper else inner
        inner += f"<ResponseMetadata>{request}</ResponseMetadata>"
    elif protocol == "ec2":
        inner = request.replace("RequestId", "requestId") + inner
    name = f"{operation.name}Response"
    if protocol == "rest-xml":
        name = root.serialization.get("name", root.name if prefix else f"{operation.name}Result")
    return headers, f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{space}">{inner}</{name}>'
