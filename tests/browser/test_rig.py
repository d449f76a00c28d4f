"""The instruments themselves: a test that cannot fail says nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.rig.browser import InputMethod, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NAIVE = """<form><input id="field"></form><script>
let sent = 0, keys = [];
document.forms[0].addEventListener("submit", e => { e.preventDefault(); sent += 1; });
field.addEventListener("keydown", e => keys.push([e.key, e.keyCode, e.isComposing]));
</script>"""


def test_committing_a_composition_submits_no_native_form(page: Any) -> None:
    page.set_content(NAIVE)
    page.focus("#field")
    ime = InputMethod(page)
    ime.compose("にほん")
    assert (page.input_value("#field"), page.evaluate("sent")) == ("にほん", 0)
    ime.commit("日本")
    assert (page.input_value("#field"), page.evaluate("sent")) == ("日本", 0)
    assert page.evaluate("keys.at(-1)") == ["Enter", 229, True]
    page.keyboard.press("Enter")
    assert page.evaluate("sent") == 1


def test_request_to_another_host_is_noted(chromium: Any) -> None:
    wrong: list[str] = []
    page = chromium.new_page()
    watch(page, wrong)
    page.route("**/*", lambda route: route.abort())
    page.set_content('<img src="http://elsewhere.invalid/a.png">')
    page.close()
    assert wrong == ["request to another host: http://elsewhere.invalid/a.png"]


def test_sign_in_page_speaks_japanese_and_keeps_the_policy(page: Any) -> None:
    page.goto("/accounts/login/")
    assert page.get_attribute("html", "lang") == "ja"


def test_signed_in_person_reaches_the_first_page(
    page: Any, sign_in: Callable[[Any, Any], None], django_user_model: Any
) -> None:
    sign_in(page, django_user_model.objects.create_user("hanako", password="a-long-password"))
    page.goto("/")
    assert "/accounts/login/" not in page.url
