"""Runs a moto server on a free port of the loopback until its standard input ends.

    python3 run_moto.py

Prints its address on one line once it listens. That its life hangs on a pipe means that it ends
with whoever started it, however that one ends.
"""

import sys

from moto.server import ThreadedMotoServer


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    # moto prints to its output as it works; nobody reads it there any more.
    sys.stdout = sys.stderr
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
