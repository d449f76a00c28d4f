"""What a verification found."""

from dataclasses import dataclass, field

MOST = 20  # problems of one file that are told; one file can hold a hundred thousand


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and in which file."""

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


@dataclass(slots=True)
class Verification:
    """Problems found; what was checked; libraries that loaded the files back; those that are not installed."""

    problems: list[Problem] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def wrong(self, file: str, reason: str) -> None:
        """Note a problem; of one file the first ones alone."""
        told = sum(problem.file == file for problem in self.problems)
        if told < MOST:
            self.problems.append(Problem(file, reason))
        elif told == MOST:
            self.problems.append(Problem(file, "and more of the kind"))

    def unreadable(self, file: str, error: Exception) -> None:
        """Note that a file could not be read, whatever the reason."""
        self.wrong(file, f"cannot be read: {type(error).__name__}: {str(error)[:200]}")
