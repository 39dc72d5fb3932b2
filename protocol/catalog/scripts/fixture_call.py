"""One call of a probe: its paths and pages held against the model, and its fixtures."""

import json
import re

import fixture_values as values
from fixture_request import Request
from fixture_values import ACCOUNT
from fixture_wire import EACH, MEMBER, Wrong, answer, body_root, reach, resolve, text

TOKEN = "token-of-page-2"


class Call(Request):
    """One call of a probe, beside the model of its operation."""

    def __init__(self, entry, probe, call, parent, client, region, pages):
        super().__init__(entry, call, client, region)
        self.probe, self.parent, self.pages = probe, parent, pages
        self.judges = entry["origin"] == "curated"
        self.seen = []
        self.prefix, body = body_root(self.operation.output_shape, self.protocol)
        below, self.leaf = resolve(body, call["items"], self.protocol)
        self.items = self.prefix + below
        self.body = body
        self.id_path = call.get("id")
        self.id = None
        if self.id_path is not None:
            self.id, shape = resolve(self.leaf, self.id_path, self.protocol)
            if shape.type_name not in ("string", "integer", "long"):
                raise Wrong(f"id {self.id_path} is a {shape.type_name}")
        self.conditions = {}
        children = [c for c in probe["call"] if c.get("for_each") == call["name"]]
        self.asked = [c for key in ("own", "on") for c in call.get(key, [])]
        self.where = [c for child in children for c in child.get("where", [])]
        for condition in self.asked + self.where:
            self.conditions[id(condition)] = self.below(condition["path"])
        self.keep = {name: self.below(path) for name, path in call.get("keep", {}).items()}
        self.documents = {name: self.below(path) for name, path in call.get("documents", {}).items()}
        self.home = self.below(call["home"]) if "home" in call else None
        self.inputs = {path: self.below(path) for child in children for path in item_paths(child)}
        self.failures = self.failing()
        self.check_paging()

    def failing(self):
        """Where an answer tells failures: the steps to them, their shape, the steps to code and message."""
        told = self.call.get("failures")
        if told is None:
            names = list(self.body.members) if self.body and self.body.type_name == "structure" else []
            lists = [n for n in names if self.body.members[n].type_name == "list"]
            missed = [n for n in lists if re.search(r"(?i)fail|unprocessed|unsuccessful|errors", n)]
            if missed:
                raise Wrong(f"it tells failures in {', '.join(missed)}")
            return None
        steps, leaf = resolve(self.body, told["path"], self.protocol)
        names = [name for name in ("code", "message") if name in told]
        named = {name: resolve(leaf, told[name], self.protocol) for name in names}
        for name, (_, shape) in named.items():
            if shape.type_name != "string":
                raise Wrong(f"failures {name} {told[name]} is a {shape.type_name}")
        return self.prefix + steps, leaf, named

    def below(self, path):
        """A path in a thing as (steps, shape)."""
        return resolve(self.leaf, path, self.protocol)

    def check_paging(self):
        """Compares the entry's paging with botocore's paginator and with the shapes."""
        page, known = self.call.get("page"), self.pages
        if page is None:
            names = list(self.operation.output_shape.members) if self.operation.output_shape else []
            token = [n for n in names if re.fullmatch(r"(?i)(next_?(page)?token|nextmarker|marker|position)", n)]
            if known or token:
                raise Wrong(f"it has pages: {json.dumps(known) if known else token}")
            return
        name, _ = self.member(page["input"], self.page_place())
        steps, _ = self.token_path(page["output"])
        dotted = ".".join(s[1] for s in steps if s[0] == MEMBER)
        more = None
        if "more" in page:
            below, shape = resolve(self.body, page["more"], self.protocol)
            more = ".".join(s[1] for s in self.prefix + below)
            if shape.type_name != "boolean":
                raise Wrong(f"page more {page['more']} is a {shape.type_name}")
        if known:
            if known["input_token"] != name:
                raise Wrong(f"page input: botocore says {known['input_token']}")
            if dotted not in known["output_token"]:
                raise Wrong(f"page output: botocore says {known['output_token']}, not {dotted}")
            if known.get("more_results") not in (None, more):
                raise Wrong(f"page more: botocore says {known['more_results']}")
        size = page.get("size")
        if size is None:
            limit = known and known.get("limit_key")
            if limit and (self.judges or "max" in self.input.members[limit].metadata):
                raise Wrong(f"page size: botocore says {limit}")
            return
        limit, shape = self.member(size["input"], self.page_place())
        if known and known.get("limit_key") not in (None, limit):
            raise Wrong(f"page size: botocore says {known['limit_key']}")
        low, high = shape.metadata.get("min", 1), shape.metadata.get("max")
        if shape.type_name in ("integer", "long") and not low <= size["value"] <= (high or size["value"]):
            raise Wrong(f"page size {size['value']} is not in {low}..{high}")

    def token(self):
        """A token for the second page that the model takes."""
        _, shape = self.token_path(self.call["page"]["output"])
        if shape.type_name in ("integer", "long"):
            return "2"
        _, asked = self.member(self.call["page"]["input"], self.page_place())
        return TOKEN.ljust(asked.metadata.get("min", 0), "-")

    def token_path(self, path):
        """The steps to the token, and its shape."""
        steps, shape = resolve(self.body, path, self.protocol)
        return self.prefix + steps, shape

    def things(self):
        """Two things that pass every condition, then one for each condition that fails just it.

        What a child's `where` asks may contradict `own`: then one thing passes the `where` alone.
        """
        number = iter(range(1, 100))
        filled = []
        for steps, shape in self.wanted():
            filled.append((steps, shape, steps[-1][1] if steps and steps[-1][0] == MEMBER else self.call["name"]))
        documents = {tuple(steps) for steps, _ in self.documents.values()}

        def make(conditions, failing=None):
            held = [(c, *self.conditions[id(c)]) for c in conditions]
            return values.thing(self.leaf, filled, held, failing, next(number), self.entry["service"], documents)

        if not self.where:
            return [make(self.asked), make(self.asked)] + [make(self.asked, c) for c in self.asked]
        if not self.asked:
            return [make(self.where), make(self.where)] + [make(self.where, c) for c in self.where]
        return [make(self.asked), make(self.asked)] + [make(self.asked, c) for c in self.asked] + [make(self.where)]

    def wanted(self):
        """Every place in a thing that the entry reads."""
        out = []
        if self.id is not None:
            out.append(self.below(self.id_path))
        out += list(self.keep.values()) + list(self.documents.values()) + list(self.inputs.values())
        if self.home:
            out.append(self.home)
        return out

    def page_value(self, things, token):
        """An answer in model names: the things, and what says that there is more."""
        steps, page = self.items, self.call.get("page")
        if things:
            made = values.place(steps, things)
        else:
            made = {}
            cut = next((i for i, s in enumerate(steps) if s[0] == EACH), None)
            if cut:
                values.put(made, steps[:cut], [])
        if not isinstance(made, dict):
            return {self.prefix[0][1]: made} if self.prefix else made
        if self.prefix and not things:
            made.setdefault(self.prefix[0][1], {})
        if page:
            path, shape = self.token_path(page["output"])
            if token:
                values.put(made, path, values.cast(shape, token))
            elif self.protocol == "rest-json" and shape.type_name == "string" and len(path) == 1:
                made[path[0][1]] = None
            if "more" in page:
                more, _ = resolve(self.body, page["more"], self.protocol)
                values.put(made, self.prefix + more, token is not None)
        return made

    def row(self, case, things, token=None, request_token=None, with_request=True):
        """One fixture: an answer, and what botocore finds in it."""
        page = self.call.get("page")
        value = self.page_value(things, token)
        headers, body = answer(self.operation, value, self.protocol)
        request, parsed = self.send(self.parameters(request_token), body, headers)
        self.compare(request, request_token)
        found = values.ids(
            parsed,
            self.items,
            self.id,
            self.call.get("own", []),
            self.conditions,
            self.item["id"] if self.item else ACCOUNT,
        )
        if len(found) != len(things):
            raise Wrong(f"botocore finds {len(found)} of {len(things)} things by {self.call['items']} ({case})")
        on = False
        tests = self.call.get("on", [])
        if self.probe["judgement"] == "switch" and (tests or self.call.get("counts", True)):
            on = any(
                (own or tests) and all(values.holds(c, reach(one, self.conditions[id(c)][0])) for c in tests)
                for _, own, one in found
            )
        next_token = None
        if page and token:
            steps, _ = self.token_path(page["output"])
            tokens = reach(parsed, steps)
            if len(tokens) != 1:
                raise Wrong(f"botocore finds {len(tokens)} tokens by {page['output']}")
            next_token = text(tokens[0])
        out = {"probe": self.probe["id"], "call": self.call["name"], "operation": self.operation.name, "case": case}
        if self.item:
            out["item"] = self.item
        if with_request:
            out["request"] = request
        out["http"] = {"status": 200, "headers": headers, "body": body}
        out |= {
            "expected_ids": [i for i, _, _ in found],
            "own_ids": [i for i, own, _ in found if own],
            "on": on,
            "next_token": next_token,
        }
        self.seen += [(i, one) for i, _, one in found]
        return out

    def failed_row(self):
        """The fixture of an answer that is a success and tells a failure."""
        steps, leaf, named = self.failures
        filled = [(path, shape, path[-1][1]) for path, shape in named.values()]
        failure = values.thing(leaf, filled, [], None, 1, self.entry["service"], set())
        value = self.page_value([], None)
        values.put(value, steps, failure)
        headers, body = answer(self.operation, value, self.protocol)
        _, parsed = self.send(self.parameters(None), body, headers)
        found = reach(parsed, steps)
        if len(found) != 1:
            raise Wrong(f"botocore finds {len(found)} of 1 failure by {self.call['failures']['path']}")
        told = {name: text(reach(found[0], path)[0]) for name, (path, _) in named.items()}
        out = {"probe": self.probe["id"], "call": self.call["name"], "operation": self.operation.name, "case": "failed"}
        if self.item:
            out["item"] = self.item
        out["http"] = {"status": 200, "headers": headers, "body": body}
        out["failure"] = {"code": told["code"], "message": told.get("message", "")}
        return out | {"expected_ids": [], "own_ids": [], "on": False, "next_token": None}

    def rows(self):
        """All fixtures of this call."""
        return self.answered_rows() + ([self.failed_row()] if self.failures else [])

    def answered_rows(self):
        """The fixtures of answers that tell no failure."""
        things = [one for one in self.things() if not self.id or reach(one, self.id)]
        listed = any(step[0] == EACH for step in self.items)
        if not listed:
            cases = [("only", things[:1])] + [(f"other-{n}", [one]) for n, one in enumerate(things[2:], 1)]
            if self.call.get("on"):
                cases = [(name.replace("only", "on").replace("other", "off"), one) for name, one in cases]
            return [self.row(name, one, with_request=index == 0) for index, (name, one) in enumerate(cases)]
        if self.call.get("on") and "page" not in self.call:
            out = [self.row("on", things)]
            out += [self.row(f"off-{n}", [one], with_request=False) for n, one in enumerate(things[2:], 1)]
            return [*out, self.row("empty", [], with_request=False)]
        if "page" not in self.call:
            return [self.row("only", things), self.row("empty", [], with_request=False)]
        token = self.token()
        first = self.row("first", things[:1] + things[2:], token=token)
        last = self.row("last", things[1:2], request_token=first["next_token"])
        return [first, last, self.row("empty", [], with_request=False)]

    def parent_item(self, child):
        """The thing for which a child's call is shown: the first that its `where` lets through."""
        for found, one in self.seen:
            if all(values.holds(c, reach(one, self.conditions[id(c)][0])) for c in child.get("where", [])):
                inputs = {}
                for path in item_paths(child):
                    got = reach(one, self.inputs[path][0])
                    if not got:
                        raise Wrong(f"{self.call['name']} has no {path} for {child['name']}")
                    inputs[path] = text(got[0])
                return {"id": found, "inputs": inputs}
        raise Wrong(f"nothing of {self.call['name']} passes the `where` of {child['name']}")


def item_paths(child):
    """The `{item.PATH}`s of a call's templates."""
    shown = {key: child[key] for key in ("path", "query", "headers", "params", "host", "region") if key in child}
    return sorted(set(re.findall(r"\{item\.([^{}]+)\}", json.dumps(shown))))
