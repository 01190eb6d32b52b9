"""Records as JSON and back: what memory keeps is always what a restart would read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from storage.engine.frozen import freeze
from storage.errors import InvalidRecord

#: For records that were just decoded: no other code has them yet.
_set = msgspec.structs.force_setattr


class Codec:
    """Knows the type of each table's records; tables without one hold plain dicts.

    `frozen` names the one field of a table's structs that holds free JSON, kept in containers that refuse changes.
    """

    def __init__(self, types: Mapping[str, type[msgspec.Struct]], frozen: Mapping[str, str]) -> None:
        self.types = dict(types)
        self._frozen = dict(frozen)
        self._encode = msgspec.json.Encoder().encode
        self._plain: msgspec.json.Decoder[Any] = msgspec.json.Decoder(dict[str, Any])
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            name: msgspec.json.Decoder(kind) for name, kind in types.items()
        }

    def normal(self, table: str, record: Any) -> tuple[bytes, Any]:
        """A record's JSON and the record as it will be read from it.

        Raises:
            InvalidRecord: it cannot be written, or could not be read.
        """
        try:
            text = self._encode(record)
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
            raise InvalidRecord(f"a record of {table} cannot be stored: {error}") from error
        kept = self.read(table, text)
        if isinstance(record, Mapping) and table in self.types:
            unknown = record.keys() - set(self.types[table].__struct_fields__)
            if unknown:
                raise InvalidRecord(
                    f"a record of {table} has no field {', '.join(sorted(map(str, unknown)))}"
                )
        return text, kept

    def read(self, table: str, text: bytes) -> Any:
        """The record in this JSON; raises InvalidRecord."""
        try:
            record = self._decoders.get(table, self._plain).decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidRecord(f"a record of {table} cannot be stored: {error}") from error
        if table in self._frozen:
            field = self._frozen[table]
            _set(record, field, freeze(getattr(record, field)))
        return record

    def freeze_all(self, tables: Mapping[str, Mapping[int, Any]]) -> None:
        """Freeze what was just loaded."""
        for table, field in self._frozen.items():
            for record in tables.get(table, {}).values():
                _set(record, field, freeze(getattr(record, field)))
