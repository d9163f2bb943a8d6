"""crash.py BIN_DIR - kill -9 at random moments of runs: of leewayd, of a replica, of the trainer.

What must hold afterwards: every run ended in a legal state, no run had two jobs at the trainer, every answered
request is one observation and every label counts once, clients saw no error, and the audit chain verifies.
LEEWAY_KILLS sets the number of kills of leewayd (default 12), LEEWAY_SEED the moments.
"""
import os
import random
import sys
import time

from stack import Stack, Traffic, call

KILLS = int(os.environ.get("LEEWAY_KILLS", "12"))
LEGAL_ENDS = {"promoted", "rejected", "rolled_back", "failed", "aborted", "expired"}


def ensure_run(s):
    """A run is under way; the last one's end is legal."""
    runs = s.api_ok("/v1/runs?limit=1")["runs"]
    if runs and not runs[0]["done"]:
        return
    status, document = s.api("/v1/models/shop/retrain", "POST", {"reason": "crash test"})
    assert status in (201, 0), (status, document)


def kill_daemon(s, rng, n):
    for i in range(n):
        ensure_run(s)
        time.sleep(rng.uniform(0, 1.2))
        s.daemon.kill()
        s.daemon.restart()
        s.wait("leewayd is ready", lambda: s.api("/health/ready")[0] == 200)
        if (i + 1) % 20 == 0:
            print(f"killed leewayd {i + 1} times", flush=True)


def kill_replica(s, rng, n):
    for _ in range(n):
        ensure_run(s)
        time.sleep(rng.uniform(0, 1.0))
        replica = rng.choice(s.replicas)
        replica.kill()
        time.sleep(rng.uniform(0, 0.3))
        replica.restart()


def kill_trainer(s, rng, n):
    for _ in range(n):
        ensure_run(s)
        time.sleep(rng.uniform(0, 0.5))
        s.trainer.kill()
        time.sleep(rng.uniform(0, 0.3))
        s.trainer.restart()


def settle(s):
    def quiet():
        runs = s.api_ok("/v1/runs?limit=1")["runs"]
        return not runs or runs[0]["done"]
    s.wait("the last run to end", quiet, 90)


def check(s, t):
    account = s.wait("every answered request to be collected", lambda: (
        lambda a: a if a["observations"] >= t.answered and a["owed"] == 0 else None)(
            s.api_ok("/v1/models/shop/labels")), 30)
    assert account["observations"] == t.answered, (account, t.answered)
    assert account["labelled"] == t.labelled + account["imported"], (account, t.labelled)
    assert account["conflicts"] == 0 and account["waiting"] == 0, account
    assert account["observations_missed"] == 0, account
    runs = s.api_ok("/v1/runs?limit=1000")["runs"]
    states = {}
    for run in runs:
        assert run["done"] and run["state"] in LEGAL_ENDS, run
        states[run["state"]] = states.get(run["state"], 0) + 1
    status, jobs = call(s.trainer.url + "/v1/jobs?limit=1000")
    assert status == 200, jobs
    ids = [j["id"] for j in jobs["jobs"]]
    owners = [i.rsplit("-", 1)[0] for i in ids]
    assert len(ids) == len(set(ids)), "a job id twice"
    doubled = {o for o in owners if owners.count(o) > 1}
    for owner in doubled:  # a further attempt is legal only after the one before has failed
        attempts = [j for j in jobs["jobs"] if j["id"].rsplit("-", 1)[0] == owner]
        assert sum(j["state"] != "failed" for j in attempts) <= 1, attempts
    assert set(owners) <= {r["id"] for r in runs}, "a job without a run"
    audit = s.api_ok("/v1/audit/verify")
    assert audit["ok"], audit
    assert not t.errors, t.errors[:5]
    return states, account, audit


def main():
    rng = random.Random(int(os.environ.get("LEEWAY_SEED", "1")))
    with Stack(sys.argv[1]) as s:
        s.start_trainer()
        s.start_replicas(2)
        s.start_daemon()
        s.create_model()
        s.first_version()
        t = Traffic(s)
        t.start()
        kill_daemon(s, rng, KILLS)
        settle(s)
        print(f"leewayd was killed {KILLS} times")
        kill_replica(s, rng, max(4, KILLS // 10))
        settle(s)
        print(f"replicas were killed {max(4, KILLS // 10)} times")
        kill_trainer(s, rng, max(4, KILLS // 10))
        settle(s)
        print(f"the trainer was killed {max(4, KILLS // 10)} times")
        t.finish()
        states, account, audit = check(s, t)
        print(f"runs by end: {states}")
        print(f"requests answered {t.answered}, tried again {t.unanswered}; observations "
              f"{account['observations']}, labels sent {t.labelled}, labelled {account['labelled']} "
              f"(imported {account['imported']}); audit records {audit['records']}, chain ok")


main()
