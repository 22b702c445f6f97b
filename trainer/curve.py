"""Draws the loss over the steps as a picture of its own, without any library."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT = 720, 360  # pixels
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 34, 40  # pixels around the axes
POINTS = 400  # a line has no more: one per pixel or so
TICKS = 4
CURVES = {"train_loss": ("training loss", "#2563eb"), "eval_loss": ("validation loss", "#dc2626")}

Point = tuple[float, float]


def loss_curve(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return an SVG with the training and the validation loss of the lines of metrics.jsonl."""
    curves = {name: _thinned([(line["step"], line[name]) for line in lines if name in line]) for name in CURVES}
    points = [point for curve in curves.values() for point in curve]
    right = max([step for step, _ in points], default=1) or 1
    top = max([loss for _, loss in points], default=1.0) * 1.05 or 1.0
    parts = [_axes(right, top)]
    for place, (name, curve) in enumerate(curves.items()):
        title, colour = CURVES[name]
        parts += [_line(curve, right, top, colour), _legend(title, colour, place)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" role="img">'
        f"<title>Loss over the steps of the training</title>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most POINTS points: the mean of each group of neighbours."""
    size = -(-len(points) // POINTS) or 1
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(group[-1][0], sum(loss for _, loss in group) / len(group)) for group in groups]


def _x(step: float, right: float) -> float:
    return LEFT + step / right * (WIDTH - LEFT - RIGHT)


def _y(loss: float, top: float) -> float:
    return HEIGHT - BOTTOM - loss / top * (HEIGHT - TOP - BOTTOM)


def _line(curve: Sequence[Point], right: float, top: float, colour: str) -> str:
    path = " ".join(f"{_x(step, right):.1f},{_y(loss, top):.1f}" for step, loss in curve)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _axes(right: float, top: float) -> str:
    parts = []
    for i in range(TICKS + 1):
        y, x = _y(top * i / TICKS, top), _x(right * i / TICKS, right)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e5e7eb"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{top * i / TICKS:.3g}", "end"))
        parts.append(_text(x, HEIGHT - BOTTOM + 16, f"{right * i / TICKS:.0f}", "middle"))
    return "".join(parts) + _text((LEFT + WIDTH) / 2, HEIGHT - 6, "step", "middle")


def _legend(title: str, colour: str, place: int) -> str:
    x = LEFT + place * 150
    return f'<path d="M{x} 16h22" stroke="{colour}" stroke-width="3"/>' + _text(x + 28, 20, title, "start")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#374151">{escape(text)}</text>'
