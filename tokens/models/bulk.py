"""Write many rows at once, one prepared statement, under the lease that the writer holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Field, JSONField

from .watched import Watched

PLAIN = frozenset({str, int, float, bool, type(None)})  # what a driver takes as it is


def write(rows: Sequence[Watched], fields: Sequence[str], *, lease_token: str | None = None) -> None:
    """UPDATE `fields` of `rows` by primary key, in the caller's transaction.

    With `lease_token`, a row that another process has taken over meanwhile is left as it is.
    One executemany is five times faster than a CASE of 500 branches (bulk_update) and the same on both databases.
    """
    if not rows:
        return
    meta = rows[0]._meta
    columns: list[Field[Any, Any]] = [meta.get_field(name) for name in fields]  # type: ignore[misc]
    prepare = _Prepared(columns)
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(str(field.column))} = %s" for field in columns)
    where = f"{quote('id')} = %s" + (f" AND {quote('lease_token')} = %s" if lease_token is not None else "")
    held = [] if lease_token is None else [lease_token]
    values = [[*prepare(row), row.pk, *held] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {quote(meta.db_table)} SET {sets} WHERE {where}", values)  # noqa: S608 names are ours


class _Prepared:
    """A row's values as the driver wants them. Django's own way costs more than the UPDATE: most need nothing."""

    def __init__(self, fields: Sequence[Field[Any, Any]]) -> None:
        self._fields = [(field, field.attname, isinstance(field, JSONField)) for field in fields]
        self._times: dict[datetime, Any] = {}  # most rows of one write share theirs

    def __call__(self, row: Watched) -> list[Any]:
        return [self._value(field, getattr(row, name), is_json) for field, name, is_json in self._fields]

    def _value(self, field: Field[Any, Any], value: Any, is_json: bool) -> Any:
        if type(value) is datetime:
            if value not in self._times:
                self._times[value] = field.get_db_prep_save(value, connection)
            return self._times[value]
        return field.get_db_prep_save(value, connection) if is_json or type(value) not in PLAIN else value
