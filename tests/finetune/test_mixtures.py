"""What a run may see: frozen dev items, counted and hashed, and no test question of any release on the server."""

import hashlib
import json

import pytest

from curation.actions.releases import Choice, freeze
from curation.errors import Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Dataset, ReleaseItem
from curation.registry import Withdrawn
from finetune.actions.mixtures import keep, resolve
from finetune.actions.runs import folder_of, launch, read_recipe
from finetune.models import Mixture, TrainingRun
from finetune.usages import used_in
from tests.factories.curation import leaf, make_dataset, make_item, make_member
from tests.factories.finetune import make_release, make_run, make_world, recipe

pytestmark = pytest.mark.django_db


def dev(release) -> list[ReleaseItem]:
    return list(release.items.filter(split="dev").order_by("position"))


def plant_leak(dataset: Dataset, question: str, *, name: str = "elsewhere") -> None:
    """A second dataset whose release holds the question, but for its punctuation and width, as a test question."""
    for number in range(3):
        for each in range(2):
            planted = question.replace("。", " 。") if (number, each) == (0, 0) else ""
            make_item(dataset, state="approved", question=planted, category=leaf(dataset, number))
    item = dataset.items.order_by("pk").first()
    item.question.split = "test"
    item.question.save()
    freeze(OPERATOR, dataset, Choice(name=name, test_per_leaf=0))


def test_mixture_refuses_the_test_split() -> None:
    make_world()
    with pytest.raises(Invalid, match="test is never trained on") as caught:
        read_recipe(recipe(mixture=[{"release": "r-0.1", "split": "test"}]))
    assert caught.value.field == "mixture.split"


def test_mixture_counts_repeats_shares_and_hashes() -> None:
    dataset, first, _person = make_world()
    second = make_release(dataset, name="r-0.2")
    parts = [
        {"release": "r-0.1", "repeat": 4},
        {"release": "r-0.2", "repeat": 2, "max_items": 8},
    ]
    facts = resolve(dataset, read_recipe(recipe(mixture=parts))).facts
    # r-0.1: 3 leaves x (3 - 1) = 6 dev items x 4 = 24. r-0.2 holds the first nine and nine more; each leaf has its test
    # question already, so 18 - 3 = 15 are dev, of which 8 are taken, x 2 = 16. Whole 24 + 16 = 40.
    assert facts["examples"] == 40
    told = [(s["release"], s["split"], s["items"], s["repeat"], s["examples"]) for s in facts["sources"]]
    assert told == [("r-0.1", "dev", 6, 4, 24), ("r-0.2", "dev", 8, 2, 16)]
    assert [source["share"] for source in facts["sources"]] == [0.6, 0.4]  # 24 / 40, 16 / 40
    assert [source["sha256"] for source in facts["sources"]] == [first.root_hash, second.root_hash]
    hashes = [
        json.dumps([row.content_hash for row in rows], separators=(",", ":"))
        for rows in (dev(first), dev(second)[:8])
    ]
    assert [source["content_sha256"] for source in facts["sources"]] == [
        hashlib.sha256(text.encode()).hexdigest() for text in hashes
    ]


def test_mixture_examples_are_the_dev_items_of_the_release() -> None:
    dataset, release, _person = make_world()
    run = make_run(dataset)
    lines = (folder_of(run) / "examples.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "id": row.external_id,
            "source": "r-0.1",
            "repeat": 2,
            "messages": [
                {"role": "user", "content": row.question},
                {"role": "assistant", "content": row.answer},
            ],
        }
        for row in dev(release)
    ]


def test_launch_sets_aside_a_folder_that_another_run_of_its_number_left() -> None:
    dataset, _release, _person = make_world()
    number = make_run(dataset).pk + 1
    left = folder_of(TrainingRun(pk=number)) / "checkpoints/step-00000002/manifest.json"
    left.parent.mkdir(parents=True)
    left.write_text("{}", encoding="ascii")
    run = make_run(dataset)
    assert run.pk == number
    assert [path.name for path in folder_of(run).iterdir()] == ["examples.jsonl"]
    (aside,) = folder_of(run).parent.glob(f"{number}-left-*/checkpoints/*/manifest.json")
    assert aside.read_text(encoding="ascii") == "{}"


def test_mixture_leak_is_refused_and_named_where_one_may_see_it() -> None:
    dataset, release, person = make_world()
    leaked = dev(release)[0]
    other = make_dataset()
    plant_leak(other, leaked.question)
    make_member(other, "reviewer", person=person)
    with pytest.raises(Invalid) as caught:
        launch(person, dataset, read_recipe(recipe()))
    assert caught.value.sentence == (
        f"1 of the questions are test questions ({leaked.external_id} is one of elsewhere). Nothing was started."
    )
    assert TrainingRun.objects.count() == Mixture.objects.count() == 0


@pytest.mark.parametrize("as_operator", [True, False])
def test_mixture_leak_of_a_hidden_dataset_is_refused_without_its_name(as_operator: bool) -> None:
    dataset, release, person = make_world()
    leaked = dev(release)[3]
    plant_leak(make_dataset(), leaked.question, name="secret-name")
    with pytest.raises(Invalid) as caught:
        launch(OPERATOR if as_operator else person, dataset, read_recipe(recipe()))
    assert caught.value.sentence == (
        f"1 of the questions are test questions ({leaked.external_id} is one of a release you cannot see). "
        "Nothing was started."
    )
    assert TrainingRun.objects.count() == 0


def test_mixture_leak_is_looked_for_only_among_the_rows_taken() -> None:
    dataset, release, person = make_world()
    plant_leak(make_dataset(), dev(release)[3].question)
    few = recipe(mixture=[{"release": "r-0.1", "max_items": 3}])  # rows 0 to 2; the leak is row 3
    assert launch(person, dataset, read_recipe(few), send=False).mixture.resolved["examples"] == 3


@pytest.mark.parametrize(
    ("mixture", "field", "words"),
    [
        ([{"release": "r-9"}], "mixture.release", "There is no release named r-9."),
        ([{"release": "r-0.1", "split": "train"}], "mixture.split", "Only the dev split can be trained on."),
        (
            [{"release": "r-0.1"}, {"release": "r-0.1", "split": "train"}],
            "mixture",
            "A release stands in the mixture twice: give it one repeat factor.",
        ),
    ],
)
def test_mixture_that_cannot_be_resolved_names_the_place(mixture: list, field: str, words: str) -> None:
    dataset, _release, person = make_world()
    with pytest.raises(Invalid) as caught:
        launch(person, dataset, read_recipe(recipe(mixture=mixture)))
    assert (caught.value.field, caught.value.sentence) == (field, words)


def test_mixture_of_another_datasets_release_is_unknown() -> None:
    dataset, _release, person = make_world()
    make_release(make_dataset(), name="theirs")
    with pytest.raises(Invalid, match="There is no release named theirs"):
        launch(person, dataset, read_recipe(recipe(mixture=[{"release": "theirs"}])))


def test_mixture_is_one_row_by_its_hash() -> None:
    dataset, release, _person = make_world()
    asked = read_recipe(recipe())
    resolved = resolve(dataset, asked)
    text = json.dumps(resolved.facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    first = keep(dataset, asked, resolved)
    assert first.hash == hashlib.sha256(text.encode()).hexdigest()
    assert keep(dataset, read_recipe(recipe(epochs=9)), resolve(dataset, asked)).pk == first.pk
    assert list(first.releases.all()) == [release]
    other = make_run(dataset, mixture=[{"release": "r-0.1", "repeat": 3}]).mixture
    assert (other.pk != first.pk, Mixture.objects.count()) == (True, 2)


@pytest.mark.parametrize("role", ["author", "reviewer", "rater", "lead", "release_manager"])
def test_launch_is_the_researchers(role: str) -> None:
    dataset, _release, person = make_world(role)
    with pytest.raises(NotAllowed):
        launch(person, dataset, read_recipe(recipe()))


def test_errata_find_the_runs_that_used_an_item() -> None:
    dataset, release, _person = make_world()
    run = make_run(dataset)
    used, unused = dev(release)[0], release.items.filter(split="test").first()
    both = {row.item_id: row.external_id for row in (used, unused)}
    (use,) = [use for use in used_in(Withdrawn(release=release, items=both)) if use.kind == "training run"]
    assert (use.name, use.key, use.items) == (f"{run.name} #{run.pk}", run.pk, [used.external_id])
    told = use.means % use.values
    assert told == "Trained on withdrawn items: 1, repeat factor 2. Checkpoints: 0."
    assert use.url == f"/d/{dataset.slug}/training/{run.pk}/"
    alone = Withdrawn(release=release, items={unused.item_id: unused.external_id})
    assert list(used_in(alone)) == []


def test_a_run_that_took_only_the_first_items_used_no_other() -> None:
    dataset, release, _person = make_world()
    make_run(dataset, mixture=[{"release": "r-0.1", "repeat": 3, "max_items": 1}])
    first, second = dev(release)[:2]
    for row, runs in ((first, 1), (second, 0)):
        found = used_in(Withdrawn(release=release, items={row.item_id: row.external_id}))
        assert len(list(found)) == runs
