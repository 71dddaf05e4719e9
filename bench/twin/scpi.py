"""The IEEE 488.2 part of every simulated instrument: messages, status, error queue.

One program message is executed at a time and to its end. It costs :data:`MESSAGE_TIME_NS` of
virtual time, the round trip of a LAN instrument.
Rules: IEEE 488.2-1992 chapters 6, 10 and 11; SCPI-1999 volume 1.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi_parameters import (
    Arguments,
    ScpiError,
    split_outside,
)
from bench.twin.scpi_tree import Call, CommandTree, Handler, Path
from bench.twin.wire import TELNET_BANNER, WIRE_FAULTS, Reply, Wire

__all__ = ["MESSAGE_TIME_NS", "Limits", "ScpiInstrument", "Target", "scientific"]

MESSAGE_TIME_NS = 2_000_000
"""Virtual time of one program message over LAN. Source: twin notes 3.4 (2 ms)."""

_log = logging.getLogger(__name__)

_OPC, _QYE, _DDE, _EXE, _CME, _PON = 0x01, 0x04, 0x08, 0x10, 0x20, 0x80
_ESR_BY_CLASS = {1: _CME, 2: _EXE, 3: _DDE, 4: _QYE}
_STB_ERRORS, _STB_QUESTIONABLE, _STB_MAV = 0x04, 0x08, 0x10
_STB_ESB, _STB_SUMMARY, _STB_OPERATION = 0x20, 0x40, 0x80

Target = Callable[[tuple[int, ...]], object]
"""Finds the settings object that the numeric suffixes of a header mean."""

Limits = Callable[[tuple[int, ...]], tuple[float, float]]


def _message_time_ns() -> int:
    return MESSAGE_TIME_NS


def scientific(value: float) -> str:
    """Return a number as these instruments print NR3."""
    return f"{value:+.8E}"


class ScpiInstrument:
    """An instrument without functions; the real ones add theirs to :attr:`tree`."""

    message_end = b"\n"
    """What ends a message on a stream; another one is no SCPI, and only streams carry it."""
    error_queue_length = 20
    error_format = '{code:+d},"{text}"'
    """How the error queue prints an entry."""

    def __init__(self, identity: str, timeline: LaboratoryTime) -> None:
        self.identity = identity
        self.timeline = timeline
        self.tree = CommandTree()
        self._error_queue: deque[ScpiError] = deque()
        self._event_status = _PON
        self._event_enable = 0
        self._service_enable = 0
        self._opc_wanted = False
        self.message_time_ns: Callable[[], int] = _message_time_ns
        self.wire = Wire()
        self.rejects: tuple[str, ...] = ()
        """A bench fault: commands with this in their header are not executed."""
        self._add_common_commands()

    # -- what an instrument overrides

    def reset(self) -> None:
        """Bring the settings to those after ``*RST``."""

    def operation_pending(self) -> bool:
        """Return whether an overlapped operation is under way."""
        return False

    def wait_for_operation(self) -> None:
        """Let virtual time pass until nothing is pending; raises ScpiError where that never ends."""

    def number_text(self, value: float) -> str:
        """Return a setting as this family prints it."""
        return scientific(value)

    def error_text(self, error: ScpiError) -> str:
        """Return an entry of the error queue as this family prints it."""
        return self.error_format.format(code=error.code, text=error.text)

    def before_message(self) -> None:
        """Do what is due before each program message."""

    def require_obeyed(self, header: str) -> None:
        """Raise ScpiError where a header is not obeyed as things are (local mode, say)."""

    def put_on_serial_line(self) -> None:
        """Behave as on a serial line, where that makes a difference."""

    def operation_condition(self) -> int:
        """Return the operation condition register."""
        return 0

    def questionable_condition(self) -> int:
        """Return the questionable condition register."""
        return 0

    def misbehaviours(self) -> frozenset[str]:
        """Return the names of what can be switched on with :meth:`misbehave`."""
        return frozenset({*WIRE_FAULTS, TELNET_BANNER})

    def misbehave(self, name: str) -> None:
        """Switch a misbehaviour on; raises ValueError for one that the instrument does not have."""
        known = self.misbehaviours()
        if name not in known:
            raise ValueError(f"bench fault {name}: this one can do {', '.join(sorted(known))}")
        if name == TELNET_BANNER:
            self.wire.is_telnet = True
        else:
            self.wire.fault = name

    # -- messages

    def answer(self, message: bytes) -> Reply | None:
        """Execute one program message; return what of its response reaches the client."""
        response = self.execute(message)
        return None if response is None else self.wire.carry(response)

    def execute(self, message: bytes) -> bytes | None:
        """Execute one program message; return its response without terminator, None without one."""
        self.timeline.advance_by(self.message_time_ns())
        self.before_message()
        replies: list[bytes] = []
        path: Path = (self.tree.root, ())
        for unit in split_outside(message.decode("latin-1").strip("\r\n\t "), ";"):
            if not (text := unit.strip()):
                continue
            try:
                handler, call, path = self._locate(text, path)
                self.require_obeyed(text)
                reply = self._call(handler, call)
                call.arguments.finish()
            except ScpiError as error:
                self.push_error(error)
                if -200 < error.code <= -100:
                    break
                continue
            if reply is not None:
                replies.append(reply.encode("latin-1") if isinstance(reply, str) else reply)
        return b";".join(replies) if replies else None

    def execute_trigger(self) -> None:
        """Execute a trigger message."""
        self.execute(b"*TRG")

    def trigger(self) -> None:
        """React to ``*TRG`` or a trigger message."""
        raise ScpiError(-211)

    def clear_device(self) -> None:
        """Do what a device clear does beside emptying the queues of the connection."""
        self._opc_wanted = False

    def push_error(self, error: ScpiError) -> None:
        """Append to the error queue and set the event status bit of the error's class."""
        self._event_status |= _ESR_BY_CLASS.get(-error.code // 100, _DDE)
        if len(self._error_queue) >= self.error_queue_length:
            self._error_queue[-1] = ScpiError(-350)
        else:
            self._error_queue.append(error)

    def status_byte(self, *, message_available: bool) -> int:
        """Return the status byte with the master summary in bit 6."""
        self._note_completion()
        byte = _STB_ERRORS if self._error_queue else 0
        byte |= _STB_QUESTIONABLE if self.questionable_condition() else 0
        byte |= _STB_MAV if message_available else 0
        byte |= _STB_ESB if self._event_status & self._event_enable else 0
        byte |= _STB_OPERATION if self.operation_condition() else 0
        return byte | (_STB_SUMMARY if byte & self._service_enable else 0)

    def _locate(self, text: str, path: Path) -> tuple[Handler, Call, Path]:
        """Return the handler that a message unit means, its call, and the path after it."""
        header, _, rest = text.partition(" ") if " " in text else text.partition("\t")
        if any(part in header.upper() for part in self.rejects) and not header.endswith("?"):
            raise ScpiError(-221)
        name = header.removesuffix("?")
        suffixes: tuple[int, ...] = ()
        if name.startswith("*"):
            node = self.tree.root.children.get(name.upper())
        else:
            node, suffixes, path = self.tree.find(name, path)
        handler = None if node is None else node.query if header.endswith("?") else node.command
        if handler is None:
            raise ScpiError(-113, header[:40])
        arguments = Arguments(split_outside(rest, ",") if rest.strip() else [])
        return handler, Call(suffixes=suffixes, arguments=arguments), path

    def _call(self, handler: Handler, call: Call) -> str | bytes | None:
        try:
            return handler(call)
        except ScpiError:
            raise
        except Exception as error:
            _log.exception("%s: a command handler failed", self.identity)
            raise ScpiError(-300, type(error).__name__) from error

    # -- declaring commands and settings

    def add_answer(self, pattern: str, function: Callable[[], str | bytes | None]) -> None:
        """Declare a query without parameters."""
        self.tree.add(pattern, query=lambda _call: function())

    def add_action(self, pattern: str, function: Callable[[], None]) -> None:
        """Declare a command without parameters."""
        self.tree.add(pattern, command=lambda _call: function())

    def add_number(
        self,
        pattern: str,
        attribute: str,
        *,
        at: Target,
        limits: Limits,
        default: float,
        unit: str = "",
        changed: Callable[[], None] | None = None,
    ) -> None:
        """Declare a numeric setting: command, query, MIN, MAX and DEF, range check."""

        def command(call: Call) -> None:
            low, high = limits(call.suffixes)
            value = call.arguments.number(unit, low=low, high=high, default=default)
            setattr(at(call.suffixes), attribute, value)
            if changed is not None:
                changed()

        def query(call: Call) -> str:
            low, high = limits(call.suffixes)
            if call.arguments.remaining:
                limit = call.arguments.number(unit, low=low, high=high, default=default)
                return self.number_text(limit)
            return self.number_text(float(getattr(at(call.suffixes), attribute)))

        self.tree.add(pattern, command=command, query=query)

    def add_boolean(self, pattern: str, attribute: str, *, at: Target) -> None:
        """Declare a boolean setting, answered as 0 or 1."""

        def command(call: Call) -> None:
            setattr(at(call.suffixes), attribute, call.arguments.boolean())

        def query(call: Call) -> str:
            return str(int(getattr(at(call.suffixes), attribute)))

        self.tree.add(pattern, command=command, query=query)

    def add_choice(
        self, pattern: str, attribute: str, options: Sequence[str], *, at: Target
    ) -> None:
        """Declare a setting of mnemonics, answered in short form."""

        def command(call: Call) -> None:
            setattr(at(call.suffixes), attribute, call.arguments.choice(options))

        def query(call: Call) -> str:
            return str(getattr(at(call.suffixes), attribute))

        self.tree.add(pattern, command=command, query=query)

    # -- common commands

    def _add_common_commands(self) -> None:
        self.add_answer("*IDN", lambda: self.identity)
        self.add_answer("*ESR", self._read_event_status)
        self.add_answer("*STB", lambda: f"+{self.status_byte(message_available=False)}")
        self.add_answer("*TST", lambda: "+0")
        self.add_answer("*OPT", lambda: "0")
        self.add_action("*RST", self._rst)
        self.add_action("*CLS", self._cls)
        self.add_action("*WAI", self.wait_for_operation)
        self.add_action("*TRG", self.trigger)
        self.add_action("*OPC", self._opc)
        self.add_answer("*OPC", self._opc_query)
        self.tree.add("*ESE", command=self._set_event_enable)
        self.add_answer("*ESE", lambda: f"+{self._event_enable}")
        self.tree.add("*SRE", command=self._set_service_enable)
        self.add_answer("*SRE", lambda: f"+{self._service_enable}")
        self.add_answer("SYSTem:ERRor[:NEXT]", self._next_error)
        self.add_answer("SYSTem:VERSion", lambda: "1999.0")
        self.add_answer("STATus:OPERation:CONDition", lambda: f"+{self.operation_condition()}")
        self.add_answer("STATus:QUEStionable:CONDition", self._questionable)
        self.add_action("STATus:PRESet", lambda: None)

    def _questionable(self) -> str:
        return f"+{self.questionable_condition()}"

    def _rst(self) -> None:
        self._opc_wanted = False
        self.reset()

    def _cls(self) -> None:
        self._error_queue.clear()
        self._event_status = 0
        self._opc_wanted = False

    def _read_event_status(self) -> str:
        self._note_completion()
        value, self._event_status = self._event_status, 0
        return f"+{value}"

    def _set_event_enable(self, call: Call) -> None:
        self._event_enable = call.arguments.integer(low=0, high=255)

    def _set_service_enable(self, call: Call) -> None:
        self._service_enable = call.arguments.integer(low=0, high=255) & ~_STB_SUMMARY

    def _opc(self) -> None:
        self._opc_wanted = True
        self._note_completion()

    def _opc_query(self) -> str:
        self.wait_for_operation()
        return "1"

    def _note_completion(self) -> None:
        if self._opc_wanted and not self.operation_pending():
            self._opc_wanted = False
            self._event_status |= _OPC

    def _next_error(self) -> str:
        return self.error_text(self.next_error())

    def has_errors(self) -> bool:
        """Return whether something is in the error queue."""
        return bool(self._error_queue)

    def next_error(self) -> ScpiError:
        """Take the oldest entry of the error queue; code 0 where there is none."""
        return self._error_queue.popleft() if self._error_queue else ScpiError(0)
