"""Runs a private RabbitMQ until standard input ends; `lifeline.py` tells what else it takes.

It has its own port mapper (epmd), node name, cookie and data, so that it knows no other node.
"""

import shutil
from pathlib import Path

import lifeline


class RabbitMq(lifeline.Server):
    name = "rabbitmq"

    def __init__(self):
        super().__init__()
        self.mapper_port = lifeline.free_port()
        self.mapper = None

    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2f"

    @staticmethod
    def missing():
        return [] if program() and shutil.which("epmd") else ["RabbitMQ"]

    def prepare(self):
        words = [shutil.which("epmd"), "-address", "127.0.0.1", "-port", str(self.mapper_port)]
        # A server that finds none would leave one behind that outlives it.
        self.mapper = self.spawn(words, {})
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.port}\n"
            "num_acceptors.tcp = 4\n"
            # What a full machine has left is enough for tests.
            "disk_free_limit.absolute = 50MB\n"
        )
        (self.folder / "enabled_plugins").write_text("[].\n")

    def command(self):
        return [program()], {
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.mapper_port),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_NODENAME": f"orgsweep{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(lifeline.free_port()),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": '-kernel inet_dist_use_interface {127,0,0,1}',
            # So that the process is the server, and not a shell that waits for it.
            "RUNNING_UNDER_SYSTEMD": "yes",
        }

    def end(self):
        if self.mapper is not None:
            self.mapper.kill()
            self.mapper.wait()
        super().end()


def program():
    # Debian's own script in the path changes to a user and a folder that are the system's.
    debian = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return str(debian) if debian.exists() else shutil.which("rabbitmq-server")


if __name__ == "__main__":
    lifeline.live(RabbitMq)
