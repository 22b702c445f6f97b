"""NCRONTAB, the schedules of timer triggers: second minute hour day month weekday, in UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = (
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 6),
)
HORIZON = timedelta(days=9 * 366)  # the longest wait for a 29 February


class ScheduleError(ValueError):
    """A schedule that cannot be read or never comes; the text names the field."""


@dataclass(frozen=True)
class Schedule:
    """The seconds, minutes and so on at which a timer fires; all of them must match (day and weekday too)."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def next_after(self, moment: datetime) -> datetime:
        """Return the first time after a moment at which the timer fires (whole seconds, UTC)."""
        start = (moment.astimezone(UTC) + timedelta(seconds=1)).replace(microsecond=0)
        day = start.date()
        while day - start.date() <= HORIZON:
            if self._falls_on(day):
                found = self._first_from(start.time() if day == start.date() else time.min)
                if found is not None:
                    return datetime.combine(day, found, UTC)
            day += timedelta(days=1)
        raise ScheduleError("no such day: the schedule never comes")

    def _falls_on(self, day: date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays

    def _first_from(self, earliest: time) -> time | None:
        candidates = (
            time(hour, minute, second)
            for hour in self.hours
            if hour >= earliest.hour
            for minute in self.minutes
            if (hour, minute) >= (earliest.hour, earliest.minute)
            for second in self.seconds
        )
        return next((candidate for candidate in candidates if candidate >= earliest), None)


def schedule_in(text: str) -> Schedule:
    """Return the schedule that an NCRONTAB text describes (five fields: at second 0); raises ScheduleError."""
    parts = text.split()
    if len(parts) == len(FIELDS) - 1:
        parts = ["0", *parts]
    if len(parts) != len(FIELDS):
        raise ScheduleError(f"{text!r} has {len(parts)} fields; needed: second minute hour day month weekday")
    values = (_values(part, name, low, high) for part, (name, low, high) in zip(parts, FIELDS, strict=True))
    return Schedule(*values)


def _values(part: str, name: str, low: int, high: int) -> tuple[int, ...]:
    """Return the sorted numbers of one field: a comma-separated list of `*`, `a`, `a-b`, each with `/step`."""
    chosen: set[int] = set()
    for piece in part.split(","):
        span, _slash, step_text = piece.partition("/")
        step = _number(step_text, name) if step_text else 1
        first, last = _span(span, name, low, high, stepped=bool(step_text))
        if step < 1 or first > last or first < low or last > high:
            raise ScheduleError(f"{name}: {piece!r} is not within {low}-{high}")
        chosen.update(range(first, last + 1, step))
    return tuple(sorted(chosen))


def _span(span: str, name: str, low: int, high: int, *, stepped: bool) -> tuple[int, int]:
    if span == "*":
        return low, high
    first, dash, last = span.partition("-")
    begin = _number(first, name)
    if dash:
        return begin, _number(last, name)
    return begin, high if stepped else begin


def _number(text: str, name: str) -> int:
    names = {"month": MONTHS, "weekday": WEEKDAYS}.get(name, ())
    if text.lower()[:3] in names and text.isalpha():
        return names.index(text.lower()[:3]) + (1 if name == "month" else 0)
    if not text.isdigit():
        raise ScheduleError(f"{name}: {text!r} is not a number")
    return int(text)
