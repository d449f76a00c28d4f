from django.db import migrations
from django.utils import timezone


def fill(apps, schema_editor):
    """Whoever had a role before the warning was there has seen such texts already."""
    apps.get_model("curation", "Membership").objects.filter(warned_at=None).update(warned_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ("curation", "0018_care_in_writing_and_reviewing"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
