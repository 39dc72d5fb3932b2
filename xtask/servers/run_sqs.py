"""Runs a double of SQS on a free port of the loopback until its standard input ends.

    python3 run_sqs.py

Prints its address on one line once it listens. The double is ministack's, which answers twenty
times as fast as moto's; only what answers requests runs of it, none of what it does at its start
(it would look for containers to stop, and open ports for other services).
"""

import asyncio
import os
import socket
import sys


def main():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    host, port = listener.getsockname()
    # Read when ministack is loaded: the URLs of queues are made of them.
    os.environ |= {"MINISTACK_HOST": host, "GATEWAY_PORT": str(port), "LOG_LEVEL": "WARNING"}
    asyncio.run(serve(listener, f"http://{host}:{port}"))


async def serve(listener, url):
    from hypercorn.asyncio import serve as hypercorn
    from hypercorn.config import Config
    from ministack.app import app

    async def requests_only(scope, receive, send):
        if scope["type"] != "lifespan":
            return await app(scope, receive, send)
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})

    async def input_ends():
        print(url, flush=True)
        # Nobody reads our output any more.
        sys.stdout = sys.stderr
        await asyncio.to_thread(sys.stdin.buffer.read)

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.loglevel = "WARNING"
    # Long polls of a test that has ended are not waited for.
    config.graceful_timeout = 0
    config.shutdown_timeout = 1
    await hypercorn(requests_only, config, shutdown_trigger=input_ends)


if __name__ == "__main__":
    main()
