"""Judges: a model, a prompt, a scale and a parser under one hash; never changed, only followed by another."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.datasets import take_turns
from curation.actions.texts import cleaned, keepable, longest
from curation.errors import Invalid
from curation.formats import ratings
from curation.formats.faults import Fault
from curation.log import Actor, record
from curation.models import Dataset, Endpoint
from curation.rules import require
from judging import profiles, prompting
from judging.models import Judge
from judging.parsing import PARSER_VERSION

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
RUBRICS = Path(__file__).resolve().parent.parent.parent / "annotation" / "rubrics"
KNOWN = {"name", "endpoint", "model", "snapshot", "prompt", "rubric", "sampling", "profile", "prompt_file"}
SAMPLING = {
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "seed",
    "stop",
    "frequency_penalty",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
}
# Bookkeeping of a prompt's file: a signature of a native reader makes no other judge.
NOT_PROMPT = {"reviewed", "title_ja", "title_en", "order", "rubric", "scale"}


def shipped_prompts() -> list[str]:
    return sorted(path.stem for path in PROMPTS.glob("*.json"))


def shipped_prompt(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PROMPTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def spec_hash(spec: dict[str, Any]) -> str:
    """sha256 of the spec as canonical JSON."""
    canonical = json.dumps(spec, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@transaction.atomic
def create_judge(
    actor: Actor, dataset: Dataset, given: dict[str, Any], *, folder: Path | None = None
) -> Judge:
    """A judge from `{"name", "endpoint"?, "model"?, "snapshot"?, "prompt"?, "rubric"?, "sampling"?}`.

    `prompt` is the name of a shipped one or an object of the same shape; `rubric` a shipped name or `{"name", "kind",
    "scale"}`. Without an endpoint the judge runs elsewhere and only imports add its verdicts. In place of prompt and
    sampling stand `profile` (judging/profiles.py) and `prompt_file`, a path from `folder`: only the operator's command
    names one, a page never reads files. The same once more answers with the one that is there. Raises Invalid or
    UnusableFile, naming the field; a judge is never changed.
    """
    require(actor, "create_judge", dataset)
    take_turns(dataset)
    name, spec, endpoint = _checked(dataset, given, folder)
    digest = spec_hash(spec)
    named = Judge.objects.filter(dataset=dataset, name=name).first()
    if named and named.hash == digest:
        return named
    if named:
        message = _(
            "A judge named %(name)s exists with another content. A judge never changes: choose a new name."
        )
        raise Invalid(message % {"name": name}, field="name")
    twin = Judge.objects.filter(dataset=dataset, hash=digest).first()
    if twin:
        message = _("The judge %(name)s has exactly this content already.")
        raise Invalid(message % {"name": twin.name}, field="name")
    made = Judge.objects.create(dataset=dataset, name=name, hash=digest, spec=spec, endpoint=endpoint)
    record(actor, "create_judge", made, hash=digest)
    return made


def imported_judge(dataset: Dataset, name: str) -> tuple[Judge, bool]:
    """The judge of that name, made as one that is known by its name alone where there is none."""
    spec = {"imported": name}
    return Judge.objects.get_or_create(
        dataset=dataset, name=name, defaults={"hash": spec_hash(spec), "spec": spec, "imported": True}
    )


def scale_of(judge: Judge) -> list[Any]:
    """The points that the judge may give; empty where only its name is known."""
    return list((judge.spec.get("rubric") or {}).get("scale") or [])


def _checked(
    dataset: Dataset, given: dict[str, Any], folder: Path | None
) -> tuple[str, dict[str, Any], Endpoint | None]:
    if not isinstance(given, dict):
        raise Invalid(_("A judge is one JSON object with keys and values."), field="spec")
    keepable(given)
    unknown = sorted(set(given) - KNOWN)
    if unknown:
        message = _("Unknown keys: %(keys)s. Known: %(known)s.")
        values = {"keys": ", ".join(map(str, unknown)), "known": ", ".join(sorted(KNOWN))}
        raise Invalid(message % values, field=str(unknown[0]))
    name = _words(given.get("name"), "name", longest(Judge, "name"), needed=True)
    endpoint = _endpoint(dataset, given)
    rubric = None
    if given.get("profile") is not None or given.get("prompt_file") is not None:
        rubric = _rubric(given.get("rubric") or "safety5")
        prompt, sampling = _profiled(given, folder, rubric["name"]), dict(profiles.SAMPLING)
    else:
        prompt, sampling = _prompt(given.get("prompt", "safety5_ja")), _sampling(given.get("sampling") or {})
    spec = {
        "model": endpoint.model if endpoint else _words(given.get("model"), "model", 200, needed=True),
        "snapshot": endpoint.snapshot if endpoint else _words(given.get("snapshot"), "snapshot", 200),
        "endpoint": (
            {"name": endpoint.name, "url": endpoint.url, "settings": endpoint.settings} if endpoint else None
        ),
        "prompt": {key: value for key, value in prompt.items() if key not in NOT_PROMPT},
        "rubric": rubric or _rubric(given.get("rubric") or prompt.get("rubric") or "safety5"),
        "sampling": sampling,
        "parser": profiles.PARSER if prompt.get("profile") else PARSER_VERSION,
    }
    return name, spec, endpoint


def _words(value: object, field: str, most: int, *, needed: bool = False) -> str:
    text = cleaned(value, field=field) if isinstance(value, str) else ""
    if (
        (value is not None and not isinstance(value, str))
        or len(text) > most
        or "\n" in text
        or (needed and not text)
    ):
        raise Invalid(
            _("%(field)s must be one line of at most %(most)d characters.") % {"field": field, "most": most},
            field=field,
        )
    return text


def _endpoint(dataset: Dataset, given: dict[str, Any]) -> Endpoint | None:
    name = given.get("endpoint")
    if not name:
        return None
    found = Endpoint.objects.filter(dataset=dataset, name=str(name)).first()
    if found is None:
        raise Invalid(
            _("There is no endpoint named %(name)s. Make it first.") % {"name": name}, field="endpoint"
        )
    for key in ("model", "snapshot"):
        if given.get(key) and given[key] != getattr(found, key):
            message = _("%(field)s differs from the endpoint's: %(stands)s.")
            raise Invalid(message % {"field": key, "stands": getattr(found, key) or "-"}, field=key)
    return found


def _prompt(given: object) -> dict[str, Any]:
    if isinstance(given, str):
        if given not in shipped_prompts():
            message = _("There is no prompt “%(name)s”. Shipped: %(names)s.")
            raise Invalid(message % {"name": given, "names": ", ".join(shipped_prompts())}, field="prompt")
        return shipped_prompt(given)
    if not isinstance(given, dict):
        raise Invalid(_("prompt must be the name of a shipped prompt, or an object."), field="prompt")
    wrong = prompting.check(given)
    if wrong:
        message = _(
            "prompt.%(key)s is missing or wrong: a template names {question}, {response} and, with the reference, "
            "{reference}."
        )
        raise Invalid(message % {"key": wrong}, field="prompt")
    return given


def _profiled(given: dict[str, Any], folder: Path | None, rubric: str) -> dict[str, Any]:
    """The prompt of a profile from the user's own file; its text becomes part of the judge."""
    profile, file = given.get("profile"), given.get("prompt_file")
    if folder is None:
        message = _("A prompt file is read by the command create_judge alone; no page reads a path.")
        raise Invalid(message, field="prompt_file")
    if profile not in profiles.PROFILES:
        message = _("There is no profile “%(name)s”. Known: %(names)s.")
        raise Invalid(message % {"name": profile, "names": ", ".join(profiles.PROFILES)}, field="profile")
    if not isinstance(file, str) or not file:
        raise Invalid(_("A profile needs prompt_file, the path of its prompt."), field="prompt_file")
    for key in ("prompt", "sampling"):
        if given.get(key) is not None:
            message = _("%(field)s is given by the profile; leave it out.")
            raise Invalid(message % {"field": key}, field=key)
    axis = "refusal" if rubric == "borderline3" else "safety"
    try:
        return profiles.read_prompt_file(folder / file, profile=profile, axis=axis)
    except Fault as fault:
        values = {"field": fault.field, **fault.values}
        raise Invalid(_(fault.template) % values, field="prompt_file") from None


def _rubric(given: object) -> dict[str, Any]:
    """Name, kind and scale: what the judge's scores mean."""
    if isinstance(given, str):
        path = RUBRICS / f"{Path(given).name}.json"
        if not path.is_file():
            raise Invalid(_("There is no shipped rubric “%(name)s”.") % {"name": given}, field="rubric")
        given = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(given, dict):
        raise Invalid(_("rubric must be the name of a shipped rubric, or an object."), field="rubric")
    try:
        found = ratings.rubric_of(given)
    except Fault as fault:
        raise Invalid(fault.template % {"field": fault.field, **fault.values}, field="rubric") from None
    return {"name": found.name, "kind": found.kind, "scale": list(found.scale)}


def _sampling(given: object) -> dict[str, Any]:
    if not isinstance(given, dict) or set(given) - SAMPLING:
        message = _("sampling may hold: %(known)s.")
        raise Invalid(message % {"known": ", ".join(sorted(SAMPLING))}, field="sampling")
    return dict(given)
