"""Raters of tasks get their slots, populations their categories and free places, tasks their arm."""

from django.db import migrations
from django.db.models import Count


def enlist(apps, task):
    TaskRater = apps.get_model("annotation", "TaskRater")
    raters = task.raters.order_by("pk").values_list("pk", flat=True)
    TaskRater.objects.bulk_create(
        TaskRater(task=task, rater_id=rater, slot=slot) for slot, rater in enumerate(raters)
    )


def count_places(apps, task):
    TaskResponse = apps.get_model("annotation", "TaskResponse")
    Rating = apps.get_model("annotation", "Rating")
    Category = apps.get_model("curation", "Category")
    leaves = dict(
        Category.objects.filter(taxonomy__datasets=task.dataset_id, level=3).values_list("path", "pk")
    )
    standing = Rating.objects.filter(task=task, superseded=False, role="rater").order_by()
    taken = dict(
        standing.values("response").annotate(n=Count("rater", distinct=True)).values_list("response", "n")
    )
    rows = list(TaskResponse.objects.filter(task=task).select_related("response"))
    for row in rows:
        row.category_id = leaves.get("\t".join(row.response.labels))
        free = 0 if task.external else max(0, task.overlap - taken.get(row.response_id, 0))
        row.open_without, row.open_with = (0, free) if task.arms == "with" else (free, 0)
    TaskResponse.objects.bulk_update(rows, ["category", "open_without", "open_with"], batch_size=500)


def fill(apps, schema_editor):
    for task in apps.get_model("annotation", "RatingTask").objects.all():
        if task.show_reference:
            task.arms = "with"
            task.save(update_fields=["arms"])
            apps.get_model("annotation", "Rating").objects.filter(task=task).update(with_reference=True)
            apps.get_model("annotation", "Assignment").objects.filter(task=task).update(with_reference=True)
        enlist(apps, task)
        count_places(apps, task)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0003_campaigns_add")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
