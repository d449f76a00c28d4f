"""A judge known by its name alone keeps the rubrics that its verdicts came in on."""

from django.db import migrations, models


def fill(apps, schema_editor):
    """As far as it can still be told: the rubrics of all tasks that hold responses it judged."""
    held = apps.get_model("annotation", "TaskResponse").objects
    for judge in apps.get_model("judging", "Judge").objects.filter(imported=True):
        tasks = held.filter(response__judge_calls__judge=judge)
        judge.rubrics.add(*tasks.values_list("task__rubric", flat=True).order_by().distinct())


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0011_status_of_partner_annotations"),
        ("judging", "0003_results_keep_their_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="judge",
            name="rubrics",
            field=models.ManyToManyField(
                blank=True,
                help_text="Those that its imported verdicts came in on, where only its name is known",
                related_name="judges",
                to="annotation.rubric",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
