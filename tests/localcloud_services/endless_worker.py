"""Speaks the scoring worker's language and never ends an answer by itself; `load` loads nothing."""

import json
import select
import sys

answers: set[int] = set()
while True:
    ready = bool(select.select([sys.stdin], [], [], 0.01 if answers else None)[0])
    line = sys.stdin.readline() if ready else None
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
