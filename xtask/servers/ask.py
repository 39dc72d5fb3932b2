"""Asks a server whether it lets its URL in: PostgreSQL, Redis, RabbitMQ, or anything that speaks HTTP.

    python3 ask.py URL

Says in one sentence why it does not, and fails. Needs nothing but Python itself.
"""

import socket
import struct
import sys
from urllib.parse import unquote, urlsplit

# How long one answer may take, in seconds.
PATIENCE = 5


class Refused(Exception):
    """Why a server is not to be used; the text never holds a password."""


def ask(url):
    """Returns if the server at `url` answers and lets it in, else raises `Refused`."""
    parts = urlsplit(url)
    speaks = {
        "postgres": (5432, postgres),
        "postgresql": (5432, postgres),
        "redis": (6379, redis),
        "rediss": (6379, connected),
        "amqp": (5672, rabbitmq),
        "amqps": (5671, connected),
        "http": (80, http),
        "https": (443, connected),
    }
    if parts.scheme not in speaks or not parts.hostname:
        raise Refused("it is no URL of a kind that is known: " + ", ".join(speaks))
    port, speak = speaks[parts.scheme]
    where = (parts.hostname, parts.port or port)
    try:
        with socket.create_connection(where, timeout=PATIENCE) as stream:
            speak(stream, parts)
    except OSError as error:
        raise Refused(f"{where[0]}:{where[1]}: {error}") from error
    except (struct.error, ValueError) as error:
        raise Refused(f"{where[0]}:{where[1]} speaks something else: {error}") from error


def postgres(stream, parts):
    user = unquote(parts.username or "postgres")
    database = parts.path.strip("/") or user
    told = b"".join(
        word.encode() + b"\0" for word in ("user", user, "database", database, "")
    )
    # Version 3.0 of the protocol.
    stream.sendall(struct.pack("!ii", len(told) + 8, 196608) + told)
    while True:
        kind, length = struct.unpack("!ci", exactly(stream, 5))
        body = exactly(stream, length - 4)
        if kind == b"E":
            fields = [field[1:].decode() for field in body.split(b"\0") if field[:1] == b"M"]
            raise Refused(f"PostgreSQL says: {' '.join(fields)}")
        if kind == b"R" and struct.unpack("!i", body[:4])[0] != 0:
            if parts.password is None:
                raise Refused(f"PostgreSQL asks {user} for a password, and the URL has none")
            # It is there; whether it takes the password, the tests will tell.
            return
        if kind == b"Z":
            stream.sendall(struct.pack("!ci", b"X", 4))
            return


def redis(stream, parts):
    if parts.password is not None:
        words = [unquote(word) for word in (parts.username, parts.password) if word]
        redis_says(stream, ["AUTH", *words], b"+OK")
    redis_says(stream, ["PING"], b"+PONG")


def redis_says(stream, words, expected):
    told = [f"*{len(words)}\r\n".encode()]
    told += [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    stream.sendall(b"".join(told))
    answer = b""
    while not answer.endswith(b"\r\n"):
        answer += exactly(stream, 1)
    if answer.strip() != expected:
        raise Refused(f"Redis says to {words[0]}: {answer.strip().decode()}")


def rabbitmq(stream, parts):
    stream.sendall(b"AMQP\0\0\x09\x01")
    # The method connection.start, whatever it tells.
    frame(stream, (10, 10))
    login = f"\0{unquote(parts.username or 'guest')}\0{unquote(parts.password or 'guest')}"
    # An empty table of properties, and the locale.
    told = struct.pack("!HHi", 10, 11, 0) + b"\x05PLAIN"
    told += struct.pack("!i", len(login.encode())) + login.encode() + b"\x05en_US"
    stream.sendall(struct.pack("!BHi", 1, 0, len(told)) + told + b"\xce")
    try:
        frame(stream, (10, 30))
    except (EOFError, ConnectionError):
        raise Refused("RabbitMQ does not take the user and password of the URL") from None


def frame(stream, expected):
    kind, _, length = struct.unpack("!BHi", exactly(stream, 7))
    body = exactly(stream, length + 1)
    method = struct.unpack("!HH", body[:4])
    if method == (10, 50):
        raise Refused(f"RabbitMQ closes the connection: {body[7:7 + body[6]].decode()}")
    if kind != 1 or method != expected:
        raise ValueError(f"frame {kind} with method {method}")


def http(stream, parts):
    stream.sendall(
        f"GET / HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\nConnection: close\r\n\r\n".encode()
    )
    if exactly(stream, 5) != b"HTTP/":
        raise ValueError("that is not HTTP")


def connected(stream, parts):
    """What speaks TLS is there if it listens; the tests will tell the rest."""


def exactly(stream, length):
    read = b""
    while len(read) < length:
        part = stream.recv(length - len(read))
        if not part:
            raise EOFError("the connection was closed")
        read += part
    return read


if __name__ == "__main__":
    try:
        ask(sys.argv[1])
    except (Refused, EOFError) as error:
        sys.exit(str(error))
