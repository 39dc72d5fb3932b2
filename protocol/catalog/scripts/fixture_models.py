"""botocore, made to speak the protocol that an entry says and to send nothing."""

import copy
import re

import botocore.config
import botocore.exceptions
import botocore.loaders
import botocore.session
from fixture_wire import Wrong

PROTOCOLS = {
    "json-1.0": "json",
    "json-1.1": "json",
    "query": "query",
    "ec2": "ec2",
    "rest-json": "rest-json",
    "rest-xml": "rest-xml",
}


class Pinned(botocore.loaders.Loader):
    """A loader that makes every service speak the one protocol that its entry says."""

    def __init__(self):
        super().__init__()
        self.spoken = {}

    def load_service_model(self, service_name, type_name, api_version=None):
        found = super().load_service_model(service_name, type_name, api_version)
        if type_name == "service-2" and service_name in self.spoken:
            found = copy.deepcopy(found)
            found["metadata"]["protocols"] = [self.spoken[service_name]]
            found["metadata"]["protocol"] = self.spoken[service_name]
        return found


class Raw:
    """A body that botocore reads as if it came from a connection."""

    def __init__(self, body):
        self.body = body

    def stream(self, *_args, **_kwargs):
        """Yields the body."""
        yield self.body

    def read(self, *_args, **_kwargs):
        """The body."""
        body, self.body = self.body, b""
        return body


class Models:
    """botocore's models, found by what entries say about them."""

    def __init__(self):
        self.session = botocore.session.Session()
        self.loader = Pinned()
        self.session.register_component("data_loader", self.loader)
        self.session.set_credentials("AKIDEXAMPLE", "made-up")
        self.names = self.loader.list_available_services("service-2")
        self.prefixes = None

    def metadata(self, name):
        """What a model says about its service."""
        return botocore.loaders.Loader.load_service_model(self.loader, name, "service-2")["metadata"]

    def find(self, entry, operations):
        """The model that an entry speaks of: the right prefix, and all the operations."""
        plain = entry["service"].replace("-", "")
        likely = [n for n in self.names if n.replace("-", "") == plain]
        for name in likely:
            if self.knows(name, entry, operations):
                return name
        if self.prefixes is None:
            self.prefixes = {}
            for name in self.names:
                self.prefixes.setdefault(self.metadata(name)["endpointPrefix"], []).append(name)
        near = [n for n in self.prefixes.get(entry["endpoint_prefix"], []) if self.knows(n, entry, operations)]
        if near:
            # Two generations of a service may share prefix and operations: then the path tells.
            return next((n for n in near if self.fits(n, entry)), near[0])
        if likely:
            return likely[0]
        raise Wrong(f"no model has the endpoint prefix {entry['endpoint_prefix']} and the operations {operations}")

    def knows(self, name, entry, operations):
        """Whether a model has the entry's prefix and all its operations."""
        model = botocore.loaders.Loader.load_service_model(self.loader, name, "service-2")
        right = model["metadata"]["endpointPrefix"] == entry["endpoint_prefix"]
        return right and all(operation in model["operations"] for operation in operations)

    def fits(self, name, entry):
        """Whether a model has the paths of the entry's calls, whatever their parameters are called."""
        operations = botocore.loaders.Loader.load_service_model(self.loader, name, "service-2")["operations"]

        def shape(path):
            return re.sub(r"\{[^}]*\}", "{}", path.split("?")[0])

        calls = [call for probe in entry["probe"] for call in probe["call"] if "path" in call]
        return all(shape(operations[call["operation"]]["http"]["requestUri"]) == shape(call["path"]) for call in calls)

    def client(self, name, protocol, region):
        """A client that speaks `protocol` and asks once."""
        self.loader.spoken[name] = protocol
        config = botocore.config.Config(
            retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, parameter_validation=True
        )
        return self.session.create_client(name, region_name=region, config=config)

    def pages(self, name, operation):
        """What botocore knows about an operation's pages."""
        try:
            return self.loader.load_service_model(name, "paginators-1")["pagination"].get(operation)
        except botocore.exceptions.UnknownServiceError:
            return None


def check_service(entry, meta):
    """Compares what an entry says about its service with the model's metadata."""
    wrong = []
    spoken = meta.get("protocols") or [meta["protocol"]]
    protocol = PROTOCOLS[entry["protocol"]]
    if protocol not in spoken:
        wrong.append(f"protocol: the model speaks {spoken}")
    if protocol == "json":
        if entry["protocol"] != f"json-{meta.get('jsonVersion')}":
            wrong.append(f"protocol: the model says JSON {meta.get('jsonVersion')}")
        if entry.get("target_prefix") != meta.get("targetPrefix"):
            wrong.append(f"target_prefix: the model says {meta.get('targetPrefix')}")
    elif "target_prefix" in entry:
        wrong.append("target_prefix is only for json")
    if protocol in ("query", "ec2"):
        if entry.get("api_version") != meta["apiVersion"]:
            wrong.append(f"api_version: the model says {meta['apiVersion']}")
    elif "api_version" in entry:
        wrong.append("api_version is only for query and ec2")
    if entry["endpoint_prefix"] != meta["endpointPrefix"]:
        wrong.append(f"endpoint_prefix: the model says {meta['endpointPrefix']}")
    return wrong
