"""What a network's activations are written into: memory that stays with the process when it is freed.

glibc gives large blocks back to the kernel as soon as they are freed, and every batch asks for them anew: the kernel
clears each page again before it may be written. For MobileFaceNet's features that was two thirds of all processor time.
"""

from __future__ import annotations

import ctypes
import platform

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # glibc, malloc.h
_TOP_PAD_BYTES = 64 << 20


def keep_freed() -> bool:
    """Let this process keep what it frees; False where the C library is not glibc, and nothing was changed.

    What is computed does not change by it. The process may hold more memory than it uses, up to the most it ever used.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    set_option = ctypes.CDLL(None).mallopt
    wanted = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, _TOP_PAD_BYTES))
    return all([set_option(option, value) for option, value in wanted])
