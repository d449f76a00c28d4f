from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0004_campaigns_fill")]
    operations = [
        migrations.RemoveField(model_name="ratingtask", name="show_reference"),
        migrations.RemoveField(model_name="ratingtask", name="raters"),
        migrations.AddField(
            model_name="ratingtask",
            name="raters",
            field=models.ManyToManyField(
                blank=True, related_name="tasks", through="annotation.TaskRater", to="annotation.rater"
            ),
        ),
    ]
