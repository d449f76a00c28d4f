"""Ratings and verdicts from files, and the study that comes of them."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from curation.models import Membership
from curation.stats.correlation import independent_responses
from judging.models import Attempt, Judge, JudgeCall, Study, Verdict
from tests.data_sets import data_set
from tests.factories.annotation import make_member, make_task, make_world_dataset

pytestmark = pytest.mark.django_db

SHAPE = {
    "counts": ["items", "responses", "ratings", "raters", "verdicts", "judge_repeats", "effective_responses"],
    "judge_human": [
        "pearson",
        "spearman",
        "kendall_tau_b",
        "quadratic_weighted_kappa",
        "exact",
        "within_one",
        "gwet_ac2",
        "bias",
        "mae",
    ],
    "human_human": [
        "krippendorff_alpha_ordinal",
        "pearson_pairs",
        "spearman_pairs",
        "icc_1",
        "ceiling",
        "exact",
        "fleiss_kappa",
    ],
    "judge_judge": ["krippendorff_alpha_ordinal", "flip_rate"],
    "system_level": ["pearson", "spearman", "kendall_tau_b"],
    "violation": ["human_majority", "judge", "combined"],
    "acceptable": ["human_majority", "judge", "combined"],
    "alt_test": ["winning_rate", "advantage_probability", "epsilon", "verdict"],
}
KEYS = [
    "options",
    "counts",
    "few_questions",
    "excluded",
    "judge_human",
    "human_human",
    "judge_judge",
    "system_level",
    "noise",
    "violation",
    "acceptable",
    "alt_test",
    "agreement",
    "decisions",
    "other_mode",
    "raters",
    "by_model",
    "by_category",
    "leaves",
    "health",
    "rate_next",
]
FAILURES = {
    "refused",
    "provider_filtered",
    "truncated",
    "off_format",
    "out_of_range",
    "transport",
    "timeout",
    "cannot_decide",
    "no_majority",
    "unmatched",
}


def lines(path: Path, rows: list[dict]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def run(*arguments: str) -> tuple[int, dict, str]:
    """Exit code, JSON answer and stderr of a command."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command(*arguments, "--json", stdout=out, stderr=err)
    except SystemExit as left:
        code = int(left.code or 0)
    return code, json.loads(out.getvalue()), err.getvalue()


def leaves(part):
    """Every leaf statistic of a study."""
    if isinstance(part, dict) and "value" in part:
        yield part
    elif isinstance(part, dict):
        for inner in part.values():
            yield from leaves(inner)


def stars(tmp_path) -> None:
    folder = data_set("alttest") / "cebab_stars"
    people = json.loads((folder / "human_annotations.json").read_text(encoding="utf-8"))
    judges = json.loads((folder / "llm_annotations.json").read_text(encoding="utf-8"))
    ratings = [
        {"item": item, "model": "text", "rater": rater, "score": score}
        for rater, given in people.items()
        for item, score in given.items()
    ]
    verdicts = [
        {"item": item, "model": "text", "judge": name, "score": score}
        for name, given in judges.items()
        for item, score in given.items()
    ]
    make_world_dataset()
    assert run("import_ratings", lines(tmp_path / "r.jsonl", ratings), "--task", "stars")[0] == 0
    code, said, _err = run("import_verdicts", lines(tmp_path / "v.jsonl", verdicts), "--task", "stars")
    assert (code, said["imported"], said["judges"]) == (0, 6 * 711, sorted(judges))


def test_study_cebab_stars(tmp_path) -> None:
    stars(tmp_path)
    code, found, _err = run("study", "--task", "stars", "--judge", "gpt-4o", "--resamples", "500")
    assert code == 0
    block = found["judge_human"]
    shown = {name: round(block[name]["value"], 4) for name in ("pearson", "spearman", "kendall_tau_b")}
    assert shown == {"pearson": 0.9032, "spearman": 0.8991, "kendall_tau_b": 0.7915}
    for name in shown:
        assert block[name]["low"] < block[name]["value"] < block[name]["high"]
        assert (block[name]["n"], block[name]["n_clusters"]) == (711, 711)
    assert found["counts"] == {
        "items": 711,
        "responses": 711,
        "ratings": 2193,
        "raters": 10,
        "verdicts": 711,
        "judge_repeats": 1,
        "effective_responses": independent_responses(block["pearson"]["low"], block["pearson"]["high"]),
    }
    again = run("study", "--task", "stars", "--judge", "gpt-4o", "--resamples", "500")[1]
    assert again == found
    assert Study.objects.count() == 1


def test_study_without_judge_where_several_have_verdicts_lists_them(tmp_path) -> None:
    rate_and_judge(tmp_path, judges=("alpha", "beta"))
    code, said, err = run("study", "--task", "outside")
    assert code == 2
    assert "alpha, beta" in said["error"]
    assert "alpha, beta" in err
    assert run("study", "--task", "outside", "--judge", "alpha", "--resamples", "100")[0] == 0


def rate_and_judge(tmp_path, *, judges=("alpha",), questions: int = 8) -> None:
    """An external task: two models, three raters who mostly agree, one refusal of the judge."""
    make_world_dataset()
    ratings, verdicts = [], []
    for n in range(questions):
        for at, model in enumerate(("m1", "m2")):
            known = {"item": f"q{n}", "model": model, "category": "area > type > leaf"}
            score = 1 + (n + 2 * at) % 5
            ratings += [{**known, "rater": f"r{r}", "score": max(1, score - (r == 2))} for r in range(3)]
            for judge in judges:
                said = {"item": f"q{n}", "model": model, "judge": judge, "repeat": 1}
                verdicts.append(said | ({"status": "refused"} if (n, at) == (0, 0) else {"score": score}))
    assert run("import_ratings", lines(tmp_path / "r.jsonl", ratings), "--task", "outside")[0] == 0
    assert run("import_verdicts", lines(tmp_path / "v.jsonl", verdicts), "--task", "outside")[0] == 0


def test_study_json_has_exactly_the_promised_keys(tmp_path) -> None:
    rate_and_judge(tmp_path)
    code, found, _err = run("study", "--task", "outside", "--seed", "3", "--resamples", "200")
    assert code == 0
    assert list(found) == [
        "task",
        "judge",
        "profile",
        "mode",
        "seed",
        "resamples",
        "code_version",
        *KEYS,
    ]
    assert {key: list(found[key]) for key in SHAPE} == SHAPE
    assert set(found["excluded"]) == FAILURES
    assert found["excluded"]["refused"] == {"calls": 1, "responses": 1}
    assert (found["task"], found["judge"], found["mode"], found["seed"], found["resamples"]) == (
        "outside",
        "alpha",
        "ref",
        3,
        200,
    )
    assert list(found["by_model"]) == ["m1", "m2"]
    assert list(found["by_category"]) == ["area > type"]
    for leaf in leaves(found):
        assert (
            {"value", "low", "high", "n", "n_clusters"}
            <= set(leaf)
            <= {"value", "low", "high", "n", "n_clusters", "note"}
        )
        assert leaf["value"] is not None or leaf["note"]
    # 16 responses of which one has no verdict; three raters each.
    assert (found["judge_human"]["pearson"]["n"], found["judge_human"]["pearson"]["n_clusters"]) == (15, 8)


def test_import_verdicts_twice_changes_nothing_and_unclear_rows_are_set_apart(tmp_path) -> None:
    rate_and_judge(tmp_path)
    before = Verdict.objects.count(), JudgeCall.objects.count(), Judge.objects.count()
    known = {"item": "q1", "model": "m1", "judge": "alpha"}
    rows = [
        {**known, "score": 2},  # stands already: 1 + 1 % 5
        {**known, "score": 5, "judge": "gamma"},
        {**known, "score": 9, "repeat": 2},
        {**known, "score": 3, "repeat": 3, "item": "nowhere"},
        {**known, "status": "truncated", "score": 1, "repeat": 4},
        {"item": "q2", "model": "m1", "judge": "alpha", "score": 1},  # 3 stands
        {**known, "status": "off_format", "repeat": 6, "raw": "すみません、採点できません。"},
    ]
    code, said, _err = run("import_verdicts", lines(tmp_path / "more.jsonl", rows), "--task", "outside")
    assert code == 3
    assert [(row["row"], row["field"]) for row in said["quarantined"]] == [
        (3, "score"),
        (4, "item"),
        (5, "score"),
        (6, "score"),
    ]
    assert (said["imported"], said["unchanged"], said["judges_created"]) == (2, 1, ["gamma"])
    assert (Verdict.objects.count(), JudgeCall.objects.count(), Judge.objects.count()) == (
        before[0] + 2,
        before[1] + 2,
        before[2] + 1,
    )
    failed = Verdict.objects.get(status="off_format")
    assert (failed.score, failed.call.repeat) == ("", 6)
    assert Attempt.objects.get(call=failed.call).reply == "すみません、採点できません。"
    assert Judge.objects.get(name="gamma").imported


def test_study_command_as_a_person_who_still_rates_is_refused(tmp_path) -> None:
    dataset = make_world_dataset()
    make_task(dataset)
    both = make_member(dataset, Membership.Role.RESEARCHER, Membership.Role.RATER, username="both")
    code, _said, _err = run(
        "import_verdicts",
        lines(
            tmp_path / "v.jsonl",
            [
                {"item": "q0", "model": "modelsecret-a", "judge": "alpha", "score": 3},
            ],
        ),
        "--task",
        "task",
    )
    assert code == 0
    from annotation.actions.tasks import add_raters
    from annotation.models import RatingTask
    from curation.log import OPERATOR

    add_raters(OPERATOR, RatingTask.objects.get())
    code, said, _err = run("study", "--task", "task", "--as-user", both.username, "--resamples", "50")
    assert code == 2
    assert "still rate" in said["error"]


def test_study_options_are_part_of_what_names_it(tmp_path) -> None:
    rate_and_judge(tmp_path)
    command = ("study", "--task", "outside", "--resamples", "100")
    plain = run(*command)[1]
    assert plain["options"] == {
        "epsilon": 0.2,
        "majority": {"at_least": 2, "of": None},
        "target": "test_set",
    }
    given = ("--epsilon", "0.15", "--majority", "3/3", "--target", "population")
    code, found, _err = run(*command, *given)
    assert code == 0
    assert found["options"] == {
        "epsilon": 0.15,
        "majority": {"at_least": 3, "of": 3},
        "target": "population",
    }
    assert found["alt_test"]["epsilon"] == 0.15
    # Two of three raters agree on 15 responses at least; all three on fewer.
    whole, strict = (one["violation"]["human_majority"]["n"] for one in (plain, found))
    assert strict < whole
    assert Study.objects.count() == 2
    assert run(*command, *given)[1] == found
    assert run(*command)[1] == plain
    assert Study.objects.count() == 2


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("--epsilon", "-0.1", "epsilon"),
        ("--epsilon", "nan", "epsilon"),
        ("--majority", "0", "majority"),
        ("--majority", "4/3", "majority"),
        ("--majority", "two", "majority"),
        ("--majority", "2/", "majority"),
        ("--majority", "2/51", "majority"),
        ("--majority", "1/2/3", "majority"),
    ],
)
def test_study_refuses_impossible_options(tmp_path, option, value, field) -> None:
    rate_and_judge(tmp_path)
    code, said, _err = run("study", "--task", "outside", f"{option}={value}")
    assert (code, said["field"]) == (2, field)
    assert Study.objects.count() == 0


def test_study_compares_both_modes_and_keeps_full_paths(tmp_path) -> None:
    rate_and_judge(tmp_path)
    assert run("study", "--task", "outside", "--resamples", "100")[1]["other_mode"] is None
    more = [
        {"item": f"q{n}", "model": "m1", "judge": "alpha", "mode": "noref", "score": 1 + (n + 2) % 5}
        for n in range(8)
    ]
    assert run("import_verdicts", lines(tmp_path / "noref.jsonl", more), "--task", "outside")[0] == 0
    found = run("study", "--task", "outside", "--resamples", "100")[1]
    # q0 x m1 was refused with the reference. Without it the judge says 1 + (n + 2) % 5 of the other seven, with it
    # 1 + n % 5: -2 for n % 5 < 3, else +3: n = 1 2 3 4 5 6 7 gives -2 -2 3 3 -2 -2 -2 = -4
    block = found["other_mode"]
    assert (block["mode"], block["responses"], block["moved"]) == ("noref", 7, 7)
    assert block["differences"]["bias"]["value"] == pytest.approx(-4 / 7)
    assert list(found["leaves"]) == ["area > type > leaf"]
    assert list(found["by_category"]) == ["area > type"]
    turned = run("study", "--task", "outside", "--mode", "noref", "--resamples", "100")[1]["other_mode"]
    assert turned == block | {"mode": "ref"}
    assert Study.objects.count() == 3


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_study_prints_every_block_with_interval_and_n(tmp_path) -> None:
    rate_and_judge(tmp_path)
    more = [
        {"item": f"q{n}", "model": "m1", "judge": "alpha", "mode": "noref", "score": 1 + (n + 2) % 5}
        for n in range(8)
    ]
    assert run("import_verdicts", lines(tmp_path / "noref.jsonl", more), "--task", "outside")[0] == 0
    command = ("study", "--task", "outside", "--resamples", "200")
    found, text = run(*command)[1], printed(*command)

    def said(leaf: dict, *, percent: bool = False) -> str:
        scale, digits = (100, 1) if percent else (1, 4)
        value = f"{scale * leaf['value']:.{digits}f}{' %' if percent else ''}"
        if leaf["low"] is not None:
            value += f" [{scale * leaf['low']:.{digits}f}, {scale * leaf['high']:.{digits}f}]"
        return f"{value} n={leaf['n']} questions={leaf['n_clusters']}"

    whole, by_model = found["violation"], found["by_model"]["m2"]
    wanted = [said(whole[source], percent=True) for source in ("human_majority", "judge", "combined")]
    wanted += [said(by_model[rate]["combined"], percent=True) for rate in ("violation", "acceptable")]
    wanted += [said(leaf, percent=True) for leaf in found["by_model"]["m1"]["shares"].values()]
    wanted += [
        said(leaf) for leaf in (*found["decisions"]["violation"].values(),) if "value" in leaf and leaf["low"]
    ]
    wanted += [said(leaf) for leaf in found["other_mode"]["differences"].values() if leaf["low"] is not None]
    wanted += [said(leaf) for leaf in found["noise"].values() if leaf["low"] is not None]
    assert [words for words in wanted if words not in text] == []
    main, people = found["judge_human"]["spearman"], found["human_human"]["spearman_pairs"]
    assert f"The judge agrees with people at Spearman {said(main)}" in text
    assert f"{people['value']:.4f}" in text
    bounds = found["by_model"]["m1"]["bounds"]["violation"]
    assert f"{100 * bounds['low']:.1f} % - {100 * bounds['high']:.1f} %, unparsed calls: 1" in text
    for title in (
        "Raters:",
        "What to rate next",
        "Health of the calls",
        "Left out, by name",
        "Specific harms",
    ):
        assert f"\n{title}" in text
