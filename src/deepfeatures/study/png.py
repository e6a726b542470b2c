"""PNG files without their text: matplotlib writes its version there, other programs a date.

A PNG is an 8-byte signature and chunks of length (4 bytes, big-endian), type (4), data (length), checksum (4): PNG
specification, third edition, section 5.
"""
from __future__ import annotations

import base64
import binascii
import struct

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf")


def without_text(encoded: str) -> str:
    """A base64 PNG -> the same in one line, without its text and time chunks. Pixels are not touched."""
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"an image/png output is not base64: {error}") from None
    return base64.b64encode(strip(data)).decode("ascii")


def strip(data: bytes) -> bytes:
    """PNG bytes -> PNG bytes without text and time chunks. ValueError for what is no whole PNG."""
    if not data.startswith(SIGNATURE):
        raise ValueError(f"not a PNG: it begins with {data[:8]!r}")
    kept, at = [SIGNATURE], len(SIGNATURE)
    while at < len(data):
        if at + 12 > len(data):
            raise ValueError(f"PNG of {len(data)} bytes ends inside the chunk at byte {at}")
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError(f"PNG of {len(data)} bytes ends inside the chunk at byte {at}, which claims {length}")
        if data[at + 4 : at + 8] not in TEXT_CHUNKS:
            kept.append(data[at:end])
        at = end
    return b"".join(kept)
