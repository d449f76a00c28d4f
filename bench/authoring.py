"""Fifty people write and review at once, in a dataset of any size: how long each thing takes by their clock.

`python -m bench.authoring [--small] [--database postgres|sqlite] [--items N] [--seconds S] [--meaning] [--json]`: PostgreSQL with
200,000 items and 50 people, SQLite with 20,000 and 8, served as `serve` serves. People think for 20 seconds an item; an
author types all the while, so that a draft is kept every 2 seconds and near twins are asked for every 4. The lead
filters the list. First the next item is timed with 2,000 items, so that growth shows. The clients share the processors.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
import threading
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.authoring_world import DATASET
from bench.machine import machine, options, tell, versions
from bench.made_questions import Maker
from bench.rating_world import Installation
from bench.ratings import database
from bench.wire import FAULTS, Others, Wire, fsync_milliseconds, memory, milliseconds

GOALS = {
    "next_p95_ms": 100,
    "autosave_p95_ms": 100,
    "list_p95_ms": 300,
    "twins_p95_ms": 150,
    "coverage_p95_ms": 300,
    "next_grows": "not from 2,000 to 200,000",
}
SIZES = {"postgres": 200_000, "sqlite": 20_000}
CREWS = {"postgres": (30, 19), "sqlite": (4, 3)}  # authors and reviewers; the lead is one more
FEW = 2_000
THINK, SAVE, ASK = 20.0, 2.0, 4.0  # seconds
FORM = "application/x-www-form-urlencoded"
LISTS = (
    "?q=契約&state=approved&split=none",
    "?q=です&state=in_review",
    "?q=火山&state=needs_changes",
    "?q=方法&state=approved&split=none",
)


class Taken:
    """Seconds of each kind of request, and what was answered otherwise than wanted."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.lock = threading.Lock()

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            kind: {"n": len(rows)} | milliseconds(rows) for kind, rows in sorted(self.seconds.items())
        }
        return found | {"errors": len(self.errors), "error_samples": sorted(set(self.errors))[:5]}


class Somebody:
    """A browser with a session: pages as people get them, each timed under the name of what it is for."""

    def __init__(self, url: str, session: str, taken: Taken, number: int) -> None:
        self.mark = "c" * 32
        cookie = f"sessionid={session}; csrftoken={self.mark}"
        self.wire = Wire(url, {"Cookie": cookie, "X-CSRFToken": self.mark, "Accept": "text/html"})
        self.taken, self.random, self.maker = taken, random.Random(number), Maker(number + 1000, nouns=3000)
        self.sent = 0

    def ask(self, kind: str, method: str, path: str, body: bytes | None = None, form: str = FORM) -> bytes:
        """What is there at the end of the redirects; all of it is one wait for the person."""
        began = time.perf_counter()
        status, said = self.wire.ask(method, path, body, form if body is not None else "")
        if status == 302:
            status, said = self.wire.ask("GET", self.wire.location)
        if status != 200:
            raise RuntimeError(f"{kind}: {status} {said[:200]!r}")
        with self.taken.lock:
            self.taken.seconds[kind].append(time.perf_counter() - began)
        return said

    def post(self, kind: str, path: str, **fields: str) -> bytes:
        return self.ask(kind, "POST", path, urllib.parse.urlencode(fields).encode())

    def client_id(self) -> str:
        self.sent += 1
        return f"{self.mark[:8]}-{id(self)}-{self.sent}"


class Author(Somebody):
    """Takes a leaf, types question and answer for the time of a thought, hands in."""

    def __init__(self, url: str, session: str, taken: Taken, number: int, leaves: list[str]) -> None:
        super().__init__(url, session, taken, number)
        self.leaves = leaves

    def __call__(self) -> Iterator[float]:
        """One item; yields how long to wait before what comes next."""
        leaf = self.random.choice(self.leaves)
        self.post("author_next", f"/d/{DATASET}/write/new/", category=leaf)
        here = self.wire.location
        fields = {"question": "", "answer": "", "category": leaf, "attributes": [], "sources": ""}
        whole = f"{self.client_id()}の相談です。{self.maker.question()}"
        steps = int(THINK / SAVE)
        for step in range(1, steps + 1):
            yield SAVE
            fields["question"] = whole[: max(1, len(whole) * step * 2 // steps)]
            if step * 2 > steps:
                fields["answer"] = "落ち着いて、窓口に相談してください。" * (step * 2 - steps)
            sent = {"fields": fields, "base_version": step - 1, "client_id": self.client_id()}
            self.ask("autosave", "POST", f"{here}draft/", json.dumps(sent).encode(), "application/json")
            if step % int(ASK / SAVE) == 0:
                self.post("twins", f"{here}twins/", question=str(fields["question"]))
        yield SAVE
        texts = {name: str(fields[name]) for name in ("question", "answer", "category")}
        self.post("submit", f"{here}submit/", **texts, client_id=self.client_id(), version=str(steps))


class Reviewer(Somebody):
    """Reads an item, accepts it, and is given the next by that."""

    REVISION = re.compile(rb'name="revision" value="(\d+)"')

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.page = b""

    def __call__(self) -> Iterator[float]:
        if not self.page:
            self.page = self.post("reviewer_first", f"/d/{DATASET}/review/next/")
        here, found = self.wire.location, self.REVISION.search(self.page)
        self.page = b""
        yield THINK * self.random.uniform(0.5, 1.5)
        if found is None:
            raise RuntimeError("nothing to review")
        read = {"decision": "approve", "revision": found[1].decode(), "client_id": self.client_id()}
        self.page = self.post("reviewer_next", here, **read)


class Lead(Somebody):
    """Looks for items and at the map."""

    def __call__(self) -> Iterator[float]:
        for query in LISTS:
            self.ask("list", "GET", f"/d/{DATASET}/items/" + urllib.parse.quote(query, safe="?=&"))
            yield 1.0
        self.ask("coverage", "GET", f"/d/{DATASET}/coverage/")
        yield 1.0


def go_on(somebody: Callable[[], Iterator[float]], taken: Taken, end: float, delay: float) -> None:
    """Work until the time is over; a fault is counted, and the next item begun."""
    time.sleep(delay)
    while time.perf_counter() < end:
        try:
            for wait in somebody():
                time.sleep(wait)
                if time.perf_counter() > end:
                    return
        except FAULTS as error:
            with taken.lock:
                taken.errors.append(str(error)[:300])
            time.sleep(1.0)


def side_by_side(here: Installation, made: dict[str, Any], leaves: list[str], seconds: float) -> Taken:
    """Everybody at once; they come within the time of one thought, so that no two are in step."""
    taken = Taken()
    crew: list[Any] = [Author(here.url, key, taken, n, leaves) for n, key in enumerate(made["author"])]
    crew += [Reviewer(here.url, key, taken, 100 + n) for n, key in enumerate(made["reviewer"])]
    crew += [Lead(here.url, key, taken, 200) for key in made["lead"]]
    end = time.perf_counter() + seconds
    starts = random.Random(1)
    threads = [
        threading.Thread(target=go_on, args=(one, taken, end, starts.uniform(0, min(THINK, seconds / 4))))
        for one in crew
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def alone(here: Installation, made: dict[str, Any], leaves: list[str], *, times: int = 30) -> dict[str, Any]:
    """The next item of an author and of a reviewer, one after the other, with nobody else there."""
    taken = Taken()
    author = Author(here.url, made["author"][0], taken, 300, leaves)
    reviewer = Reviewer(here.url, made["reviewer"][0], taken, 301)
    for _turn in range(times):
        author.post("author_next", f"/d/{DATASET}/write/new/", category=author.random.choice(leaves))
        page = reviewer.post("reviewer_next", f"/d/{DATASET}/review/next/")
        found = Reviewer.REVISION.search(page)
        assert found is not None
        sent = {"decision": "approve", "revision": found[1].decode(), "client_id": reviewer.client_id()}
        reviewer.post("decide_and_next", reviewer.wire.location, **sent)
    for rows in taken.seconds.values():
        del rows[:3]  # what processes do once
    return taken.told()


def measured(kind: str, folder: Path, items: int, seconds: float, *, meaning: bool) -> dict[str, Any]:
    authors, reviewers = CREWS[kind]
    with database(kind) as server:
        url = f"postgresql://app@/postgres?host={server.folder}&port={server.port}" if server else ""
        here = Installation(folder, url, meaning=meaning)
        (folder / "var").mkdir()
        here.run("manage.py", "migrate", "-v0")
        few = min(FEW, items)
        made = json.loads(here.run("-m", "bench.authoring_world", "make", few, authors, reviewers))
        leaves = [str(pk) for pk in made["leaves"]]
        with here.served():
            figures: dict[str, Any] = {"items": items, f"alone_with_{few}": alone(here, made, leaves)}
        here.run("-m", "bench.authoring_world", "add", items - few)
        with here.served():
            assert here.process
            figures[f"alone_with_{items}"] = alone(here, made, leaves)
            others = Others(here.process.pid)
            figures["people"] = authors + reviewers + 1
            figures["seconds"] = seconds
            figures["at_once"] = side_by_side(here, made, leaves, seconds).told()
            figures["others_used_of_a_processor"] = others.share()
            figures["memory_mib"] = memory(here.web())
        return figures


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--database", choices=tuple(SIZES), action="append", help="one of both alone")
    parser.add_argument("--items", type=int, help="another number of items")
    parser.add_argument(
        "--seconds", type=float, help="of work side by side; default: 120, or 20 with --small"
    )
    parser.add_argument(
        "--meaning",
        action="store_true",
        help="near twins by meaning too, where the package for it is installed",
    )
    given = parser.parse_args()
    figures: dict[str, Any] = {"goals": GOALS, "machine": [machine()], "databases": {}}
    for kind in given.database or SIZES:
        with tempfile.TemporaryDirectory(prefix="bench-authoring-") as name:
            figures["fsync_ms"] = fsync_milliseconds(Path(name))
            items = given.items or (3_000 if given.small else SIZES[kind])
            seconds = given.seconds or (20.0 if given.small else 120.0)
            figures["databases"][kind] = measured(kind, Path(name), items, seconds, meaning=given.meaning)
    figures["machine"].append(machine())
    figures["versions"] = versions("django", "granian")
    tell(figures, as_json=given.json)


if __name__ == "__main__":
    main()
