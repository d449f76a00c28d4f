"""The commands that scripts rely on exist, explain themselves and can answer in JSON."""

import pytest
from django.core.management import get_commands, load_command_class

APPS = ("curation", "annotation", "judging", "finetune")
PROMISED = [
    "load_taxonomy",
    "create_dataset",
    "import_items",
    "import_release",
    "freeze_release",
    "export_release",
    "verify_release",
    "diff_releases",
    "correct_release",
    "redact",
    "publish_release",
    "import_responses",
    "generate",
    "create_task",
    "import_gold",
    "create_judge",
    "create_endpoint",
    "import_ratings",
    "import_verdicts",
    "import_study",
    "judge",
    "study",
    "leaderboard",
    "train",
    "runs",
    "cancel_run",
    "evaluate_run",
    "sync_labelstudio",
    "import_translations",
    "export_translations",
    "machine_translate",
    "set_quotas",
    "load_demo",
    "backup",
    "restore",
    "doctor",
    "serve",
]


def ours() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in APPS)


def test_every_promised_command_exists() -> None:
    assert sorted(set(PROMISED) - set(ours())) == []


@pytest.mark.parametrize("name", ours())
def test_command_explains_itself_and_answers_in_json(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    assert len(command.help) > 20
    assert "--json" in parser.format_help()
