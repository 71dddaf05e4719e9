"""Knowing at once that a process was killed, before its memory has been given back.

A pipe closes only after the kernel has freed the memory of a killed process: 250 MB took 76 ms where
this was measured, half of that time with current flowing. A robust mutex in shared memory is released
first: POSIX has the next locker told, by EOWNERDEAD, that its owner died. Where there is no such
mutex (another C library, another system) the pipe alone tells it.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import sys
import threading
from typing import Any, Final

__all__ = ["LifeSign", "tell_of_death"]

_MUTEX_BYTES: Final = 64
"""More than any pthread_mutex_t of glibc has (40 on 64-bit machines)."""
_ATTRIBUTE_BYTES: Final = 16
_PROCESS_SHARED: Final = 1  # PTHREAD_PROCESS_SHARED of <pthread.h>
_ROBUST: Final = 1  # PTHREAD_MUTEX_ROBUST of <pthread.h>


class LifeSign:
    """A mutex that the calling thread holds as long as it lives; hand ``descriptor`` to a watcher."""

    def __init__(self) -> None:
        """Make and lock the mutex; raises OSError where this system has none that is robust."""
        library = _pthread()
        self.descriptor = os.memfd_create("bench-life-sign")
        os.ftruncate(self.descriptor, mmap.PAGESIZE)
        self._memory = mmap.mmap(self.descriptor, mmap.PAGESIZE)
        attributes = ctypes.create_string_buffer(_ATTRIBUTE_BYTES)
        mutex = _address_of(self._memory)
        for failed in (
            library.pthread_mutexattr_init(attributes),
            library.pthread_mutexattr_setpshared(attributes, _PROCESS_SHARED),
            library.pthread_mutexattr_setrobust(attributes, _ROBUST),
            library.pthread_mutex_init(mutex, attributes),
            library.pthread_mutex_lock(mutex),
        ):
            if failed:
                os.close(self.descriptor)
                raise OSError(failed, os.strerror(failed))

    def close(self) -> None:
        """Close the descriptor here; the mutex stays locked, so that nobody takes this for a death."""
        os.close(self.descriptor)


def tell_of_death(descriptor: int) -> int:
    """Return a descriptor that becomes readable when the owner of a life sign dies."""
    reader, writer = os.pipe()
    memory = mmap.mmap(descriptor, mmap.PAGESIZE)
    os.close(descriptor)

    def wait() -> None:
        if _pthread().pthread_mutex_lock(_address_of(memory)) == errno.EOWNERDEAD:
            os.write(writer, b"!")

    threading.Thread(target=wait, name="death-watch", daemon=True).start()
    return reader


def _pthread() -> Any:
    """Return the C library with its robust mutexes; raises OSError where there are none."""
    library = ctypes.CDLL(None)
    if sys.platform != "linux" or not hasattr(library, "pthread_mutexattr_setrobust"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return library


def _address_of(memory: mmap.mmap) -> ctypes.Array[ctypes.c_char]:
    return (ctypes.c_char * _MUTEX_BYTES).from_buffer(memory)
