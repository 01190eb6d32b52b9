"""Single bits of coded headers."""

from __future__ import annotations


class BitReader:
    """Reads bits from the left. Raises EOFError beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data[:512])
        self._left = 8 * len(data[:512])

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise EOFError
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """An unsigned Exp-Golomb number. Raises ValueError for one of more than 32 bits."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("no number")
        return (1 << zeros) - 1 + self.read(zeros)


def unescaped(nal: bytes) -> bytes:
    """A NAL unit without its emulation prevention bytes."""
    return nal.replace(b"\0\0\3", b"\0\0")
