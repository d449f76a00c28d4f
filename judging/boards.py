"""What a leaderboard is made of: a release's test questions, the models' answers to them, each judge's verdicts.

Answers are put together only where they were made and read in one way. Whatever differs makes another board (judge,
mode) or another group of a board (generation settings, questions answered) and is named.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from annotation.actions.responses import settings_hash
from annotation.actions.rubrics import SHIPPED
from annotation.models import Response, Rubric
from annotation.queries import TASK_ROLES, blind_tasks
from curation.models import Dataset, Endpoint, Person, Release
from curation.rules import roles_of
from curation.stats.data import RankedAnswer, RankingData
from judging import profiles
from judging.benchmarks import Benchmark
from judging.models import Attempt, Judge, Mode, Verdict

OK = Verdict.Status.OK
NOT_RECORDED = gettext_noop("not recorded")
Model = tuple[str, str, str]  # name, hash of the checkpoint, hash of the generation settings
Outcomes = list[tuple[str, str]]  # (status, score) of each repeat
Chosen = dict[tuple[tuple[int, ...], str], dict[int, Outcomes]]  # by judges that count as one, and mode


@dataclass(frozen=True)
class Answer:
    """A response to a test question, and which cluster the question is."""

    pk: int
    question: str
    model: Model


@dataclass(frozen=True)
class Scale:
    """What the scores of a judge mean. The cuts are None where its rubric has none."""

    name: str
    points: dict[str, float]
    violation_at_most: float | None = None
    acceptable_at_least: float | None = None
    refusal_at_most: float | None = None
    unknown: bool = False


@dataclass(kw_only=True)
class Group:
    """Models that one judge read in one way on the same questions, generated under the same settings."""

    generation: str
    questions: frozenset[str]
    data: RankingData
    names: dict[str, Model] = field(default_factory=dict)


@dataclass(kw_only=True)
class Board:
    """One judge in one mode (or the judges of several axes that count as one): groups of models, the largest first."""

    judges: tuple[Judge, ...]
    mode: str
    scale: Scale
    groups: list[Group] = field(default_factory=list)
    refusal_judge: Judge | None = None
    published: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return " + ".join(judge.name for judge in self.judges)


def releases_visible_to(person: Person, dataset: Dataset) -> QuerySet[Release]:
    """Releases whose leaderboard the person may read: none while they still rate responses of the dataset blind."""
    if not roles_of(person, dataset) & TASK_ROLES or blind_tasks(person, dataset).exists():
        return Release.objects.none()
    return Release.objects.filter(dataset=dataset)


def boards_of(
    release: Release, *, judge: Judge | None = None, mode: str = "", benchmark: Benchmark | None = None
) -> tuple[list[Board], list[Judge]]:
    """The boards of a release's test questions, those with most verdicts first, refusal judges and profiles of
    published tools last; and the judges that have none, since nobody knows what their scores mean.

    A benchmark takes the judges that have its prompts, and puts those together whose scores it averages.
    """
    answers = answers_to(release)
    given = _verdicts(release.dataset_id, answers)
    known = Judge.objects.filter(dataset=release.dataset_id).prefetch_related("rubrics").order_by("name")
    judges = {one.pk: one for one in known}
    rubrics = list(Rubric.objects.filter(dataset=release.dataset_id).order_by("-version"))
    scales = {pk: scale_of(judges[pk], rubrics) for pk in {key[0] for key in given}}
    settings = _settings(release.dataset_id)
    chosen: Chosen = {((pk,), said): rows for (pk, said), rows in given.items()}
    if benchmark:
        chosen = _of_benchmark(given, judges, benchmark)

    def place(key: tuple[tuple[int, ...], str]) -> tuple[Any, ...]:
        pks, said = key
        refusal = scales[pks[0]].refusal_at_most is not None
        return (
            bool(profiles.label_of(judges[pks[0]].spec)),
            refusal,
            -len(chosen[key]),
            [judges[pk].name for pk in pks],
            said != Mode.REF,
        )

    boards = []
    for pks, said in sorted(chosen, key=place):
        scale = scales[pks[0]]
        if (judge and judge.pk not in pks) or (mode and mode != said) or not scale.points:
            continue
        refusals = pks[0] if scale.refusal_at_most is not None else _refusals(given, scales, said)
        second = (scales[refusals], given[refusals, said]) if refusals else None
        board = Board(judges=tuple(judges[pk] for pk in pks), mode=said, scale=scale)
        board.refusal_judge = judges[refusals] if refusals else None
        board.groups = _groups(answers, chosen[pks, said], scale, second, settings)
        board.published = _published(board.judges[0], said, answers) if len(pks) == 1 else {}
        boards.append(board)
    unknown = [one for one in judges.values() if one.pk in scales and scales[one.pk].unknown]
    return boards, unknown


def _of_benchmark(
    given: dict[tuple[int, str], dict[int, Outcomes]], judges: dict[int, Judge], benchmark: Benchmark
) -> Chosen:
    """The judges of a benchmark's prompts; where it averages several axes, those alike in all but the prompt as one."""
    wanted = benchmark.joined_prompts or [axis.prompt for axis in benchmark.axes]
    alike: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for pk, said in given:
        spec = judges[pk].spec
        name = (spec.get("prompt") or {}).get("name")
        if name in wanted:
            rest = {key: value for key, value in spec.items() if key != "prompt"}
            alike[json.dumps(rest, sort_keys=True), said][name] = pk
    if not benchmark.joined_prompts:
        return {((pk,), said): given[pk, said] for (_rest, said), own in alike.items() for pk in own.values()}
    found: Chosen = {}
    for (_rest, said), own in alike.items():
        if set(own) == set(wanted):
            pks = tuple(own[name] for name in wanted)
            parts = [given[pk, said] for pk in pks]
            whole = set(parts[0]).intersection(*parts[1:])
            found[pks, said] = {one: [said for part in parts for said in part[one]] for one in whole}
    return found


def answers_to(release: Release) -> list[Answer]:
    """The models' answers with a known text to the test questions of a release; siblings of a question are one."""
    frozen = set(release.items.filter(split="test").values_list("external_id", "question_text_id"))
    rows = (
        Response.objects.filter(dataset=release.dataset_id, text_known=True)
        .order_by("pk")
        .values_list(
            "pk", "item__question", "item_key", "question_hash", "model", "model_hash", "settings_hash"
        )
    )
    return [
        Answer(pk, f"question:{question}" if question else f"item:{key}", (model, checkpoint, settings))
        for pk, question, key, text, model, checkpoint, settings in rows
        if (key, text) in frozen
    ]


def _verdicts(dataset: int, answers: list[Answer]) -> dict[tuple[int, str], dict[int, Outcomes]]:
    """{(judge, mode): {response: [(status, score)]}} of the answers."""
    wanted = {answer.pk for answer in answers}
    rows = (
        Verdict.objects.filter(call__judge__dataset=dataset)
        .order_by("call__response", "call__repeat")
        .values_list("call__judge", "call__mode", "call__response", "status", "score")
    )
    found: dict[tuple[int, str], dict[int, Outcomes]] = defaultdict(lambda: defaultdict(list))
    for judge, mode, response, status, score in rows.iterator(chunk_size=5000):
        if response in wanted:
            found[judge, mode][response].append((status, score))
    return found


def scale_of(judge: Judge, rubrics: list[Rubric]) -> Scale:
    """The judge's scale with the cuts of the rubric of that name: the dataset's newest, else the shipped one.

    A judge known by its name alone has the scale that its verdicts came in on; unknown where that is not one.
    """
    stated = judge.spec.get("rubric") or {}
    if stated:
        same = (one for one in rubrics if one.name == stated["name"] and one.scale == stated["scale"])
        rubric = next(same, None)
        given = _cuts(rubric) if rubric else _shipped(stated)
        return _scale(stated["name"], stated["kind"], stated["scale"], given)
    kept = sorted(judge.rubrics.all(), key=lambda rubric: -rubric.version)
    if len({(one.name, one.kind, json.dumps(one.scale)) for one in kept}) != 1:
        return Scale("", {}, unknown=True)
    return _scale(kept[0].name, kept[0].kind, kept[0].scale, _cuts(kept[0]))


def _cuts(rubric: Rubric) -> dict[str, Any]:
    return {
        "violation_at_most": rubric.violation_at_most,
        "acceptable_at_least": rubric.acceptable_at_least,
        "refusal_at_most": rubric.texts.get("refusal_at_most"),
    }


def _shipped(stated: dict[str, Any]) -> dict[str, Any]:
    path = SHIPPED / f"{stated['name']}.json"
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return known if known.get("scale") == stated["scale"] else {}


def _scale(name: str, kind: str, points: list[Any], cuts: dict[str, Any]) -> Scale:
    """Only numbers that rise can be ranked; a scale of words has no points here."""
    if kind != "ordinal":
        return Scale(name, {})
    cut: dict[str, Any] = {
        key: cuts.get(key) for key in ("violation_at_most", "acceptable_at_least", "refusal_at_most")
    }
    return Scale(name, {str(point): float(point) for point in points}, **cut)


def _refusals(given: dict[Any, Any], scales: dict[int, Scale], mode: str) -> int | None:
    """The judge that looked at most answers for refusals in the same mode."""
    found = [
        (len(rows), pk)
        for (pk, said), rows in given.items()
        if said == mode and scales[pk].refusal_at_most is not None
    ]
    return max(found)[1] if found else None


def _settings(dataset: int) -> dict[str, str]:
    """The generation settings behind a hash, as canonical JSON, where an endpoint still tells them.

    The snapshot names the model, not how it was asked: it makes no other group.
    """
    return {
        settings_hash({"settings": one.settings, "snapshot": one.snapshot}): json.dumps(
            one.settings, sort_keys=True
        )
        for one in Endpoint.objects.filter(dataset=dataset)
    }


def _groups(
    answers: list[Answer],
    verdicts: dict[int, Outcomes],
    scale: Scale,
    second: tuple[Scale, dict[int, Outcomes]] | None,
    settings: dict[str, str],
) -> list[Group]:
    by_model: dict[Model, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.pk in verdicts:
            by_model[answer.model].append(answer)
    alike: dict[tuple[str, frozenset[str]], list[Model]] = defaultdict(list)
    for model, own in by_model.items():
        generation = settings.get(model[2], model[2][:12]) or NOT_RECORDED
        alike[generation, frozenset(answer.question for answer in own)].append(model)
    names = _names(list(by_model))
    made = []
    for (generation, questions), models in alike.items():
        ranked = tuple(
            _ranked(answer, names[model], verdicts[answer.pk], scale, second)
            for model in models
            for answer in by_model[model]
        )
        data = RankingData(ranked, scale.violation_at_most, scale.acceptable_at_least)
        own_names = {names[model]: model for model in models}
        made.append(Group(generation=generation, questions=questions, data=data, names=own_names))
    return sorted(made, key=lambda g: (-len(g.questions), -len(g.names), g.generation, sorted(g.names)))


def _names(models: list[Model]) -> dict[Model, str]:
    """Each model by its name, with the beginnings of its hashes where the name alone says too little."""
    often = Counter(model[0] for model in models)
    return {
        model: model[0]
        if often[model[0]] == 1
        else f"{model[0]} · {model[1][:6] or '-'} · {model[2][:6] or '-'}"
        for model in models
    }


def _ranked(
    answer: Answer, name: str, said: Outcomes, scale: Scale, second: tuple[Scale, dict[int, Outcomes]] | None
) -> RankedAnswer:
    scores = _scores(said, scale)
    refusal = None
    if second and (looked := _scores(second[1].get(answer.pk, []), second[0])):
        cut = second[0].refusal_at_most
        refusal = sum(score <= cut for score in looked) / len(looked) if cut is not None else None
    return RankedAnswer(answer.question, name, scores, len(said) - len(scores), refusal)


def _scores(said: Outcomes, scale: Scale) -> tuple[float, ...]:
    return tuple(scale.points[score] for status, score in said if status == OK and score in scale.points)


def _published(judge: Judge, mode: str, answers: list[Answer]) -> dict[str, dict[str, Any]]:
    """For a profile: the numbers that the published tool would print, per model, from the stored replies."""
    prompt = judge.spec.get("prompt") or {}
    if not prompt.get("profile"):
        return {}
    rows = (
        Attempt.objects.filter(
            call__judge=judge, call__mode=mode, call__repeat=1, call__verdict__isnull=False
        )
        .order_by("call", "number")
        .values_list("call__response", "reply", "http_status", "error")
    )
    last: dict[int, str] = {}
    for response, reply, status, error in rows:
        # The last that was answered binds; only a call that never was is a missing reply.
        if (status == 200 and not error) or response not in last:
            last[response] = reply
    axis = "safety" if prompt.get("api_error_score") is not None else "refusal"
    outcomes: dict[Model, list[int | str]] = defaultdict(list)
    for answer in answers:
        if answer.pk in last:
            outcomes[answer.model].append(
                profiles.outcome(profiles.text_of(last[answer.pk]), prompt["pattern"])
            )
    names = _names(list(outcomes))
    missing = prompt["api_error_score"]
    return {names[m]: profiles.rates(own, axis=axis, api_error_score=missing) for m, own in outcomes.items()}
