"""Bringing ratings over from a real Label Studio: how long a whole pull takes, and where its time goes.

`python -m bench.partner [--small] [--annotations N] [--peer-venv DIR] --json`. Half as many tasks go out as annotations
are wanted; two annotators' work is put there by Label Studio's own import. Then: a first pull, cut off in the middle; the
one that goes on; one that finds everything known; and one of what changed, which is nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import rating_peer
from bench.machine import machine, options, tell, versions
from bench.rating_world import TASK, Installation
from bench.wire import Others
from tests.rig.label_studio import TOKEN, result

PIECE = 250  # tasks with annotations of one import
MAILS = ("first@example.org", "second@example.org")


class Cut(Exception):
    """Stands for whatever ends a pull in the middle."""


def measured(annotations: int, venv: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-partner-") as name:
        here, there = Path(name) / "here", Path(name) / "there"
        here.mkdir()
        there.mkdir()
        site = Installation(here)
        site.made(annotations // 2, len(MAILS))
        with rating_peer.served(there, venv) as peer:
            assert peer.process
            users = [peer.sign_up(mail) and mail for mail in MAILS]
            others = Others(peer.process.pid)
            said = site.run("-m", "bench.partner", "inside", peer.url, json.dumps(users))
            found: dict[str, Any] = json.loads(said.splitlines()[-1])
            return found | {"others_used_of_a_processor": others.share()}


# --- Inside the installation -------------------------------------------------------------------------------------


def inside(url: str, mails: list[str]) -> dict[str, Any]:
    """Push, have everything annotated, and pull."""
    from annotation.actions.exchanges import exchange_of
    from annotation.actions.partner import pull_changes, sync
    from annotation.models import Exchange, RatingTask
    from curation.log import OPERATOR
    from curation.models import Person

    for number, mail in enumerate(mails):
        Person.objects.filter(username=f"rater{number}").update(email=mail)
    task = RatingTask.objects.select_related("dataset", "rubric").get(name=TASK)
    partner, spent = _timed_partner(url)
    figures: dict[str, Any] = {}

    def take(name: str, act: Callable[[], Any]) -> None:
        spent.update(seconds=0.0, requests=0)
        started = time.perf_counter()
        done = act()
        wall = time.perf_counter() - started
        told = {"seconds": round(wall, 1), "of_these_label_studio": round(spent["seconds"], 1)}
        figures[name] = told | {"requests": int(spent["requests"])} | _counts(done)

    take("push", lambda: sync(OPERATOR, task, partner))
    exchange = Exchange.objects.select_related("task__dataset", "task__rubric").get(
        pk=exchange_of(task, url).pk
    )
    figures["annotations_there"] = _annotate(partner, exchange, mails)
    take("pull_cut_in_the_middle", lambda: _cut(task, partner))
    take("pull_that_goes_on", lambda: pull_changes(exchange, partner, everything=True))
    take("pull_of_what_is_known", lambda: pull_changes(exchange, partner, everything=True))
    take("pull_of_changes", lambda: pull_changes(exchange, partner, everything=False))
    partner.close()
    return figures | _standing(task)


def _timed_partner(url: str) -> tuple[Any, dict[str, float]]:
    """A connection that says how long its requests took."""
    from annotation.label_studio import Partner

    spent = {"seconds": 0.0, "requests": 0.0}

    class Timed(Partner):
        def _once(self, *given: Any) -> tuple[int, bytes]:
            started = time.perf_counter()
            try:
                return super()._once(*given)
            finally:
                spent["seconds"] += time.perf_counter() - started
                spent["requests"] += 1

    return Timed(url=url, key=TOKEN), spent


def _annotate(partner: Any, exchange: Any, mails: list[str]) -> int:
    """Put the same tasks there anew, with everybody's annotations: one by one they would take an hour."""
    project = exchange.projects.get().project_id
    rows = [row for _total, page in partner.tasks(project, annotations=False) for row in page]
    partner.write("DELETE", f"/api/projects/{project}/tasks/")
    for start in range(0, len(rows), PIECE):
        piece = [
            {
                "data": row["data"],
                "annotations": [
                    {"result": result(str(3 + n % 3)), "completed_by": {"email": mail}, "lead_time": 4.0}
                    for mail in mails
                ],
            }
            for n, row in enumerate(rows[start : start + PIECE])
        ]
        partner.write("POST", f"/api/projects/{project}/import", piece)
    return len(rows) * len(mails)


def _cut(task: Any, partner: Any) -> None:
    from annotation.actions.partner import sync
    from curation.log import OPERATOR

    def progress(done: int, total: int, what: str) -> None:
        if what == "pull" and done > total // 2:
            raise Cut

    try:
        sync(OPERATOR, task, partner, progress=progress)
    except Cut:
        return
    raise AssertionError("the pull came to its end")


def _counts(done: Any) -> dict[str, int]:
    told = done.as_dict() if done is not None else {}
    return {name: told[name] for name in ("pushed", "taken", "known") if told.get(name)}


def _standing(task: Any) -> dict[str, int]:
    from annotation.models import PartnerConflict
    from annotation.queries import ratings_of

    return {"ratings": ratings_of(task).count(), "conflicts": PartnerConflict.objects.count()}


def main() -> None:
    if sys.argv[1:2] == ["inside"]:
        import django

        django.setup()
        print(json.dumps(inside(sys.argv[2], json.loads(sys.argv[3]))))
        return
    parser = options("How fast ratings come over from Label Studio.")
    parser.add_argument("--annotations", type=int, help="default: 10,000, or 1,000 with --small")
    parser.add_argument(
        "--peer-venv", default="", help="a virtual environment with Label Studio in it; made where left out"
    )
    given = parser.parse_args()
    annotations = given.annotations or (1_000 if given.small else 10_000)
    figures = {"machine": machine(), "versions": versions("django", "httpx"), "annotations": annotations}
    tell(figures | measured(annotations, given.peer_venv), as_json=given.json)


if __name__ == "__main__":
    main()
