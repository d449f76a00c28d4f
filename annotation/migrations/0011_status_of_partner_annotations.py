from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotation", "0010_leases_by_response")]
    operations = [
        migrations.RenameField(model_name="partnerannotation", old_name="state", new_name="status"),
    ]
