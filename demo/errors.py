"""What stops the demo, in words that say what to do."""


class DemoError(Exception):
    """The demo cannot go on; says what happened and what to do about it."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


class NoAnswerError(DemoError):
    """A service gave no usable answer this time; asking again may help."""
