"""Tiny files that claim to be enormous images."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path


def png(path: Path, side: int = 50_000) -> Path:
    """A PNG of side x side pixels, in a kilobyte: its header says so, and its content is compressed zeros."""
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + _chunk(b"IEND", b"")
    )
    return path


def jpeg(path: Path, side: int = 50_000) -> Path:
    """A JPEG whose frame header says side x side."""
    frame = struct.pack(">HBHHB", 17, 8, side, side, 3) + bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    path.write_bytes(b"\xff\xd8\xff\xc0" + frame + b"\xff\xda" + struct.pack(">H", 8) + bytes(6) + b"\xff\xd9")
    return path


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
