"""Whoever lost what they had in hand is told on the page; whoever works keeps it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from curation.actions import leases
from curation.models import Lease
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EVERY = 121_000  # milliseconds: a little more than from one sign of life to the next


def test_sign_of_life_keeps_it_and_the_page_says_who_took_it(page: Page, sign_in: Any) -> None:
    dataset = make_dataset("home")
    item = make_item(dataset, state="in_review")
    sign_in(page, make_member(dataset, "reviewer"))
    page.clock.install()
    page.goto(f"/d/home/review/{item.pk}/")
    held = Lease.objects.get()
    nearly = timezone.now() + timedelta(seconds=30)
    Lease.objects.update(expires_at=nearly)
    page.clock.run_for(EVERY)  # nobody is there: no sign of life
    assert Lease.objects.get().expires_at == nearly
    page.keyboard.press("Shift")
    with page.expect_response("**/beat/"):
        page.clock.run_for(EVERY)
    assert Lease.objects.get().expires_at > nearly
    Lease.objects.update(expires_at=timezone.now())
    leases.lease_item(make_member(dataset, "reviewer", name="tanaka"), item)
    page.keyboard.press("Shift")
    page.clock.run_for(EVERY)
    expect(page.locator("[data-lease-lost]")).to_contain_text("tanaka")
    assert Lease.objects.get().token != held.token
