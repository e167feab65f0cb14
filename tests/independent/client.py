#!/usr/bin/env python3
"""A client of Scarab's daemon that shares no line with the others and uses nothing but what docs/PROTOCOL.md says.

It shows that the document says enough, and it can be played with:

    client.py list                          the sessions
    client.py new NAME [-- COMMAND...]      makes a session
    client.py type NAME TEXT [--enter]      types into one; or type NAME --file PATH
    client.py screen NAME [--json] [--rows] [--until TEXT [--follow]]
    client.py resume-test NAME TEXT [--overtake]    types a text over two connections, the first cut within it
    client.py hello [--versions LOW-HIGH] [--features BITS]
    client.py vectors docs/PROTOCOL.md      decodes and encodes every byte vector of the document

Status: 0 if all went well, 1 if the daemon refused or the connection was lost, 2 for a wrong command line.
"""

import argparse
import json
import os
import sys
import threading

sys.dont_write_bytecode = True

from connection import Connection, Lost, Refused, Untrusted, socket_of  # noqa: E402
from surface import NoSurface  # noqa: E402
from vectors import check_page  # noqa: E402


def show_list(path, _arguments):
    for info in Connection(path).list():
        size = f"{info['size']['cols']}x{info['size']['rows']}"
        state = f"ended {info['exit']['code']}" if info["exit"] else f"pid {info['pid']}"
        print(info["name"], size, state, info["command"])


def new(path, arguments):
    print(Connection(path).create(arguments.name, arguments.command)["name"])


def type_text(path, arguments):
    session = Connection(path).attach(arguments.name)
    # Return is a carriage return, unless the program has set the mode that makes it two characters.
    session.type(data_of(arguments) + (b"\r" if arguments.enter else b""))
    session.settle()


def data_of(arguments):
    if arguments.file:
        with open(arguments.file, "rb") as file:
            return file.read()
    return os.fsencode(arguments.text)


def screen(path, arguments):
    session = Connection(path).attach(arguments.name, observe=True, can_map=not arguments.rows)

    def enough(screen):
        if arguments.follow:
            generation = session.surface.generation if session.surface else 0
            print(f"frame {screen.frame} generation {generation} size {screen.cols}x{screen.rows}", flush=True)
        return arguments.until is None or any(arguments.until in line for line in screen.text())

    seen = session.watch(enough)
    if arguments.json:
        print(json.dumps({"session": arguments.name, "title": session.title, **seen.json()}))
    else:
        print("\n".join(seen.text()).rstrip("\n"))


def resume_test(path, arguments):
    """Types over two connections. Either half of it in small items, when the first is cut within the next one; or as
    much as goes, until the second takes over from a first that still stands."""
    data = data_of(arguments)
    first = Connection(path)
    before = first.attach(arguments.name)
    start = before.position
    if arguments.overtake:
        typing = Typing(before, data, arguments.item)
        after = take_over(path, first, before)
        typing.join()
        if getattr(typing.end, "code", None) != "Superseded":
            raise Lost(f"the first connection has not heard of the second: {typing.end!r}")
    else:
        half = len(data) // 2
        before.type(data[:half], arguments.item)
        broken, _ = next(before.items(data[half:], arguments.item))
        # The item that is not whole was not sent.
        before.position = start + half
        first.send_frame(broken[: len(broken) // 2])
        first.cut()
        after = take_over(path, first, before)
    if after.attached["lane"] != before.attached["lane"]:
        raise Lost("the daemon does not know any more what has arrived: what was typed is not typed again")
    if not start <= after.position <= before.position:
        raise Lost(f"of {start} to {before.position} the daemon took what is below {after.position}")
    taken = after.position - start
    after.type(data[taken:])
    after.settle()
    print(json.dumps({"sent": before.position - start, "taken": taken, "typed": after.taken - start}))


def take_over(path, first, before):
    second = Connection(path)
    second.resume(first.welcome["resume_token"])
    return second.attach(before.attached["info"]["name"])


class Typing(threading.Thread):
    """Types until the connection ends, and knows how it did."""

    def __init__(self, session, data, item):
        super().__init__(daemon=True)
        self.session, self.data, self.item, self.end = session, data, item, None
        self.start()

    def run(self):
        try:
            try:
                self.session.type(self.data, self.item)
            except Lost:
                # It cannot be written to any more; what was said last can still be read.
                pass
            self.session.connection.wait(lambda *_: False)
        except (Refused, Lost) as error:
            self.end = error


def hello(path, arguments):
    low, high = (int(number) for number in arguments.versions.split("-"))
    print(json.dumps(Connection(path, low, high, int(arguments.features, 0)).hello))


def vectors(_path, arguments):
    print(f"{check_page(arguments.page, arguments.verbose)} vectors")


def main():
    parser = argparse.ArgumentParser(description="A client of Scarab's daemon that goes by docs/PROTOCOL.md.")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--socket", help="the daemon's socket; @NAME for one in the abstract namespace")
    where.add_argument("--daemon", default="default", help="the daemon's name [default: default]")
    commands = parser.add_subparsers(required=True)

    def command(name, run, *names):
        added = commands.add_parser(name)
        for argument in names:
            added.add_argument(argument)
        added.set_defaults(run=run)
        return added

    command("list", show_list)
    command("new", new, "name").add_argument("command", nargs="*")
    for name, run in (("type", type_text), ("resume-test", resume_test)):
        typing = command(name, run, "name")
        typing.add_argument("text", nargs="?", default="")
        typing.add_argument("--file", help="type what is in a file")
        if name == "type":
            typing.add_argument("--enter", action="store_true", help="press return at the end")
        else:
            typing.add_argument("--item", type=int, default=64, help="the most bytes of an item at first")
            typing.add_argument("--overtake", action="store_true", help="leave the first connection standing")
    look = command("screen", screen, "name")
    look.add_argument("--json", action="store_true")
    look.add_argument("--rows", action="store_true", help="as a client that cannot map the surface")
    look.add_argument("--until", metavar="TEXT", help="wait until this is on the screen")
    look.add_argument("--follow", action="store_true", help="tell of each frame that is read")
    greet = command("hello", hello)
    greet.add_argument("--versions", default="1-1")
    greet.add_argument("--features", default="1")
    command("vectors", vectors, "page").add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    try:
        arguments.run(arguments.socket or socket_of(arguments.daemon), arguments)
    except (Refused, Lost, Untrusted, NoSurface, OSError, ValueError) as error:
        sys.exit(f"client.py: {error}")


if __name__ == "__main__":
    main()
