"""A served installation with 10,000 responses to rate, and its raters' clients.

`python -m bench.rating_world release RESPONSES RATERS` prepares the installation that the environment names, `seed N ...`
lets its first raters have rated so many responses each; all else is used by `bench.ratings`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.wire import Wire, tree

ROOT = Path(__file__).resolve().parent.parent
OVERLAP = 3
DATASET, RELEASE, TASK = "bench", "r", "t"
QUESTION = (
    "これは計測のためにつくった{n}番目の質問です。" + "手続きの期限と必要な書類について教えてください。" * 3
)
ANSWER = "{n}番目の質問への回答です。" + "期限は原則として二週間です。窓口に必要な書類をお持ちください。" * 6
OWN = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE")


class Installation:
    """Teinei in a folder, served as people serve it."""

    def __init__(
        self, folder: Path, database_url: str = "", *, web_processes: int = 2, meaning: bool = False
    ) -> None:
        self.folder, self.web_processes = folder, web_processes
        bare = {name: value for name, value in os.environ.items() if not name.startswith("TEINEI_")}
        for name in OWN:
            bare.pop(name, None)
        self.environment = bare | {
            "TEINEI_VAR": str(folder / "var"),
            "TEINEI_STATIC": str(folder / "static"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "OMP_NUM_THREADS": "1",
            "TEINEI_MEANING": str(int(meaning)),
        }
        if database_url:
            secret = {"TEINEI_SECRET_KEY": "s" * 50, "TEINEI_FIELD_KEY": "f" * 50}
            self.environment |= secret | {"DATABASE_URL": database_url}
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def run(self, *words: object) -> str:
        """A program of the installation; what it prints."""
        command = [sys.executable, *map(str, words)]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(
                f"{' '.join(command[1:4])} ended with {done.returncode}: {done.stderr[-2000:]}"
            )
        return done.stdout

    def command(self, *words: object) -> dict[str, Any]:
        """What `manage.py ... --json` prints, with the seconds it took as a program of its own."""
        started = time.perf_counter()
        said: dict[str, Any] = json.loads(self.run("manage.py", *words, "--json"))
        return said | {"seconds": round(time.perf_counter() - started, 2)}

    @contextmanager
    def served(self) -> Iterator[None]:
        words = [sys.executable, "manage.py", "serve", "--json", "--web-processes", str(self.web_processes)]
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(
                words, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=said
            )
        assert self.process.stdout
        try:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError((self.folder / "said").read_text()[-2000:])
            self.url = str(json.loads(line)["url"]).rstrip("/")
            yield
        finally:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            finally:
                self.process.kill()
                self.process.stdout.close()

    def web(self) -> list[int]:
        """The processes of the web server: neither the broker's nor the workers'."""
        assert self.process
        for pid in tree(self.process.pid):
            if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return tree(pid)
        raise LookupError("granian")

    def made(self, responses: int, raters: int, done: Sequence[int] = ()) -> dict[str, Any]:
        """A release, its responses (brought in by the command that people use) and a task; what was printed.

        done: how many responses each of the first raters has rated before.
        """
        self.run("manage.py", "migrate", "--verbosity", "0")
        self.run("-m", "bench.rating_world", "release", responses, raters)
        lines = [{"item": f"q{n}", "model": "m", "response": ANSWER.format(n=n)} for n in range(responses)]
        file = self.folder / "responses.jsonl"
        file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        imported = self.command("import_responses", file, "--release", RELEASE)
        task = self.command("create_task", TASK, "--release", RELEASE, "--overlap", OVERLAP, "--seed", 1)
        if done:
            self.run("-m", "bench.rating_world", "seed", *done)
        sessions = json.loads(self.run("-m", "bench.rating_world", "sessions"))
        started = time.perf_counter()
        self.run("manage.py", "version")
        return {
            "start_s": round(time.perf_counter() - started, 2),  # of any command; part of the two below
            "import_s": imported["seconds"],
            "create_task_s": task["seconds"],
            "sessions": sessions["raters"],
            "lead": sessions["lead"],
            "task": sessions["task"],
        }

    def told(self, word: str) -> dict[str, Any]:
        """What `python -m bench.rating_world WORD` says of the database."""
        found: dict[str, Any] = json.loads(self.run("-m", "bench.rating_world", word))
        return found


class Rater:
    """A program's client: the API. Each call is one round: the submit, with the next response in its answer.

    Raises StopIteration where nothing is left to rate. `count`: submits that were answered.
    """

    def __init__(self, url: str, session: str, task: int, number: int) -> None:
        token = "c" * 32
        cookie = f"sessionid={session}; csrftoken={token}"
        self.wire = Wire(url, {"Cookie": cookie, "X-CSRFToken": token})
        self.path, self.random, self.count = f"/api/d/{DATASET}/tasks/{task}/", random.Random(number), 0
        self.held: dict[str, Any] | None = None

    def __call__(self) -> None:
        if self.held is None:
            self.held = self.wire.json("POST", f"{self.path}next/")["next"]
            if self.held is None:
                raise StopIteration
        body = {
            "token": self.held["token"],
            "score": str(self.random.randint(3, 5)),
            "seconds": 12.3,
            "client_id": f"{self.held['token'][:40]}-{self.count}",
        }
        answer = self.wire.json("POST", f"{self.path}ratings/", body)
        self.count += 1
        self.held = answer["next"]


class PageRater:
    """A person's page: the form that a key sends, answered with the parts of the page that change."""

    def __init__(self, url: str, session: str, task: int, number: int) -> None:
        token = "c" * 32
        cookie = f"sessionid={session}; csrftoken={token}"
        self.wire = Wire(
            url, {"Cookie": cookie, "X-CSRFToken": token, "HX-Request": "true", "Accept": "text/html"}
        )
        self.path, self.random, self.count = f"/d/{DATASET}/rate/{task}/", random.Random(number), 0
        self.token = ""

    def __call__(self) -> None:
        if not self.token:
            self._read(*self.wire.ask("GET", self.path))
        if not self.token:
            raise StopIteration
        body = {
            "token": self.token,
            "score": str(self.random.randint(3, 5)),
            "seconds": "12.3",
            "client_id": f"{self.token[:40]}-{self.count}",
        }
        sent = urllib.parse.urlencode(body).encode()
        status, page = self.wire.ask("POST", f"{self.path}submit/", sent, "application/x-www-form-urlencoded")
        self.count += status == 200
        self._read(status, page)

    def _read(self, status: int, page: bytes) -> None:
        """The token of the response shown; none where the page says that nothing is left."""
        mark = b'name="token" value="'
        at = page.find(mark) + len(mark)
        found = at >= len(mark)
        if status != 200 or not (found or b'class="empty"' in page):
            raise RuntimeError(f"{status} {page[:300]!r}")
        self.token = page[at : page.index(b'"', at)].decode() if found else ""


# --- Inside the installation -------------------------------------------------------------------------------------


def release(questions: int, raters: int) -> None:
    """A dataset, its people and a frozen release."""
    from curation.actions.texts import keep_text
    from curation.models import Dataset, Membership, Person, Release, ReleaseItem, Taxonomy

    taxonomy = Taxonomy.objects.create(name="bench", title_ja="計測", title_en="Bench")
    dataset = Dataset.objects.create(slug=DATASET, name="bench", taxonomy=taxonomy)
    for n in range(raters):
        person = Person.objects.create(username=f"rater{n}", locale="ja")
        Membership.objects.create(dataset=dataset, person=person, role=Membership.Role.RATER)
    lead = Person.objects.create(username="lead", locale="ja")
    Membership.objects.create(dataset=dataset, person=lead, role=Membership.Role.LEAD)
    frozen = Release.objects.create(dataset=dataset, name=RELEASE, root_hash="0" * 64, size=questions)
    answer = keep_text("参考回答です。")
    ReleaseItem.objects.bulk_create(
        (
            ReleaseItem(
                release=frozen,
                position=n,
                external_id=f"q{n}",
                question_text=keep_text(QUESTION.format(n=n)),
                answer_text=answer,
                labels=["a", "b", "c"],
                split="test",
                content_hash=f"{n:064x}",
            )
            for n in range(questions)
        ),
        batch_size=500,
    )


def seed(*done: int) -> None:
    """Let the task's first raters have rated so many responses each, drawn at random, as their submits would have."""
    from django.utils import timezone

    from annotation.actions.places import settle
    from annotation.models import Assignment, Rating, RatingTask, TaskRater, TaskResponse

    task, now = RatingTask.objects.get(name=TASK), timezone.now()
    responses = list(TaskResponse.objects.filter(task=task).values_list("response", flat=True))
    raters = TaskRater.objects.filter(task=task).order_by("rater__person").values_list("rater", flat=True)
    for rater, number in zip(raters, done, strict=False):
        drawn = random.Random(rater).sample(responses, number)
        ended = {"state": Assignment.State.RATED, "expires_at": now, "ended_at": now}
        given = [
            Assignment(task=task, rater_id=rater, response_id=pk, turn=n, token=f"seed-{rater}-{n}", **ended)
            for n, pk in enumerate(drawn, start=1)
        ]
        Assignment.objects.bulk_create(given, batch_size=500)
        rows = [Rating(task=task, rater_id=rater, response_id=pk, score="4") for pk in drawn]
        Rating.objects.bulk_create(rows, batch_size=500)
    settle(TaskResponse.objects.filter(task=task))


def signed_in(person: Any, dataset: str) -> str:
    """The key of a session of the person, who looks at the dataset."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session["dataset"] = dataset
    session.create()
    return str(session.session_key)


def sessions() -> dict[str, Any]:
    """Signed-in sessions of the raters, who have read the warning, and of the lead."""
    from django.utils import timezone

    from annotation.models import Rater as RaterRow
    from annotation.models import RatingTask
    from curation.models import Person

    RaterRow.objects.update(warned_at=timezone.now())
    people = Person.objects.filter(username__startswith="rater").order_by("pk")
    return {
        "raters": [signed_in(person, DATASET) for person in people],  # in the order of `seed`
        "lead": signed_in(Person.objects.get(username="lead"), DATASET),
        "task": RatingTask.objects.get(name=TASK).pk,
    }


def counted() -> dict[str, Any]:
    """Standing ratings, and of how many responses there are more than the overlap."""
    from django.db.models import Count

    from annotation.models import Rating

    standing = Rating.objects.filter(superseded=False, role="rater")
    per_response = standing.values("response").annotate(n=Count("rater", distinct=True)).order_by()
    return {
        "ratings": standing.count(),
        "responses_over_the_overlap": per_response.filter(n__gt=OVERLAP).count(),
    }


def exported() -> dict[str, Any]:
    """Seconds of writing all ratings as lines, without the start of a program."""
    from annotation.models import RatingTask
    from annotation.rating_rows import rating_rows

    task = RatingTask.objects.select_related("rubric", "dataset").get(name=TASK)
    started = time.perf_counter()
    lines = [json.dumps(row, ensure_ascii=False) for row in rating_rows(task)]
    return {"lines": len(lines), "seconds": round(time.perf_counter() - started, 3)}


def main() -> None:
    import django

    django.setup()
    verb, *numbers = sys.argv[1:]
    if verb == "release":
        release(int(numbers[0]), int(numbers[1]))
    elif verb == "seed":
        seed(*map(int, numbers))
    else:
        print(json.dumps({"sessions": sessions, "counted": counted, "exported": exported}[verb]()))


if __name__ == "__main__":
    main()
