"""What all parts of a unit have in common: a name that a part has not got is an error at once.

A fault that sets ``unit.source.gian`` would otherwise do nothing, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from inspect import getattr_static
from typing import TYPE_CHECKING, ClassVar, Final

__all__ = ["Part", "close_parts"]

_SET: Final = object.__setattr__


class Part:
    """A part that a fault may reach: once its class is closed it takes no further names.

    Values and methods may be replaced as ever, a method by something that can be called. A subclass
    starts open, so that a fault may put one of its own in a part's place.
    """

    __slots__ = ()
    _names: ClassVar[dict[str, bool] | None] = None
    """What may be set, and whether it must be something to call; None while the class is open."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._names = None

    if not TYPE_CHECKING:  # to a type checker a class that has this would take any name

        def __setattr__(self, name: str, value: object) -> None:
            names = self._names
            if names is not None and names.get(name, True):  # seldom: the hottest loops set names
                _require(type(self).__name__, name, value, names)
            _SET(self, name, value)

    @classmethod
    def close(cls, own: Mapping[str, object]) -> None:
        """Take no names from now on but those of the class and of ``own``, one instance's values."""
        if cls._names is None:
            behaviour = {name: bool(callable(getattr_static(cls, name))) for name in dir(cls)}
            cls._names = behaviour | {name: bool(callable(value)) for name, value in own.items()}


def close_parts(part: Part) -> None:
    """Close the classes of a part that is complete and of every part that it holds."""
    waiting, seen = [part], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        own = _own_values(each)
        type(each).close(own)
        waiting += [value for value in own.values() if isinstance(value, Part)]


def _own_values(part: Part) -> dict[str, object]:
    slots = [name for kind in type(part).__mro__ for name in vars(kind).get("__slots__", ())]
    return {name: getattr(part, name) for name in slots} | getattr(part, "__dict__", {})


def _require(kind: str, name: str, value: object, names: Mapping[str, bool]) -> None:
    """Raise AttributeError for a name that is not there, and for behaviour that cannot be called."""
    if name in names:
        if callable(value):
            return
        raise AttributeError(f"{kind}.{name} is called: expected a function, found {value!r}")
    public = sorted(known for known in names if not known.startswith("_"))
    near = get_close_matches(name, public, n=1)
    meant = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(public)}"
    raise AttributeError(f"{kind} has no {name!r}: {meant}")
