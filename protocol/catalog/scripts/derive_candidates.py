"""Which operation of a botocore service lists the customer's own things best: for derive.py."""

import re

# The order in which a service's protocols are preferred.
WIRES = ("json", "rest-json", "query", "rest-xml")

VERB = re.compile(r"^(List|Describe|Get)([A-Z0-9].*)$")
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

# An operation with one of these words lists AWS's own catalogue, or a log of what happened.
NEVER = set(
    """
    Type Types Version Versions Offering Offerings Engine Engines Voice Voices Quota Quotas
    Region Regions Endpoint Endpoints Tag Tags Foundation Limit Limits Status Statuses
    Event Events Finding Findings Metric Metrics History Histories Log Logs Usage Statistics
    Summary Overview Insights Insight Recommendation Recommendations Estimate Estimates Price Prices Pricing
    Supported Available Managed Builtin Default Public Curated Permission Permissions
    Secret Secrets Token Tokens Credential Credentials Password Passwords Key Keys Url Urls Session Sessions
    Error Errors Alert Alerts Notice Message Messages Update Updates Patch Patches
    Locations Countries Languages Blueprints Runtimes Families
    """.split()
)
# An operation with one of these words lists work, not things: better than nothing.
WORK = set(
    """
    Job Jobs Run Runs Execution Executions Task Tasks Operation Operations Activity Activities
    Request Requests Invitation Invitations Report Reports Query Queries Import Imports Export Exports
    Association Associations Member Members Share Shares Shared Subscription Subscriptions Revision Revisions
    Order Orders Migration Migrations Approval Approvals Invocation Invocations Batch
    """.split()
)
# A thing is the customer's when the service has an operation that makes one.
MAKES = (
    "Create", "Register", "Put", "Start", "Import", "Add", "Provision", "Allocate", "Launch",
    "Purchase", "Open", "Enable", "Associate", "Onboard", "Publish", "Update", "Delete",
)
TOKENS = (("NextMarker", "NextMarker"), ("nextToken", "nextToken"), ("NextToken", "NextToken"), ("Marker", "NextMarker"), ("Marker", "Marker"))
SIZES = ("maxResults", "MaxResults", "Limit", "limit", "MaxRecords", "PageSize", "pageSize", "MaxItems", "maxItems")
LARGEST_PAGE = 1000


class Model:
    """One service of botocore: its operations, shapes and paginators."""

    def __init__(self, loader, name):
        service = loader.load_service_model(name, "service-2")
        self.name = name
        self.metadata = service["metadata"]
        self.operations = service["operations"]
        self.shapes = service["shapes"]
        try:
            self.paginators = loader.load_service_model(name, "paginators-1")["pagination"]
        except Exception:  # noqa: BLE001 - botocore's own "unknown service" for no such file
            self.paginators = {}
        self.rules = loader.load_service_model(name, "endpoint-rule-set-1")

    @property
    def prefix(self):
        return self.metadata["endpointPrefix"]

    @property
    def signing_name(self):
        return self.metadata.get("signingName") or self.prefix

    @property
    def wire(self):
        spoken = self.metadata.get("protocols") or [self.metadata["protocol"]]
        return next((wire for wire in WIRES if wire in spoken), None)

    def members(self, reference):
        shape = self.shapes[reference["shape"]] if reference else {}
        return shape.get("members", {}), shape.get("required", [])


def words(name):
    return WORD.findall(name)


def singular(noun):
    for ending, instead in (("indices", "index"), ("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if noun.lower().endswith(ending):
            return noun[: -len(ending)] + (instead.capitalize() if noun == ending.capitalize() else instead)
    if noun.endswith(("ss", "us", "is")) or not noun.endswith("s"):
        return noun
    return noun[:-1]


class Candidate:
    """An operation that could be the one, with its score and how to call it."""

    def __init__(self, model, operation, notes):
        self.model = model
        self.operation = operation
        self.facts = model.operations[operation]
        self.notes = notes
        self.why = None
        self.score = 0.0
        self.reasons = []
        self.refuse = self.read()

    def read(self):
        """Reads the operation; answers why it cannot be used, or nothing."""
        match = VERB.match(self.operation)
        if not match:
            return "not a read"
        self.verb, self.noun = match.groups()
        if self.facts.get("deprecated"):
            return "deprecated"
        if self.facts.get("endpointdiscovery", {}).get("required"):
            return "needs endpoint discovery"
        if self.facts.get("authtype") == "none" or self.facts.get("auth") in (["smithy.api#noAuth"],):
            return "is not signed"
        self.host_prefix = self.facts.get("endpoint", {}).get("hostPrefix", "")
        if "{" in self.host_prefix and "host" not in self.notes:
            return "has a host of its own"
        return self.read_input() or self.read_output() or self.read_paging()

    def wire_name(self, name, member):
        return member.get("locationName", name)

    def read_input(self):
        members, required = self.model.members(self.facts.get("input"))
        self.inputs = members
        self.fixed = {}
        given = self.notes.get("params") or self.notes.get("each", [{}])[0]
        for name in sorted({*required, *given}):
            if name not in members:
                return f"has no input {name}"
            if name in given:
                self.fixed[name] = given[name]
            elif name in SIZES:
                continue
            elif name.lower() in ("accountid", "awsaccountid"):
                self.fixed[name] = "{account}"
            else:
                return f"needs {name}"
        places = (members[name].get("location", "body") for name in self.fixed)
        if any(place not in ("body", "uri", "querystring", "header") for place in places):
            return "has an input in an odd place"
        path = self.facts["http"]["requestUri"]
        labels = set(re.findall(r"\{([^}+]+)\+?\}", path))
        known = {self.wire_name(name, members[name]) for name in self.fixed}
        if labels - known:
            return "has a path with labels"
        return None

    def read_output(self):
        members, _ = self.model.members(self.facts.get("output"))
        output = self.model.shapes[self.facts["output"]["shape"]] if self.facts.get("output") else {}
        if output.get("payload"):
            return "answers with a payload"
        lists = {}
        for name, member in members.items():
            shape = self.model.shapes[member["shape"]]
            if shape["type"] != "list" or member.get("location"):
                continue
            item = self.model.shapes[shape["member"]["shape"]]
            if item["type"] in ("structure", "string"):
                lists[name] = (member, shape, item)
        wanted = self.notes.get("items")
        keys = self.model.paginators.get(self.operation, {}).get("result_key", [])
        keys = [keys] if isinstance(keys, str) else keys
        name = wanted or next((key for key in keys if key in lists), None)
        if name is None and len(lists) == 1:
            name = next(iter(lists))
        if name is None or name not in lists:
            return "has no result list"
        member, shape, item = lists[name]
        self.items = self.wire_name(name, member) + "[]"
        if self.model.wire in ("query", "rest-xml"):
            inner = shape["member"].get("locationName", "member")
            flat = shape.get("flattened")
            self.items = f"{inner if flat and 'locationName' in shape['member'] else self.wire_name(name, member)}[]"
            if not flat:
                self.items = f"{self.wire_name(name, member)}.{inner}[]"
        self.thing = singular(self.notes.get("thing") or self.noun)
        if item["type"] == "string":
            if item.get("enum"):
                return "lists words of AWS's own"
            self.id, self.keep = "@", {}
            return None
        self.id = self.find_id(item)
        if self.id is None:
            return "lists things without an id"
        self.keep = self.find_attributes(item)
        return None

    def find_id(self, item):
        """The member that names a thing: its ARN, else its id, else its name."""
        members = item["members"]
        texts = {}
        for name, member in members.items():
            shape = self.model.shapes[member["shape"]]
            if shape["type"] == "string" and not shape.get("enum"):
                texts[name.lower()] = (name, member)
        if "id" in self.notes:
            name = self.notes["id"]
            return self.wire_name(name, members[name])
        stems = [word.lower() for word in words(self.thing)]
        tails = ["".join(stems[at:]) for at in range(len(stems))]
        for kinds in (("arn", "resourcearn"), ("id", "identifier"), ("name",)):
            for kind in kinds:
                for wanted in [kind] + [tail + kind for tail in tails]:
                    if wanted in texts:
                        name, member = texts[wanted]
                        return self.wire_name(name, member)
        for kind in ("arn", "id", "identifier", "name"):
            ends = [name for name in texts if name.endswith(kind)]
            near = [name for name in ends if name[: -len(kind)] in "".join(stems) or any(stem in name for stem in stems)]
            required = [name for name in near if texts[name][0] in item.get("required", [])]
            for found in required or near:
                name, member = texts[found]
                return self.wire_name(name, member)
        return None

    def find_attributes(self, item):
        """Its name and state, where it has them: what a reader wants to see beside an id."""
        keep = {}
        thing = words(self.thing)[-1]
        wanted = {
            "name": ("name", thing.lower() + "name", self.thing.lower() + "name"),
            "status": ("status", "state", thing.lower() + "status", thing.lower() + "state"),
        }
        members = {name.lower(): (name, member) for name, member in item["members"].items()}
        for key, names in wanted.items():
            for name in names:
                if name not in members:
                    continue
                shape = self.model.shapes[members[name][1]["shape"]]
                path = self.wire_name(*members[name])
                if shape["type"] == "string" and path != self.id:
                    keep[key] = path
                    break
        return keep

    def read_paging(self):
        outputs, _ = self.model.members(self.facts.get("output"))
        found = self.model.paginators.get(self.operation)
        if found and "input_token" not in found:
            found = None
        self.paginated = bool(found)
        if not found:
            pair = next((p for p in TOKENS if p[0] in self.inputs and p[1] in outputs), None)
            if pair is None:
                self.page = None
                return None if not set(self.inputs) & set(SIZES) & set(self.required()) else "needs a size but has no pages"
            found = {"input_token": pair[0], "output_token": pair[1]}
            found["limit_key"] = next((size for size in SIZES if size in self.inputs), None)
        simple = re.compile(r"^[A-Za-z]+(\.[A-Za-z]+)*$")
        texts = (found["input_token"], found["output_token"], found.get("more_results", "x"))
        if not all(isinstance(text, str) and simple.match(text) for text in texts):
            return "has pages that follow by an expression"
        token = self.inputs[found["input_token"]]
        self.page = {"input": self.wire_name(found["input_token"], token)}
        self.page["output"] = self.output_path(found["output_token"])
        if "more_results" in found:
            self.page["more"] = self.output_path(found["more_results"])
        size = self.page_size(found.get("limit_key"))
        place = token.get("location", "body")
        if size:
            if self.inputs[found["limit_key"]].get("location", "body") != place:
                return "has token and size in two places"
            self.page["size"] = {"input": self.wire_name(found["limit_key"], self.inputs[found["limit_key"]]), "value": size}
        elif set(self.required()) & set(SIZES):
            return "needs a size that its model does not bound"
        place = {"body": "body", "querystring": "query", "header": "header"}.get(place)
        if place is None:
            return "has its token in an odd place"
        usual = "query" if self.rest and self.facts["http"]["method"] == "GET" else "body"
        if self.rest and place != usual or self.rest and self.facts["http"]["method"] != "GET":
            self.page["place"] = place
        return None

    @property
    def rest(self):
        return self.model.wire.startswith("rest-")

    def required(self):
        return self.model.members(self.facts.get("input"))[1]

    def output_path(self, path):
        names = []
        members, _ = self.model.members(self.facts["output"])
        for part in path.split("."):
            member = members.get(part, {"shape": ""})
            names.append(self.wire_name(part, member))
            members = self.model.shapes.get(member["shape"], {}).get("members", {})
        return ".".join(names)

    def page_size(self, key):
        """The largest page within the model's limits; none where the model does not say."""
        if key is None or key not in self.inputs:
            return None
        shape = self.model.shapes[self.inputs[key]["shape"]]
        most = shape.get("max")
        if shape["type"] not in ("integer", "long") or most is None:
            return None
        return int(max(min(most, LARGEST_PAGE if most <= 10_000 else 100), shape.get("min", 1)))

    def rank(self, actions):
        """Scores how well the operation stands for the service; higher is better."""
        parts = words(self.noun)
        nouns = {singular(word) for word in parts}
        if set(parts) & NEVER or nouns & NEVER:
            self.refuse = "lists AWS's own, or what happened"
            return
        self.why = iam_action(self, actions)
        if self.why is None:
            self.refuse = "has no IAM action of level List or Read"
            return
        names = self.model.operations
        thing = self.thing

        def says(points, reason):
            self.score += points
            self.reasons.append(f"{points:+g} {reason}")

        if any(verb + thing in names for verb in MAKES[:3]):
            says(7, "is created")
        elif any(verb + thing in names or verb + self.noun in names for verb in MAKES):
            says(3, "is changed")
        elif not any(name.startswith(MAKES) and thing in name for name in names):
            says(-6, "is never made")
        used = sum(1 for name in names if thing in name and name != self.operation)
        says(min(used, 12) * 0.25, f"named in {used} operations")
        says(-1.5 * (len(parts) - 1), f"{len(parts)} words")
        if self.paginated:
            says(1.5, "is paginated")
        elif self.page:
            says(0.5, "has pages")
        says({"List": 1, "Describe": 0.5, "Get": 0}[self.verb], self.verb)
        service = {word.lower() for word in words(self.model.metadata["serviceId"].replace(" ", ""))}
        if {word.lower() for word in nouns} & service:
            says(1, "is in the service's name")
        if set(parts) & WORK or nouns & WORK:
            says(-5, "is work, not a thing")
        if self.fixed:
            says(-1, "needs fixed input")
        if self.id == "@":
            says(-0.5, "lists bare texts")


def iam_action(candidate, actions):
    """The IAM action of an operation: by the signing name, or by the table's word."""
    prefixes = [candidate.notes.get("iam_prefix"), candidate.model.signing_name, candidate.model.prefix, candidate.model.name]
    for prefix in prefixes:
        action = f"{prefix}:{candidate.operation}"
        if prefix and action in actions:
            return action
    return None


def candidates_of(model, table, actions):
    """All operations that could be the one, best first; and those that were refused."""
    notes = table["operation"].get(model.name, {})
    only = notes.get("use")
    chosen, refused = [], []
    for operation in sorted(model.operations):
        if not VERB.match(operation) or (only and operation != only):
            continue
        candidate = Candidate(model, operation, notes)
        if candidate.refuse is None:
            force(candidate, actions) if only else candidate.rank(actions)
        (refused if candidate.refuse else chosen).append(candidate)
    chosen.sort(key=lambda candidate: (-candidate.score, candidate.operation))
    return chosen, refused


def force(candidate, actions):
    candidate.why = iam_action(candidate, actions)
    if candidate.why is None:
        candidate.refuse = "has no IAM action of level List or Read"
