"""Label Studio doing the same work: brought up by the starter of the tests, driven over its API as its own pages drive it."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.rating_world import ANSWER, OVERLAP, QUESTION
from bench.wire import Wire
from tests.rig import label_studio

CONFIG = """<View><Header value="$question"/><Text name="response" value="$response"/>
<Rating name="score" toName="response" maxRating="5" required="true"/>
<TextArea name="comment" toName="response" maxSubmissions="1"/></View>"""


class Peer(label_studio.LabelStudio):
    """On the database that the environment names: its own SQLite, or PostgreSQL."""

    def __init__(self, venv: Path, folder: Path, postgres: dict[str, str] | None = None) -> None:
        super().__init__(venv, folder)
        self.postgres = postgres or {}

    def _environment(self) -> dict[str, str]:
        return super()._environment() | ({"DJANGO_DB": "default"} | self.postgres if self.postgres else {})

    def version(self) -> str:
        return str(self.wire().json("GET", "/api/version")["release"])

    def wire(self, token: str = label_studio.TOKEN) -> Wire:
        return Wire(self.url, {"Authorization": f"Token {token}"})


@contextmanager
def served(folder: Path, venv: str, postgres: dict[str, str] | None = None) -> Iterator[Peer]:
    if venv:
        os.environ["TEINEI_LABEL_STUDIO_VENV"] = venv
    where = label_studio.environment()
    peer = Peer(where, folder, postgres)
    if not postgres:
        shutil.copy(label_studio.migrated(where), folder / "label_studio.sqlite3")
    try:
        peer.start()
        yield peer
    finally:
        peer.kill()


class Annotator:
    """One round: the next task, and the annotation of it. Raises StopIteration where there is none.

    `count`: annotations that were answered.
    """

    def __init__(self, peer: Peer, token: str, project: int, number: int) -> None:
        self.wire, self.project, self.random = peer.wire(token), project, random.Random(number)
        self.count = 0

    def __call__(self) -> None:
        status, said = self.wire.ask("GET", f"/api/projects/{self.project}/next")
        if status == 404:
            raise StopIteration
        if status != 200:
            raise RuntimeError(f"next: {status} {said[:300]!r}")
        task = json.loads(said)["id"]
        rating = {"rating": self.random.randint(3, 5)}
        result = [{"from_name": "score", "to_name": "response", "type": "rating", "value": rating}]
        body = {"result": result, "lead_time": 12.3}
        self.wire.json("POST", f"/api/tasks/{task}/annotations/?project={self.project}", body)
        self.count += 1


def imported(peer: Peer, number: int) -> tuple[int, float]:
    """A project with so many tasks, in one request as its page sends them; the seconds of that request."""
    wire = peer.wire()
    asked = {"title": "bench", "label_config": CONFIG, "maximum_annotations": OVERLAP}
    project = int(wire.json("POST", "/api/projects/", asked)["id"])
    tasks = [
        {"data": {"question": QUESTION.format(n=n), "response": ANSWER.format(n=n)}} for n in range(number)
    ]
    started = time.perf_counter()
    made = wire.json("POST", f"/api/projects/{project}/import", tasks)["task_count"]
    seconds = round(time.perf_counter() - started, 2)
    if made != number:
        raise RuntimeError(f"{made} of {number} tasks were imported")
    return project, seconds


def filtered(peer: Peer, project: int) -> float:
    """Seconds of a page of the tasks that have annotations."""
    item = {
        "filter": "filter:tasks:total_annotations",
        "operator": "greater",
        "type": "Number",
        "value": 0,
    }
    query = json.dumps({"filters": {"conjunction": "and", "items": [item]}})
    asked = {"project": project, "page": 1, "page_size": 30, "fields": "all", "query": query}
    wire = peer.wire()
    started = time.perf_counter()
    wire.json("GET", f"/api/tasks?{urllib.parse.urlencode(asked)}")
    return time.perf_counter() - started


def exported(peer: Peer, project: int) -> tuple[float, int, int]:
    """Seconds of the export with all tasks, how many annotations it holds, and of how many tasks more than the overlap."""
    wire = peer.wire()
    started = time.perf_counter()
    status, said = wire.ask("GET", f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true")
    seconds = time.perf_counter() - started
    if status != 200:
        raise RuntimeError(f"export: {status} {said[:200]!r}")
    numbers = [len(task["annotations"]) for task in json.loads(said)]
    return round(seconds, 2), sum(numbers), sum(number > OVERLAP for number in numbers)
