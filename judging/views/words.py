"""The words of a study's page: names of statistics and failures."""

from __future__ import annotations

from django.utils.translation import gettext as _

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
        "exact": _("Exact agreement"),
        "within_one": _("Within one point"),
        "bias": _("Bias (judge − people)"),
        "mae": _("Mean absolute difference"),
        "cohen_kappa": _("Cohen κ"),
        "accuracy": _("Accuracy"),
        "macro_f1": _("Macro F1"),
        "krippendorff_alpha_ordinal": _("Krippendorff α (ordinal)"),
        "krippendorff_alpha_nominal": _("Krippendorff α (nominal)"),
        "pearson_pairs": _("Rater pairs, Pearson r"),
        "spearman_pairs": _("Rater pairs, Spearman ρ"),
        "icc_1": _("ICC(1,1) of one rater"),
        "ceiling": _("Ceiling for any judge"),
        "fleiss_kappa": _("Fleiss κ"),
        "flip_rate": _("Share of changed scores"),
        "winning_rate": _("Winning rate"),
        "advantage_probability": _("Advantage probability"),
    }.get(name, name)


def block(name: str) -> str:
    return {
        "judge_human": _("Judge and people"),
        "human_human": _("People among themselves"),
        "judge_judge": _("The judge with itself"),
        "system_level": _("Models as a whole"),
        "violation": _("Violation rate"),
        "acceptable": _("Acceptable rate"),
        "alt_test": _("Alternative annotator test"),
    }[name]


def rate_source(name: str) -> str:
    return {
        "human_majority": _("Raters (majority)"),
        "judge": _("Judge alone"),
        "combined": _("Both combined"),
    }[name]
