#!/usr/bin/env python3
"""Writes ../data/service_ids.txt: services whose `AWS_ENDPOINT_URL_<SERVICE>` is not their name.

    python3 service_ids.py

Needs botocore (`pip install botocore`). A line is botocore's name of the service and the ending of
the variable; services whose ending is their name in upper case with `_` for `-` are left out.
"""

from pathlib import Path

import botocore
import botocore.session

OUT = Path(__file__).resolve().parent.parent / "data" / "service_ids.txt"


def main():
    session = botocore.session.get_session()
    lines = [f"# Made by scripts/service_ids.py from botocore {botocore.__version__}; do not edit."]
    for name in sorted(session.get_available_services()):
        service_id = str(session.get_service_model(name).service_id)
        ending = service_id.replace(" ", "_").replace("-", "_").upper()
        if ending != name.replace("-", "_").upper():
            lines.append(f"{name} {ending}")
    OUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
