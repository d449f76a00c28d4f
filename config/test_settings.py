"""Settings of the test run: the real ones, with a folder of its own, a cheap password hash and eager tasks."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "TEINEI_TEST_HOME" not in os.environ:  # inherited by the workers of pytest-xdist
    os.environ["TEINEI_TEST_HOME"] = tempfile.mkdtemp(prefix="teinei-test-")
    atexit.register(shutil.rmtree, os.environ["TEINEI_TEST_HOME"], ignore_errors=True)
os.environ["TEINEI_VAR"] = os.environ["TEINEI_TEST_HOME"]
for _name in ("DATABASE_URL", "REDIS_URL", "TEINEI_DEMO", "TEINEI_URL", "TEINEI_DEBUG"):
    os.environ.pop(_name, None)

from config.environment import sqlite
from config.settings import *
from config.settings import STORAGES, VAR

# A file rather than memory: the live server and a real worker open connections of their own, as in production.
DATABASES = {"default": sqlite(VAR / "unused.sqlite3", synchronous="OFF", max_age=0)}
DATABASES["default"]["TEST"] = {"NAME": str(Path(VAR) / "test.sqlite3")}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
AXES_ENABLED = False
# Made-up questions mean much the same; the tests of meaning switch it on.
TEINEI_MEANING = False

CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_BROKER_URL = "memory://"
