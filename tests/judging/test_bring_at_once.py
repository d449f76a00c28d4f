"""Two windows bring files in at the same moment: nothing doubled, nothing lost, and the second one hears it."""

from functools import partial

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation.models import Rater, Rating, RatingTask, Response
from curation.errors import Conflict
from judging.actions import uploads
from judging.models import Judge, JudgeCall, Verdict
from tests.factories.annotation import make_member, make_world_dataset
from tests.rig.at_once import at_once

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]
SCORES = {"q1": "12", "q2": "34", "q3": "55", "q4": "21"}
FIRST = "Another window has brought these files in, once."


def ratings(items):
    rows = [
        f"{item},model-a,{who},{score}"
        for item in items
        for who, score in zip("rs", SCORES[item], strict=True)
    ]
    return "\n".join(["item,model,rater,score", *rows])


def verdicts(items):
    return "\n".join(["item,model,judge,score", *(f"{item},model-a,oak,{SCORES[item][0]}" for item in items)])


class Window:
    """A browser window of one person: it has looked at files and holds the form that imports them."""

    def __init__(self, dataset, person, items=SCORES, address=""):
        self.client = Client(raise_request_exception=False)
        self.client.cookies["django_language"] = "en"
        self.client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        files = {
            "ratings": SimpleUploadedFile("r.csv", ratings(items).encode()),
            "verdicts": SimpleUploadedFile("v.csv", verdicts(items).encode()),
        }
        bring = reverse("judging:bring", args=[dataset.slug])
        self.address = address or self.client.post(bring, {"task": "pilot", **files}).url
        form = self.client.get(self.address).context["form"]
        self.chosen = {name: form[name].value() or "" for name in form.fields}

    def press(self, button="import", **changed):
        answer = self.client.post(self.address, self.chosen | changed | {button: "1"})
        return answer.status_code, [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def world():
    dataset = make_world_dataset()
    return dataset, make_member(dataset, "researcher")


def held():
    kinds = (RatingTask, Response, Rater, Rating, Judge, JudgeCall, Verdict)
    return {kind.__name__: kind.objects.count() for kind in kinds}


# Four answers, each with two ratings and one verdict.
ALL = {"RatingTask": 1, "Response": 4, "Rater": 2, "Rating": 8, "Judge": 1, "JudgeCall": 4, "Verdict": 4}


def test_one_button_in_two_windows_imports_once(world):
    dataset, person = world
    first = Window(dataset, person)
    second = Window(dataset, person, address=first.address)
    answers = at_once([first.press, second.press])
    assert [status for status, _told in answers] == [302, 302]
    # 8 ratings and 4 verdicts are 12 rows, and both windows say so
    mine = "12 rows are imported, 0 were set apart."
    assert sorted(told for _status, told in answers) == [[mine], [f"{FIRST} {mine}"]]
    assert held() == ALL
    study = reverse("judging:study", args=[dataset.slug, RatingTask.objects.get().pk])
    assert [window.client.get(window.address).url for window in (first, second)] == [study, study]


def test_the_same_files_of_two_people_at_once_count_once(world):
    dataset, person = world
    windows = [Window(dataset, person), Window(dataset, make_member(dataset, "researcher"))]
    answers = at_once([window.press for window in windows])
    assert sorted(answers) == [
        (302, ["0 rows are imported, 0 were set apart. 12 rows stood here already."]),
        (302, ["12 rows are imported, 0 were set apart."]),
    ]
    assert held() == ALL


@pytest.mark.parametrize("before", [[], ["q1"]], ids=["new task", "task that is there"])
def test_files_that_overlap_are_joined(world, before):
    dataset, person = world
    if before:
        assert Window(dataset, person, before).press() == (302, ["3 rows are imported, 0 were set apart."])
    windows = [Window(dataset, person, items) for items in (["q1", "q2", "q3"], ["q2", "q3", "q4"])]
    answers = at_once([window.press for window in windows])
    assert [status for status, _told in answers] == [302, 302]
    assert held() == ALL


def test_an_import_and_a_deletion_at_once_are_one_of_the_two(world):
    dataset, person = world
    first = Window(dataset, person)
    second = Window(dataset, person, address=first.address)
    (_status, imported), (_again, deleted) = at_once([first.press, partial(second.press, "discard")])
    if Rating.objects.exists():
        assert deleted == [f"{FIRST} 12 rows are imported, 0 were set apart."]
        assert held() == ALL
    else:
        assert deleted == ["The files are deleted; nothing was imported."]
        assert imported == ["These files are not kept any more. Bring them once more."]


def test_what_another_window_changed_is_not_imported_unseen(world):
    dataset, person = world
    first = Window(dataset, person)
    key = first.address.rstrip("/").rpartition("/")[2]
    place = uploads.place_of(person, dataset, key)
    seen = place.said
    Window(dataset, person, address=first.address).press("check", rubric="found")
    with pytest.raises(Conflict) as refused:
        uploads.begin(person, dataset, place, dry_run=False, said=seen)
    assert refused.value.sentence == (
        "Another window changed the columns: look once more at what would be taken."
    )
    # The button in the first window still says what it said: shown once more, not imported.
    assert first.press() == (302, ["The columns were changed: look once more at what would be taken."])
    assert held()["Rating"] == 0
    assert first.press()[1][-1] == "12 rows are imported, 0 were set apart."
