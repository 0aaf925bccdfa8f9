"""The long connection's frame: nine fields of protobuf 2, and the pieces of a message that came in several. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

CONTROL, DATA = 0, 1
MOST_HEADERS = 64
MOST_PIECES = 64
LARGEST_MESSAGE = 1 << 20
WAITING_BYTES, WAITING = 4 << 20, 64
"""What incomplete messages may hold together, and how many there may be."""
PATIENCE = 30.0
"""Seconds after which a message whose other pieces never came is forgotten; Feishu brings it again."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MASK32, _MASK64 = (1 << 32) - 1, (1 << 64) - 1


class FrameError(ValueError):
    """Bytes that are no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `method` is CONTROL or DATA."""

    service: int = 0
    method: int = CONTROL
    headers: tuple[tuple[str, str], ...] = ()
    payload: bytes = b""
    seq_id: int = 0
    log_id: int = 0
    encoding: str = ""
    kind: str = ""
    log_id_new: str = ""

    def header(self, name: str) -> str:
        """Return a header's value, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    def number(self, name: str, usual: int) -> int:
        """Return a header that is a number. Raises `FrameError`."""
        words = self.header(name)
        if not words:
            return usual
        if not (words.isascii() and words.isdigit() and len(words) < 10):  # noqa: PLR2004 - far more than any
            raise FrameError("no number")
        return int(words)

    def answered(self, payload: bytes, took: int) -> Frame:
        """Return this very frame with another payload, which is how one is acknowledged."""
        return replace(self, headers=(*self.headers, ("biz_rt", str(took))), payload=payload)


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _number(field_: int, value: int) -> bytes:
    return _varint(field_ << 3 | _VARINT) + _varint(value & _MASK64)


def _piece(field_: int, value: bytes) -> bytes:
    return _varint(field_ << 3 | _BYTES) + _varint(len(value)) + value


def dump(frame: Frame) -> bytes:
    """Return a frame's bytes; the first four fields are always there."""
    made = _number(1, frame.seq_id) + _number(2, frame.log_id) + _number(3, frame.service) + _number(4, frame.method)
    for key, value in frame.headers:
        made += _piece(5, _piece(1, key.encode()) + _piece(2, value.encode()))
    for place, words in ((6, frame.encoding.encode()), (7, frame.kind.encode()), (8, frame.payload)):
        if words:
            made += _piece(place, words)
    return made + (_piece(9, frame.log_id_new.encode()) if frame.log_id_new else b"")


class _Reader:
    """Reads fields one after the other; what is not there is an error, never a wait."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._place = raw, 0

    def __bool__(self) -> bool:
        return self._place < len(self._raw)

    def varint(self) -> int:
        value = shift = 0
        while True:
            if self._place >= len(self._raw) or shift > 63:  # noqa: PLR2004 - ten bytes at most
                raise FrameError("a number that does not end")
            byte = self._raw[self._place]
            self._place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - the last byte has no mark
                return value & _MASK64
            shift += 7

    def take(self, count: int) -> bytes:
        end = self._place + count
        if end > len(self._raw):
            raise FrameError("shorter than it says")
        found, self._place = self._raw[self._place : end], end
        return found

    def field(self) -> tuple[int, int | bytes]:
        key = self.varint()
        number, wire = key >> 3, key & 7
        if not number:
            raise FrameError("field nought")
        if wire == _VARINT:
            return number, self.varint()
        if wire == _BYTES:
            return number, self.take(self.varint())
        if wire in {_FIXED64, _FIXED32}:
            return number, self.take(8 if wire == _FIXED64 else 4)
        raise FrameError("no such wire")


def load(raw: bytes) -> Frame:
    """Return the frame that bytes hold. Raises `FrameError`."""
    reader = _Reader(raw)
    numbers, pieces = dict[int, int](), dict[int, bytes]()
    headers = list[tuple[str, str]]()
    while reader:
        place, value = reader.field()
        if place <= 4 and isinstance(value, int):  # noqa: PLR2004 - the numbers come first
            numbers[place] = value
        elif place == 5 and isinstance(value, bytes):  # noqa: PLR2004
            headers.append(_header(value))
            if len(headers) > MOST_HEADERS:
                raise FrameError("too many headers")
        elif 6 <= place <= 9 and isinstance(value, bytes):  # noqa: PLR2004
            pieces[place] = value
        elif place <= 9:  # noqa: PLR2004 - what comes after is of a later time
            raise FrameError("a field of the wrong kind")
    return Frame(
        _signed(numbers.get(3, 0)),
        _signed(numbers.get(4, 0)),
        tuple(headers),
        pieces.get(8, b""),
        numbers.get(1, 0),
        numbers.get(2, 0),
        *(_words(pieces.get(place, b"")) for place in (6, 7, 9)),
    )


def _header(raw: bytes) -> tuple[str, str]:
    reader, found = _Reader(raw), dict[int, str]()
    while reader:
        place, value = reader.field()
        if isinstance(value, bytes):
            found[place] = _words(value)
    return found.get(1, ""), found.get(2, "")


def _words(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise FrameError("no words") from error


def _signed(value: int) -> int:
    """Return an int32, which protobuf writes as 64 bits when it is negative."""
    value &= _MASK32
    return value - (1 << 32) if value >> 31 else value


@dataclass
class Pieces:
    """Joins messages that came in several frames; memory is bounded, whatever comes."""

    _waiting: OrderedDict[str, tuple[float, dict[int, bytes], int]] = field(default_factory=OrderedDict)

    def join(self, frame: Frame, now: float) -> bytes | None:
        """Return a message's whole payload once its last piece is there. Raises `FrameError`."""
        total, place, name = frame.number("sum", 1), frame.number("seq", 0), frame.header("message_id")
        if total <= 1:
            return frame.payload
        if total > MOST_PIECES or place >= total or not name:
            raise FrameError("pieces that can't be joined")
        self._forget(now)
        begun, pieces, count = self._waiting.get(name, (now, {}, total))
        if count != total:
            raise FrameError("pieces of different messages")
        pieces[place] = frame.payload
        if sum(map(len, pieces.values())) > LARGEST_MESSAGE:
            self._waiting.pop(name, None)
            raise FrameError("too large")
        if len(pieces) == total:
            self._waiting.pop(name, None)
            return b"".join(pieces[number] for number in range(total))
        self._waiting[name] = begun, pieces, count
        while len(self._waiting) > WAITING or self.held > WAITING_BYTES:
            self._waiting.popitem(last=False)
        return None

    @property
    def held(self) -> int:
        """How many bytes wait for others."""
        return sum(len(piece) for _, pieces, _ in self._waiting.values() for piece in pieces.values())

    def _forget(self, now: float) -> None:
        late = [name for name, (begun, _, _) in self._waiting.items() if now - begun > PATIENCE]
        for name in late:
            del self._waiting[name]
