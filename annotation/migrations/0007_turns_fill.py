"""Leases get their turn in the order they were given; of several that one rater holds, the newest stays."""

from django.db import migrations


def fill(apps, schema_editor):
    Assignment = apps.get_model("annotation", "Assignment")
    turns, held, changed = {}, set(), []
    for lease in Assignment.objects.order_by("-pk").iterator(chunk_size=2000):
        whose = (lease.task_id, lease.rater_id)
        if lease.state == "leased" and whose in held:
            Assignment.objects.filter(pk=lease.pk).update(state="expired")
        elif lease.state == "leased":
            held.add(whose)
    for lease in Assignment.objects.order_by("pk").iterator(chunk_size=2000):
        whose = (lease.task_id, lease.rater_id)
        turns[whose] = lease.turn = turns.get(whose, 0) + 1
        changed.append(lease)
        if len(changed) == 500:
            Assignment.objects.bulk_update(changed, ["turn"])
            changed = []
    Assignment.objects.bulk_update(changed, ["turn"])


class Migration(migrations.Migration):
    dependencies = [("annotation", "0006_exchange_with_a_partner")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
