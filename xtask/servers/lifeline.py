"""What private servers share: a life that hangs on a pipe, a free port, a folder of their own.

    python3 run_NAME.py                runs a server until standard input ends
    python3 run_NAME.py --installed    says what is missing, and fails if anything is

A server prints its URL on one line once it answers. After that it obeys words, a line each, and
prints `done` after each: `stop` and `kill` end it (gently, or with all its processes at once),
`start` runs it again on the same port with the same data, `pause` and `continue` stop and continue
all its processes. However its parent ends, the pipe ends, and the server and its data with it.
"""

import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ask

# How long a server may take until it answers, and how long until it has stopped, in seconds.
START = 90
STOP = 60
# How often it is looked at meanwhile, in seconds.
LOOK = 0.05
# How much of a server's log is told when it fails, in characters.
TOLD = 4000

SCRATCH = Path(__file__).resolve().parents[2] / "target" / "xtask"


class Server:
    """One server; a kind of server says how it is found, prepared and started."""

    name = ""
    # What ends it gently.
    gentle = signal.SIGTERM
    # The users that it may run as where it refuses to be run by root; none: whoever we are.
    users = ()

    def __init__(self):
        self.port = free_port()
        self.user = None
        if self.users and os.geteuid() == 0:
            self.user = next(user for user in map(account, self.users) if user is not None)
        self.folder, self.lock = own_folder(self.name, self.user)
        self.log = self.folder / "log"
        self.child = None

    def url(self):
        """Where it listens, with what it asks for."""
        raise NotImplementedError

    @staticmethod
    def missing():
        """The programs that it needs and that are not there."""
        raise NotImplementedError

    def prepare(self):
        """Makes its data, once."""

    def command(self):
        """The words that run it, and what its environment has besides."""
        raise NotImplementedError

    def start(self):
        words, environment = self.command()
        self.child = self.spawn(words, environment)
        deadline = time.monotonic() + START
        while True:
            try:
                return ask.ask(self.url())
            except (ask.Refused, EOFError) as error:
                ended = self.child.poll() is not None
                if ended or time.monotonic() > deadline:
                    self.kill()
                    told = self.log.read_text(errors="replace")[-TOLD:]
                    why = "it ended" if ended else str(error)
                    raise RuntimeError(f"{self.name} does not start: {why}\n{told}") from error
            time.sleep(LOOK)

    def stop(self):
        self.child.send_signal(self.gentle)
        self.child.wait(STOP)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.child.wait()

    def signal(self, number):
        """Sends a signal to all its processes, the first one first."""
        for process in [self.child.pid, *children(self.child.pid)]:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def spawn(self, words, environment):
        """Starts a process that ends when this one does."""
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                words,
                cwd=self.folder,
                env=plain_environment() | {"HOME": str(self.folder)} | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for us, who end it in our way.
                start_new_session=True,
                preexec_fn=end_with_parent,
                **as_user(self.user),
            )

    def run_once(self, words):
        """Runs a command of the server to its end, as its user."""
        with open(self.log, "ab") as log:
            subprocess.run(
                words,
                cwd=self.folder,
                env=plain_environment() | {"HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
                **as_user(self.user),
            )

    def obey(self, word):
        if word == "pause":
            self.signal(signal.SIGSTOP)
        elif word == "continue":
            self.signal(signal.SIGCONT)
        elif word in ("start", "stop", "kill"):
            getattr(self, word)()
        else:
            raise ValueError(f"no such word: {word!r}")

    def end(self):
        """Ends it and everything that it has left."""
        if self.child is not None and self.child.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def live(kind):
    """Runs a server of a kind as long as the pipe holds; the program's last call."""
    if sys.argv[1:] == ["--installed"]:
        missing = kind.missing()
        sys.exit(f"{', '.join(missing)} is not installed" if missing else 0)
    # Ctrl-C reaches everybody in the terminal; the pipe's end tells us what our parent makes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    server = kind()
    try:
        server.prepare()
        server.start()
        print(server.url(), flush=True)
        for line in sys.stdin:
            server.obey(line.strip())
            print("done", flush=True)
    finally:
        server.end()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def own_folder(name, user):
    """A folder that only this process uses, and the lock that says so; what the dead left goes."""
    for parent in (SCRATCH, Path(tempfile.gettempdir())):
        parent.mkdir(parents=True, exist_ok=True)
        with open(parent / f"{name}.lock", "w") as everybody:
            fcntl.flock(everybody, fcntl.LOCK_EX)
            for old in parent.glob(f"{name}-private-*"):
                if locked(old) is not None:
                    shutil.rmtree(old, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=f"{name}-private-", dir=parent))
            lock = locked(folder)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        # A user that cannot go where we are is given a place that is everybody's.
        if subprocess.run(["test", "-w", folder], cwd="/", **as_user(user)).returncode == 0:
            return folder, lock
        shutil.rmtree(folder)
    raise RuntimeError(f"{name} finds no folder that it may write")


def locked(folder):
    """The lock of a folder, or nothing if somebody lives who holds it."""
    try:
        lock = open(folder / "lock", "w")
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def account(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def as_user(user):
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def plain_environment():
    """The environment without what would configure a server."""
    ours = ("PG", "RABBITMQ_", "ERL_", "REDIS", "LC_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | {"LC_ALL": "C"}


def end_with_parent():
    """In a new process: the system ends it when we end, however that comes about."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def children(process):
    """The processes that a process has started, and theirs, as far as the system tells."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            # It has ended meanwhile.
            continue
    found = [process]
    for parent in found:
        found += [child for child, of in parents.items() if of == parent]
    return found[1:]
