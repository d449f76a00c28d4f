import json
from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SHIPPED = Path(__file__).resolve().parent.parent / "guidelines" / "reasons.json"


def fill(apps, schema_editor):
    """Every dataset has worked by the shipped reasons so far: they are its version 1, and what decisions were made by."""
    rows = json.loads(SHIPPED.read_text(encoding="utf-8"))
    entries = [{"section": 0, "comment_required": False, "retired": False} | row for row in rows]
    Codebook = apps.get_model("curation", "Codebook")
    Review = apps.get_model("curation", "Review")
    TranslationReview = apps.get_model("curation", "TranslationReview")
    Dataset = apps.get_model("curation", "Dataset")
    for dataset in Dataset.objects.order_by("pk"):
        first = Codebook.objects.create(dataset=dataset, version=1, entries=entries)
        Dataset.objects.filter(pk=dataset.pk).update(codebook=first)
        given = Review.objects.filter(item__dataset=dataset).exclude(kind="import", reason="")
        given.update(codebook=first)
        checks = TranslationReview.objects.filter(translation__item__dataset=dataset)
        checks.exclude(kind="import", reason="").update(codebook=first)


class Migration(migrations.Migration):

    dependencies = [
        ('curation', '0023_guideline_versions'),
    ]

    operations = [
        migrations.CreateModel(
            name='CodebookDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entries', models.JSONField(default=list)),
                ('changed', models.TextField(blank=True)),
                ('version', models.PositiveIntegerField(default=0)),
                ('client_id', models.CharField(blank=True, max_length=64)),
                ('saved_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='GuidelineReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('sent_back', 'Came back to you'), ('opened', 'Open to other writers'), ('answer_asked', 'Another answer is wanted'), ('approved', 'Accepted'), ('fixed', 'Mended and accepted'), ('moved', 'Moved'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('mentioned', 'Mentioned you'), ('answered', 'Answered you'), ('commented', 'Commented'), ('handed', 'Handed to you'), ('taken', 'Handed to somebody else'), ('to_write', 'Handed to you'), ('write_taken', 'Handed to somebody else'), ('settle', 'Two opinions differ'), ('job', 'Work ended'), ('guideline', 'New guideline')], max_length=12),
        ),
        migrations.CreateModel(
            name='Codebook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('entries', models.JSONField(help_text='Rows of curation.reasons, in their order')),
                ('changed', models.TextField(blank=True, help_text='What is new in it, for those who decide by it')),
                ('signed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='codebooks', to='curation.dataset')),
                ('signed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('written_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='review',
            name='codebook',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='curation.codebook'),
        ),
        migrations.AddField(
            model_name='translationreview',
            name='codebook',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='curation.codebook'),
        ),
        migrations.AddField(
            model_name='dataset',
            name='codebook',
            field=models.ForeignKey(blank=True, help_text='The reasons in force: the newest version', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='curation.codebook'),
        ),
        migrations.AddField(
            model_name='codebookdraft',
            name='dataset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='curation.dataset'),
        ),
        migrations.AddField(
            model_name='codebookdraft',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='guidelinereading',
            name='guideline',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='curation.guideline'),
        ),
        migrations.AddField(
            model_name='guidelinereading',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='codebook',
            constraint=models.UniqueConstraint(fields=('dataset', 'version'), name='codebook_version_once'),
        ),
        migrations.AddConstraint(
            model_name='codebookdraft',
            constraint=models.UniqueConstraint(fields=('dataset', 'person'), name='codebook_draft_once'),
        ),
        migrations.AddConstraint(
            model_name='guidelinereading',
            constraint=models.UniqueConstraint(fields=('guideline', 'person'), name='guideline_read_once'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), ('codebook__isnull', False), _connector='OR'), name='review_reason_of_a_codebook'),
        ),
        migrations.AddConstraint(
            model_name='translationreview',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), ('codebook__isnull', False), _connector='OR'), name='translation_review_codebook'),
        ),
    ]
