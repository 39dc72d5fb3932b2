"""Prints which of these services, by the names that requests are signed for, moto does not play.

    python3 unplayed.py SIGNING_NAME...
"""

import json
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from werkzeug.test import EnvironBuilder

SCOPE = "AWS4-HMAC-SHA256 Credential=x/20300101/us-west-2/{}/aws4_request, SignedHeaders=host"


def is_played(moto, name):
    """Whether moto's own router knows where to send a request that is signed for a name."""
    headers = {"Authorization": SCOPE.format(name), "X-Amz-Target": "DynamoDB_20120810.Any"}
    environ = EnvironBuilder(path="/", headers=headers).get_environ()
    return moto.get_backend_for_host(moto.infer_service_region_host(environ, "/")) is not None


def main():
    moto = DomainDispatcherApplication(lambda backend: None)
    # The router prints what it does not find.
    out, sys.stdout = sys.stdout, sys.stderr
    json.dump([name for name in sys.argv[1:] if not is_played(moto, name)], out)


if __name__ == "__main__":
    main()
