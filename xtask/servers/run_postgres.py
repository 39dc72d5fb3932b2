"""Runs a private PostgreSQL until standard input ends; `lifeline.py` tells what else it takes."""

import re
import shutil
from pathlib import Path

import lifeline


class Postgres(lifeline.Server):
    name = "postgres"
    # Ends at once what clients still do, but writes everything down.
    gentle = lifeline.signal.SIGINT
    users = ("postgres", "nobody")

    def url(self):
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    @staticmethod
    def missing():
        return [] if program("initdb") and program("postgres") else ["PostgreSQL"]

    def prepare(self):
        words = [program("initdb"), "--pgdata", self.folder / "data", "--username", "postgres"]
        # Speed: what the machine's own crash would lose may be lost.
        words += ["--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"]
        self.run_once(words)

    def command(self):
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 200,
        }
        words = [program("postgres"), "-D", self.folder / "data"]
        for key, value in settings.items():
            words += ["-c", f"{key}={value}"]
        return words, {}


def program(name):
    """The newest installed one: Debian keeps them by version, and out of the path."""
    kept = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = sorted(kept, key=lambda path: int(re.sub(r"\D", "", path.parts[4]) or 0))
    return str(newest[-1]) if newest else shutil.which(name)


if __name__ == "__main__":
    lifeline.live(Postgres)
