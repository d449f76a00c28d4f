"""Record what a real Label Studio answers to one exchange: `python -m tests.rig.record_label_studio`.

Writes tests/fixtures/label_studio.json. Tokens and what names the machine are left out; all texts are our own.
"""

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import httpx

from annotation.label_studio import Partner
from annotation.label_studio_page import project_of
from tests.rig.label_studio import TOKEN, VERSION, LabelStudio, running
from tests.rig.replay import KEPT

JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
REFS = [f"ref-{n}" for n in range(4)]


class Recorder:
    """Notes what comes back through a Partner's client."""

    def __init__(self, partner: Partner) -> None:
        self.kept: list[dict[str, Any]] = []
        partner.http.event_hooks["response"] = [self.note]

    def note(self, answer: httpx.Response) -> None:
        answer.read()
        text = JWT.sub("eyJ.recorded.token", answer.text).replace(TOKEN, "0" * 40)
        body = json.loads(text) if text else None
        if isinstance(body, dict) and "label-studio-os-package" in body:
            body = {"release": body["release"], "label-studio-os-package": {"version": VERSION}}
        asked = f"{answer.request.method} {answer.request.url.path}"
        self.kept.append({"asked": asked, "status": answer.status_code, "body": body})


def exchange(server: LabelStudio, key: str) -> list[dict[str, Any]]:
    """Test, project, import, two annotations of one user, one of another, an edit and a deletion, listed each time."""
    mails = ("hanako@example.org", "taro@example.org")
    users = [server.sign_up(mail) for mail in mails]
    with Partner(url=server.url, key=key) as partner:
        recorder = Recorder(partner)
        partner.test()
        partner.projects_marked("teinei-trial")
        axes = _axes()
        values = project_of(
            title="安全性の評価", mark="teinei-trial", axes=axes, overlap=2, instructions="", reference=False
        )
        project = partner.create_project(values)
        list(partner.tasks(project, annotations=False))
        rows = [{"teinei": ref, "question": f"質問{ref}", "response": f"回答{ref}"} for ref in REFS]
        partner.import_tasks(project, rows)
        list(partner.tasks(project, annotations=False))
        partner.users()
        partner.check_project(project)
        tasks = [row["id"] for row in server.tasks(project)]
        first = server.annotate(users[0], tasks[0], "4", comment="よい回答です。")["id"]
        second = server.annotate(users[0], tasks[1], "cannot_decide")["id"]
        server.annotate(users[1], tasks[0], "2")
        list(partner.tasks(project))
        server.edit(users[0], first, "1")
        server.delete(users[0], second)
        list(partner.tasks(project))
    return recorder.kept


def _axes() -> Any:
    from annotation.axes import Axis

    return (Axis("safety", "ordinal", ("1", "2", "3", "4", "5")),)


def refusals(server: LabelStudio, personal: str) -> list[dict[str, Any]]:
    """A legacy token where the organisation has them disabled."""
    server.allow_legacy(False, personal)
    with Partner(url=server.url, key=TOKEN) as partner:
        recorder = Recorder(partner)
        try:
            partner.test()
        except Exception as error:  # what it says is recorded already
            print(error)
    return recorder.kept


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        personal = server.personal_token()
        kept = {"exchange": exchange(server, personal), "legacy_off": refusals(server, personal)}
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.test_settings")
    import django

    django.setup()
    main()
