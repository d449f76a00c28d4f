from django.db import migrations
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

AT_ONCE = 5000


def fill(apps, schema_editor):
    Item = apps.get_model("curation", "Item")
    Revision = apps.get_model("curation", "Revision")
    Draft = apps.get_model("curation", "Draft")
    revision = Revision.objects.filter(pk=OuterRef("current_revision")).values("category")
    draft = Draft.objects.filter(item=OuterRef("pk"), person=OuterRef("author")).values("category")
    last = Item.objects.aggregate(last=Max("pk"))["last"] or 0
    for first in range(1, last + 1, AT_ONCE):
        rows = Item.objects.filter(pk__gte=first, pk__lt=first + AT_ONCE)
        rows.update(category=Coalesce(Subquery(revision), Subquery(draft)))


class Migration(migrations.Migration):

    dependencies = [
        ("curation", "0011_items_counted_by_leaf"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
