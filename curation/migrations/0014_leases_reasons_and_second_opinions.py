import curation.models.lease
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('curation', '0013_checks_criteria_and_origins'),
    ]

    operations = [
        migrations.CreateModel(
            name='DoubleReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.CharField(choices=[('sampled', 'Drawn for a second review'), ('asked', 'The reviewer asked for it'), ('fixed', 'The reviewer mended it')], max_length=7)),
                ('agreed', models.BooleanField(null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(choices=[('write', 'Write'), ('review', 'Review')], max_length=6)),
                ('token', models.CharField(default=curation.models.lease.new_token, max_length=40, unique=True)),
                ('handed', models.BooleanField(default=False)),
                ('taken_at', models.DateTimeField()),
                ('beat_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='review',
            name='decides',
            field=models.BooleanField(default=True, help_text='False: an opinion of a double review'),
        ),
        migrations.AddField(
            model_name='review',
            name='reasons',
            field=models.JSONField(blank=True, default=dict, help_text='{part: code} of what is not good'),
        ),
        migrations.AddField(
            model_name='routine',
            name='lease_minutes',
            field=models.PositiveSmallIntegerField(default=15, help_text='How long a reviewer holds an item without a sign of life'),
        ),
        migrations.AddField(
            model_name='routine',
            name='second_after_fix',
            field=models.BooleanField(default=False, help_text='Whether somebody else looks at what a reviewer mended'),
        ),
        migrations.AddField(
            model_name='routine',
            name='twice_share',
            field=models.PositiveSmallIntegerField(default=0, help_text='Percent of what is submitted that two people review, blind'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('state', 'in_review')), fields=['dataset', 'current_revision'], name='item_to_review'),
        ),
        migrations.AddField(
            model_name='doublereview',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='doubles', to='curation.item'),
        ),
        migrations.AddField(
            model_name='doublereview',
            name='revision',
            field=models.OneToOneField(help_text='What is to be read next', on_delete=django.db.models.deletion.PROTECT, related_name='double', to='curation.revision'),
        ),
        migrations.AddField(
            model_name='doublereview',
            name='settled_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='review',
            name='double',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='opinions', to='curation.doublereview'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('decides', True), ('double__isnull', False), _connector='OR'), name='review_opinion_of_a_double'),
        ),
        migrations.AddField(
            model_name='lease',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leases', to='curation.item'),
        ),
        migrations.AddField(
            model_name='lease',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leases', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='lease',
            constraint=models.UniqueConstraint(fields=('item', 'part'), name='lease_once'),
        ),
        migrations.AddConstraint(
            model_name='lease',
            constraint=models.UniqueConstraint(condition=models.Q(('handed', False), ('part', 'review')), fields=('person',), name='lease_one_review_a_person'),
        ),
    ]
