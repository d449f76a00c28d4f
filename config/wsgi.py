"""The WSGI callable that the web server loads."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Commands do without these; here the first reader of a page (redis) or of a study (scipy) would wait for them.
import_module("curation.worker")
import_module("curation.stats.whole")
