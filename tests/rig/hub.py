"""A hub on the loopback for the real `huggingface_hub`: it keeps commits, records what it is asked, and misbehaves.

`hub.fails["upload"] = [refuses(500)]` answers the first request of that kind so; kinds are the names in ROUTES.
Requests and what they answer follow huggingface_hub 2.4.0 with plain uploads (no Xet).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

TOKEN = "hf_" + "secret" * 5
SMALL = 512  # bytes; what is larger goes up by itself before the commit
ROUTES = {
    "whoami": ("GET", r"/api/whoami-v2"),
    "create": ("POST", r"/api/repos/create"),
    "yaml": ("POST", r"/api/validate-yaml"),
    "settings": ("PUT", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/settings"),
    "tree": ("GET", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/tree/(?P<rev>[^/]+)"),
    "refs": ("GET", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/refs"),
    "preupload": ("POST", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/preupload/(?P<rev>[^/]+)"),
    "commit": ("POST", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/commit/(?P<rev>[^/]+)"),
    "tag": ("POST", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/tag/(?P<rev>[^/]+)"),
    "info": ("GET", r"/api/datasets/(?P<repo>[^/]+/[^/]+)"),
    "batch": ("POST", r"/datasets/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch"),
    "upload": ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})"),
}
Behaviour = Callable[["Handler", Callable[[], None]], None]


def refuses(status: int, **headers: str) -> Behaviour:
    """Answers with a status and does nothing."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _act: handler.say({"error": "no"}, status, **named)


def cuts(handler: Handler, _act: Callable[[], None]) -> None:
    """Ends the connection in the middle, before anything was done."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def loses(handler: Handler, act: Callable[[], None]) -> None:
    """Does what it was asked, and the answer never arrives."""
    handler.mute = True
    act()
    cuts(handler, act)


@dataclass
class Repo:
    """A repository: its commits are the files at each, by hash."""

    private: bool
    gated: Any = False
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[-1][1]

    def add(self, files: dict[str, bytes], message: str) -> str:
        made = hashlib.sha1(repr((len(self.commits), message, sorted(files))).encode()).hexdigest()
        self.commits.append((made, files))
        self.messages.append(message)
        return made


class FakeHub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repos: dict[str, Repo] = {}
        self.large: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.fails: dict[str, list[Behaviour]] = {}
        self.lock = threading.RLock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def count(self, kind: str) -> int:
        return self.asked.count(kind)

    def put(self, name: str, files: dict[str, bytes], *, private: bool = True) -> Repo:
        """A repository that somebody filled by other means."""
        repo = self.repos[name] = Repo(private=private)
        repo.add({".gitattributes": b"", **files}, "by hand")
        return repo

    def checked_out(self, name: str, folder: Path) -> Path:
        """The repository's files as whoever downloads them has them."""
        for path, body in self.repos[name].files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(body)
        (folder / ".gitattributes").unlink()
        return folder

    def handle_error(self, *_arguments: object) -> None:
        """A client that gives up is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeHub
    mute = False

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        for kind, (method, pattern) in ROUTES.items():
            if method == self.command and (found := re.fullmatch(pattern, path)):
                return self._meet(kind, found.groupdict())
        return self.say({"error": f"unknown: {self.command} {path}"}, 404)

    do_POST = do_PUT = do_GET

    def _meet(self, kind: str, names: dict[str, str]) -> None:
        with self.server.lock:
            self.server.asked.append(kind)
            waiting = self.server.fails.get(kind, [])
            behave = waiting.pop(0) if waiting else None
        if behave is cuts and kind == "upload":
            self.rfile.read(10)
            return cuts(self, lambda: None)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def act() -> None:
            with self.server.lock:
                getattr(self, f"on_{kind}")(**names)

        if behave:
            return behave(self, act)
        if kind != "upload" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.say(
                {"error": "no"}, 401, X_Error_Message="Invalid credentials in Authorization header"
            )
        if "repo" in names and names["repo"] not in self.server.repos:
            return self.say({"error": "no"}, 404, X_Error_Code="RepoNotFound")
        return act()

    def say(self, value: Any, status: int = 200, **headers: str) -> None:
        if self.mute:
            return
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, each in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), each)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""

    def on_whoami(self) -> None:
        self.say({"type": "user", "name": "mari"})

    def on_create(self) -> None:
        given = json.loads(self.body)
        name = f"{given['organization']}/{given['name']}"
        if name in self.server.repos:
            return self.say({"error": "exists"}, 409)
        repo = self.server.repos[name] = Repo(private=given.get("visibility") == "private")
        repo.add({".gitattributes": b"*.parquet filter=lfs\n"}, "initial commit")
        return self.say({"url": f"{self.server.url}/datasets/{name}"})

    def on_yaml(self) -> None:
        self.say({"errors": [], "warnings": []})

    def on_settings(self, repo: str) -> None:
        given = json.loads(self.body)
        one = self.server.repos[repo]
        one.gated = given.get("gated", one.gated)
        one.private = given.get("visibility", "private" if one.private else "public") == "private"
        self.say({})

    def on_info(self, repo: str) -> None:
        one = self.server.repos[repo]
        self.say({"id": repo, "sha": one.head, "private": one.private, "gated": one.gated, "siblings": []})

    def on_tree(self, repo: str, rev: str) -> None:
        files = dict(self.server.repos[repo].commits)[rev]
        self.say([self._entry(path, body) for path, body in sorted(files.items())])

    @staticmethod
    def _entry(path: str, body: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(body), "oid": _blob(body)}
        if len(body) > SMALL:
            whole = hashlib.sha256(body).hexdigest()
            entry |= {"oid": "0" * 40, "lfs": {"oid": whole, "size": len(body), "pointerSize": 130}}
        return entry

    def on_refs(self, repo: str) -> None:
        one = self.server.repos[repo]
        tags = [
            {"name": name, "ref": f"refs/tags/{name}", "targetCommit": to} for name, to in one.tags.items()
        ]
        self.say({"branches": [], "converts": [], "tags": tags})

    def on_preupload(self, repo: str, rev: str) -> None:
        there = self.server.repos[repo].files
        files = [
            {
                "path": one["path"],
                "uploadMode": "lfs" if one["size"] > SMALL else "regular",
                "shouldIgnore": False,
                "oid": _oid(there.get(one["path"])),
            }
            for one in json.loads(self.body)["files"]
        ]
        self.say({"files": files})

    def on_batch(self, repo: str) -> None:
        objects = []
        for one in json.loads(self.body)["objects"]:
            told = {"oid": one["oid"], "size": one["size"]}
            if one["oid"] not in self.server.large:
                told["actions"] = {"upload": {"href": f"{self.server.url}/lfs/{one['oid']}"}}
            objects.append(told)
        self.say({"transfer": "basic", "objects": objects})

    def on_upload(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            return self.say({"error": "other bytes"}, 400)
        self.server.large[oid] = self.body
        return self.say({})

    def on_commit(self, repo: str, rev: str) -> None:
        one = self.server.repos[repo]
        files, message = dict(one.files), ""
        for line in self.body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                if value.get("parentCommit") not in (None, one.head):
                    return self.say({"error": "moved on"}, 412)
                message = f"{value['summary']}\n{value['description']}"
            elif entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.server.large[value["oid"]]
            else:
                del files[value["path"]]
        made = one.add(files, message)
        return self.say({"commitUrl": f"{self.server.url}/datasets/{repo}/commit/{made}", "commitOid": made})

    def on_tag(self, repo: str, rev: str) -> None:
        name = json.loads(self.body)["tag"]
        if name in self.server.repos[repo].tags:
            return self.say({"error": "exists"}, 409)
        self.server.repos[repo].tags[name] = rev
        return self.say({})


def _blob(body: bytes) -> str:
    return hashlib.sha1(f"blob {len(body)}\0".encode() + body).hexdigest()


def _oid(body: bytes | None) -> str | None:
    """What the hub says it has of a path: git's hash, of a large file its SHA-256."""
    if body is None:
        return None
    return hashlib.sha256(body).hexdigest() if len(body) > SMALL else _blob(body)


@pytest.fixture
def fake_hub() -> Iterator[FakeHub]:
    """A hub that answers, of which nobody has been told yet."""
    fake = FakeHub()
    thread = threading.Thread(target=fake.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield fake
    fake.shutdown()
    fake.server_close()
    thread.join()


@pytest.fixture
def hub(settings: Any, monkeypatch: pytest.MonkeyPatch, fake_hub: FakeHub) -> FakeHub:
    """The hub of the settings, with the operator's token; waits between the client's attempts take no time."""
    from types import SimpleNamespace

    import huggingface_hub.utils._http as client
    from huggingface_hub import constants

    # A test of training that ran before in this process took the whole process offline.
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    settings.HF_ENDPOINT, settings.HF_TOKEN = fake_hub.url, TOKEN
    monkeypatch.setattr(client, "time", SimpleNamespace(**{**vars(client.time), "sleep": lambda _s: None}))
    return fake_hub
