"""The Celery app. Started by `manage.py serve`, or by hand: `celery -A config worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("teinei")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# By name: the module loads redis, which no command needs that only reads the database.
app.steps["consumer"].add("curation.worker:Presence")
