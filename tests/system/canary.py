"""canary.py BIN_DIR - what the rollout does with bad candidates, and what operators may do to a run.

A candidate trained on flipped labels, with the gate off, is taken back by the canary alone: by its labels,
by what it predicts, or because nothing ever spoke for it. The champion's clients see no error meanwhile.
Then every operator's verb in every state that a run can be held in, and a rollback after a promotion.
"""
import re
import signal
import sys

from stack import POLICY, Stack, Traffic, call

REST = "/v2/models/shop"
PROBE = {"id": "probe", "inputs": [
    {"name": "amount", "datatype": "FP64", "shape": [3], "data": [5.0, 40.0, 200.0]},
    {"name": "age", "datatype": "FP64", "shape": [3], "data": [70, 40, 20]},
    {"name": "channel", "datatype": "BYTES", "shape": [3], "data": ["store", "app", "web"]}]}

FLIPPED = POLICY.replace("epochs: 5}", "epochs: 5, flip_labels: 100%}")


def with_abort(policy, **limits):
    for key, value in limits.items():
        policy, n = re.subn(rf"{key}: [^,}}]+", f"{key}: {value}", policy)
        assert n == 1, (key, n)
    return policy


class Unlabelled(Traffic):
    """Clients whose labels never arrive."""

    def send_labels(self, labels):
        pass


def fleet_states(s):
    return [call(r.url + "/leeway/v1/models/shop/state")[1] for r in s.replicas]


def answers(s):
    """What each replica answers to the same rows, by itself: scores and the version that gave them."""
    found = []
    for r in s.replicas:
        status, document = call(r.url + REST + "/infer", "POST", PROBE)
        assert status == 200, (status, document)
        found.append((document["model_version"], [o["data"] for o in document["outputs"]]))
    return found


def champion_alone(s, version):
    states = fleet_states(s)
    return all(st["champion"]["sha256"] == version and st["candidate"] is None and not st["shadow"] for st in states)


def bad_candidate(s, what, policy, traffic, expected):
    """A flipped candidate under the policy: rolled back, with a reason that matches; nothing else has changed."""
    s.put_policy(policy)
    before, champion = answers(s), s.api_ok("/v1/models/shop/champion")
    traffic.start()
    run = s.wait_run(s.retrain(what))
    traffic.finish()
    assert run["state"] == "rolled_back", (run["state"], run["reason"])
    assert re.search(expected, run["reason"]), (expected, run["reason"])
    assert not traffic.errors and traffic.unanswered == 0, (traffic.errors[:3], traffic.unanswered)
    s.wait("the champion serves alone", lambda: champion_alone(s, champion["sha256"]))
    after = answers(s)
    assert after == before, (before, after)
    assert s.api_ok("/v1/models/shop/champion") == champion
    versions = {v["label"]: v["state"] for v in s.api_ok("/v1/models/shop/versions")["versions"]}
    assert versions[run["candidate"]["label"]] == "rejected", versions
    print(f"{what}: {run['candidate']['label']} {run['state']}, {traffic.answered} requests answered without an "
          f"error meanwhile\n    {run['reason']}", flush=True)
    return run


def bad_candidates(s):
    no_shadow = re.sub(r"  shadow:.*\n", "", FLIPPED)
    bad_candidate(s, "flipped labels, found by labels", with_abort(no_shadow, prediction_js="off"), Traffic(s, seed=11),
                  r"bad: labelled errors.*\d\.\d+.*\d\.\d+.*candidate \d+ requests, champion \d+")
    bad_candidate(s, "flipped labels, labels never arrive",
                  with_abort(FLIPPED, prediction_js="0.1", metric_drop="off").replace("min_requests: 20", "min_requests: 150"),
                  Unlabelled(s, seed=12), r"bad: predictions.*0\.\d+.*candidate \d+ requests")
    bad_candidate(s, "flipped labels, nothing to judge by",
                  with_abort(FLIPPED, prediction_js="off").replace("max_time: 1m", "max_time: 3s"),
                  Unlabelled(s, seed=13), r"3s are over with verdict not_enough .*labelled errors: 0 labelled rows of the candidate.*no data never promotes")


def undecided_goes_on(s):
    """What the policy says of a stage that ends undecided is done: on_timeout: promote."""
    one_step = re.sub(r"    - .*weight: 60%.*\n|  shadow:.*\n", "", POLICY).replace("max_time: 1m", "max_time: 2s")
    s.put_policy(one_step.replace("on_timeout: rollback", "on_timeout: promote"))
    t = Unlabelled(s, seed=17)
    t.start()
    run = s.wait_run(s.retrain("no label will come, and the policy does not mind"))
    t.finish()
    words = [line["reason"] for line in run["timeline"] if "undecided goes on" in line["reason"]]
    assert run["state"] == "promoted" and len(words) == 1, (run["state"], run["reason"], words)
    print(f"on_timeout: promote\n    {words[0]}", flush=True)


# ---- operators ----

# Nobody asks: what waits for requests waits for ever.
HELD = POLICY.replace("guards: {", "guards: {approval: both, ")
CANARY_ONLY = re.sub(r"  shadow:.*\n", "", HELD)
ONE_STEP = with_abort(re.sub(r"    - .*weight: 60%.*\n", "", CANARY_ONLY), metric_drop="off")
ASKING = HELD.replace("triggers:\n", "triggers:\n  - {name: enough, kind: labelled_rows, rows: 100}\n")


class Frozen:
    """A process that does not answer while the block lasts."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        self.process.popen.send_signal(signal.SIGSTOP)

    def __exit__(self, *_):
        self.process.popen.send_signal(signal.SIGCONT)


def policy_run(s):
    """A run that the policy itself asked for: those wait for an approval."""
    rows = [{"id": f"more{policy_run.n + i}", "x": [10.0 + i, 20 + i % 60, "web"], "label": "no" if i % 2 else "yes"}
            for i in range(120)]
    policy_run.n += 120
    known = {r["id"] for r in s.api_ok("/v1/runs?limit=100")["runs"]}
    s.api_ok("/v1/models/shop/import", "POST", {"rows": rows})
    fresh = s.wait("the policy to ask for a run", lambda: [
        r for r in s.api_ok("/v1/runs?limit=5")["runs"] if r["id"] not in known])
    return fresh[0]["id"]


policy_run.n = 0


def past_canary(s):
    """A run whose only stage has seen what it asks for: it waits for the promotion to be approved."""
    run_id = s.retrain("to be held before the promotion")
    s.reach(run_id, "canary")
    clients = Traffic(s, seed=16)
    for i in range(60):
        past_canary.n += 1
        assert clients.infer(past_canary.n, [20.0 + i, 20 + i, "app"]), clients.errors
    s.reach(run_id, "awaiting_promotion")
    return run_id


past_canary.n = 10 ** 6  # ids that no other client uses


class Held:
    """One run held in one state: how to get there, and what must be let go for it to end."""

    def __init__(self, s, state, policy=HELD, frozen=None, start=None):
        self.s, self.state, self.policy, self.frozen = s, state, policy, frozen
        self.start = start or (lambda: s.retrain(f"to be held in {state}"))

    def take_policy(self):
        """The policy before this one may ask for a run again as soon as its last one was aborted."""
        status, document = call(self.s.daemon.url + "/v1/models/shop/policy", "PUT", self.policy)
        if status == 409:
            for run in self.s.api_ok("/v1/runs?limit=5")["runs"]:
                self.s.api(f"/v1/runs/{run['id']}/abort", "POST", {"reason": "nobody wants it"})
        assert status in (200, 409), (status, document)
        return status == 200

    def __enter__(self):
        self.s.wait("the policy to be taken", self.take_policy)
        self.freeze = Frozen(self.frozen) if self.frozen else None
        if self.freeze and self.state != "promote":
            self.freeze.__enter__()
        self.id = self.start()
        if self.state == "promote":
            self.freeze.__enter__()
            self.verb("approve")
        self.s.reach(self.id, self.state)
        return self

    def verb(self, verb, status=200, says=""):
        if verb == "rollback":
            got, document = self.s.api("/v1/models/shop/rollback", "POST", {"reason": "operator's test"})
        else:
            got, document = self.s.api(f"/v1/runs/{self.id}/{verb}", "POST", {"reason": "operator's test"})
        assert got == status, f"{verb} in {self.state}: expected {status}, got {got} {document}"
        assert says in str(document), f"{verb} in {self.state}: expected '{says}', got {document}"
        return document

    def ends(self, *states):
        if self.freeze:
            self.freeze.__exit__()
            self.freeze = None
        run = self.s.wait_run(self.id)
        assert run["state"] in states, f"from {self.state}: expected {states}, got {run['state']}: {run['reason']}"
        return run

    def __exit__(self, kind, *_):
        if self.freeze:
            self.freeze.__exit__()
        if kind is None and not self.s.run(self.id)["done"]:
            self.s.api_ok(f"/v1/runs/{self.id}/abort", "POST", {"reason": "tidy up"})
            self.s.wait_run(self.id)


# What each verb must do in a state: 200, or 409 with a part of the reason. rollback is asked of the model.
NO_CANDIDATE, NOTHING_WAITS = (409, "no candidate yet"), (409, "nothing waits for an approval")
VERBS = {
    "awaiting_approval": {"promote": NO_CANDIDATE, "rollback": (409, "abort it first")},
    "push": {"approve": NOTHING_WAITS, "promote": NO_CANDIDATE, "rollback": (409, "abort it first")},
    "distribute": {"approve": NOTHING_WAITS},
    "shadow": {"approve": NOTHING_WAITS},
    "canary": {"approve": NOTHING_WAITS},
    "awaiting_promotion": {},
    "promote": {"approve": (200, "")},
}


def ways_in(s):
    return {
        "awaiting_approval": dict(policy=ASKING, start=lambda: policy_run(s)),
        "push": dict(frozen=s.trainer),
        "distribute": dict(frozen=s.replicas[0]),
        "shadow": dict(),
        "canary": dict(policy=CANARY_ONLY),
        "awaiting_promotion": dict(policy=ONE_STEP, start=lambda: past_canary(s)),
        "promote": dict(policy=ONE_STEP, start=lambda: past_canary(s), frozen=s.replicas[0]),
    }


def pause_and_resume(held):
    held.verb("pause")
    assert held.s.run(held.id)["paused"] is True
    held.verb("pause")
    assert held.s.run(held.id)["state"] == held.state
    held.verb("resume")
    held.verb("resume")
    assert held.s.run(held.id)["paused"] is False


def abort_everywhere(s):
    """In every state: the verbs that must be refused are, pause and resume hold and let go, abort ends it."""
    for state, ways in ways_in(s).items():
        with Held(s, state, **ways) as held:
            for verb, (status, says) in VERBS[state].items():
                held.verb(verb, status, says)
            pause_and_resume(held)
            held.verb("abort")
            held.ends("aborted")
            for verb in ("pause", "resume", "promote"):
                held.verb(verb, 409, "it has ended")
            held.verb("abort")  # it is so already
    print(f"abort, pause and resume in {', '.join(VERBS)}: as they should be", flush=True)


def roll_back_everywhere(s):
    for state in ("distribute", "shadow", "canary", "awaiting_promotion", "promote"):
        with Held(s, state, **ways_in(s)[state]) as held:
            held.verb("rollback")
            run = held.ends("rolled_back")
            assert "operator's test" in run["reason"], run["reason"]
    print("rollback in distribute, shadow, canary, awaiting_promotion, promote: rolled back", flush=True)


def promote_everywhere(s):
    for state in ("distribute", "shadow", "canary", "awaiting_promotion"):
        with Held(s, state, **ways_in(s)[state]) as held:
            held.verb("promote")
            run = held.ends("promoted")
            s.wait("the fleet runs it alone", lambda: champion_alone(s, run["candidate"]["sha256"]))
    print("promote in distribute, shadow, canary, awaiting_promotion: promoted", flush=True)


def approve_both(s):
    s.put_policy(with_abort(ASKING, metric_drop="off"))
    t = Unlabelled(s, seed=14)
    t.start()
    run_id = policy_run(s)
    s.reach(run_id, "awaiting_approval")
    s.api_ok(f"/v1/runs/{run_id}/approve", "POST", {"reason": "train it"})
    s.reach(run_id, "awaiting_promotion")
    s.api_ok(f"/v1/runs/{run_id}/approve", "POST", {"reason": "take it"})
    run = s.wait_run(run_id)
    t.finish()
    assert run["state"] == "promoted", run
    said = [line["actor"] for line in run["timeline"] if "approved" in line["reason"]]
    assert len(said) == 2 and all(said), run["timeline"]
    assert not t.errors, t.errors[:3]
    print(f"approval: both: approved twice by {said[0]}, promoted", flush=True)


def rollback_after_promotion(s):
    """The old version is still loaded: one push to each replica, and no client notices."""
    before = s.api_ok("/v1/models/shop/champion")
    previous = s.api_ok("/v1/models/shop/versions")["versions"]
    for st in fleet_states(s):
        assert len(st["loaded"]) == 2, st["loaded"]
    t = Unlabelled(s, seed=15)
    t.start()
    document = s.api_ok("/v1/models/shop/rollback", "POST", {"reason": "second thoughts"})
    states = fleet_states(s)
    t.finish()
    assert document["replicas_reached"] == document["replicas"] == len(s.replicas), document
    assert document["from"] == before["version"] != document["to"], (document, before)
    for st in states:
        assert st["champion"]["label"] == document["to"], (st, document)
        assert st["generation"] == document["generation"], (st, document)
    assert document["to"] in {v["label"] for v in previous}, (document, previous)
    assert not t.errors and t.unanswered == 0, t.errors[:3]
    print(f"rollback after promotion: {document['from']} -> {document['to']}, {document['replicas_reached']} of "
          f"{document['replicas']} replicas in {document['elapsed_ms']} ms", flush=True)


def main():
    with Stack(sys.argv[1]) as s:
        s.start_trainer("--allow-fault-injection")
        s.start_replicas(2)
        s.start_daemon()
        s.create_model()
        s.first_version()
        bad_candidates(s)
        approve_both(s)
        rollback_after_promotion(s)
        abort_everywhere(s)
        roll_back_everywhere(s)
        promote_everywhere(s)
        undecided_goes_on(s)
        audit = s.api_ok("/v1/audit/verify")
        assert audit["ok"], audit
        print(f"audit records {audit['records']}, chain ok")


main()
