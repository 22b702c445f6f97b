"""How the trainer says that it cannot go on, in one line, without a traceback."""

import signal


class UserError(Exception):
    """Something the caller can mend: where it is, what is wrong there, and what to do about it."""

    def __init__(self, where: str, what: str, fix: str) -> None:
        super().__init__(f"{where}: {what}; {fix}")


class Stopped(BaseException):
    """Somebody asked the program to stop; not an Exception, so that no library swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code = 128 + number
