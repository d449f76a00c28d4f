"""How the work goes, for those who lead it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from curation.board import board_of
from curation.board_words import shown
from curation.models import Membership
from curation.views.gate import MemberRequest, member

Role = Membership.Role


@member(Role.LEAD, Role.RELEASE_MANAGER)
def board(request: MemberRequest) -> HttpResponse:
    """Throughput, queues, acceptance, forecasts; computed anew each time."""
    return render(request, "curation/board.html", shown(board_of(request.user, request.dataset)))
