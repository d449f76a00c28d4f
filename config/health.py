"""One address for monitors: are the database and the broker reachable? Says nothing else."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache


def database_answers() -> bool:
    """One read through the connection that pages use."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone())
    except DatabaseError:
        return False


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when people can work, 503 when they cannot. Without a broker they can: only background work waits."""
    from curation.worker import broker_answers  # redis: commands load this file with the addresses

    database = database_answers()
    broker = getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False) or broker_answers()
    return JsonResponse({"database": database, "broker": broker}, status=200 if database else 503)
