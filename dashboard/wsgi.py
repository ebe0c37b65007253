"""What the web server serves."""

import os

from django.core.wsgi import get_wsgi_application

from dashboard.env import secret_names

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
application = get_wsgi_application()

# The server copies the environment into every request; the settings have read the secrets by now.
for name in secret_names():
    os.environ.pop(name, None)
