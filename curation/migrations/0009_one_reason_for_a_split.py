from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("curation", "0008_what_older_releases_held"),
    ]

    operations = [migrations.RemoveField(model_name="question", name="split_reason")]
