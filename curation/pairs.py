"""An index of the pairs of letters of every text, on PostgreSQL: what finds one or two letters among 400,000 texts.

It stands on the folded text itself, so whoever writes, redacts or restores a text need not know of it. Indexes of three
letters (pg_trgm) answer shorter queries with a scan of everything. On SQLite the scan of 20,000 items is fast enough.
"""

from __future__ import annotations

from itertools import pairwise

from django.db.backends.base.base import BaseDatabaseWrapper

_BITS = 21  # of a code point, as in `curation_pairs`

# Each letter with its neighbour as one number, and each alone: as `terms` makes them. 0.14 ms for 150 letters.
MADE = (
    """
    CREATE OR REPLACE FUNCTION curation_pairs(folded text) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT array_agg(ascii(a)::bigint << 21 | ascii(b)) || array_agg(ascii(a)::bigint)
        FROM unnest(string_to_array(folded, NULL), (string_to_array(folded, NULL))[2:]) AS pair(a, b)
    $$
    """,
    "CREATE INDEX IF NOT EXISTS text_pairs ON curation_text USING gin (curation_pairs(folded))",
)
UNMADE = ("DROP INDEX IF EXISTS text_pairs", "DROP FUNCTION IF EXISTS curation_pairs(text)")
# `often` looks at every four-hundredth page: where many texts contain it, the index would be read in vain, and is not.
_FOUND = """
    WITH often AS MATERIALIZED (
        SELECT 400 * count(*) AS texts FROM curation_text TABLESAMPLE SYSTEM (0.25) WHERE strpos(folded, %s) > 0
    ), found AS MATERIALIZED (
        SELECT hash FROM curation_text
        WHERE (SELECT texts FROM often) <= %s
        AND curation_pairs(folded) @> %s::bigint[] AND strpos(folded, %s) > 0 LIMIT %s
    )
    SELECT greatest((SELECT texts FROM often), (SELECT count(*) FROM found)), ARRAY(
        SELECT r.id FROM found JOIN curation_revision r ON r.question_text_id = hash
        WHERE (SELECT count(*) FROM found) <= %s
        UNION SELECT r.id FROM found JOIN curation_revision r ON r.answer_text_id = hash
        WHERE (SELECT count(*) FROM found) <= %s
    )
"""


def terms(folded: str) -> list[int]:
    """What a text has in the index if it contains the folded one: its pairs, or the one letter that it is."""
    if len(folded) == 1:
        return [ord(folded)]
    return sorted({ord(a) << _BITS | ord(b) for a, b in pairwise(folded)})


def revisions_with(connection: BaseDatabaseWrapper, folded: str, *, most: int) -> list[int] | None:
    """Revisions whose question or answer contains the folded text; None where more than `most` texts do, or seem to."""
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, [folded, most, terms(folded), folded, most + 1, most, most])
        [(count, revisions)] = cursor.fetchall()
    return None if count > most else list(revisions)
