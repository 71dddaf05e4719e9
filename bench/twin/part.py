"""What all parts of a unit have in common: a name that a part has not got is an error at once.

A fault that sets ``unit.source.gian`` would otherwise do nothing, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from inspect import getattr_static
from typing import TYPE_CHECKING, ClassVar, Final, cast

__all__ = ["Part", "close_parts", "late", "put_in_place"]

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


def close_parts(root: Part) -> None:
    """Close the classes of a part that is complete and of every part that it holds."""
    for part in _all_parts(root):
        type(part).close(_own_values(part))


def late(part: Part, method: str) -> Callable[[], None]:
    """Return a call of a method that is looked up when it is called: a fault may have replaced it."""
    getattr(part, method)

    def call() -> None:
        getattr(part, method)()

    return call


def put_in_place(root: Part, before: Part, part: object) -> None:
    """Let every part that held one part hold another: a part that is replaced leaves no trace."""
    for holder in _all_parts(root):
        for name, value in _own_values(holder).items():
            if value is before:
                setattr(holder, name, part)
            elif isinstance(value, list):
                held = cast("list[object]", value)
                held[:] = [part if each is before else each for each in held]


def _all_parts(root: Part) -> Iterator[Part]:
    waiting, seen = [root], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) not in seen:
            seen.add(id(part))
            yield part
            waiting += [value for value in _own_values(part).values() if isinstance(value, Part)]


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
