"""Tables that a user brings, looked over before they are parsed: a line too long fills memory, or a message, or both.

pandas makes of a million columns a million objects, and numpy gives every name of a column the room of the longest.
"""

from __future__ import annotations

from pathlib import Path

TABLES = (
    "list_attr_celeba.txt",
    "identity_CelebA.txt",
    "list_eval_partition.txt",
    "pose_estimates.csv",
    "landmarks.csv",
)
LONGEST_LINE = 65_536  # bytes: landmarks of a thousand points take 20,000
LONGEST_NAME = 255  # bytes: of a file, which is what the first column holds


class BadTable(ValueError):
    """A table that cannot be what it is taken for; nothing of it was parsed."""


def check_tables(data_root: Path) -> None:
    """Every table under <data root>/celeba that is there. Raises BadTable naming file, line and limit."""
    for name in TABLES:
        check_table(data_root / "celeba" / name)


def check_table(path: Path) -> None:
    """One table, if it is there: text in lines, an image's name first in each."""
    if not path.is_file():
        if path.exists():
            raise BadTable(f"{path} is no file: a table is expected")
        return
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise BadTable(f"{path}, line {number:,} is longer than {LONGEST_LINE:,} bytes: it is no such table")
            if line.count(b'"') % 2:
                raise BadTable(f"{path}, line {number:,} has a quote that does not end: fetch it again")
            if b"\0" in line:
                raise BadTable(f"{path}, line {number:,} holds a zero byte: it is damaged, or no text")
            name = line.partition(b",")[0].split(maxsplit=1)[:1]
            if name and len(name[0]) > LONGEST_NAME:
                raise BadTable(f"{path}, line {number:,} begins with a name of {len(name[0]):,} bytes, of which a file "
                               f"can have {LONGEST_NAME}")  # fmt: skip
