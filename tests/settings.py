"""The settings under test: the real ones, in a data folder of their own that goes away afterwards."""

import atexit
import os
import shutil
import tempfile

if "KEYWARD_DATA_DIR" not in os.environ:
    folder = tempfile.mkdtemp(prefix="keyward-tests-")
    os.environ["KEYWARD_DATA_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ.setdefault("KEYWARD_ALLOW_PRIVATE_ADDRESSES", "on")

from dashboard.settings import *  # noqa: F403
from dashboard.settings import MIDDLEWARE, STORAGES

# Static files straight from the source folders: nothing is collected for a test.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# A person made in a test is enough; that the first run comes first has tests of its own.
MIDDLEWARE = [name for name in MIDDLEWARE if name != "dashboard.middleware.FirstRun"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
