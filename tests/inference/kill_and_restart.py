#!/usr/bin/env python3
"""leeway-serve is killed (SIGKILL) in the middle of requests, again and again: every row whose request was
answered is in the log once, and each new process serves the old state as soon as it listens.
Usage: kill_and_restart.py LEEWAY_SERVE MAKE_ARTIFACT"""
import json
import sys
import threading

from serve_testing import REQUEST, Replica, make_artifacts, new_folder, version

ROUNDS = 5
ANSWERS_A_ROUND = 40


def ask_until_killed(replica, round_number, answered, enough):
    """Sends requests with ids of their own; notes the ids that were answered."""
    for i in range(10**6):
        request = dict(REQUEST, id=f"r{round_number}-{i}")
        try:
            status, _, _ = replica.call("POST", "/v2/models/loan/infer", request)
        except OSError:
            return
        except Exception as e:  # http.client: the connection ended in the middle of an answer
            if type(e).__module__ != "http.client":
                raise
            return
        assert status == 200, status
        answered.append(request["id"])
        if i == ANSWERS_A_ROUND:
            enough.set()


def read_log(replica):
    rows, start = [], 0
    while True:
        status, headers, body = replica.call("GET", f"/leeway/v1/models/loan/observations?from={start}&limit=100")
        assert status == 200
        if not body:
            return rows
        rows += [json.loads(line) for line in body.splitlines()]
        start = int(headers["Leeway-Next-Seq"])


def main():
    with new_folder() as folder:
        replica = Replica(sys.argv[1], folder, "--log-level", "error").start()
        a, b, _ = make_artifacts(sys.argv[2], folder, 2)
        replica.push(a)
        replica.push(b)
        replica.desire({"generation": 3, "champion": version(a, "v1"),
                        "candidate": version(b, "v2", weight=0.5), "shadow": False})
        answered, instances, log_ids = [], set(), set()
        for round_number in range(ROUNDS):
            enough = threading.Event()
            client = threading.Thread(target=ask_until_killed, args=(replica, round_number, answered, enough))
            client.start()
            assert enough.wait(20), "no answers"
            replica.kill()
            client.join()
            replica.start()
            assert replica.call("GET", "/v2/health/ready")[0] == 200
            state = replica.get_json("/leeway/v1/models/loan/state")
            assert state["generation"] == 3 and state["candidate"]["label"] == "v2", state
            instances.add(state["instance"])
            log_ids.add(state["log"]["id"])
        rows = read_log(replica)
        assert replica.stop() == 0
    ids = [row["id"] for row in rows]
    print(f"answered={len(answered)} logged={len(ids)} instances={len(instances)}")
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    assert len(set(ids)) == len(ids), "a row was logged twice"
    assert set(answered) <= set(ids), f"lost: {sorted(set(answered) - set(ids))[:5]}"
    assert len(ids) <= len(answered) + ROUNDS, "rows nobody asked for"
    assert len(instances) == ROUNDS and len(log_ids) == 1
    return 0


sys.exit(main())
