"""Containers that cannot be changed: what the store keeps is shared by all readers."""

from __future__ import annotations

from typing import Any, NoReturn

_REASON = "a stored record is never changed in place: make a copy with dict(...) or list(...)"


_CONTAINERS = frozenset({dict, list})


def _refuse(*_args: object, **_kwargs: object) -> NoReturn:
    raise TypeError(_REASON)


class FrozenDict(dict[str, Any]):
    """A dict that refuses changes; copies of it are ordinary dicts."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, _memo: object) -> dict[str, Any]:
        return {key: thaw(value) for key, value in self.items()}

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)


class FrozenList(list[Any]):
    """A list that refuses changes; copies of it are ordinary lists."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, _memo: object) -> list[Any]:
        return [thaw(value) for value in self]

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        return list, (list(self),)


def freeze(value: Any) -> Any:
    """JSON values with every dict and list in them frozen."""
    kind = type(value)
    if kind is dict:
        frozen = FrozenDict(value)
        for key, inner in value.items():
            if type(inner) in _CONTAINERS:
                dict.__setitem__(frozen, key, freeze(inner))
        return frozen
    if kind is list:
        return FrozenList([freeze(v) if type(v) in _CONTAINERS else v for v in value])
    return value


def thaw(value: Any) -> Any:
    """A copy made of ordinary dicts and lists."""
    if isinstance(value, dict):
        return {k: thaw(v) for k, v in value.items()}
    if isinstance(value, list):
        return [thaw(v) for v in value]
    return value
