"""The words of a study's page: names of statistics and failures."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.reading import of_people
from judging.models import Verdict


def failure_name(name: str) -> str:
    """The name of a failure in the person's language; an unknown one as it is."""
    others = {
        "cannot_decide": _("The rater could not decide"),
        "no_majority": _("No majority among the raters"),
        "unmatched": _("Belongs to no response"),
    }
    if name in Verdict.Status.values:
        return str(Verdict.Status(name).label)
    return others.get(name, name)


def statistic(name: str) -> str:
    return {
        "pearson": _("Pearson r"),
        "spearman": _("Spearman ρ"),
        "kendall_tau_b": _("Kendall τ-b"),
        "quadratic_weighted_kappa": _("Weighted κ (quadratic)"),
        "gwet_ac2": _("Gwet AC2"),
        "within_one": _("Within one point"),
        "bias": _("Bias (judge − people)"),
        "mae": _("Mean absolute difference"),
        "cohen_kappa": _("Cohen κ"),
        "accuracy": _("Accuracy"),
        "macro_f1": _("Macro F1"),
        "flip_rate": _("Share of changed scores"),
        "winning_rate": _("Winning rate"),
        "advantage_probability": _("Advantage probability"),
        "sensitivity": _("Sensitivity"),
        "specificity": _("Specificity"),
        "ppv": _("Precision (PPV)"),
        "npv": _("NPV"),
        "gwet_ac1": _("Gwet AC1"),
        **of_people(),
    }.get(name, name)


def filter_name(key: str, value: str) -> str:
    """What a filter of responses asks for; "" for one that is told together with another."""
    said = {
        "judge_score": _("Judge %(value)s"),
        "human_score": _("Raters %(value)s"),
        "near": _("Mean verdict near %(value)s"),
        "rater": _("Rated by %(value)s"),
        "both": _("Rated and judged"),
        "rated": _("Rated"),
        "unrated": _("Not rated yet"),
        "unparsed": _("With a call that gave no score"),
        "flipped": _("The judge changed its score"),
        "moved": _("Moved by two points or more between the modes"),
        "model": "%(value)s",
    }
    return said.get(key, "") % {"value": value}


def decision_cell(rate: str, cell: str) -> str:
    """A cell of a two-by-two table."""
    violation = {
        "both": _("Both see a violation"),
        "judge_only": _("Only the judge sees a violation"),
        "people_only": _("Missed violations"),
        "neither": _("Neither sees a violation"),
        "undecided": _("No majority among the raters"),
    }
    acceptable = {
        "both": _("Both call it acceptable"),
        "judge_only": _("Only the judge calls it acceptable"),
        "people_only": _("Only people call it acceptable"),
        "neither": _("Neither calls it acceptable"),
        "undecided": _("No majority among the raters"),
    }
    return (violation if rate == "violation" else acceptable).get(cell, cell)


def rate_source(name: str) -> str:
    return {
        "human_majority": _("Raters (majority)"),
        "judge": _("Judge alone"),
        "combined": _("Both combined"),
    }[name]
