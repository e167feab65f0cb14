"""Payloads, by section 6 of docs/PROTOCOL.md: what rkyv archives look like, read and written by hand.

The structs are kept in the document's own notation. `client.py vectors` compares them with the document.
"""

import re
import struct

SCHEMA = """
struct SessionId { epoch: u64, number: u32 }
struct TermSize { cols: u16, rows: u16, pixel_width: u16, pixel_height: u16 }
enum Target { Name(String), Id(SessionId) }

struct Auth { token: [u8; 32] }
struct Welcome { client: u32, role: Role, resume_token: [u8; 16], limits: Limits }
enum Role { Observer, Control }
struct Limits { payload: u32, item: u32, resume_ms: u32, commands: u32, commands_per_second: u32 }
struct Resume { token: [u8; 16] }
struct Done {}
struct Error { code: ErrorCode, text: String, retry_ms: u32 }
enum ErrorCode { Protocol, NoSuchSession, NameTaken, BadName, BadSize, Ended, StillRunning, NotAttached, NotAllowed,
                 SpawnFailed, Full, BadRequest, RateLimited, Stopping, Internal, NotResumable, Superseded, TooSlow,
                 BadToken, BadConfig, NoSuchPlugin, BadPlugin, PluginFailed }
struct Unsupported { kind: u16 }
struct Ping { payload: Vec<u8> }
struct Pong { payload: Vec<u8> }
struct Status {}
struct DaemonStatus { version: String, pid: u32, uptime_ms: u64, sessions: u32, clients: u32, log: String }
struct Shutdown {}
struct ShuttingDown { reason: String }
struct OpenDocument { name: Option<String>, kind: String }
struct Document { name: String, data: Vec<u8> }
struct SaveDocument { name: String, data: Vec<u8> }
struct DropDocument { name: String }
struct ListDocuments {}
struct Documents { documents: Vec<DocumentInfo> }
struct DocumentInfo { name: String, bytes: u32, open: bool }

struct GetConfig {}
struct Config { path: String, revision: u64, problem: String, entries: Vec<ConfigEntry> }
struct ConfigEntry { key: String, value: Value, origin: Origin, restart: bool }
enum Value { Bool(bool), Integer(i64), Float(f64), Text(String), Texts(Vec<String>) }
enum Origin { Default, File, Session }
struct SetConfig { key: String, value: Option<Value>, save: bool }
struct ConfigChanged { config: Config }

struct ListSessions { after: u32 }
struct Sessions { sessions: Vec<SessionInfo>, more: bool }
struct SessionInfo { id: SessionId, name: String, command: String, pid: Option<u32>, size: TermSize,
                     policy: SizePolicy, clients: u32, created: u64, used: u64, title: String, linger: bool,
                     made_by: String, exit: Option<Exit> }
struct Exit { code: u32, signal: Option<String> }
struct CreateSession { name: Option<String>, command: Vec<Vec<u8>>, cwd: Option<Vec<u8>>, beside: Option<Target>,
                       env: Vec<(Vec<u8>, Vec<u8>)>, size: TermSize, linger: bool }
struct Created { info: SessionInfo }
struct RenameSession { target: Target, name: String }
struct KillSession { target: Target, signal: Option<i32> }
struct ForgetSession { target: Target }
struct SetSize { target: Target, size: TermSize }
struct SetSizePolicy { target: Target, policy: SizePolicy }
struct AskBusy { target: Target }
struct Busy { others: u32, program: Option<String> }
struct ClearScrollback { target: Target }
enum SizePolicy { Latest, Smallest, Largest, Manual }

struct Attach { target: Target, size: Option<TermSize>, observe: bool, can_map: bool }
struct Attached { info: SessionInfo, generation: u32, mapping: String, observe: bool, lane: u64, taken: u64,
                  may_send_through: u64, bells: u64, cwd: String }
struct Detach {}
struct Detached { reason: String }
struct Resize { size: TermSize }
struct Resized { size: TermSize }
struct Renamed { name: String }
struct Title { title: String }
struct Bell { count: u64 }
struct Clipboard { primary: bool, text: String }
struct Cwd { path: String }
struct Exited { exit: Exit }

struct Subscribe { kinds: Vec<u16>, session: Option<Target>, since: Option<u64> }
struct Subscribed { oldest: u64, next: u64 }
struct Unsubscribe {}
struct Event { number: u64, time_ms: u64, kind: u16, session: Option<SessionId>, name: String, fields: Vec<EventField> }
struct EventField { key: String, value: EventValue }
enum EventValue { Text(String), Number(i64), Flag(bool) }
struct Lagged { missed: u64 }

struct LoadPlugin { source: PluginSource, grants: Vec<String> }
enum PluginSource { File(Vec<u8>), Bundled(String) }
struct UnloadPlugin { name: String }
struct ReloadPlugin { name: String }
struct ListPlugins { name: Option<String> }
struct Plugins { plugins: Vec<PluginInfo> }
struct PluginInfo { name: String, version: String, about: String, path: String, disabled: Option<String>,
                    commands: Vec<PluginCommandInfo>, permissions: Vec<String>, errors: u64,
                    last_error: Option<String>, dropped: u64, memory: u64, status: Vec<PluginStatusItem>,
                    log: Vec<PluginLogEntry> }
struct PluginStatusItem { key: String, text: String }
struct PluginCommandInfo { name: String, help: String }
struct PluginLogEntry { time_ms: u64, is_error: bool, text: String }
struct PluginCommand { plugin: String, command: String, args: Vec<String>, session: Option<Target> }
struct PluginReply { text: String }

struct Input { position: u64, data: Vec<u8> }
struct Paste { position: u64, first: bool, last: bool, data: Vec<u8> }
struct Mouse { position: u64, action: u8, button: u8, mods: u8, col: u16, row: u16, x: u8, y: u8 }
struct Focus { position: u64, gained: bool }
struct CancelInput {}
struct AskCredit {}
struct InputCredit { taken: u64, may_send_through: u64 }

struct Arm { frame: u64 }
struct FrameReady { frame: u64, taken: u64 }
struct SurfaceMoved { generation: u32, mapping: String }
struct FetchRows { since: u64 }
struct Rows { frame: u64, cols: u16, rows: u16, cursor: (u16, u16), cursor_shape: u8, cursor_visible: bool,
              cursor_blinking: bool, modes: u64, scrolled: u64, reflow: u64, scrollback: u32,
              palette: Option<WirePalette>, full: bool, more: bool, lines: Vec<LineData> }
struct LineData { row: u16, frame: u64, cells: Vec<u64>, extras: Vec<WireExtra> }
struct WireExtra { col: u16, marks: String, link: Option<(String, String)>, underline_color: u32 }
struct WirePalette { version: u64, colors: Vec<(u16, [u8; 3])> }
struct Scrollback { first: u64, count: u32 }
struct ScrollbackRows { first: u64, scrolled: u64, reflow: u64, lines: Vec<LineData> }
"""


class Malformed(Exception):
    """Bytes that are no archive of the type that they should be of."""


def decode(name, payload):
    """The value of a payload: structs are dictionaries, enums are names, or pairs of a name and a value."""
    kind = TYPES[name]
    return kind.read(payload, len(payload) - kind.size)


def encode(name, value):
    """The payload for a value, byte for byte as rkyv makes it."""
    kind, out = TYPES[name], bytearray()
    prepared = kind.prepare(out, value)
    pad(out, kind.align)
    return bytes(out) + kind.write(prepared, len(out))


# Every type has a size, an alignment and three functions: `read` takes a value from a place; `prepare` appends what
# the value keeps elsewhere to the archive, and `write` gives the bytes of the value itself, once its place is known.


class Number:
    def __init__(self, code):
        self.code, self.size = "<" + code, struct.calcsize("<" + code)
        self.align = self.size

    def read(self, data, at):
        within(data, at, self)
        return struct.unpack_from(self.code, data, at)[0]

    def prepare(self, _out, value):
        return value

    def write(self, value, _at):
        return struct.pack(self.code, value)


class Bool(Number):
    def __init__(self):
        super().__init__("B")

    def read(self, data, at):
        value = super().read(data, at)
        if value > 1:
            raise Malformed(f"a bool of {value}")
        return value == 1


class Array:
    """`[u8; N]`."""

    def __init__(self, size):
        self.size, self.align = size, 1

    def read(self, data, at):
        within(data, at, self)
        return bytes(data[at : at + self.size])

    def prepare(self, _out, value):
        return value

    def write(self, value, _at):
        return bytes(value)


class Text:
    """`String`: up to 8 bytes in place, or a length and an offset."""

    size, align = 8, 4

    def read(self, data, at):
        within(data, at, self)
        own = bytes(data[at : at + 8])
        if own[0] & 0xC0 == 0x80:
            length, offset = struct.unpack("<Ii", own)
            length = length & 0x3F | length >> 8 << 6
            own = span(data, at + offset, length, 1)
        else:
            own = own.split(b"\xff")[0]
        try:
            return own.decode()
        except UnicodeDecodeError as error:
            raise Malformed(f"a string that is not UTF-8: {error}") from None

    def prepare(self, out, value):
        value = value.encode()
        if len(value) <= 8:
            return value, None
        out += value
        return value, len(out) - len(value)

    def write(self, prepared, at):
        value, place = prepared
        if place is None:
            return value.ljust(8, b"\xff")
        length = len(value) & 0x3F | 0x80 | len(value) >> 6 << 8
        return struct.pack("<Ii", length, place - at)


class Vector:
    """`Vec<T>`: an offset and a count. `Vec<u8>` is `bytes` here."""

    size, align = 8, 4

    def __init__(self, element):
        self.element = element

    def read(self, data, at):
        within(data, at, self)
        offset, count = struct.unpack_from("<iI", data, at)
        size = self.element.size
        own = span(data, at + offset, count * size, self.element.align)
        if isinstance(self.element, Number) and size in (1, 8):
            return own if size == 1 else list(struct.unpack(f"<{count}Q", own))
        return [self.element.read(data, at + offset + n * size) for n in range(count)]

    def prepare(self, out, value):
        prepared = [self.element.prepare(out, one) for one in value]
        pad(out, self.element.align)
        start = len(out)
        for one in prepared:
            out += self.element.write(one, len(out))
        return start, len(prepared)

    def write(self, prepared, at):
        return struct.pack("<iI", prepared[0] - at, prepared[1])


class Struct:
    """Fields in order, each at its alignment. A tuple is a struct whose fields have no names."""

    def __init__(self, fields, names=None):
        self.fields, self.names = fields, names
        self.places, end, self.align = [], 0, 1
        for field in fields:
            end = aligned(end, field.align)
            self.places.append(end)
            end += field.size
            self.align = max(self.align, field.align)
        self.size = aligned(end, self.align)

    def read(self, data, at):
        within(data, at, self)
        values = [field.read(data, at + place) for field, place in zip(self.fields, self.places)]
        return tuple(values) if self.names is None else dict(zip(self.names, values))

    def prepare(self, out, value):
        values = value if self.names is None else [value[name] for name in self.names]
        return [field.prepare(out, one) for field, one in zip(self.fields, values)]

    def write(self, prepared, at):
        own = bytearray(self.size)
        for field, place, one in zip(self.fields, self.places, prepared):
            own[place : place + field.size] = field.write(one, at + place)
        return bytes(own)


class Enum:
    """A byte that counts the variants, then the fields of the one that it is."""

    def __init__(self, variants):
        self.names = [name for name, _ in variants]
        self.bodies = [Struct([Number("B")] + fields) for _, fields in variants]
        self.align = max(body.align for body in self.bodies)
        self.size = aligned(max(body.size for body in self.bodies), self.align)

    def read(self, data, at):
        within(data, at, self)
        if data[at] >= len(self.bodies):
            raise Malformed(f"variant {data[at]} of {self.names}")
        name, fields = self.names[data[at]], self.bodies[data[at]].read(data, at)[1:]
        return (name, *fields) if fields else name

    def prepare(self, out, value):
        name, *fields = value if isinstance(value, tuple) else (value,)
        tag = self.names.index(name)
        return tag, self.bodies[tag].prepare(out, [tag, *fields])

    def write(self, prepared, at):
        tag, fields = prepared
        return self.bodies[tag].write(fields, at).ljust(self.size, b"\0")


class Option(Enum):
    """`None`, or the value itself."""

    def __init__(self, some):
        super().__init__([("None", []), ("Some", [some])])

    def read(self, data, at):
        value = super().read(data, at)
        return None if value == "None" else value[1]

    def prepare(self, out, value):
        return super().prepare(out, "None" if value is None else ("Some", value))


def aligned(place, align):
    return (place + align - 1) // align * align


def pad(out, align):
    out += bytes(aligned(len(out), align) - len(out))


def span(data, start, length, align):
    if start < 0 or start + length > len(data) or start % align:
        raise Malformed(f"{length} bytes at {start} of {len(data)}, aligned to {align}")
    return bytes(data[start : start + length])


def within(data, at, kind):
    if at < 0 or at + kind.size > len(data) or at % kind.align:
        raise Malformed(f"{kind.size} bytes at {at} of {len(data)}, aligned to {kind.align}")


# ------------------------------------------------------------------------------------------------- the notation


def parse(schema):
    """The types of a schema, by name. What a struct refers to may come after it."""
    found = {name: (what, body) for what, name, body in re.findall(r"(struct|enum) (\w+) \{(.*?)\}", schema, re.S)}
    numbers = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i32": "i", "i64": "q", "f64": "d"}
    types = {name: Number(code) for name, code in numbers.items()}
    types.update(bool=Bool(), String=Text())

    def of(text):
        text = text.strip()
        if text not in types:
            if text.startswith("Option<"):
                types[text] = Option(of(text[7:-1]))
            elif text.startswith("Vec<"):
                types[text] = Vector(of(text[4:-1]))
            elif text.startswith("[u8;"):
                types[text] = Array(int(text[4:-1]))
            elif text.startswith("("):
                types[text] = Struct([of(part) for part in parts(text[1:-1])])
            elif found[text][0] == "struct":
                fields = [part.split(":", 1) for part in parts(found[text][1])]
                types[text] = Struct([of(kind) for _, kind in fields], [name.strip() for name, _ in fields])
            else:
                variants = [re.fullmatch(r"(\w+)(?:\((.*)\))?", part).groups() for part in parts(found[text][1])]
                types[text] = Enum([(name, [of(body)] if body else []) for name, body in variants])
        return types[text]

    for name in found:
        of(name)
    return types


def parts(text):
    """Splits at the commas that are outside of all brackets."""
    found, depth = [""], 0
    for character in text:
        depth += (character in "<([") - (character in ">)]")
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return [part.strip() for part in found if part.strip()]


TYPES = parse(SCHEMA)
