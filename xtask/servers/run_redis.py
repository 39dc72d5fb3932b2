"""Runs a private Redis until standard input ends; `lifeline.py` tells what else it takes."""

import shutil

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
        return words + ["--save", "", "--appendonly", "no", "--dir", self.folder], {}


def program():
    return shutil.which("redis-server") or shutil.which("valkey-server")


if __name__ == "__main__":
    lifeline.live(Redis)
