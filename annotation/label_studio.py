"""The Label Studio partner over its REST API: the only file that knows its addresses.

httpx rather than the vendor's SDK: that one brings 394 MB (OpenCV, NLTK, black ...), takes seconds to import and moves
packages of the web process, while a dozen requests are all that is needed, with limits, retries and sentences of our own.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _

from curation.errors import Invalid

PAGE = 100  # rows of a list; larger pages time out over there
PIECE = 100  # tasks of one import
LARGEST = 64 << 20  # bytes of one answer
LEGACY = re.compile(r"[0-9a-f]{40}")
PERSONAL = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
LATER = frozenset({429, 500, 502, 503, 504})
ACTIONS = (
    "TASKS_DELETED",
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
)


class PartnerFailed(Invalid):
    """The server does not do what was asked. `what` names the case; the sentence says what to do.

    `unset`, `token`, `legacy_off`, `down`, `foreign`, `login`, `gone`, `denied`, `refused`; `unsure` where a write may
    or may not have been done.
    """

    def __init__(self, what: str, sentence: str) -> None:
        super().__init__(sentence, field="label_studio")
        self.what = what


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What a connection test found: `kind` of the token is "legacy" or "personal"."""

    url: str
    kind: str
    mail: str
    version: str


def kind_of(key: str) -> str:
    """Which kind of token it is, by its shape."""
    if LEGACY.fullmatch(key):
        return "legacy"
    if PERSONAL.fullmatch(key):
        return "personal"
    raise PartnerFailed(
        "token",
        _(
            "The key is no token of Label Studio: a legacy token has 40 characters (0-9, a-f), a personal access "
            "token three parts with dots between them. Copy it again from Account & Settings."
        ),
    )


class Partner:
    """One Label Studio, spoken to with one token. Close it, or use it with `with`.

    `pause(seconds)` waits between tries; a job's own looks meanwhile whether it should stop.
    """

    def __init__(
        self,
        *,
        url: str,
        key: str,
        pause: Callable[[float], None] = time.sleep,
        tries: int = 6,
        timeout: float = 60.0,
    ) -> None:
        if not url or not key:
            raise PartnerFailed(
                "unset",
                _(
                    "Name the Label Studio server: set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY, "
                    "or give them to connect_labelstudio."
                ),
            )
        self.url, self.key, self.kind = url.rstrip("/"), key, kind_of(key)
        self.pause, self.tries = pause, max(1, tries)
        self.access = ""
        waits = httpx.Timeout(timeout, connect=min(timeout, 5.0))
        self.http = httpx.Client(base_url=self.url, timeout=waits, follow_redirects=False)

    def __enter__(self) -> Partner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    # --- Who and what is there ----------------------------------------------------------------------------------

    def test(self) -> Connection:
        """Who one is over there. Raises PartnerFailed with what to do about it."""
        version = self.get("/api/version")
        if not isinstance(version, dict) or "label-studio-os-package" not in version:
            raise self._foreign()
        who = self.get("/api/current-user/whoami")
        if not isinstance(who, dict) or "email" not in who:
            raise self._foreign()
        return Connection(
            url=self.url, kind=self.kind, mail=str(who["email"]), version=str(version.get("release") or "?")
        )

    def users(self) -> dict[int, str]:
        """User id -> mail, of everybody in the organisation."""
        found = self.get("/api/users/")
        rows = found.get("results", []) if isinstance(found, dict) else found
        return {row["id"]: str(row.get("email") or "") for row in rows if isinstance(row.get("id"), int)}

    # --- Projects and tasks -------------------------------------------------------------------------------------

    def projects_marked(self, mark: str) -> list[int]:
        """Ids of the projects whose description holds the mark, oldest first."""
        found, page = [], 1
        while True:
            params = {"page": page, "page_size": PAGE, "include": "id,description"}
            answer = self.get("/api/projects/", params=params)
            found += [row["id"] for row in answer["results"] if mark in (row.get("description") or "")]
            if not answer.get("next"):
                return sorted(found)
            page += 1

    def create_project(self, values: dict[str, Any]) -> int:
        return int(self.write("POST", "/api/projects/", values)["id"])

    def check_project(self, project: int) -> None:
        """Raises PartnerFailed ("gone") where there is no such project any more."""
        self.get(f"/api/projects/{project}/", params={"include": "id"})

    def import_tasks(self, project: int, rows: list[dict[str, Any]]) -> None:
        self.write("POST", f"/api/projects/{project}/import", [{"data": row} for row in rows])

    def delete_task(self, task: int) -> None:
        self.write("DELETE", f"/api/tasks/{task}/")

    def tasks(
        self, project: int, *, since: str = "", annotations: bool = True
    ) -> Iterator[tuple[int, list[Any]]]:
        """Pages of the project's tasks in the order of their ids, each with the number of tasks there are in all.

        `since`: only those changed after that moment (over there, a task counts as changed when an annotation of it is
        made, edited or deleted).
        """
        query: dict[str, Any] = {"ordering": ["tasks:id"]}
        if since:
            one = {
                "filter": "filter:tasks:updated_at",
                "operator": "greater",
                "type": "Datetime",
                "value": since,
            }
            query["filters"] = {"conjunction": "and", "items": [one]}
        params = {"project": project, "page_size": PAGE, "query": json.dumps(query)}
        params |= {"fields": "all"} if annotations else {"include": "id,data,total_annotations"}
        page, seen = 1, 0
        while True:
            answer = self.get("/api/tasks/", params={**params, "page": page})
            if answer is None:  # beyond the last page: some went while the others were read
                return
            rows = answer["tasks"]
            seen += len(rows)
            yield int(answer["total"]), rows
            if seen >= int(answer["total"]) or not rows:
                return
            page += 1

    # --- Webhooks -----------------------------------------------------------------------------------------------

    def webhooks(self, project: int) -> set[int]:
        """Numbers of the project's webhooks."""
        return {row["id"] for row in self.get("/api/webhooks/", params={"project": project})}

    def set_webhook(self, project: int, *, url: str, secret: str) -> int:
        """The project's webhook to the address, made or brought up to date; surplus ones to the same go away."""
        values = {
            "url": url,
            "project": project,
            "send_payload": False,
            "send_for_all_actions": False,
            "is_active": True,
            "headers": {"X-Teinei-Secret": secret},
            "actions": list(ACTIONS),
        }
        known = [
            row["id"] for row in self.get("/api/webhooks/", params={"project": project}) if row["url"] == url
        ]
        for surplus in known[1:]:
            self.write("DELETE", f"/api/webhooks/{surplus}/")
        if known:
            return int(self.write("PATCH", f"/api/webhooks/{known[0]}/", values)["id"])
        return int(self.write("POST", "/api/webhooks/", values)["id"])

    # --- Requests -----------------------------------------------------------------------------------------------

    def get(self, path: str, *, params: dict[str, Any] | None = None) -> Any:
        """Tried again after a pause where the server is away or overloaded. None for a page beyond the last."""
        for number in range(1, self.tries + 1):
            try:
                status, body = self._send("GET", path, params=params)
            except httpx.TransportError as error:
                if number == self.tries:
                    raise self._down(error) from None
            else:
                if status not in LATER or number == self.tries:
                    return self._answer(status, body, page=bool(params and params.get("page", 1) != 1))
            self.pause(_back_off(number))
        raise AssertionError

    def write(self, method: str, path: str, body: Any = None) -> Any:
        """Sent once: who calls looks what is there before it is sent again. "unsure" where it may have been done."""
        try:
            status, answer = self._send(method, path, body=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._down(error) from None
        except httpx.TransportError as error:
            raise PartnerFailed("unsure", self._down(error).sentence) from None
        if status in LATER:
            raise PartnerFailed("unsure", _("Label Studio answered with error %(code)d.") % {"code": status})
        return self._answer(status, answer)

    def _send(
        self, method: str, path: str, *, params: dict[str, Any] | None = None, body: Any = None
    ) -> tuple[int, bytes]:
        """One request; with a personal token a second one where the access token has run out."""
        status, answer = self._once(method, path, params, body, self._authorization())
        if status == 401 and self.kind == "personal":
            self.access = ""
            status, answer = self._once(method, path, params, body, self._authorization())
        return status, answer

    def _authorization(self) -> str:
        if self.kind == "legacy":
            return f"Token {self.key}"
        if not self.access:
            status, answer = self._once("POST", "/api/token/refresh/", None, {"refresh": self.key}, "")
            if status in LATER:
                raise httpx.ReadError(f"HTTP {status}")
            given = self._answer(status, answer)
            if not isinstance(given, dict) or not isinstance(given.get("access"), str):
                raise self._foreign()
            self.access = given["access"]
        return f"Bearer {self.access}"

    def _once(
        self, method: str, path: str, params: dict[str, Any] | None, body: Any, authorization: str
    ) -> tuple[int, bytes]:
        headers = {"Authorization": authorization} if authorization else {}
        request = self.http.build_request(method, path, params=params, json=body, headers=headers)
        with closing(self.http.send(request, stream=True)) as answer:
            if 300 <= answer.status_code < 400:
                raise self._redirected(answer.headers.get("location", ""))
            whole = bytearray()
            for block in answer.iter_bytes():
                whole += block
                if len(whole) > LARGEST:
                    raise PartnerFailed("refused", _("Label Studio's answer is larger than 64 MiB."))
            return answer.status_code, bytes(whole)

    # --- Answers ------------------------------------------------------------------------------------------------

    def _answer(self, status: int, body: bytes, *, page: bool = False) -> Any:
        found = _read(body)
        detail = str(found.get("detail") or "") if isinstance(found, dict) else ""
        if 200 <= status < 300:
            if found is None and body:
                raise self._foreign()
            return found
        if status == 401:
            raise self._unauthorised(detail)
        if status == 403:
            raise PartnerFailed(
                "denied", _("The person whose token this is may not do this in Label Studio.")
            )
        if status == 404 and found is None:
            raise self._foreign()
        if status == 404:
            if page and "page" in detail.lower():
                return None
            raise PartnerFailed(
                "gone",
                _(
                    "Label Studio has no such project or task any more: it was deleted there, or belongs to others."
                ),
            )
        raise PartnerFailed(
            "refused",
            _("Label Studio refused with error %(code)d: %(detail)s")
            % {"code": status, "detail": detail[:300] or "-"},
        )

    def _unauthorised(self, detail: str) -> PartnerFailed:
        if "legacy token" in detail and "disabled" in detail:
            return PartnerFailed(
                "legacy_off",
                _(
                    "This is a legacy token, and the organisation in Label Studio has them disabled. Enable legacy "
                    "tokens there (Organization, API Tokens Settings), or make a personal access token."
                ),
            )
        if self.kind == "personal":
            sentence = _(
                "Label Studio does not accept this personal access token: it was revoked, has run out, or is of "
                "another server. Make a new one there (Account & Settings, Personal Access Token)."
            )
        else:
            sentence = _(
                "Label Studio does not know this legacy token. Copy it again (Account & Settings, Legacy Token)."
            )
        return PartnerFailed("token", sentence)

    def _down(self, error: Exception) -> PartnerFailed:
        return PartnerFailed(
            "down",
            _(
                "Label Studio at %(url)s does not answer (%(error)s). Check that it runs and that this machine can "
                "reach it; nothing is lost, and what is missing is done the next time."
            )
            % {"url": self.url, "error": type(error).__name__},
        )

    def _foreign(self) -> PartnerFailed:
        return PartnerFailed(
            "foreign",
            _(
                "What answers at %(url)s is not Label Studio. Give the address up to the host (and the prefix it is "
                "served under), such as https://labels.example.org."
            )
            % {"url": self.url},
        )

    def _redirected(self, to: str) -> PartnerFailed:
        parts = urlsplit(to)
        target = f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path
        if "login" in parts.path:
            sentence = _(
                "%(url)s asks to sign in instead of taking the token: a proxy may stand before Label Studio."
            )
        else:
            sentence = _(
                "%(url)s sends on to %(target)s. Give that address instead; tokens are never sent on."
            )
        return PartnerFailed("login", sentence % {"url": self.url, "target": target[:200]})


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _back_off(number: int) -> float:
    """Seconds before the next try: half a second, doubled each time, with jitter; 15 s in all for six tries."""
    return 0.5 * 2 ** (number - 1) * random.uniform(0.75, 1.25)
