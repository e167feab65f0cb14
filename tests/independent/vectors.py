"""The byte vectors of docs/PROTOCOL.md against this client's own understanding of the document."""

import re
import struct

from archive import SCHEMA, decode, encode
from connection import ANSWER, HEADER, HELLO, KINDS, MAGIC, MAX_PAYLOAD, SCHEMA_HASH
from surface import attrs_of, character_of, color_of

SIZE = {"cols": 80, "rows": 24, "pixel_width": 640, "pixel_height": 384}
EPOCH = 0x0123456789ABCDEF
# What section 10 says that the vectors are of; the others are held by being encoded again.
EXPECTED = {
    "Attach": {"target": ("Name", "build"), "size": SIZE, "observe": False, "can_map": True},
    "Input": {"position": 100, "data": b"ls\r"},
    "Mouse": {"position": 110, "action": 0, "button": 1, "mods": 4, "col": 10, "row": 5, "x": 64, "y": 128},
    "CreateSession": {
        "name": "build", "command": [b"make", b"-j2"], "cwd": b"/src", "beside": ("Name", "build"),
        "env": [(b"HOME", b"/home/me")], "size": SIZE, "linger": True,
    },
    "KillSession": {"target": ("Id", {"epoch": EPOCH, "number": 3}), "signal": 15},
    "SetSizePolicy": {"target": ("Name", "build"), "policy": "Largest"},
    "Error": {"code": "NoSuchSession", "text": "no session is called build", "retry_ms": 0},
    "Exited": {"exit": {"code": 137, "signal": "SIGKILL"}},
    "Subscribe": {"kinds": [1, 3], "session": ("Name", "build"), "since": 41},
    "Event": {
        "number": 42, "time_ms": 1_700_000_001_000, "kind": 3, "session": {"epoch": EPOCH, "number": 3}, "name": "build",
        "fields": [
            {"key": "code", "value": ("Number", 137)}, {"key": "signal", "value": ("Text", "SIGKILL")},
            {"key": "expected", "value": ("Flag", False)},
        ],
    },
    "InputCredit": {"taken": 142, "may_send_through": 1_048_718},
}  # fmt: skip
LINE = {
    "row": 2, "frame": 9, "cells": [0x20, 0],
    "extras": [{"col": 0, "marks": "\u0301", "link": ("1", "https://example.org"), "underline_color": 0x02FF0000}],
}  # fmt: skip


def check_page(path, verbose):
    """Checks a page. Gives back how many vectors there were; a vector that is not as it should be is a `ValueError`."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    check_schema(page)
    check_kinds(page)
    blocks = re.findall(r"^```hex (\S+)\n(.*?)^```$", page, re.S | re.M)
    found = {name: bytes.fromhex(digits) for name, digits in blocks}
    missing = [name for name, number in KINDS.items() if f"{number:#06x}-{name}" not in found]
    expect("kinds without a vector", missing, [])
    for name, data in found.items():
        value = check_frame(name, data) if name.startswith("0x") else check_other(name, data)
        if verbose:
            print(f"{name}: {value}")
    return len(found)


def check_schema(page):
    """The structs by which this client decodes are the page's, word for word."""
    own, pages = (set(re.findall(r"(?:struct|enum) \w+ \{.*?\}", plain(text))) for text in (SCHEMA, rust(page)))
    expect("structs that are not the page's", own - pages, set())
    expect("structs of the page that are not known here", pages - own, set())


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"//[^\n]*", "", text))


def rust(page):
    return "".join(re.findall(r"^```rust\n(.*?)^```$", page, re.S | re.M))


def check_kinds(page):
    rows = re.findall(r"^\| (0x[0-9a-f]{4}) \| `(\w+)` \| to \w+ \| (.*) \|$", page, re.M)
    expect("kinds", KINDS, {name: int(number, 16) for number, name, what in rows if what != "reserved"})


def check_frame(name, data):
    number, name = name.split("-")
    length, kind, flags, request, session = HEADER.unpack(data[: HEADER.size])
    expect(f"{name}: length", length, len(data) - HEADER.size)
    expect(f"{name}: kind", (kind, KINDS[name]), (int(number, 16),) * 2)
    expect(f"{name}: request, session and flags", (request, session, flags) in ((7, 0, 0), (0, 3, 0), (0, 0, 0)), True)
    value = decode(name, data[HEADER.size :])
    expect(f"{name}: encoded again", encode(name, value).hex(" "), data[HEADER.size :].hex(" "))
    if name in EXPECTED:
        expect(name, value, EXPECTED[name])
    if name in ("Rows", "ScrollbackRows"):
        expect(f"{name}: lines", value["lines"], [LINE])
    if name in ("Attached", "Created", "Sessions"):
        info = value["sessions"][0] if name == "Sessions" else value["info"]
        own = info["id"], info["name"], info["pid"], info["size"], info["policy"], info["exit"]
        expect(f"{name}: info", own, ({"epoch": EPOCH, "number": 3}, "build", 4711, SIZE, "Smallest", None))
    if name == "Welcome":
        expect(f"{name}: the largest payload", value["limits"]["payload"], MAX_PAYLOAD)
    return value


def check_other(name, data):
    if name == "cell":
        cell = struct.unpack("<QQ", data)
        colors = color_of(cell[1] & 0xFFFFFFFF), color_of(cell[1] >> 32)
        value = character_of(cell), attrs_of(cell), cell[0] >> 37, *colors
        # Bold, wide, a curly underline; the fifth entry of the side table.
        expect(name, value, ("漢", 1 | 1 << 9 | 3 << 6, 5, 9, "#010203"))
    elif name == "hello-of-a-client":
        value = HELLO.unpack(data)
        build = b"scarabctl 0.1.0".ljust(32, b"\0")
        expect(name, value, (MAGIC, 1, 1, 0, 1, SCHEMA_HASH, build))
    elif name.startswith("hello-of-a-daemon"):
        value = ANSWER.unpack(data)
        refused = name.endswith("that-refuses-versions-2-to-3")
        expect(name, value[:5], (MAGIC, 1, 0, 1, 1) if refused else (MAGIC, 0, 1, 1, 1))
        expect(f"{name}: schema", value[9], SCHEMA_HASH)
        expect(f"{name}: text", value[11].startswith(b"restart the daemon"), refused)
    else:
        raise ValueError(f"{name}: no such vector is known here")
    return value


def expect(what, found, expected):
    if found != expected:
        raise ValueError(f"{what}: {found} and not {expected}")
