"""Static files under names with their hash, each address worked out once in a process: a page names a hundred."""

from functools import cache

from whitenoise.storage import CompressedManifestStaticFilesStorage


class KnownStaticFiles(CompressedManifestStaticFilesStorage):
    """The manifest is read at the start, so no address changes while the process lives."""

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)
        self.url = cache(super().url)  # type: ignore[method-assign]
