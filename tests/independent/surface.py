"""A session's screen in shared memory, by section 8 of docs/PROTOCOL.md, and the same rows over the wire."""

import mmap
import os
import struct

COLS, ROWS = range(2, 1001), range(1, 1001)
TRIES = 4
PAUSES = 500
SHAPES = ["block", "underline", "beam", "hollow"]
ATTRS = [("bold", 0), ("faint", 2), ("italic", 1), ("blink", 13), ("inverse", 3), ("hidden", 4), ("strikeout", 5)]
UNDERLINES = [None, "single", "double", "curly", "dotted", "dashed", "single", "single"]
WIDE, WIDE_SPACER, LEADING_SPACER, WRAPPED = 1 << 9, 1 << 10, 1 << 11, 1 << 12


class NoSurface(Exception):
    """The memory is not a surface of the session that was attached."""


class Screen:
    """A client's own copy: what it holds of a session."""

    def __init__(self):
        self.frame = 0
        self.cols = self.rows = 0
        self.cursor = (0, 0)
        self.shape, self.visible, self.blinking = 0, False, False
        self.modes = self.scrolled = self.reflow = self.scrollback = 0
        self.palette_version, self.palette = 0, {}
        self.lines = []  # for each row its cells, and a dictionary from columns to extras

    def resize(self, cols, rows):
        self.cols, self.rows = cols, rows
        self.lines = [([(0x20, 0)] * cols, {}) for _ in range(rows)]

    def apply(self, rows):
        """Takes in one `Rows`. The frame counts once the last one of an answer is there."""
        if rows["full"] or (rows["cols"], rows["rows"]) != (self.cols, self.rows):
            self.resize(rows["cols"], rows["rows"])
        for line in rows["lines"]:
            words = line["cells"]
            cells = list(zip(words[0::2], words[1::2]))[: self.cols]
            if line["row"] < self.rows:
                extras = {extra["col"]: extra for extra in line["extras"]}
                self.lines[line["row"]] = (cells + [(0x20, 0)] * (self.cols - len(cells)), extras)
        self.cursor = rows["cursor"]
        self.shape, self.visible, self.blinking = rows["cursor_shape"], rows["cursor_visible"], rows["cursor_blinking"]
        self.modes, self.scrolled = rows["modes"], rows["scrolled"]
        self.reflow, self.scrollback = rows["reflow"], rows["scrollback"]
        if rows["palette"]:
            self.palette_version, self.palette = rows["palette"]["version"], dict(rows["palette"]["colors"])
        if not rows["more"]:
            self.frame = rows["frame"]

    def text(self):
        return [text_of(*line) for line in self.lines]

    def json(self):
        shape = SHAPES[self.shape] if self.shape < len(SHAPES) else SHAPES[0]
        cursor = {"col": self.cursor[0], "row": self.cursor[1], "visible": self.visible, "shape": shape}
        lines = [{"text": text_of(*line), "runs": runs_of(*line)} for line in self.lines]
        return {
            "frame": self.frame, "cols": self.cols, "rows": self.rows, "cursor": cursor, "lines": lines,
            "modes": self.modes, "blinking": self.blinking, "scrolled": self.scrolled,
            "palette": {place: f"#{color.hex()}" for place, color in sorted(self.palette.items())},
        }  # fmt: skip


class Surface:
    """A mapped surface. The reader cannot write to it: the descriptor is read-only, and so is the mapping."""

    def __init__(self, descriptor, epoch, session):
        try:
            length = os.fstat(descriptor).st_size
            if length < 512 * 8:
                raise NoSurface(f"{length} bytes cannot be a surface")
            self.memory = mmap.mmap(descriptor, length, mmap.MAP_SHARED, mmap.PROT_READ)
        finally:
            os.close(descriptor)
        header = self.words(0, 11)
        magic, version, header_words, total, cols, rows = header[:6]
        if magic != int.from_bytes(b"SCARABSF", "little") or version != 1 or header_words != 512:
            raise NoSurface("this is no surface of layout version 1")
        if cols not in COLS or rows not in ROWS:
            raise NoSurface(f"no surface has room for {cols}x{rows} cells")
        if header[6:8] != (epoch, session):
            raise NoSurface("this is another session's surface")
        self.capacity = cols, rows
        self.entries, self.arena_words = header[9], header[10]
        self.generation = header[8]
        self.cells = (792 + rows + 7) // 8 * 8
        self.directory = self.cells + cols * rows * 2
        self.arena = self.directory + self.entries * 2
        entries = min(max(cols * rows // 2, 4096), 65536)
        if (self.entries, self.arena_words) != (entries, entries * 8) or total != self.arena + self.arena_words:
            raise NoSurface("the header contradicts itself")
        if total * 8 > length:
            raise NoSurface("the surface is longer than its memory")

    def words(self, at, count):
        """Copies words. On processors that keep loads in order, this needs no fence beside it in a language that
        does not move them either; elsewhere a client must put its acquire fences here."""
        return struct.unpack_from(f"<{count}Q", self.memory, at * 8)

    def read(self, screen):
        """Brings a screen up to the newest frame. False if the daemon kept writing: arm, and try when rung."""
        pauses = PAUSES
        for _ in range(TRIES):
            before = self.words(512, 1)[0]
            while before % 2:
                pauses -= 1
                if pauses == 0:
                    return False
                before = self.words(512, 1)[0]
            copy = self.copy(screen)
            if self.words(512, 1)[0] == before:
                self.give(copy, screen)
                return True
        return False

    def copy(self, screen):
        """What the screen lacks. Any value in here may be torn, so every bound is our own."""
        state = self.words(520, 8)
        cols = min(max(state[1] & 0xFFFF, 2), self.capacity[0])
        rows = min(max(state[1] >> 16 & 0xFFFF, 1), self.capacity[1])
        full = screen.frame == 0 or (cols, rows) != (screen.cols, screen.rows)
        stamps = self.words(792, rows)
        lines = {}
        for row in range(rows):
            if full or stamps[row] > screen.frame:
                words = self.words(self.cells + row * self.capacity[0] * 2, cols * 2)
                lines[row] = list(zip(words[0::2], words[1::2]))
        indexes = {cell[0] >> 37 for cells in lines.values() for cell in cells}
        extras = {index: self.extra(index) for index in indexes if 0 < index <= self.entries}
        palette = self.words(528, 259) if full or state[7] != screen.palette_version else None
        return state, (cols, rows), lines, extras, palette

    def extra(self, index):
        """The words of an entry in the side table's arena, not looked into yet."""
        place = self.words(self.directory + (index - 1) * 2, 2)[1]
        start, count = place >> 32, place & 0xFFFFFFFF
        return self.words(self.arena + start, count) if start + count <= self.arena_words and count < 400 else ()

    def give(self, copy, screen):
        """Puts an accepted copy into the screen."""
        state, (cols, rows), lines, extras, palette = copy
        if (cols, rows) != (screen.cols, screen.rows):
            screen.resize(cols, rows)
        extras = {index: unpacked(words) for index, words in extras.items()}
        for row, cells in lines.items():
            own = {col: extras.get(cell[0] >> 37) for col, cell in enumerate(cells) if cell[0] >> 37}
            screen.lines[row] = (cells, {col: extra for col, extra in own.items() if extra})
        cursor = state[2]
        screen.frame, screen.cursor = state[0], (min(cursor & 0xFFFF, cols - 1), min(cursor >> 16 & 0xFFFF, rows - 1))
        screen.shape = cursor >> 32 & 0xFF
        screen.visible, screen.blinking = bool(cursor >> 40 & 1), bool(cursor >> 41 & 1)
        screen.modes, screen.scrolled, screen.reflow, screen.scrollback = state[3:7]
        if palette is not None:
            screen.palette_version = state[7]
            colors = {place: word for place, word in enumerate(palette) if word >> 24 & 1}
            screen.palette = {place: (word & 0xFFFFFF).to_bytes(3, "big") for place, word in colors.items()}


def unpacked(words):
    """An entry of the side table, as `Rows` would have it."""
    if len(words) < 2:
        return None
    lengths = [words[0] >> shift & 0xFFFF for shift in (0, 16, 32)]
    data = struct.pack(f"<{len(words) - 2}Q", *words[2:])
    if sum(lengths) > len(data):
        return None
    marks, link, address = (data[sum(lengths[:n]) :][: lengths[n]].decode("utf-8", "replace") for n in range(3))
    return {"marks": marks, "link": (link, address) if words[0] >> 48 & 1 else None, "underline_color": words[1]}


# ------------------------------------------------------------------------------------------------------- cells


def attrs_of(cell):
    return cell[0] >> 21 & 0xFFFF


def character_of(cell):
    """The cell's own character; what would command a terminal is shown as a blank."""
    code = cell[0] & 0x1FFFFF
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return "\ufffd"
    return " " if code < 0x20 or 0x7F <= code < 0xA0 else chr(code)


def color_of(bits):
    tag = bits >> 24 & 0xFF
    return bits & 0xFF if tag == 1 else f"#{bits & 0xFFFFFF:06x}" if tag == 2 else "default"


def clusters(cells, extras):
    """Each character with its column and its marks; a wide one once, though it takes two cells."""
    for col, cell in enumerate(cells):
        if not attrs_of(cell) & (WIDE_SPACER | LEADING_SPACER):
            yield col, character_of(cell) + (extras[col]["marks"] if col in extras else "")


def text_of(cells, extras):
    return "".join(text for _, text in clusters(cells, extras)).rstrip(" ")


def is_blank(cell):
    attrs = attrs_of(cell) & ~(WRAPPED | LEADING_SPACER)
    return character_of(cell) == " " and attrs == 0 and cell[0] >> 37 == 0 and cell[1] == 0


def runs_of(cells, extras):
    """The text in pieces of equal style, without the blanks at the end that nobody sees."""
    used = max((col + 1 for col, cell in enumerate(cells) if col in extras or not is_blank(cell)), default=0)
    runs, last = [], None
    for col, text in clusters(cells[:used], extras):
        cell, extra = cells[col], extras.get(col, {})
        attrs, link, color = attrs_of(cell), extra.get("link"), extra.get("underline_color", 0)
        style = attrs & 0x1FF, cell[1], link, color
        if style != last:
            kind = UNDERLINES[attrs >> 6 & 7]
            runs.append({
                "col": col,
                "text": "",
                "fg": color_of(cell[1] & 0xFFFFFFFF),
                "bg": color_of(cell[1] >> 32),
                "attrs": [name for name, bit in ATTRS if attrs >> bit & 1],
                "underline": kind and {"style": kind, "color": color_of(color)},
                "link": link and link[1],
            })
            last = style
        runs[-1]["text"] += text
    return runs
