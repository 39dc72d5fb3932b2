"""Makes things of the account's own in every service that moto plays, and prints the truth.

    AWS_ENDPOINT_URL=http://127.0.0.1:5000 python3 services.py [SEED...]
"""

import apps  # noqa: F401
import compute  # noqa: F401
import data  # noqa: F401
import guard  # noqa: F401
import models  # noqa: F401
from world import World, tell

if __name__ == "__main__":
    tell(World())
