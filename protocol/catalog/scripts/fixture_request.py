"""The request of a call: as botocore sends it, and as the entry says it."""

import json
import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import botocore.awsrequest
import botocore.exceptions
import fixture_values as values
from fixture_models import PROTOCOLS, Raw
from fixture_values import ACCOUNT
from fixture_wire import Wrong, text

REGION = "eu-west-1"
KEPT_HEADERS = ("accept", "x-amz-glacier-version", "x-amz-account-id")


class Request:
    """What a call asks, beside the model of its operation."""

    def __init__(self, entry, call, client, region):
        self.entry, self.call, self.client, self.region = entry, call, client, region
        self.protocol = PROTOCOLS[entry["protocol"]]
        model = client.meta.service_model
        if call["operation"] not in model.operation_names:
            raise Wrong(f"the model has no operation {call['operation']}")
        self.operation = model.operation_model(call["operation"])
        self.input = self.operation.input_shape
        self.item = None

    def member(self, wire, location):
        """The model's name of an input that goes to `location` under the name `wire`."""
        shape = self.input
        if shape is None:
            raise Wrong(f"{self.operation.name} takes nothing, not {wire}")
        for name, member in shape.members.items():
            place = member.serialization.get("location")
            if place != location:
                continue
            known = member.serialization.get("name", name)
            if self.protocol == "json":
                known = name
            elif self.protocol in ("query", "ec2"):
                known = query_name(member, name, self.protocol)
            if known.lower() == wire.lower() if location == "header" else known == wire:
                return name, member
        there = [
            m.serialization.get("name", n)
            for n, m in shape.members.items()
            if m.serialization.get("location") == location
        ]
        raise Wrong(f"{self.operation.name} has no {location or 'body'} input {wire}; it has {there}")

    def fill(self, value, encode=False):
        """Fills the templates in a text, or in all texts of a value."""
        if isinstance(value, dict):
            return {key: self.fill(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        if not isinstance(value, str):
            return value

        def word(match):
            name = match.group(1)
            fixed = {"account": ACCOUNT, "region": REGION, "partition": "aws", "suffix": "amazonaws.com"}
            if name in fixed:
                found = fixed[name]
            elif self.item is None:
                raise Wrong(f"template {{{name}}} in a call without for_each")
            elif name == "item":
                found = self.item["id"]
            elif name.startswith("item.") and name[5:] in self.item["inputs"]:
                found = self.item["inputs"][name[5:]]
            else:
                raise Wrong(f"template {{{name}}} has no value")
            return quote(found, safe="-_.~") if encode else found

        return re.sub(r"\{([^{}]+)\}", word, value)

    def page_place(self):
        """Where page parameters go."""
        place = self.call["page"].get("place")
        if place:
            return {"query": "querystring", "header": "header", "body": None}[place]
        rest = self.protocol.startswith("rest")
        return "querystring" if rest and self.call.get("method", "GET") == "GET" else None

    def parameters(self, token):
        """The entry's fixed parameters in botocore's names."""
        made = {}
        call = self.call
        if self.protocol.startswith("rest"):
            self.bind_path(call.get("path", "/"), made)
            for wire, value in call.get("query", {}).items():
                self.bind_query(wire, self.fill(value), made)
            for wire, value in call.get("headers", {}).items():
                if wire.lower() not in ("accept", "x-amz-glacier-version"):
                    name, _ = self.member(wire, "header")
                    made[name] = self.fill(value)
            for wire, value in call.get("params", {}).items():
                name, shape = self.member(wire, None)
                made[name] = from_json(shape, self.fill(value), self.protocol)
        elif self.protocol == "json":
            made |= self.fill(call.get("params", {}))
        else:
            for wire, value in call.get("params", {}).items():
                unflatten(self.input, wire, self.fill(value), made, self.protocol)
        page = call.get("page")
        if page and "size" in page:
            name, shape = self.member(page["size"]["input"], self.page_place())
            made[name] = page["size"]["value"] if shape.type_name in ("integer", "long") else str(page["size"]["value"])
        if page and token:
            name, shape = self.member(page["input"], self.page_place())
            made[name] = int(token) if shape.type_name in ("integer", "long") else token
        return made

    def bind_path(self, path, made):
        """Reads the entry's path against the model's."""
        model, _, model_query = self.operation.http["requestUri"].partition("?")
        if "?" in path:
            raise Wrong("path holds `?`: use `query`")
        if self.call.get("method", "GET") != self.operation.http["method"]:
            raise Wrong(f"method: the model says {self.operation.http['method']}")
        fixed = dict(parse_qsl(model_query, keep_blank_values=True))
        for key, value in fixed.items():
            if self.call.get("query", {}).get(key) != value:
                raise Wrong(f"query: the model says {key}={value!r}")
        ours, theirs = path.split("/"), model.split("/")
        if len(ours) != len(theirs):
            raise Wrong(f"path: the model says {model}")
        for mine, other in zip(ours, theirs, strict=True):
            match = re.fullmatch(r"\{(.+?)\+?\}", other)
            if match:
                made[self.member(match.group(1), "uri")[0]] = self.fill(mine)
            elif mine != other:
                raise Wrong(f"path: the model says {model}")

    def bind_query(self, wire, value, made):
        """A fixed query parameter; those of the model's own path are not parameters."""
        _, _, model_query = self.operation.http["requestUri"].partition("?")
        if dict(parse_qsl(model_query, keep_blank_values=True)).get(wire) == value:
            return
        name, shape = self.member(wire, "querystring")
        made[name] = values.cast(shape, value)

    def send(self, params, body=None, headers=None, status=200):
        """What botocore would send, and what it parses from our answer."""
        seen = {}

        def stop(request, **_kwargs):
            seen["request"] = request
            return botocore.awsrequest.AWSResponse(request.url, status, headers or {}, Raw((body or "").encode()))

        self.client.meta.events.register("before-send", stop, unique_id="fixture")
        try:
            parsed = self.client._make_api_call(self.operation.name, params)
        except botocore.exceptions.ParamValidationError as error:
            raise Wrong(f"parameters: {error}") from error
        finally:
            self.client.meta.events.unregister("before-send", stop, unique_id="fixture")
        return self.read(seen["request"]), parsed

    def read(self, request):
        """A request as a fixture says it."""
        parts = urlsplit(request.url)
        headers = {k.lower(): v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
        scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", headers["authorization"])
        query = sorted(parse_qsl(parts.query, keep_blank_values=True))
        uri = parts.path or "/"
        if query:
            uri += "?" + "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query)
        body = request.body.decode() if isinstance(request.body, bytes) else (request.body or "")
        if self.protocol in ("query", "ec2"):
            body = dict(parse_qsl(body, keep_blank_values=True))
        else:
            body = json.loads(body) if body else None
            if self.protocol.startswith("rest") and not body:
                body = None
        return {
            "region": self.region,
            "host": parts.netloc,
            "signing_name": scope.group(2),
            "signing_region": scope.group(1),
            "method": request.method,
            "uri": uri,
            "target": headers.get("x-amz-target"),
            "headers": {k: headers[k] for k in KEPT_HEADERS if k in headers and headers[k] != "*/*"},
            "body": body,
        }

    def ours(self, token):
        """The request as the entry says it, to compare with botocore's."""
        call, page = self.call, self.call.get("page")
        query, body, headers = {}, {}, {}
        if self.protocol.startswith("rest"):
            query = dict(self.fill(call.get("query", {})))
            headers = {k.lower(): self.fill(v) for k, v in call.get("headers", {}).items()}
        places = {"querystring": query, None: body, "header": headers}
        body |= self.fill(call.get("params", {}))
        if page and "size" in page:
            places[self.page_place()][page["size"]["input"]] = page["size"]["value"]
        if page and token:
            places[self.page_place()][page["input"]] = token
        uri = self.fill(call.get("path", "/"), encode=True) if self.protocol.startswith("rest") else "/"
        if query:
            uri += "?" + "&".join(
                f"{quote(k, safe='-_.~')}={quote(text(v), safe='-_.~')}" for k, v in sorted(query.items())
            )
        if self.protocol in ("query", "ec2"):
            body = {k: text(v) for k, v in body.items()} | {
                "Action": self.operation.name,
                "Version": self.entry["api_version"],
            }
        return {
            "method": call.get("method", "GET") if self.protocol.startswith("rest") else "POST",
            "uri": uri,
            "target": f"{self.entry['target_prefix']}.{self.operation.name}" if self.protocol == "json" else None,
            "headers": headers,
            "body": None if not body and self.protocol.startswith("rest") else body,
        }

    def compare(self, theirs, token):
        """Fails where the entry's request is not botocore's."""
        mine = self.ours(token)
        for key, value in mine.items():
            other = theirs[key]
            if key == "uri":
                value, other = unquote(value), unquote(other)
            if value != other:
                raise Wrong(
                    f"request {key}: botocore sends {json.dumps(theirs[key])}, the entry {json.dumps(mine[key])}"
                )
        host = self.call.get("host")
        if host and self.fill(host) != theirs["host"]:
            raise Wrong(f"host: botocore asks {theirs['host']}, the entry {self.fill(host)}")
        if not host and (self.operation.endpoint or {}).get("hostPrefix"):
            raise Wrong(f"host: botocore asks {theirs['host']}, a host of its own")
        signed = self.entry.get("signing_name", self.entry["endpoint_prefix"])
        if theirs["signing_name"] != signed:
            raise Wrong(f"signing_name: botocore signs for {theirs['signing_name']}, the entry for {signed}")


def query_name(shape, name, protocol):
    """An input's name in a form."""
    if protocol == "ec2":
        if "queryName" in shape.serialization:
            return shape.serialization["queryName"]
        if "name" in shape.serialization:
            known = shape.serialization["name"]
            return known[0].upper() + known[1:]
        return name
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        return shape.member.serialization.get("name") or shape.serialization.get("name", name)
    return shape.serialization.get("name", name)


def unflatten(shape, wire, value, target, protocol):
    """Reads one `Name.member.1`-like parameter into botocore's nested names."""
    parts = wire.split(".")
    while True:
        if shape is None or shape.type_name != "structure":
            raise Wrong(f"params {wire}: nothing is left to name")
        known = {query_name(member, name, protocol): name for name, member in shape.members.items()}
        if parts[0] not in known:
            raise Wrong(f"params {wire}: no {parts[0]}; there are {', '.join(known)}")
        name = known[parts.pop(0)]
        shape = shape.members[name]
        if shape.type_name == "structure":
            target = target.setdefault(name, {})
            continue
        if shape.type_name != "list":
            if parts:
                raise Wrong(f"params {wire}: {name} is a {shape.type_name}")
            target[name] = values.cast(shape, text(value))
            return
        if protocol == "query" and not shape.serialization.get("flattened"):
            item = shape.member.serialization.get("name", "member")
            if not parts or parts.pop(0) != item:
                raise Wrong(f"params {wire}: {name} is a list of .{item}.N")
        if not parts or not parts[0].isdigit():
            raise Wrong(f"params {wire}: {name} is a list, a number must follow")
        index = int(parts.pop(0)) - 1
        held = target.setdefault(name, [])
        if shape.member.type_name != "structure":
            if index != len(held) or parts:
                raise Wrong(f"params {wire}: out of order")
            held.append(values.cast(shape.member, text(value)))
            return
        if index == len(held):
            held.append({})
        target, shape = held[index], shape.member


def from_json(shape, value, protocol):
    """A value in wire names as one in botocore's."""
    if shape.type_name == "structure" and isinstance(value, dict):
        known = {m.serialization.get("name", n): (n, m) for n, m in shape.members.items()}
        for key in value:
            if key not in known:
                raise Wrong(f"params: {shape.name} has no {key}; it has {', '.join(known)}")
        return {known[k][0]: from_json(known[k][1], v, protocol) for k, v in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [from_json(shape.member, one, protocol) for one in value]
    return value
