#!/usr/bin/env python3
"""wrk posts to leeway-serve while its desired state changes every 100 ms: not one request may fail, and no row
may be missing from the counts or the log. Usage: swap_under_load.py LEEWAY_SERVE MAKE_ARTIFACT
LEEWAY_SWAP_SECONDS (default 5) says for how long; exit code 77 where wrk is not installed."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

from serve_testing import REQUEST, Replica, make_artifacts, new_folder, version

SWAP_EVERY_S = 0.1


def write_script(path):
    """A wrk script: every connection sends keys of its own; counts what is not a 2xx."""
    path.write_text(
        "wrk.method = 'POST'\n"
        f"local body = {json.dumps(json.dumps(REQUEST))}\n"
        "local n = 0\n"
        "request = function() n = n + 1; return wrk.format('POST', nil, {['Leeway-Key'] = 'u' .. n}, body) end\n"
        "done = function(s, latency, r)\n"
        "  io.write(string.format('requests=%d status=%d connect=%d read=%d write=%d timeout=%d p99_ms=%.3f\\n',\n"
        "    s.requests, s.errors.status, s.errors.connect, s.errors.read, s.errors.write, s.errors.timeout,\n"
        "    latency:percentile(99) / 1000))\n"
        "end\n")


def states(good, bad):
    """One desired state after the other; every fifth names a candidate that does not load."""
    generation = 1
    while True:
        a, b = good[generation % len(good)], good[(generation + 1) % len(good)]
        kind = generation % 5
        state = {"generation": generation, "champion": version(a, f"v{generation}")}
        if kind in (1, 2):
            state["candidate"] = version(b, f"c{generation}", weight=0.3 * kind)
        elif kind == 3:
            state["candidate"] = version(b, f"c{generation}", weight=0)
            state["shadow"] = True
        elif kind == 4:
            state["candidate"] = version(bad, "bad", weight=0.5)
        yield state, 422 if kind == 4 else 200
        generation += 1


def main():
    if not shutil.which("wrk"):
        print("skipped: wrk is not installed")
        return 77
    seconds = float(os.environ.get("LEEWAY_SWAP_SECONDS", "5"))
    with new_folder() as folder:
        replica = Replica(sys.argv[1], folder, "--log-level", "error", "--log-bytes", "2G").start()
        *good, bad = make_artifacts(sys.argv[2], folder, 4)
        for path in (*good, bad):
            replica.push(path)
        desired = states(good, bad)
        replica.desire(next(desired)[0])
        script = replica.folder / "post.lua"
        write_script(script)
        load = subprocess.Popen(
            ["wrk", "-t1", "-c8", f"-d{seconds:.0f}s", "--timeout", "10s", "-s", script,
             f"http://127.0.0.1:{replica.port}/v2/models/loan/infer"],
            stdout=subprocess.PIPE, text=True)
        n_swaps = 0
        next_swap = time.monotonic()
        while load.poll() is None:
            replica.desire(*next(desired))
            n_swaps += 1
            next_swap += SWAP_EVERY_S
            time.sleep(max(0.0, next_swap - time.monotonic()))  # the pace of the test, not a wait for an event
        output = load.stdout.read()
        state = replica.get_json("/leeway/v1/models/loan/state")
        status = replica.stop()
    found = re.search(r"requests=(\d+) status=(\d+) connect=(\d+) read=(\d+) write=(\d+) timeout=(\d+)", output)
    print(output.splitlines()[-1] if output else "no output", f"desired_states={n_swaps}",
          f"rows_logged={state['log']['next_seq']}", f"rejected={state['rejected']}")
    assert found, output
    n_requests, *errors = (int(x) for x in found.groups())
    assert n_requests > 0 and not any(errors), f"failed requests: {output}"
    assert n_swaps >= seconds / SWAP_EVERY_S / 4, f"only {n_swaps} desired states in {seconds} s"
    assert state["rejected"] == 0, state["rejected"]
    # wrk gives up what is in flight at its end: the replica may have answered up to one more a connection
    assert n_requests <= state["log"]["next_seq"] <= n_requests + 8, (n_requests, state["log"])
    assert status == 0, f"exit status {status}"
    return 0


sys.exit(main())
