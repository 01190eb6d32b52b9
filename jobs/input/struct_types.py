"""Makes msgspec know every struct of this program before threads decode them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


def prepare_struct_types() -> int:
    """Have msgspec work out the fields of all structs that are imported so far; how many there are.

    msgspec 0.22 does this when a struct is first decoded. Where two threads are first at the same time, one of them meets
    the half of it and the process ends with a segmentation fault. So call this before threads are started.
    """
    count = 0
    for kind in _below(msgspec.Struct):
        msgspec.json.Decoder(kind)
        count += 1
    return count


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
