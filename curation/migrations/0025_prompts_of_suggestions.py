from django.db import migrations, models

# The first prompts, which were written into the program: nothing else has been sent before. (name and version, SHA-256)
FIRST = {
    "answer": ("first_answer_ja v1", "4cbc5784d2911e666e4f51bc7ba7645e28d0a89808eea32fd9fb93f6f074991d"),
    "harmless": ("harmless_twin_ja v1", "8a19475cabe4afae7e988abbc2de44ece9429506a4cdb12f629cfee1dca2faff"),
    "evasive": ("evasive_twin_ja v1", "6db94e8698a32fbb890702445798f7cb84fe73a7a3a268b2a000e0b68a135dfb"),
}


def fill(apps, schema_editor):
    """What older suggestions were asked by."""
    Suggestion = apps.get_model("curation", "Suggestion")
    for kind, (prompt, prompt_hash) in FIRST.items():
        Suggestion.objects.filter(kind=kind).update(prompt=prompt, prompt_hash=prompt_hash)


class Migration(migrations.Migration):

    dependencies = [
        ("curation", "0024_reasons_and_readings"),
    ]

    operations = [
        migrations.AddField(
            model_name="suggestion",
            name="prompt",
            field=models.CharField(max_length=60, null=True),
        ),
        migrations.AddField(
            model_name="suggestion",
            name="prompt_hash",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="suggestion",
            name="prompt",
            field=models.CharField(max_length=60, help_text="Name and version: see curation.aiding"),
        ),
        migrations.AlterField(
            model_name="suggestion",
            name="prompt_hash",
            field=models.CharField(max_length=64),
        ),
    ]
