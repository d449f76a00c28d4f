from django.db import migrations
from django.db.models import Count


def fill(apps, schema_editor):
    Question = apps.get_model("curation", "Question")
    for said in Question.objects.exclude(split_reason="").values_list("split_reason", flat=True).distinct():
        why = {"by": "import"} if said == "import" else {"by": "said", "text": said}
        Question.objects.filter(split_reason=said).update(split_why=why)
    Release = apps.get_model("curation", "Release")
    for release in Release.objects.annotate(rows=Count("items")):
        Release.objects.filter(pk=release.pk).update(size=release.rows)
    ReleaseItem = apps.get_model("curation", "ReleaseItem")
    kept = ReleaseItem.objects.filter(revision__isnull=False).exclude(revision__sources=[])
    for pk, sources in kept.values_list("pk", "revision__sources").iterator():
        ReleaseItem.objects.filter(pk=pk).update(sources=sources)
    for name in ReleaseItem.objects.filter(item__rights__isnull=False).values_list(
        "item__rights__name", flat=True
    ).distinct().order_by():
        rows = ReleaseItem.objects.filter(item__rights__name=name)
        rows.update(rights_name=name)


class Migration(migrations.Migration):

    dependencies = [
        ("curation", "0007_releases_at_full_depth"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
