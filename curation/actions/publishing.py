"""Publishing a release on a hub: a plan that can be looked at, and a second act that carries out exactly that plan."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.exports import export_release
from curation.actions.jobs import Cancelled, Told
from curation.errors import Invalid
from curation.hub import REPO, Hub, HubSaysNo, Kept, Standing, kept, said_of
from curation.log import Actor, person_of, record
from curation.models import Publication, Release, Rights
from curation.outgoing import last_redaction, waiting_redactions, why_not_out
from curation.rules import require
from curation.workflow import advance

CARD = "README.md"
TERMS = "TERMS.txt"
CARD_SHOWN = 60_000  # characters of the card that a plan keeps
State = Publication.State


def refuse(release: Release, repo: str) -> None:
    """Raises Invalid where the release must not be published, or not under that name."""
    if not REPO.fullmatch(repo) or ".." in repo or "--" in repo:
        raise Invalid(_("A repository is named OWNER/NAME, such as my-group/my-set."), field="repo")
    if why := why_not_out(release):
        raise Invalid(why)
    if successor := release.errata.exclude(successor=None).values_list("successor__name", flat=True).first():
        raise Invalid(_("The release has an erratum: publish %(name)s instead.") % {"name": successor})
    if waiting_redactions(release):
        raise Invalid(_("A redaction of its texts waits to be confirmed. Publish afterwards."))


def plan_publication(
    actor: Actor, release: Release, repo: str, *, private: bool, told: Told | None = None
) -> Publication:
    """Write and verify what would go out, and keep its list. Nothing leaves the house.

    An earlier plan for the same repository that was not carried out gives way to this one.
    """
    require(actor, "publish", release)
    refuse(release, repo)
    scratch = _room() / f".plan-{uuid4().hex}"
    try:
        folder = scratch / release.name
        _written(actor, release, folder, told=told)
        plan = _plan(release, folder, private=private)
        with transaction.atomic():
            old = Publication.objects.filter(release=release, repo=repo, state=State.PLANNED)
            given_up = list(old.values_list("pk", flat=True))
            old.delete()
            made = Publication.objects.create(release=release, repo=repo, plan=plan, person=person_of(actor))
            record(actor, "plan_publication", made, dataset=release.dataset, files=len(plan["files"]))
        for pk in given_up:
            shutil.rmtree(_room() / str(pk), ignore_errors=True)
        scratch.replace(_room() / str(made.pk))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return made


def _room() -> Path:
    room = Path(settings.TEINEI_VAR) / "publications"
    room.mkdir(parents=True, exist_ok=True)
    return room


def folder_of(publication: Publication) -> Path:
    """Where the planned files lie."""
    return _room() / str(publication.pk) / publication.release.name


def forget_files(publication: Publication) -> bool:
    """Remove the planned files, if any are there; they can be written again, byte for byte."""
    room = _room() / str(publication.pk)
    found = room.is_dir()
    shutil.rmtree(room, ignore_errors=True)
    return found


def _written(actor: Actor, release: Release, folder: Path, *, told: Told | None = None) -> None:
    _files, checked = export_release(actor, release, folder, formats=["hf"], told=told)
    if checked.problems:
        raise Invalid(_("The files did not verify: %(why)s") % {"why": str(checked.problems[0])})
    _refuse_card(release, folder)


def _refuse_card(release: Release, folder: Path) -> None:
    """The terms go with the files, and the gate shows them."""
    terms = " ".join(release.terms.split())
    card = said_of(folder / CARD)
    shown = [(folder / TERMS).read_text(encoding="utf-8")]
    if gate_of(release) == "manual":
        shown.append(str(card.get("extra_gated_prompt", "")))
    if not card.get("license") or any(terms not in " ".join(text.split()) for text in shown):
        raise Invalid(_("The card or %(file)s does not carry the release's terms.") % {"file": TERMS})


def gate_of(release: Release) -> str:
    """Who asks for the files: `manual`, somebody lets them in; `auto`, they agree to the terms."""
    return "auto" if release.rights.get("gate") == Rights.Gate.OPEN else "manual"


def _plan(release: Release, folder: Path, *, private: bool) -> dict[str, Any]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [kept(path, path.relative_to(folder).as_posix()) for path in paths]
    return {
        "release": release.name,
        "root_hash": release.root_hash,
        "tag": release.version or release.name,
        "private": private,
        "gated": gate_of(release),
        "rights": {key: release.rights.get(key) for key in ("name", "licence", "redistributable", "gate")},
        "files": [asdict(one) for one in files],
        "bytes": sum(one.bytes for one in files),
        "card": (folder / CARD).read_text(encoding="utf-8")[:CARD_SHOWN],
    }


def planned_files(publication: Publication) -> list[Kept]:
    return [Kept(**one) for one in publication.plan["files"]]


def plan_for(release: Release, repo: str) -> Publication | None:
    """The newest plan for the repository that was not carried out to the end."""
    rows = release.publications.filter(repo=repo).exclude(state=State.PUBLISHED)
    return rows.first()


def publish(actor: Actor, publication: Publication, *, told: Told | None = None) -> Publication:
    """Carry the plan out. Whatever happens, the state and the message say what stands on the hub.

    The message has two lines: what happened, and what stands there now. To be repeated freely: what is there already is found, and no second commit of the same files is made.
    """
    release = publication.release
    require(actor, "publish", release)
    refuse(release, publication.repo)
    if publication.state == State.PUBLISHING:  # whoever was at it is gone: the job of a publication runs once
        broke_off(publication, actor)
    advance(publication, "publish", actor=actor, changes={"message": "", "person": person_of(actor)})
    try:
        revision = _carry_out(actor, publication, told or (lambda *_told: None))
    except Cancelled:
        _fail(publication, actor, _("It was stopped."))
        raise
    except Exception as error:
        _fail(publication, actor, getattr(error, "sentence", "") or f"{type(error).__name__}: {error}")
        raise
    hub = Hub()
    changes = {"revision": revision, "url": hub.address(publication.repo), "finished_at": timezone.now()}
    advance(publication, "succeed", actor=actor, changes=changes)
    forget_files(publication)
    return publication


def broke_off(publication: Publication, actor: Actor) -> None:
    """Say so, where whoever was at it died."""
    _fail(publication, actor, _("It broke off."))


def _fail(publication: Publication, actor: Actor, why: str) -> None:
    stands = {
        "": _("Nothing was written on the hub."),
        "asked": _("A repository was asked for on the hub; no file is in it."),
        "made": _("On the hub stands the repository with its gate; no file was added."),
        "sent": _("Whether the files stand on the hub is not known; publishing again finds out."),
        "committed": _("The files stand on the hub, but not all that belongs to it is done."),
    }
    message = f"{why}\n{stands[publication.plan.get('stage', '')]}"
    advance(publication, "fail", actor=actor, changes={"message": message, "finished_at": timezone.now()})


def _stage(publication: Publication, stage: str, **changes: Any) -> None:
    """Keep how far it got, before the next step: a worker may be killed in any."""
    publication.plan["stage"] = stage
    Publication.objects.filter(pk=publication.pk).update(plan=publication.plan, **changes)


def _carry_out(actor: Actor, publication: Publication, told: Told) -> str:
    plan, repo, hub = publication.plan, publication.repo, Hub()
    told("check", 0, 1)
    files, folder = _planned(actor, publication), folder_of(publication)
    told("ask", 0, 1)
    hub.who()
    standing = hub.standing(repo)
    _refuse_standing(publication, files, standing)
    if not standing.head:
        _stage(publication, "asked")
        hub.make(repo)
    hub.gate(repo, plan["gated"])
    if not standing.holds(files):
        _stage(publication, "made")
        standing = standing if standing.head else hub.standing(repo)
        _refuse_standing(publication, files, standing)
        told("upload", 0, plan["bytes"])
        _stage(publication, "sent")
        _commit(hub, publication, folder, files, standing)
        standing = hub.standing(repo)
        if not standing.holds(files):
            raise HubSaysNo(_("What stands on the hub is not what was sent. Look at it there."))
    _stage(publication, "committed", revision=standing.head)
    publication.revision = standing.head
    told("tag", 0, 1)
    if plan["tag"] not in standing.tags:
        hub.tag(repo, plan["tag"], standing.head)
    if not plan["private"] and standing.private:
        hub.show(repo)
    return standing.head


def _planned(actor: Actor, publication: Publication) -> list[Kept]:
    """The planned files, there and unchanged; written again where they were removed. Raises Invalid where they differ."""
    release, folder = publication.release, folder_of(publication)
    again = _("The release's files are not those of the plan any more. Plan again.")
    redacted = last_redaction(release)
    if redacted and redacted > publication.created_at:
        raise Invalid(again)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _written(actor, release, folder)
    files = planned_files(publication)
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    if found.keys() != {one.path for one in files}:
        raise Invalid(again)
    if any(kept(found[one.path], one.path) != one for one in files):
        raise Invalid(again)
    return files


def _refuse_standing(publication: Publication, files: list[Kept], standing: Standing) -> None:
    """A repository is ours to write to where it is empty, or holds exactly this plan, or a version before it."""
    tag = publication.plan["tag"]
    if standing.tags.get(tag, standing.head) != standing.head or (
        tag in standing.tags and not standing.holds(files)
    ):
        raise Invalid(_("The repository has a tag %(tag)s already, on something else.") % {"tag": tag})
    if standing.head and publication.plan["private"] and not standing.private:
        raise Invalid(_("The repository is public on the hub, and the plan says private."))
    if standing.holds([]) or standing.holds(files):
        return
    if not any(standing.holds(planned_files(row)) for row in _before(publication)):
        strange = sorted(standing.files.keys() - {one.path for one in files}) or sorted(standing.files)
        message = _("The repository holds files that are not ours. The first: %(files)s.")
        raise Invalid(message % {"files": ", ".join(strange[:5])})


def _before(publication: Publication) -> list[Publication]:
    """What was published there of the versions before this one."""
    chain, one = [], publication.release.predecessor
    while one is not None:
        chain.append(one.pk)
        one = one.predecessor
    rows = Publication.objects.filter(release__in=chain, repo=publication.repo)
    return list(rows.exclude(state=State.PLANNED))


def _commit(hub: Hub, publication: Publication, folder: Path, files: list[Kept], standing: Standing) -> None:
    """One commit. Where its answer is lost, the repository itself says whether it was made."""
    release = publication.release
    title = f"{release.dataset.slug} {release.name}" + (f" ({release.version})" if release.version else "")
    words = f"{title}\n\nRoot hash (SHA-256): {release.root_hash}"
    try:
        hub.commit(publication.repo, folder, files, parent=standing, words=words)
    except HubSaysNo:
        if not hub.standing(publication.repo).holds(files):
            _stage(publication, "made")
            raise
