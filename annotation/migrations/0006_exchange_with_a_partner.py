import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0005_campaigns_tighten"),
        ("curation", "0005_endpoints_that_ask_to_wait"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    # The old table only said which annotations had been read; the ratings made of them stay as they are.
    operations = [
        migrations.DeleteModel(name="PartnerAnnotation"),
        migrations.CreateModel(
            name="Exchange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=300)),
                ("token", models.CharField(max_length=64)),
                (
                    "secret_hash",
                    models.CharField(blank=True, help_text="sha256 of the webhook's secret", max_length=64),
                ),
                ("hinted_at", models.DateTimeField(blank=True, null=True)),
                ("holder", models.CharField(blank=True, max_length=40)),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                ("pushed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "pulled_at",
                    models.DateTimeField(blank=True, help_text="When a pull last came to its end", null=True),
                ),
                (
                    "compared_at",
                    models.DateTimeField(
                        blank=True, help_text="When all that is there was last compared", null=True
                    ),
                ),
                (
                    "failed_at",
                    models.DateTimeField(
                        blank=True, help_text="Of the last attempt, where it failed", null=True
                    ),
                ),
                ("failure", models.TextField(blank=True)),
                (
                    "failures",
                    models.PositiveSmallIntegerField(default=0, help_text="Attempts that failed in a row"),
                ),
                ("last", models.JSONField(default=dict, help_text="Counts of the last exchange")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="PartnerAnnotation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("annotation_id", models.BigIntegerField()),
                ("updated_at", models.CharField(help_text="As the partner wrote it", max_length=40)),
                ("their_task", models.BigIntegerField(help_text="Number of the task over there")),
                ("user_id", models.BigIntegerField()),
                ("with_reference", models.BooleanField(default=False)),
                ("scores", models.JSONField(default=dict)),
                ("comment", models.TextField(blank=True)),
                ("seconds", models.FloatField(blank=True, null=True)),
                (
                    "wrong",
                    models.CharField(
                        blank=True, help_text="What is on no scale of the rubric", max_length=80
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("taken", "Taken as a rating"),
                            ("waiting", "Waits for a decision"),
                            ("left", "Left out"),
                            ("replaced", "Replaced by a newer version"),
                        ],
                        max_length=8,
                    ),
                ),
                ("gone", models.BooleanField(default=False, help_text="Deleted over there")),
                (
                    "never_again",
                    models.BooleanField(default=False, help_text="Later versions are left out unasked"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="PartnerConflict",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("edited", "Edited there after it was taken"),
                            ("both", "Rated or changed on both sides"),
                            ("deleted", "Deleted there after it was taken"),
                            ("unknown", "Unknown rater"),
                            ("off_scale", "Score outside the scale"),
                            ("surplus", "More ratings than the overlap"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("take", "Take theirs"),
                            ("keep", "Keep ours"),
                            ("ignore", "Ignore it for good"),
                            ("link", "This is a rater here"),
                            ("external", "Make a rater of them"),
                            ("overtaken", "Overtaken by a later change there"),
                        ],
                        max_length=9,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="PartnerProject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(default=0)),
                ("project_id", models.BigIntegerField(blank=True, null=True)),
                ("webhook_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "watermark",
                    models.CharField(
                        blank=True, help_text="Newest change seen, as they wrote it", max_length=40
                    ),
                ),
            ],
            options={
                "ordering": ["exchange", "number"],
            },
        ),
        migrations.CreateModel(
            name="PartnerRater",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=300)),
                ("user_id", models.BigIntegerField()),
                ("mail", models.CharField(blank=True, max_length=254)),
                ("ignored", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="PartnerServer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=300)),
                ("encrypted_key", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name="exchange",
            name="task",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="exchanges",
                to="annotation.ratingtask",
            ),
        ),
        migrations.AddField(
            model_name="partnerannotation",
            name="rating",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="annotation.rating",
            ),
        ),
        migrations.AddField(
            model_name="partnerannotation",
            name="response",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="annotation.response"
            ),
        ),
        migrations.AddField(
            model_name="partnerconflict",
            name="annotation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="conflicts",
                to="annotation.partnerannotation",
            ),
        ),
        migrations.AddField(
            model_name="partnerconflict",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="partnerconflict",
            name="exchange",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="conflicts",
                to="annotation.exchange",
            ),
        ),
        migrations.AddField(
            model_name="partnerproject",
            name="exchange",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="projects", to="annotation.exchange"
            ),
        ),
        migrations.AddField(
            model_name="partnerannotation",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="annotations",
                to="annotation.partnerproject",
            ),
        ),
        migrations.AddField(
            model_name="partnerrater",
            name="dataset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="partner_raters",
                to="curation.dataset",
            ),
        ),
        migrations.AddField(
            model_name="partnerrater",
            name="rater",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="annotation.rater",
            ),
        ),
        migrations.AddField(
            model_name="partnerconflict",
            name="who",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="conflicts",
                to="annotation.partnerrater",
            ),
        ),
        migrations.AddField(
            model_name="partnerserver",
            name="dataset",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="partner_server",
                to="curation.dataset",
            ),
        ),
        migrations.AddConstraint(
            model_name="exchange",
            constraint=models.UniqueConstraint(fields=("task", "url"), name="exchange_once"),
        ),
        migrations.AddConstraint(
            model_name="partnerproject",
            constraint=models.UniqueConstraint(fields=("exchange", "number"), name="partner_project_once"),
        ),
        migrations.AddConstraint(
            model_name="partnerannotation",
            constraint=models.UniqueConstraint(
                fields=("project", "annotation_id", "updated_at"), name="partner_annotation_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerrater",
            constraint=models.UniqueConstraint(
                fields=("dataset", "url", "user_id"), name="partner_rater_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerconflict",
            constraint=models.UniqueConstraint(
                condition=models.Q(("annotation__isnull", False), ("decision", "")),
                fields=("exchange", "annotation", "kind"),
                name="partner_conflict_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerconflict",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decision", ""), ("kind", "unknown")),
                fields=("exchange", "who"),
                name="partner_unknown_rater_once",
            ),
        ),
    ]
