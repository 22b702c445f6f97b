"""Speaks the scoring worker's language and never ends an answer by itself; `load` loads nothing."""

import json
import queue
import sys
import threading

lines: queue.SimpleQueue[str] = queue.SimpleQueue()


def read() -> None:
    # A thread, as in the worker itself: `select` says nothing of lines that lie in Python's own buffer.
    for line in sys.stdin:
        lines.put(line)
    lines.put("")


threading.Thread(target=read, daemon=True).start()
answers: set[int] = set()
while True:
    try:
        line = lines.get(timeout=0.01)
    except queue.Empty:
        line = None
    if line == "":
        break
    if line:
        request = json.loads(line)
        if request["do"] == "answer":
            answers.add(request["id"])
        elif request["do"] == "cancel":
            answers.discard(request["id"])
            print(f"canceled {request['id']}", file=sys.stderr, flush=True)
        else:
            print(json.dumps({"id": request["id"], "event": "loaded"}), flush=True)
    for number in answers:
        print(json.dumps({"id": number, "event": "text", "text": "on and "}), flush=True)
