"""demo_smoke.py BIN_DIR DEMO.PY - the demo as a user runs it, shortened.

The generated stream's changed rule leads to a promotion and a gain; the bad candidate is taken back without an
error for any client; Ctrl-C stops everything that was started.
"""
import http.client
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

BIN, DEMO = sys.argv[1:3]
DEADLINE_S = 150


def start(folder, *options):
    argv = [sys.executable, DEMO, BIN, "--work", str(folder / "work"), "--json", str(folder / "out.json"), *options]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def document(folder, said):
    path = folder / "out.json"
    assert path.exists(), f"no out.json; the demo said:\n{said}"
    return json.loads(path.read_text())


def changed_rule_is_learnt(folder):
    demo = start(folder, "--exit", "--rows", "28000", "--rate", "800")
    said, _ = demo.communicate(timeout=DEADLINE_S)
    d = document(folder, said)
    assert demo.returncode == 0, f"exit code {demo.returncode}:\n{said}"
    assert d["rows_served"] == 23000 and d["request_errors"] == 0, (d["rows_served"], d["request_errors"], said)
    first, *later = d["runs"]
    assert first["state"] == "promoted", first
    promoted = [r for r in later if r["state"] == "promoted"]
    assert promoted, f"nothing was promoted after the rule had changed:\n{said}"
    change = int(re.search(r"From row ([\d,]+) on the bank", said).group(1).replace(",", ""))
    for run in later:
        assert run["row_in_file_at_trigger"] >= change, f"a run before the change at {change}: {run['reason']}"
        assert run["trigger"] == "accuracy-fell", run["trigger"]
    assert d["served"] > d["frozen"], f"served {d['served']}, frozen {d['frozen']}"
    assert d["audit"]["ok"], d["audit"]
    assert not (folder / "work").exists(), "the work folder was left behind"
    print(f"served {d['served']:.4f}, frozen {d['frozen']:.4f}, {len(d['runs'])} runs")


def wait_line(demo, wanted):
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if wanted in line:
            return "".join(lines)
    raise AssertionError(f"never said \"{wanted}\":\n{''.join(lines)}")


def bad_candidate_is_taken_back_and_ctrl_c_stops_everything(folder):
    demo = start(folder, "--bad-candidate", "--rows", "10000")
    try:
        said = wait_line(demo, "Ctrl-C stops everything")
        d = document(folder, said)
        assert [r["state"] for r in d["runs"]] == ["promoted", "rolled_back"], (d["runs"], said)
        assert d["request_errors"] == 0, d["request_errors"]
        assert d["champion"]["label"] == "v1", d["champion"]
        ports = [int(p.read_text()) for p in (folder / "work").glob("*.port")]
        assert len(ports) == 6, ports
        demo.send_signal(signal.SIGINT)
        code = demo.wait(30)
        assert code == 130, f"exit code {code}, expected 130"
        for port in ports:
            assert not answers(port), f"something still listens on port {port}"
    finally:
        demo.kill()
        demo.wait()
        demo.stdout.close()


def answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        return True
    except OSError:
        return False
    finally:
        connection.close()


def main():
    # A shell gives its background jobs an ignored SIGINT, which the demo would inherit and respect.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for test in (changed_rule_is_learnt, bad_candidate_is_taken_back_and_ctrl_c_stops_everything):
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="leeway-test-") as folder:
            test(pathlib.Path(folder))
        print(f"{test.__name__}: ok, {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
