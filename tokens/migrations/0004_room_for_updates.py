"""PostgreSQL leaves room on each page of tokens: a lease, taken twice for every look, then moves no index entry."""

from django.db import migrations

ROOM = 60  # percent of a page that is filled at first


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE tokens_token SET (fillfactor = {ROOM})")


def fill_up(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE tokens_token RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("tokens", "0003_creation_look")]
    operations = [migrations.RunPython(leave_room, fill_up)]
