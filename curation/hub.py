"""The Hugging Face Hub, or a server that speaks like it: the one file that knows `huggingface_hub`.

Address and token are the operator's settings; the token goes into request headers alone. The package takes half a
second to load and is imported inside the functions.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from curation.errors import Invalid, TeineiError

REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
MAIN = "main"
OWN = ".gitattributes"  # the hub's own file, in every repository
BLOCK = 1 << 20


class HubSaysNo(TeineiError):
    """The hub refused, or cannot be reached; the sentence says what to do."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A file as it stands on a hub or is to stand there. `blob` is git's hash of a small file, `sha256` of any."""

    path: str
    bytes: int
    sha256: str = ""
    blob: str = ""

    def same(self, other: Kept) -> bool:
        """Whether both are the same bytes, by whichever hash both have."""
        if self.sha256 and other.sha256:
            return self.sha256 == other.sha256
        return bool(self.blob) and self.blob == other.blob


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands in a repository now. `head` is the newest commit, empty where there is no repository."""

    head: str = ""
    private: bool = True
    files: dict[str, Kept] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def holds(self, files: Iterable[Kept]) -> bool:
        """Exactly these files, beside the hub's own."""
        wanted = {one.path: one for one in files}
        there = {path: one for path, one in self.files.items() if path != OWN}
        return wanted.keys() == there.keys() and all(one.same(there[path]) for path, one in wanted.items())


def kept(path: Path, name: str) -> Kept:
    """A local file with both of its hashes."""
    size = path.stat().st_size
    whole, blob = hashlib.sha256(), hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            whole.update(block)
            blob.update(block)
    return Kept(path=name, bytes=size, sha256=whole.hexdigest(), blob=blob.hexdigest())


def said_of(card: Path) -> dict[str, Any]:
    """The metadata that stands at the head of a dataset card."""
    from huggingface_hub import metadata_load

    return dict(metadata_load(card) or {})


class Hub:
    """The hub that the operator named, with the operator's token."""

    def __init__(self) -> None:
        from huggingface_hub import constants

        self.endpoint = (settings.HF_ENDPOINT or constants.ENDPOINT).rstrip("/")
        # Its other way of uploading needs servers that only the public hub has.
        constants.HF_HUB_DISABLE_XET |= bool(settings.HF_ENDPOINT)
        self._token = settings.HF_TOKEN
        if not self._token:
            raise Invalid(_("No token for the hub is set: the operator sets HF_TOKEN or HF_TOKEN_FILE."))

    @cached_property
    def _api(self) -> Any:
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.endpoint, token=self._token, library_name="teinei")

    def address(self, repo: str) -> str:
        return f"{self.endpoint}/datasets/{repo}"

    def who(self) -> str:
        """Whose token it is. Raises HubSaysNo where the hub does not take it."""
        with self._telling():
            return str(self._api.whoami()["name"])

    def standing(self, repo: str) -> Standing:
        """What stands in the repository; nothing where there is none that the token can see."""
        from huggingface_hub.errors import RepositoryNotFoundError

        with self._telling():
            try:
                known = self._api.repo_info(repo, repo_type="dataset")
            except RepositoryNotFoundError as error:
                if error.response.status_code == 404:
                    return Standing()
                raise
            tree = self._api.list_repo_tree(repo, repo_type="dataset", recursive=True, revision=known.sha)
            files = {one.path: _remote(one) for one in tree if hasattr(one, "blob_id")}
            refs = self._api.list_repo_refs(repo, repo_type="dataset")
        tags = {ref.name: ref.target_commit for ref in refs.tags}
        return Standing(head=known.sha, private=bool(known.private), files=files, tags=tags)

    def make(self, repo: str) -> None:
        """An empty repository that only its owner sees."""
        with self._telling():
            self._api.create_repo(repo, repo_type="dataset", private=True)

    def gate(self, repo: str, how: str) -> None:
        """Let nobody at the files who has not agreed to the terms (`auto`), or was not let in (`manual`)."""
        with self._telling():
            self._api.update_repo_settings(repo, repo_type="dataset", gated=how)

    def show(self, repo: str) -> None:
        """Let everybody see that the repository is there; its gate stays."""
        with self._telling():
            self._api.update_repo_settings(repo, repo_type="dataset", private=False)

    def commit(self, repo: str, folder: Path, files: Iterable[Kept], *, parent: Standing, words: str) -> str:
        """Bring the repository from `parent` to exactly these files in one commit; its hash.

        Refused where somebody was there first, and where a file is not the one that was meant.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        added = []
        for one in files:
            operation = CommitOperationAdd(path_in_repo=one.path, path_or_fileobj=str(folder / one.path))
            if operation.upload_info.sha256.hex() != one.sha256:
                raise Invalid(
                    _("%(file)s is not the file that was planned. Plan again.") % {"file": one.path}
                )
            added.append(operation)
        gone = sorted(parent.files.keys() - {one.path_in_repo for one in added} - {OWN})
        dropped = [CommitOperationDelete(path_in_repo=path) for path in gone]
        title, _line, more = words.partition("\n")
        with self._telling():
            made = self._api.create_commit(
                repo,
                [*added, *dropped],
                commit_message=title,
                commit_description=more.strip(),
                repo_type="dataset",
                revision=MAIN,
                parent_commit=parent.head,
            )
        return str(made.oid)

    def tag(self, repo: str, name: str, revision: str) -> None:
        with self._telling():
            self._api.create_tag(repo, tag=name, revision=revision, repo_type="dataset")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Whatever goes wrong inside, as a sentence for a person, without the token."""
        from huggingface_hub.errors import HTTPError

        try:
            yield
        except (OSError, RuntimeError, ValueError, HTTPError) as error:
            sentence = _told(error).replace(self._token, "***")
            raise HubSaysNo(sentence) from None


def _remote(one: Any) -> Kept:
    """Of a large file the hub tells the SHA-256; git's hash is that of a pointer to it."""
    if one.lfs:
        return Kept(path=one.path, bytes=one.size, sha256=one.lfs.sha256)
    return Kept(path=one.path, bytes=one.size, blob=one.blob_id)


def _told(error: BaseException) -> str:
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return _("This machine is told to stay offline (HF_HUB_OFFLINE).")
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, HfHubHTTPError):
        seen = seen.__cause__
    if seen is not None:
        return _refusal(seen)
    deepest = error.__cause__ or error
    words = " ".join(str(deepest).split())[:300]
    return _("The hub cannot be reached, or broke off: %(why)s. Try again later.") % {
        "why": words or type(deepest).__name__
    }


_ANSWERS: dict[int, Callable[[], str]] = {
    401: lambda: _("The hub does not accept the token. The operator has to set a valid one (HF_TOKEN)."),
    403: lambda: _("The token may not do this on the hub: it needs the right to write to this repository."),
    404: lambda: _("The hub knows no such owner or repository, or the token cannot see it."),
    409: lambda: _("The repository on the hub has changed meanwhile. Look at it, then try again."),
    412: lambda: _("The repository on the hub has changed meanwhile. Look at it, then try again."),
    429: lambda: _("The hub asks to wait: too many requests. Try again later."),
}


def _refusal(error: Any) -> str:
    status = int(error.response.status_code)
    if status in _ANSWERS:
        return _ANSWERS[status]()
    if status >= 500:
        return _("The hub has trouble of its own (%(status)s). Try again later.") % {"status": status}
    words = " ".join(str(error.server_message or error).split())[:300]
    return _("The hub refused (%(status)s): %(why)s") % {"status": status, "why": words}
