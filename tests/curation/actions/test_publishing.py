"""Releases on their way to a hub: planned, then published as planned, in one commit, and never half without a word."""

from __future__ import annotations

import shutil

import pytest
from django.utils import timezone

from curation.actions.corrections import correct
from curation.actions.publishing import folder_of, plan_publication, publish
from curation.actions.releases import Choice, Waiver, freeze
from curation.errors import Invalid, NotAllowed, TeineiError
from curation.formats.writing import verification
from curation.log import OPERATOR
from curation.models import Item, LogEntry, Publication, Redaction, Rights
from tests.factories.curation import make_dataset, make_item, make_member
from tests.rig.hub import TOKEN, cuts, loses, refuses

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases(slow=("postgres",))]
REPO = "lab/careful"
TERMS = "研究のために使えます。派生物も同じ条件に従います。"


@pytest.fixture
def dataset():
    return make_dataset("careful")


@pytest.fixture
def rights(dataset):
    return Rights.objects.create(
        dataset=dataset, name="own", licence="CC-BY-4.0", terms=TERMS, gate="granted", inherits=True
    )


@pytest.fixture
def release(dataset, rights):
    for _n in range(2):
        make_item(dataset, state="approved")
    return frozen(dataset, rights, "v1")


def frozen(dataset, rights, name):
    waivers = [Waiver(gate=gate, reason="test", person="mari") for gate in ("quota", "rights")]
    return freeze(OPERATOR, dataset, Choice(name=name, test_per_leaf=1, rights=rights), waivers=waivers)


def planned(release, *, private=True):
    return plan_publication(OPERATOR, release, REPO, private=private)


def failing(plan):
    with pytest.raises(TeineiError) as caught:
        publish(OPERATOR, plan)
    plan.refresh_from_db()
    return plan.state, plan.message, caught.value.sentence


def test_plan_says_everything_and_sends_nothing(release, hub) -> None:
    plan = planned(release)
    files = {one["path"] for one in plan.plan["files"]}
    assert {"README.md", "TERMS.txt", "SHA256SUMS", "croissant.json"} <= files
    assert (plan.state, plan.plan["private"], plan.plan["gated"]) == ("planned", True, "manual")
    assert TERMS in plan.plan["card"]
    assert sum(one["bytes"] for one in plan.plan["files"]) == plan.plan["bytes"]
    assert hub.asked == []


def test_publishing_makes_one_commit_with_a_tag_behind_a_gate(release, hub, tmp_path) -> None:
    plan = publish(OPERATOR, planned(release))
    repo = hub.repos[REPO]
    assert (plan.state, plan.revision, repo.private, repo.gated) == ("published", repo.head, True, "manual")
    assert plan.url == f"{hub.url}/datasets/{REPO}"
    assert repo.tags == {release.version: repo.head}
    assert len(repo.commits) == 2  # the hub's own, and this
    assert release.root_hash in repo.messages[-1]
    # Private and gated before any file goes up.
    assert hub.asked.index("create") < hub.asked.index("settings") < hub.asked.index("preupload")
    assert verification(hub.checked_out(REPO, tmp_path / "out")).problems == []
    assert not folder_of(plan).exists()
    assert LogEntry.objects.filter(object_type="publication").count() == 3  # planned, begun, done


def test_token_is_kept_nowhere(release, hub, caplog) -> None:
    hub.fails["commit"] = [refuses(403, X_Error_Message=f"token {TOKEN} may not")]
    plan = planned(release)
    state, message, sentence = failing(plan)
    told = f"{state}{message}{sentence}{caplog.text}{plan.plan}"
    assert "hf_" not in told
    assert "hf_" not in "".join(str(row.details) for row in LogEntry.objects.all())


def test_public_repository_is_shown_last(release, hub) -> None:
    publish(OPERATOR, planned(release, private=False))
    assert hub.repos[REPO].private is False
    assert hub.asked[-1] == "settings"
    assert hub.asked.index("tag") < len(hub.asked) - 1


def test_the_same_again_makes_no_second_commit(release, hub) -> None:
    first = publish(OPERATOR, planned(release))
    second = publish(OPERATOR, planned(release))
    assert (second.state, second.revision) == ("published", first.revision)
    assert (len(hub.repos[REPO].commits), hub.count("commit")) == (2, 1)


def test_answer_lost_after_the_commit_is_found_on_the_hub(release, hub) -> None:
    hub.fails["commit"] = [loses]
    plan = publish(OPERATOR, planned(release))
    assert (plan.state, len(hub.repos[REPO].commits), hub.count("commit")) == ("published", 2, 1)


def test_answer_lost_and_the_hub_away_is_said_and_mended_later(release, hub) -> None:
    plan = planned(release)
    hub.fails = {"commit": [loses], "info": []}

    def away(handler, act):
        hub.fails["info"] = [refuses(503)]
        loses(handler, act)

    hub.fails["commit"] = [away]
    state, message, _sentence = failing(plan)
    assert (state, "not known" in message) == ("failed", True)
    publish(OPERATOR, plan)
    assert (plan.state, len(hub.repos[REPO].commits), hub.count("commit")) == ("published", 2, 1)


def test_cut_in_an_upload_is_tried_again(release, hub) -> None:
    hub.fails["upload"] = [cuts]
    plan = publish(OPERATOR, planned(release))
    assert (plan.state, len(hub.repos[REPO].commits)) == ("published", 2)


def test_upload_that_never_arrives_leaves_an_empty_gated_repository(release, hub) -> None:
    plan = planned(release)
    hub.fails["upload"] = [cuts] * 200
    state, message, _sentence = failing(plan)
    repo = hub.repos[REPO]
    assert (state, "no file was added" in message) == ("failed", True)
    assert (len(repo.commits), repo.private, repo.gated) == (1, True, "manual")
    hub.fails.clear()
    publish(OPERATOR, plan)
    assert (plan.state, len(repo.commits)) == ("published", 2)


REFUSALS = [
    ("whoami", 401, "does not accept the token"),
    ("create", 403, "may not do this"),
    ("settings", 500, "trouble of its own"),
    ("info", 429, "asks to wait"),
    ("commit", 412, "changed meanwhile"),
]


def test_refusals_of_the_hub_are_said_in_words(release, hub) -> None:
    plan = planned(release)
    for kind, status, says in REFUSALS:
        hub.fails[kind] = [refuses(status)]
        state, message, sentence = failing(plan)
        assert (kind, state, says in message, says in sentence) == (kind, "failed", True, True)
        assert all(set(repo.files) == {".gitattributes"} for repo in hub.repos.values())
    publish(OPERATOR, plan)
    assert (plan.state, len(hub.repos[REPO].commits)) == ("published", 2)


def test_hub_that_asks_to_wait_is_asked_again(release, hub) -> None:
    hub.fails["preupload"] = [refuses(429, Retry_After="0")]
    assert publish(OPERATOR, planned(release)).state == "published"
    assert hub.count("preupload") == 2


def test_tag_that_fails_is_said_and_made_up_for(release, hub) -> None:
    plan = planned(release)
    hub.fails["tag"] = [refuses(500)]
    state, message, _sentence = failing(plan)
    assert (state, "not all" in message, plan.revision) == ("failed", True, hub.repos[REPO].head)
    publish(OPERATOR, plan)
    assert hub.repos[REPO].tags == {release.version: plan.revision}
    assert hub.count("commit") == 1


def test_repository_of_somebody_else_is_left_alone(release, hub) -> None:
    repo = hub.put(REPO, {"README.md": b"somebody's", "theirs.csv": b"a,b\n"})
    state, _message, sentence = failing(planned(release))
    assert (state, "theirs.csv" in sentence, len(repo.commits)) == ("failed", True, 1)


def test_successor_replaces_its_predecessor_in_one_commit(release, hub) -> None:
    publish(OPERATOR, planned(release))
    after = correct(
        OPERATOR, release, withdraw=[release.items.get(position=0).external_id], reason="One is wrong."
    )
    successor = after[0] if isinstance(after, tuple) else after
    publish(OPERATOR, planned(successor))
    repo = hub.repos[REPO]
    assert len(repo.commits) == 3
    assert set(repo.tags) == {release.version, successor.version or successor.name}
    with pytest.raises(Invalid, match=successor.name):  # an erratum stands on the old one
        planned(release)


def test_predecessor_that_was_changed_on_the_hub_is_not_overwritten(release, dataset, rights, hub) -> None:
    publish(OPERATOR, planned(release))
    repo = hub.repos[REPO]
    repo.add({**repo.files, "extra.txt": b"added there"}, "by hand")
    make_item(dataset, state="approved")
    state, _message, sentence = failing(planned(frozen(dataset, rights, "v2")))
    assert (state, "extra.txt" in sentence, len(repo.commits)) == ("failed", True, 3)


def test_file_changed_after_the_plan_is_not_sent(release, hub) -> None:
    plan = planned(release)
    with (folder_of(plan) / "README.md").open("ab") as card:
        card.write(b" ")
    state, _message, sentence = failing(plan)
    assert (state, "Plan again" in sentence, hub.asked) == ("failed", True, [])


def test_files_that_were_removed_are_written_again(release, hub) -> None:
    plan = planned(release)
    shutil.rmtree(folder_of(plan))
    assert publish(OPERATOR, plan).state == "published"


def test_public_repository_is_not_filled_by_a_private_plan(release, hub) -> None:
    hub.put(REPO, {}, private=False)
    _state, _message, sentence = failing(planned(release))
    assert "public" in sentence


def test_without_a_token_nothing_begins(release, hub, settings) -> None:
    settings.HF_TOKEN = ""
    _state, message, _sentence = failing(planned(release))
    assert ("HF_TOKEN" in message, hub.asked) == (True, [])


# --- What must not go out --------------------------------------------------------------------------------------


FORBIDDING = [
    ({"redistributable": False}, "forbid"),
    ({"redistributable": True, "gate": "requested"}, "not granted yet"),
    ({"gate": "no_access"}, "no access"),
]


def test_terms_that_forbid_it(dataset, rights) -> None:
    make_item(dataset, state="approved")
    for number, (changes, says) in enumerate(FORBIDDING):
        Rights.objects.filter(pk=rights.pk).update(**changes)
        rights.refresh_from_db()
        with pytest.raises(Invalid, match=says):
            planned(frozen(dataset, rights, f"v{number}"))
    assert Publication.objects.count() == 0


def test_item_under_terms_of_its_own(dataset, rights) -> None:
    item = make_item(dataset, state="approved")
    closed = Rights.objects.create(dataset=dataset, name="closed", redistributable=False)
    Item.objects.filter(pk=item.pk).update(rights=closed)
    with pytest.raises(Invalid, match=item.external_id):
        planned(frozen(dataset, rights, "v1"))


def test_redaction_that_waits_or_came_after_the_plan(release, dataset, hub) -> None:
    plan = planned(release)
    first, second = make_member(dataset, "lead"), make_member(dataset, "lead")
    text = release.items.get(position=0).question_text
    row = Redaction.objects.create(text=text, dataset=dataset, reason="asked", asked_by=first)
    with pytest.raises(Invalid, match="redaction"):
        planned(release)
    Redaction.objects.filter(pk=row.pk).update(confirmed_by=second, confirmed_at=timezone.now())
    _state, _message, sentence = failing(plan)
    assert ("Plan again" in sentence, hub.asked) == (True, [])


def test_name_that_is_none(release) -> None:
    for repo in ("", "careful", "lab/../x", "lab/care ful", "a/b/c", "https://x/y"):
        with pytest.raises(Invalid, match="OWNER/NAME"):
            plan_publication(OPERATOR, release, repo, private=True)


def test_only_the_release_manager_publishes(release, dataset) -> None:
    with pytest.raises(NotAllowed):
        plan_publication(make_member(dataset, "researcher"), release, REPO, private=True)
