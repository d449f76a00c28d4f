"""The WSGI callable that the web server loads."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from config.sqlite.base import DatabaseWrapper

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
DatabaseWrapper.in_line = True

application = get_wsgi_application()

# Commands do without it; here the first reader of a page would wait for it. What a study needs (scipy) stays out until
# somebody computes one: it would be a third of the memory of every web process.
import_module("curation.worker")

# Nor does the first writer wait until the server has read all questions that theirs may come near to.
import_module("curation.reading_ahead").begin()
