"""A private server that speaks Bolt and openCypher, and a driver that asks it; both live as long as the input.

    python3 player.py

Its first line is a JSON object: where the server listens, and with what it is entered. After that each line of input is a
JSON object, and is answered by one:

    {"ask": TEXT, "with": {...}}   runs a statement; the rows, as objects
    {"file": TEXT}                 runs a file as cypher-shell does: `:param NAME => EXPRESSION` lines, statements that
                                   end with a semicolon; how many statements there were
    {"parse": [TEXT, ...]}         what openCypher's grammar has against each
"""

import json
import os
import secrets
import shutil
import sys
import traceback
from pathlib import Path

# The server's own Java writes to standard output; ours is kept apart from it.
OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "xtask" / "servers"))

import arcadedb_embedded
import neo4j
from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from antlr4_cypher import CypherLexer, CypherParser

import lifeline

DATABASE = "graph"
USER = "root"


def main():
    folder, lock = lifeline.own_folder("graph", None)
    try:
        play(folder)
    except BaseException:
        traceback.print_exc()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        # The server's threads are not waited for: they would go on.
        os._exit(0)


def play(folder):
    # The server writes its log where it is.
    os.chdir(folder)
    password = secrets.token_hex(16)
    port = lifeline.free_port()
    server = arcadedb_embedded.create_server(
        root_path=str(folder),
        root_password=password,
        config={
            "host": "127.0.0.1",
            "http_port": lifeline.free_port(),
            "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "bolt_port": port,
        },
    )
    server.start()
    server.create_database(DATABASE)
    url = f"bolt://127.0.0.1:{port}"
    say({"url": url, "user": USER, "password": password, "database": DATABASE})
    with neo4j.GraphDatabase.driver(url, auth=(USER, password)) as driver:
        for line in sys.stdin:
            say(answer(driver, json.loads(line)))


def say(answer):
    print(json.dumps(answer), file=OUT, flush=True)


def answer(driver, question):
    try:
        if "ask" in question:
            return {"rows": ask(driver, question["ask"], question.get("with", {}))}
        if "file" in question:
            return {"statements": run_file(driver, question["file"])}
        return {"faults": [faults(text) for text in question["parse"]]}
    except neo4j.exceptions.Neo4jError as error:
        return {"error": str(error)}


def ask(driver, text, parameters):
    records, _, _ = driver.execute_query(text, parameters, database_=DATABASE)
    return [{key: plain(value) for key, value in record.items()} for record in records]


def plain(value):
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value.iso_format() if hasattr(value, "iso_format") else value


def run_file(driver, text):
    """What cypher-shell does: a line that begins with a colon is its own, `//` a remark, `;` at the end of a line the end
    of a statement; an expression is worked out by the database."""
    parameters, statement, count = {}, [], 0
    for line in text.split("\n"):
        if not statement and line.startswith(":param "):
            name, expression = line.removeprefix(":param ").split(" => ", 1)
            parameters[name] = ask_raw(driver, f"RETURN {expression} AS value")
        elif statement or (line and not line.startswith("//")):
            statement.append(line)
            if line.endswith(";"):
                driver.execute_query("\n".join(statement)[:-1], parameters, database_=DATABASE)
                statement, count = [], count + 1
    assert not statement, statement
    return count


def ask_raw(driver, text):
    records, _, _ = driver.execute_query(text, database_=DATABASE)
    return records[0]["value"]


class Faults(ErrorListener):
    def __init__(self):
        super().__init__()
        self.found = []

    def syntaxError(self, recognizer, symbol, line, column, message, error):
        self.found.append(f"{line}:{column} {message}")


def faults(text):
    listener = Faults()
    lexer = CypherLexer(InputStream(text))
    parser = CypherParser(CommonTokenStream(lexer))
    for part in (lexer, parser):
        part.removeErrorListeners()
        part.addErrorListener(listener)
    parser.script()
    return listener.found


main()
