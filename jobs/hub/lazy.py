"""A `functools.cached_property` without a lock; a value may be computed twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 - used like `property`
    """Like `functools.cached_property`, for values that may harmlessly be worked out twice.

    Up to Python 3.11 the original holds a single lock for all objects of a class while it works, so that the threads of
    many phones queue behind each other's screens.
    """

    def __init__(self, work: Callable[[Any], T]) -> None:
        self._work = work
        self._name = work.__name__
        self.__doc__ = work.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        value = self._work(instance)
        # Found there from now on, before this descriptor, which has no __set__.
        instance.__dict__[self._name] = value
        return value
