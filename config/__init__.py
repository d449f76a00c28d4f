"""The settings package: it imports the apps, no app imports it.

The Celery app is loaded here so that `shared_task` in every app binds to it in the web process too.
"""

from config.celery import app as celery_app

__all__ = ["celery_app"]
