"""Opening a VISA resource with pyvisa-py, and its errors as builtin ones."""

from __future__ import annotations

import logging
import socket
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import pyvisa
    from pyvisa.resources import MessageBasedResource

__all__ = [
    "Overdue",
    "backend_lines",
    "builtin_errors",
    "ignored_errors",
    "interface_of",
    "open_resource",
]

_logger = logging.getLogger(__name__)

_here = threading.local()
_THEIR_MODULES = ("pyvisa_py", "termios")
"""Whose errors are no OSError; termios is what refuses a serial line's framing."""


class Overdue(Exception):
    """A call of pyvisa-py was ended by our deadline; it would hide a TimeoutError."""


def open_resource(resource_name: str, *, open_timeout_s: float) -> MessageBasedResource:
    """Open a resource; raises TimeoutError, ConnectionError or ValueError (bad name)."""
    from pyvisa.resources import MessageBasedResource

    with builtin_errors(), _quiet_pyvisa(), _leaked_sockets_closed():
        resource = _resource_manager().open_resource(
            resource_name, open_timeout=round(open_timeout_s * 1000)
        )
    match resource:
        case MessageBasedResource():
            return resource
        case _:
            resource.close()
            raise ValueError(f"{resource_name} is not message-based")


def backend_lines() -> dict[str, str]:
    """Return what pyvisa-py says of every kind of resource: ``Available`` or what is missing."""
    from pyvisa_py.highlevel import PyVisaLibrary

    found = PyVisaLibrary.get_debug_info()
    return {name: str(said) for name, said in found.items()} if isinstance(found, dict) else {}


def interface_of(resource: MessageBasedResource) -> object:
    """Return what pyvisa-py itself talks through: a socket, a serial port, or a client of VXI-11, USB, HiSLIP."""
    return getattr(_session_of(resource), "interface", None)


def _session_of(resource: MessageBasedResource) -> object:
    sessions = cast("dict[object, object]", getattr(resource.visalib, "sessions", {}))
    return sessions.get(resource.session)


def _resource_manager() -> pyvisa.ResourceManager:
    """Return the process's one resource manager (pyvisa keeps one a library)."""
    import pyvisa

    return pyvisa.ResourceManager("@py")


@contextmanager
def _quiet_pyvisa() -> Generator[None]:
    """Keep pyvisa-py from logging a traceback for an error that is raised and reported anyway.

    By thread: a search for instruments opens many at a time.
    """
    logging.getLogger("pyvisa").addFilter(_said_aloud)  # the same filter is added once
    was_quiet = getattr(_here, "quiet", False)
    _here.quiet = True
    try:
        yield
    finally:
        _here.quiet = was_quiet


def _said_aloud(_record: logging.LogRecord) -> bool:
    return not getattr(_here, "quiet", False)


@contextmanager
def _leaked_sockets_closed() -> Generator[None]:
    """Close the sockets that pyvisa-py's HiSLIP and VXI-11 leave open when they are refused.

    They are reachable only through the frames of the error that is being raised.
    """
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:
            for frame, _ in traceback.walk_tb(cause.__traceback__):
                owner = frame.f_locals.get("self")
                for holder in (owner, getattr(owner, "interface", None)):
                    for name in ("_sync", "_async", "sock"):
                        line = getattr(holder, name, None)
                        if isinstance(line, socket.socket):
                            line.close()
            cause = cause.__cause__ or cause.__context__
        raise


@contextmanager
def builtin_errors() -> Generator[None]:
    """Turn what pyvisa and pyvisa-py raise into builtin errors.

    pyvisa-py's HiSLIP reports a dropped peer and a malformed header as RuntimeError or as a failed
    assertion, its VXI-11 a malformed reply as RPCError or EOFError, a refused connection comes as
    VisaIOError or as a plain Exception; socket and USB errors are left as they are.
    """
    import pyvisa
    from pyvisa.constants import StatusCode

    try:
        yield
    except pyvisa.errors.VisaIOError as error:
        if error.error_code == StatusCode.error_timeout:
            raise TimeoutError("no answer in time") from error
        raise ConnectionError(error.description or str(error)) from error
    except Overdue as error:
        raise TimeoutError("no answer in time") from error
    except (pyvisa.errors.InvalidSession, RuntimeError, AssertionError, EOFError) as error:
        raise ConnectionError(str(error) or "the connection's framing was lost") from error
    except (OSError, ValueError):
        raise
    except Exception as error:
        if type(error) is Exception or type(error).__module__.startswith(_THEIR_MODULES):
            raise ConnectionError(str(error) or type(error).__name__) from error
        raise


@contextmanager
def ignored_errors() -> Generator[None]:
    """For closing and draining: the line is given up whatever it says."""
    try:
        with builtin_errors(), _quiet_pyvisa():
            yield
    except (OSError, ValueError, AttributeError, TypeError) as error:
        _logger.debug("ignored while closing: %s", error)
