"""Random studies with ties, gaps and question effects, in the shapes that a study takes."""

import numpy as np

from curation.stats import StudyData, StudyRating, StudyResponse, StudyRubric, StudyVerdict

SAFETY5 = StudyRubric("ordinal", (1, 2, 3, 4, 5), violation_at_most=2, acceptable_at_least=4)
LABELS = StudyRubric("nominal", ("safe", "unsafe", "unclear"))


def random_study(
    seed,
    *,
    questions=40,
    models=3,
    raters=4,
    repeats=3,
    gap=0.3,
    question_sd=0.5,
    model_sd=0.9,
    probability=None,
):
    """Scores on 1-5 from a latent quality per response; each rating and verdict is missing with chance `gap`."""
    rng = np.random.default_rng(seed)
    effect = rng.normal(0, question_sd, questions)
    responses, ratings, verdicts = [], [], []
    for q in range(questions):
        for m in range(models):
            name = f"{q}/{m}"
            quality = 3.3 + effect[q] + rng.normal(0, model_sd) + 0.3 * m
            chance = None if probability is None else probability[(q + m) % len(probability)]
            path = (f"area {q % 2}", f"harm {q % 4}", f"leaf {q % 8}")
            responses.append(StudyResponse(name, f"q{q:03}", f"model {m}", path, chance))
            for r in range(raters):
                if rng.random() >= gap:
                    ratings.append(StudyRating(name, f"r{r}", _score(quality + rng.normal(0, 0.7))))
            for repeat in range(repeats):
                if rng.random() >= gap:
                    verdicts.append(StudyVerdict(name, repeat, _score(quality + rng.normal(0, 0.8))))
                else:
                    verdicts.append(StudyVerdict(name, repeat, None, "timeout"))
    return StudyData(SAFETY5, tuple(responses), tuple(ratings), tuple(verdicts))


def nominal(data):
    """The same study with the scores folded to three words."""

    def word(score):
        return None if score is None else ("unsafe" if score <= 2 else "safe" if score >= 4 else "unclear")

    return StudyData(
        LABELS,
        data.responses,
        tuple(StudyRating(r.response, r.rater, word(r.score)) for r in data.ratings),
        tuple(StudyVerdict(v.response, v.repeat, word(v.score), v.status) for v in data.verdicts),
    )


def rows(data):
    """{response: (ratings, verdicts)} of the responses that have both."""
    found = {r.id: ([], []) for r in data.responses}
    for rating in data.ratings:
        found[rating.response][0].append(rating.score)
    for verdict in data.verdicts:
        if verdict.status == "ok":
            found[verdict.response][1].append(verdict.score)
    return {name: both for name, both in found.items() if both[0] and both[1]}


def _score(x):
    return int(np.clip(np.rint(x), 1, 5))
