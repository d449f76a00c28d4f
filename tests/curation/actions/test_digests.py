"""Mail about what is new: whose turn it is, what stands in it, and that nobody gets it twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from curation.actions import guidelines
from curation.actions.digests import last_turn, send_digests, set_digest
from curation.errors import Invalid
from curation.models import Notice, Person
from tests.factories.curation import decide, make_dataset, make_item, make_member
from tests.rig.at_once import at_once
from tests.rig.commands import ended

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LONG_AGO = timezone.make_aware(datetime(2020, 1, 1))
URL = "http://127.0.0.1:8000/d/home"


@pytest.fixture
def dataset():
    return make_dataset("home")


@pytest.fixture
def reviewer(dataset):
    return make_member(dataset, "reviewer")


def writer(
    dataset, reviewer, name: str, *, digest: str = "daily", notices: int = 1, locale: str = "en"
) -> Person:
    """An author with a mail address, whose turn it is, and to whom so much has happened."""
    person = make_member(dataset, "author", name=name)
    for _ in range(notices):
        decide(make_item(dataset, state="in_review", author=person), reviewer, "approve")
    Person.objects.filter(pk=person.pk).update(
        email=f"{name}@lab.example", digest=digest, digest_at=LONG_AGO, locale=locale
    )
    return Person.objects.get(pk=person.pk)


def test_mail_says_how_much_and_where_and_nothing_else(dataset, reviewer, mail_server):
    aki = writer(dataset, reviewer, "aki", notices=2)
    done = send_digests()
    assert (done.mailed, done.refused, done.broken) == (1, 0, "")
    [mail] = mail_server.came
    assert (mail["To"], mail["Subject"]) == ("aki@lab.example", "Teinei: 2 new notices")
    lines = [line for line in mail.get_content().splitlines() if line]
    assert lines == [
        "Something has happened that concerns your work. What it is stands on the page alone.",
        "home: 2 new",
        f"{URL}/notices/",
        "This mail comes once a day.",
        "Change that on your page:",
        f"{URL}/me/",
    ]
    assert send_digests().mailed == 0
    assert Notice.objects.filter(person=aki, mailed_at=None).count() == 0


def test_what_came_back_links_its_sections_of_the_guideline_and_says_no_more(dataset, reviewer, mail_server):
    aki = writer(dataset, reviewer, "aki", notices=0)
    lead = make_member(dataset, "lead")
    first, second, third = (make_item(dataset, state="in_review", author=aki) for _ in range(3))
    decide(first, reviewer, "request_changes", reason="bare_refusal")
    decide(second, reviewer, "request_changes", reason="bare_refusal")
    text = dataset.guidelines.get().text_ja + "\n- 追記"
    guidelines.write(lead, dataset, base=1, text_ja=text, text_en="", changed="追記しました。")
    decide(third, reviewer, "request_changes", reason="bare_refusal")
    Notice.objects.filter(kind="guideline").delete()
    send_digests()
    lines = [line for line in mail_server.came[0].get_content().splitlines() if line]
    assert lines[1:-3] == [
        "home: 3 new",
        f"{URL}/notices/",
        "To read again in the guideline:",
        f"{URL}/guideline/1/#guideline-1",
        f"{URL}/guideline/2/#guideline-1",
    ]


def test_mail_is_in_the_language_of_the_person(dataset, reviewer, mail_server):
    writer(dataset, reviewer, "aki", locale="ja")
    send_digests()
    assert mail_server.came[0]["Subject"].strip() == "丁寧：新しいお知らせが1件あります"


def test_who_has_nothing_new_no_address_or_no_wish_gets_none(dataset, reviewer, mail_server):
    writer(dataset, reviewer, "never", digest="none")
    writer(dataset, reviewer, "idle", notices=0)
    seen = writer(dataset, reviewer, "seen")
    Notice.objects.filter(person=seen).update(seen_at=timezone.now())
    for name, gone in (("moved", {"email": ""}), ("left", {"is_active": False})):
        Person.objects.filter(pk=writer(dataset, reviewer, name).pk).update(**gone)
    outside = writer(dataset, reviewer, "outside")
    outside.memberships.all().delete()
    assert send_digests().mailed == 0
    assert mail_server.connections == 0


def test_next_mail_comes_at_the_next_turn_with_what_is_new_by_then(dataset, reviewer, mail_server, settings):
    settings.TEINEI_DIGEST_HOUR = 8
    aki = writer(dataset, reviewer, "aki")
    monday = timezone.make_aware(datetime(2030, 6, 3, 9))  # a Monday
    assert send_digests(monday).mailed == 1
    decide(make_item(dataset, state="in_review", author=aki), reviewer, "reject")
    assert send_digests(monday + timedelta(hours=22)).mailed == 0  # Tuesday, 7
    assert send_digests(monday + timedelta(hours=23)).mailed == 1  # Tuesday, 8
    assert send_digests(monday + timedelta(hours=47)).mailed == 0  # Wednesday, 8: nothing happened
    assert [mail["Subject"] for mail in mail_server.came] == ["Teinei: 1 new notice"] * 2


@pytest.mark.parametrize(
    ("now", "digest", "turn"),
    [
        ((2030, 6, 5, 7, 59), "daily", (2030, 6, 4, 8)),
        ((2030, 6, 5, 8, 0), "daily", (2030, 6, 5, 8)),
        ((2030, 6, 5, 8, 0), "weekly", (2030, 6, 3, 8)),
        ((2030, 6, 3, 7, 59), "weekly", (2030, 5, 27, 8)),
    ],
)
def test_last_turn(now, digest, turn, settings):
    settings.TEINEI_DIGEST_HOUR = 8
    assert last_turn(timezone.make_aware(datetime(*now)), digest) == timezone.make_aware(datetime(*turn))


def test_an_address_that_is_refused_holds_up_nobody_and_loses_nothing(dataset, reviewer, mail_server):
    mail_server.refused = {"aki@lab.example"}
    aki = writer(dataset, reviewer, "aki")
    writer(dataset, reviewer, "umi")
    done = send_digests()
    assert (done.mailed, done.refused, mail_server.to) == (1, 1, ["umi@lab.example"])
    assert Notice.objects.get(person=aki).mailed_at is None
    assert (send_digests().mailed, mail_server.connections) == (0, 1)  # not before the next turn
    mail_server.refused.clear()
    assert send_digests(timezone.now() + timedelta(days=1)).mailed == 1


def test_where_the_server_is_away_nothing_is_set_apart(dataset, reviewer, mail_server, settings):
    aki = writer(dataset, reviewer, "aki")
    settings.EMAIL_PORT = 1
    assert send_digests().broken == "ConnectionRefusedError"
    assert Person.objects.get(pk=aki.pk).digest_at == LONG_AGO
    settings.EMAIL_PORT = mail_server.port
    assert send_digests().mailed == 1


def test_server_that_goes_away_after_the_text_gets_no_second_one(dataset, reviewer, mail_server):
    writer(dataset, reviewer, "aki")
    writer(dataset, reviewer, "umi")
    mail_server.hangs_up = True
    assert send_digests().broken == "SMTPServerDisconnected"
    mail_server.hangs_up = False
    assert send_digests().mailed == 1
    assert mail_server.to == ["aki@lab.example", "umi@lab.example"]


def test_a_round_that_dies_mails_nobody_twice(dataset, reviewer, mail_server, settings):
    """It dies before the second mail goes out, with that person's turn set apart; the third comes in the next round."""
    for name in ("aki", "dies", "yuu"):
        writer(dataset, reviewer, name)
    settings.EMAIL_BACKEND = "tests.rig.mail.Dying"
    with pytest.raises(KeyboardInterrupt):
        send_digests()
    assert send_digests().mailed == 1
    assert mail_server.to == ["aki@lab.example", "yuu@lab.example"]


@pytest.mark.django_db(transaction=True)
def test_two_rounds_at_once_mail_each_person_once(dataset, reviewer, mail_server):
    for name in ("aki", "umi", "yuu"):
        writer(dataset, reviewer, name)
    rounds = at_once([send_digests, send_digests])
    assert sum(done.mailed for done in rounds) == 3
    assert sorted(mail_server.to) == ["aki@lab.example", "umi@lab.example", "yuu@lab.example"]


def test_choice_needs_an_address_and_begins_with_the_next_turn(dataset, reviewer, mail_server):
    aki = writer(dataset, reviewer, "aki", digest="none")
    assert set_digest(aki, aki, dataset=dataset, digest="weekly") is True
    assert send_digests().mailed == 0
    Person.objects.filter(pk=aki.pk).update(email="")
    bare = Person.objects.get(pk=aki.pk)
    for digest in ("daily", "hourly"):
        with pytest.raises(Invalid):
            set_digest(bare, bare, dataset=dataset, digest=digest)
    assert set_digest(bare, bare, dataset=dataset, digest="none") is True


def test_command_sends_and_says_so_and_a_lost_server_is_no_success(dataset, reviewer, mail_server, settings):
    writer(dataset, reviewer, "aki")
    assert ended("send_digests", "--dry-run") == (0, "Would get a mail: 1.\n")
    settings.EMAIL_PORT = 1
    code, said = ended("send_digests")
    assert (code, "ConnectionRefusedError" in said) == (1, True)
    settings.EMAIL_PORT = mail_server.port
    assert ended("send_digests") == (0, "Mails sent: 1, refused: 0.\n")
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert ended("send_digests")[0] == 2
