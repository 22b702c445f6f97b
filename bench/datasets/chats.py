"""Invented chats that look like real ones: languages, typographic marks, lists, code, quotes, tool calls."""

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PLAIN = "the order parcel refund arrives Monday your account please open settings again we will check and write"
TYPED = PLAIN + " it’s don’t – “soon” café €5 naïve …"
LANGUAGES = {  # words, and how many of ten chats are in them
    "plain": (PLAIN, 3),
    "typed": (TYPED, 3),
    "German": ("die Bestellung kommt am nächsten Montag können Sie bitte prüfen größere Straße für über schön", 1),
    "Spanish": ("el pedido llegará mañana señor también está aquí la dirección número por favor qué cómo día", 1),
    "Russian": ("заказ придёт завтра пожалуйста проверьте адрес спасибо ваш счёт мы напишем снова сегодня", 1),
    "Chinese": ("您的 订单 明天 到达 请 检查 地址 谢谢 我们 会 再 联系 账户 设置 退款 今天 包裹", 1),
}
ENDS = ("", "", ".", "?", "\n\n1. First\n2. Then", ' He said "yes".', "\n```python\nprint('C:\\\\x')\n```", " 🎉")
SYSTEM = "You help the customers of a shop."
CALL = {"id": "c1", "type": "function", "function": {"name": "find_order", "arguments": '{"number": 7}'}}
POOL = 3_000  # texts per language from which chats are made


def write_chats(
    path: Path,
    megabytes: float,
    *,
    tools: float = 0.0,
    ascii_only: bool = False,
    languages: Iterable[str] = LANGUAGES,
) -> int:
    """Write about so many megabytes of chats, a share of them with tool calls; return the number of lines."""
    size = count = 0
    with path.open("wb") as file:
        for chat in chats(tools, languages):
            size += file.write(json.dumps(chat, ensure_ascii=ascii_only).encode() + b"\n")
            count += 1
            if size >= megabytes * 1_000_000:
                break
    return count


def chats(tools: float, languages: Iterable[str], seed: int = 7) -> Iterator[dict[str, Any]]:
    """Yield chats without end, every one another."""
    draw = random.Random(seed)
    pools = {name: _texts(draw, LANGUAGES[name][0].split(), plain=name == "plain") for name in languages}
    names = [name for name in pools for _ in range(LANGUAGES[name][1])]
    number = 0
    while True:
        pool = pools[draw.choice(names)]
        messages: list[dict[str, Any]] = [{"role": "system", "content": SYSTEM}]
        for _ in range(draw.choice((1, 1, 1, 2, 3))):
            number += 1
            messages.append({"role": "user", "content": f"{number}: {draw.choice(pool)}"})
            if draw.random() < tools:
                messages.append({"role": "assistant", "content": None, "tool_calls": [CALL]})
                messages.append({"role": "tool", "content": "on its way", "tool_call_id": "c1"})
            messages.append({"role": "assistant", "content": draw.choice(pool)})
        yield {"messages": messages}


def write_short_lines(path: Path, count: int) -> None:
    """Write so many of the shortest chats, to see what a line takes."""
    line = '{{"messages":[{{"role":"user","content":"{0}?"}},{{"role":"assistant","content":"{0}"}}]}}\n'
    with path.open("w", encoding="ascii") as file:
        file.writelines(line.format(number) for number in range(count))


def _texts(draw: random.Random, words: list[str], *, plain: bool) -> list[str]:
    """Return texts of these words, of 100 to 900 bytes or so."""
    ends = ENDS[:-1] if plain else ENDS
    return [" ".join(draw.choices(words, k=draw.randint(20, 110))) + draw.choice(ends) for _ in range(POOL)]
