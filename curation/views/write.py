from __future__ import annotations


def __getattr__(name: str):  # placeholder until this page is written
    from django.http import HttpResponse

    if name.startswith("__"):
        raise AttributeError(name)
    return lambda request, *args, **kwargs: HttpResponse(status=501)
