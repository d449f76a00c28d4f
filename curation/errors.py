"""The errors of every floor: each carries a sentence that may be shown to the person."""


class TeineiError(Exception):
    """Base of the errors that a person caused or can mend."""

    def __init__(self, sentence: object, *, field: str = "") -> None:
        super().__init__(str(sentence))
        self.sentence = str(sentence)
        self.field = field


class NotAllowed(TeineiError):
    """A rule said no; the sentence says why."""


class WrongState(TeineiError):
    """The object is in a state that has no such verb; the sentence names the state."""


class Conflict(TeineiError):
    """Somebody else was faster: nothing was written, and the caller has the old version."""


class NotReady(TeineiError):
    """What the answer comes from is being made ready; the same question is answered in a moment."""


class InHand(Conflict):
    """Somebody else has it in hand now; the sentence names them."""


class Invalid(TeineiError):
    """The input cannot be used; `field` names the culprit."""
