"""A connection to a daemon, by sections 1 to 5 and 7 of docs/PROTOCOL.md."""

import os
import re
import socket
import stat
import struct
import time

from archive import decode, encode
from surface import Screen, Surface

PROGRAM = "independent 1.0"
MAGIC = b"scarab\r\n"
# Of version 1: the number in the document's first vector of a hello.
SCHEMA_HASH = 0xA24801358787360C
DESCRIPTORS = 1
HELLO = struct.Struct("<8sHHIQQ32s")
ANSWER = struct.Struct("<8sHHHHQQIIQ32s80s")
HEADER = struct.Struct("<IHHII")
STATUS = ["ok", "version", "full", "token wanted", "stopping", "malformed"]
MAX_PAYLOAD = 2 * 1024 * 1024
PATIENCE = 30

KINDS = {
    "Auth": 0x0001, "Attach": 0x0002, "Detach": 0x0003, "Arm": 0x0004, "Resize": 0x0005, "Input": 0x0006,
    "Paste": 0x0007, "Mouse": 0x0008, "Focus": 0x0009, "CancelInput": 0x000A, "Scrollback": 0x000B,
    "FetchRows": 0x000C, "Resume": 0x000D, "AskCredit": 0x000E, "ListSessions": 0x0010, "CreateSession": 0x0011,
    "RenameSession": 0x0012, "KillSession": 0x0013, "ForgetSession": 0x0014, "SetSize": 0x0015,
    "SetSizePolicy": 0x0016, "AskBusy": 0x0017, "ClearScrollback": 0x0018, "Subscribe": 0x0020, "GetConfig": 0x0021, "SetConfig": 0x0022,
    "LoadPlugin": 0x0023, "UnloadPlugin": 0x0024, "ListPlugins": 0x0025, "PluginCommand": 0x0026, "Unsubscribe": 0x0027, "ReloadPlugin": 0x0028, "Ping": 0x0030, "Status": 0x0031, "Shutdown": 0x0032, "OpenDocument": 0x0040, "SaveDocument": 0x0041, "DropDocument": 0x0042, "ListDocuments": 0x0043,
    "Welcome": 0x8001, "Done": 0x8002, "Error": 0x8003, "Unsupported": 0x8004, "Attached": 0x8005,
    "Detached": 0x8006, "SurfaceMoved": 0x8007, "FrameReady": 0x8008, "Rows": 0x8009, "InputCredit": 0x800A,
    "Resized": 0x800B, "Title": 0x800C, "Bell": 0x800D, "Clipboard": 0x800E, "Cwd": 0x800F, "Exited": 0x8010,
    "Created": 0x8011, "Sessions": 0x8012, "ScrollbackRows": 0x8013, "Renamed": 0x8014, "Busy": 0x8015, "Config": 0x8020, "ConfigChanged": 0x8021, "Plugins": 0x8022, "PluginReply": 0x8023, "Event": 0x8024, "Lagged": 0x8025,
    "Subscribed": 0x8026, "Pong": 0x8030,
    "DaemonStatus": 0x8031, "ShuttingDown": 0x8032, "Document": 0x8040, "Documents": 0x8041,
}  # fmt: skip
NAMES = {number: name for name, number in KINDS.items()}


class Refused(Exception):
    """The daemon said no: in its hello, or to a request."""

    def __init__(self, code, text, retry_ms=0):
        super().__init__(f"{code}: {text}")
        self.code, self.retry_ms = code, retry_ms


class Lost(Exception):
    """The connection has ended."""


class Untrusted(Exception):
    """A directory or a process is not this user's."""


# ------------------------------------------------------------------------------------------------- where and who


def socket_of(name):
    """The socket of the daemon with a name."""
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,31}", name):
        raise ValueError(f"bad name {name!r}")
    user = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if not os.path.isabs(runtime):
        runtime = f"/run/user/{user}"
        if not is_own_directory(runtime, user):
            return f"/tmp/scarab-{user}/{name}.sock"
    return f"{runtime}/scarab/{name}.sock"


def is_own_directory(path, user):
    """Whether there is a directory that is the user's. A link to one is not."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user


def check_directory(path):
    if not is_own_directory(path, os.geteuid()) or os.lstat(path).st_mode & 0o022:
        raise Untrusted(f"{path} is not a directory that only this user can write")


def open_socket(path):
    """Connects, and makes sure that this user is at the other end before anything is said."""
    if path.startswith("@"):
        address = "\0" + path[1:]
    else:
        address = path
        check_directory(os.path.dirname(path) or ".")
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.settimeout(PATIENCE)
    connected.connect(address)
    _pid, user, _group = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if user != os.geteuid():
        raise Untrusted(f"the process at {path} is user {user}'s")
    return connected


# ---------------------------------------------------------------------------------------------------- connection


class Connection:
    def __init__(self, path, lowest=1, highest=1, features=DESCRIPTORS, schema=SCHEMA_HASH):
        self.socket = open_socket(path)
        self.buffer, self.descriptors = bytearray(), []
        self.last_request, self.sessions = 0, {}
        self.socket.sendall(HELLO.pack(MAGIC, lowest, highest, 0, features, schema, PROGRAM.encode()))
        self.hello = self.read_hello(lowest, highest)
        self.welcome = self.wait(lambda kind, _: kind == "Welcome")[1]

    def read_hello(self, lowest, highest):
        self.fill(ANSWER.size)
        magic, status, version, low, high, features, epoch, pid, _, schema, build, text = ANSWER.unpack(self.take(160))
        if magic != MAGIC:
            raise Refused("malformed", "what answered does not speak Scarab's protocol")
        build, text = (field.split(b"\0")[0].decode("utf-8", "replace") for field in (build, text))
        status = STATUS[status] if status < len(STATUS) else "version"
        if status != "ok":
            both = f"{build} (pid {pid}) speaks {low} to {high}, {PROGRAM} speaks {lowest} to {highest}"
            raise Refused(status, f"{both}: {text}")
        return {"version": version, "features": features, "epoch": epoch, "pid": pid, "schema": schema, "build": build}

    def fill(self, count):
        """Reads until so many bytes are there. Descriptors are put in a row: each belongs to a frame that says so."""
        while len(self.buffer) < count:
            try:
                received = self.socket.recvmsg(65536, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
            except OSError as error:
                raise Lost(str(error)) from None
            data, extra = received[:2]
            for level, kind, own in extra:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    self.descriptors += struct.unpack(f"{len(own) // 4}i", own[: len(own) // 4 * 4])
            if not data:
                raise Lost("the daemon has closed the connection")
            self.buffer += data

    def take(self, count):
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def receive(self):
        """The next frame: its kind, what it says, its request and session, and the descriptor that came with it."""
        self.fill(HEADER.size)
        length, number, flags, request, session = HEADER.unpack(self.take(HEADER.size))
        if length > MAX_PAYLOAD:
            raise Lost(f"a frame of {length} bytes")
        descriptor = None
        if flags & 1:
            if not self.descriptors:
                raise Lost("no descriptor came with the frame that says so")
            descriptor = self.descriptors.pop(0)
        self.fill(length)
        kind = NAMES.get(number)
        return kind, decode(kind, self.take(length)) if kind else self.take(length), request, session, descriptor

    def wait(self, wanted, request=None):
        """Reads frames until the wanted one comes, or the answer to a request. Others are given to their sessions."""
        deadline = time.monotonic() + PATIENCE
        while True:
            if time.monotonic() > deadline:
                raise Lost(f"what was waited for did not come in {PATIENCE} seconds")
            kind, message, answered, number, descriptor = self.receive()
            if kind == "Error" and answered in (0, request):
                raise Refused(message["code"], message["text"], message["retry_ms"])
            if kind == "Unsupported" and answered == request:
                raise Refused("Unsupported", f"the daemon does not know kind {message['kind']:#06x}")
            if kind == "ShuttingDown":
                raise Lost(f"the daemon ends: {message['reason']}")
            if descriptor is not None and kind not in ("Attached", "SurfaceMoved"):
                os.close(descriptor)
            if number in self.sessions:
                self.sessions[number].hear(kind, message, descriptor)
            if wanted(kind, number) and request in (None, answered):
                return number, message, descriptor

    def frame(self, kind, session=0, request=0, **fields):
        payload = encode(kind, fields)
        return HEADER.pack(len(payload), KINDS[kind], 0, request, session) + payload

    def send(self, kind, session=0, request=0, **fields):
        self.send_frame(self.frame(kind, session, request, **fields))

    def send_frame(self, frame):
        try:
            self.socket.sendall(frame)
        except OSError as error:
            raise Lost(str(error)) from None

    def ask(self, kind, answer, session=0, **fields):
        """Makes a request and waits for its answer; comes back as late as the daemon says if it was too quick."""
        while True:
            self.last_request += 1
            self.send(kind, session, self.last_request, **fields)
            try:
                return self.wait(lambda kind, _: kind == answer, self.last_request)
            except Refused as refused:
                if refused.code != "RateLimited":
                    raise
                time.sleep(refused.retry_ms / 1000)

    def list(self):
        """All sessions, page by page."""
        found, more = [], True
        while more:
            page = self.ask("ListSessions", "Sessions", after=found[-1]["id"]["number"] if found else 0)[1]
            found, more = found + page["sessions"], page["more"]
        return found

    def create(self, name, command, cols=80, rows=24):
        """A session that stays when its clients go, with this process's environment and directory."""
        size = {"cols": cols, "rows": rows, "pixel_width": 0, "pixel_height": 0}
        command = [os.fsencode(word) for word in command]
        env = [(name, value) for name, value in os.environb.items()]
        place = {"cwd": os.getcwdb(), "beside": None}
        fields = {"name": name, "command": command, **place, "env": env, "size": size, "linger": True}
        return self.ask("CreateSession", "Created", **fields)[1]["info"]

    def attach(self, name, observe=False, can_map=True):
        number, attached, descriptor = self.ask(
            "Attach", "Attached", target=("Name", name), size=None, observe=observe, can_map=can_map
        )
        session = Session(self, number, attached)
        if descriptor is not None:
            session.surface = Surface(descriptor, self.hello["epoch"], number)
        self.sessions[number] = session
        return session

    def resume(self, token):
        """Takes over from an earlier connection of this client. To be said before anything is attached."""
        self.ask("Resume", "Done", token=token)

    def cut(self):
        """Ends the connection without a word."""
        self.socket.close()


class Session:
    """An attached session."""

    def __init__(self, connection, number, attached):
        self.connection, self.number, self.attached = connection, number, attached
        self.surface, self.screen = None, Screen()
        # Attaching has armed the doorbell with frame 0.
        self.rung = False
        self.position, self.credit = attached["taken"], attached["may_send_through"]
        self.taken, self.title, self.exit, self.ended = attached["taken"], attached["info"]["title"], None, None

    def hear(self, kind, message, descriptor):
        """What the daemon tells of the session without being asked."""
        if kind == "FrameReady":
            self.rung, self.taken = True, max(self.taken, message["taken"])
        elif kind == "SurfaceMoved" and descriptor is not None:
            self.surface = Surface(descriptor, self.connection.hello["epoch"], self.number)
            self.screen.frame = 0
        elif kind == "InputCredit":
            self.taken, self.credit = message["taken"], message["may_send_through"]
        elif kind == "Title":
            self.title = message["title"]
        elif kind == "Exited":
            self.exit = message["exit"]
        elif kind == "Detached":
            raise Lost(f"the session was left: {message['reason']}")
        elif kind == "Rows":
            self.screen.apply(message)

    def update(self):
        """Brings the screen up to the newest frame. False if that is worth another try when the bell rings."""
        if self.surface:
            return self.surface.read(self.screen)
        # The answer is one `Rows` or more; they are applied as they are heard.
        self.connection.last_request += 1
        request = self.connection.last_request
        self.connection.send("FetchRows", self.number, request, since=self.screen.frame)
        while self.connection.wait(lambda kind, _: kind == "Rows", request)[1]["more"]:
            pass
        # Frame 0 is of a daemon that could not read the screen either, because it was being written.
        return self.screen.frame > 0

    def watch(self, enough):
        """Waits from frame to frame, asleep in between, until the screen is as it should be."""
        while True:
            while not self.rung:
                self.connection.wait(lambda kind, number: kind == "FrameReady" and number == self.number)
            self.rung = False
            if self.update() and enough(self.screen):
                return self.screen
            self.connection.send("Arm", self.number, frame=self.screen.frame)

    def items(self, data, size=None):
        """The frames that type these bytes, each with the position at which it ends."""
        size = size or self.connection.welcome["limits"]["item"]
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            frame = self.connection.frame("Input", self.number, position=self.position, data=piece)
            self.position += len(piece)
            yield frame, self.position

    def type(self, data, size=None):
        """Types bytes, as fast as credit allows."""
        for frame, end in self.items(data, size):
            while end > self.credit:
                self.connection.wait(lambda kind, number: kind == "InputCredit" and number == self.number)
            self.connection.send_frame(frame)

    def settle(self):
        """Makes sure that the daemon has taken all that was typed: it answers in the order in which it is told."""
        self.connection.ask("AskCredit", "InputCredit", self.number)
        if self.taken < self.position:
            raise Lost(f"of input up to {self.position} what is below {self.taken} was taken: the session has ended")
