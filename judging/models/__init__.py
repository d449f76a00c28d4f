from judging.models.judge import Attempt, Judge, JudgeCall, JudgeRun, Mode, Verdict
from judging.models.study import Study

__all__ = ["Attempt", "Judge", "JudgeCall", "JudgeRun", "Mode", "Study", "Verdict"]
