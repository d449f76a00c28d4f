"""The Celery app. Started by `manage.py serve`, or by hand: `celery -A config worker`."""

import os

from celery import Celery

from curation.worker import Presence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("teinei")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add(Presence)
