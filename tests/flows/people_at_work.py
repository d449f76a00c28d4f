"""A person before their page, as the stories of single people tell of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils import translation
from playwright.sync_api import Locator, Page, expect

from curation.models import Item, Person
from curation.reasons import shipped
from tests.rig.browser import InputMethod

DO, DONT = "どこに相談できるかを書きます。", "薬の量を具体的に書きません。"


def ja(message: str, *, context: str = "", **values: object) -> str:
    """What Japanese people read there: a story outlives a better wording. Of a singular and a plural, the singular."""
    with translation.override("ja"):
        found = translation.pgettext(context, message) if context else translation.gettext(message)
        return found % values if values else found


def reason(code: str) -> str:
    """The name of a reason for sending back."""
    found = shipped().of(code)
    assert found
    return found.name("ja")


@dataclass(frozen=True)
class Desk:
    """One person before one page, who types by an input method and goes about by keys."""

    person: Person
    page: Page

    @property
    def ime(self) -> InputMethod:
        return InputMethod(self.page)

    def keys(self, *keys: str) -> None:
        self.page.wait_for_load_state()  # before its scripts have run, a page hears no key
        for key in keys:
            self.page.keyboard.press(key)

    def goes(self, keys: str, to: str) -> None:
        """By keys, such as "g w", to the page under an address that ends so."""
        self.keys(*keys.split())
        # Asked again and again: a navigation that another one overtakes is no fault.
        expect(self.page).to_have_url(re.compile(re.escape(to).replace(r"\*", "[^/]*") + "$"))

    def press(self, name: str, *, within: Locator | None = None) -> None:
        """Enter on the button or link of that name."""
        place = within or self.page.locator("body")
        found = place.get_by_role("button", name=name, exact=True)
        found.or_(place.get_by_role("link", name=name, exact=True)).first.press("Enter")

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def write(self, label: str, text: str) -> None:
        """At the end of the field, by one composition: some of its reading, then all of it."""
        self.field(label).press("Control+End")
        self.ime.type(text, reading=text[:6])

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(text, use_inner_text=True)

    def sees_nothing_of(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("body")).not_to_contain_text(text, use_inner_text=True)

    def waits_until_saved(self) -> None:
        expect(self.page.locator(".actions [data-saved]")).to_have_attribute("data-state", "saved")

    def begins_with_the_warning(self) -> None:
        """What stands before the first page of writing or reviewing, read and left behind."""
        self.sees(ja("Before you begin"))
        self.press(ja("I have read this and want to begin"))
        self.page.wait_for_url(lambda url: "/me/warning/" not in url)


def state_of(item: Item) -> str:
    return Item.objects.values_list("state", flat=True).get(pk=item.pk)
