"""Static files under names with their hash, each address worked out once in a process: a page names a hundred."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class KnownStaticFiles(CompressedManifestStaticFilesStorage):
    """The manifest is read at the start, so no address changes while the process lives."""

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)
        self._known: dict[tuple[str, bool], str] = {}

    def url(self, name: str, force: bool = False) -> str:
        known = self._known.get((name, force))
        if known is None:
            known = self._known[name, force] = super().url(name, force)
        return known
