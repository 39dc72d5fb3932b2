"""Runs a private Redis until standard input ends; `lifeline.py` tells what else it takes.

    python3 run_redis.py [ARGUMENT]...    hands further arguments to the server
"""

import shutil
import sys

import lifeline


class Redis(lifeline.Server):
    name = "redis"

    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    @staticmethod
    def missing():
        return [] if program() else ["Redis"]

    def command(self):
        # Nothing is kept over a restart: a fleet has to bear a Redis that has forgotten.
        words = [program(), "--bind", "127.0.0.1", "--port", str(self.port)]
        words += ["--save", "", "--appendonly", "no", "--dir", self.folder]
        return words + sys.argv[1:], {}


def program():
    return shutil.which("redis-server") or shutil.which("valkey-server")


if __name__ == "__main__":
    lifeline.live(Redis)
