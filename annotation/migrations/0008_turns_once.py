from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0007_turns_fill")]
    operations = [
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["task", "rater", "ended_at"],
                name="assignment_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "leased")), fields=("task", "rater"), name="assignment_one_lease"
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(fields=("task", "rater", "turn"), name="assignment_turn_once"),
        ),
    ]
