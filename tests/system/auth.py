"""auth.py BIN_DIR - who may do what, who did it, and how the programs know each other.

Roles and tokens at leewayd; the refusal of all three servers to be reached from elsewhere without a token or a
certificate; leewayd with a token for its peers, then with TLS everywhere.
"""
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys

from stack import POLICY, SCHEMA, Stack, call

TOKENS = {"ann": ("operator", "ann-0123456789abcdef"), "vic": ("viewer", "vic-0123456789abcdef")}
SKIPPED = 77
PEER = "peer-0123456789abcdef"


def ask(url, path, method="GET", body=None, token=None, ca=None):
    """(status, document) over HTTP or HTTPS, with a token."""
    scheme, host = url.split("://")
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if scheme == "https":
        connection = http.client.HTTPSConnection(host, timeout=15, context=ssl.create_default_context(cafile=ca))
    else:
        connection = http.client.HTTPConnection(host, timeout=15)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text
    finally:
        connection.close()


def write(s, name, text):
    with open(s.path(name), "w") as f:
        f.write(text)
    os.chmod(s.path(name), 0o600)
    return s.path(name)


def token_file(s):
    return write(s, "tokens", "".join(f"{name} {role} {token}\n" for name, (role, token) in TOKENS.items()))


# ---- nobody listens to the world without a lock ----

def refuse_to_be_public(bin_dir, s):
    for program in ("leewayd", "leeway-serve", "leeway-trainer"):
        argv = [os.path.join(bin_dir, program), "--data", s.path(f"open-{program}"), "--listen", "0.0.0.0:0"]
        done = subprocess.run(argv, capture_output=True, timeout=30)
        said = done.stderr.decode()
        assert done.returncode in (1, 2), (program, done.returncode, said)
        assert "listening" not in done.stdout.decode(), (program, done.stdout)
        assert "0.0.0.0" in said and "token" in said and "cert" in said, (program, said)
        print(f"{program} --listen 0.0.0.0: exit {done.returncode}: {said.strip().splitlines()[-1]}", flush=True)


def listen_with_token(s):
    """With a token file it may; and asks everybody for one."""
    for program in ("leewayd", "leeway-serve", "leeway-trainer"):
        p = s.process(f"public-{program}", program, "--data", s.path(f"public-{program}"), "--token-file", token_file(s))
        p.start()  # the harness listens on loopback; the rule asked for here is the token
        status, document = ask(p.url, "/metrics")
        assert status == 401, (program, status, document)
        assert p.stop() == 0, program


# ---- roles ----

READS = ("/v1/status", "/v1/models", "/v1/models/shop", "/v1/models/shop/policy", "/v1/models/shop/labels",
         "/v1/models/shop/drift", "/v1/models/shop/versions", "/v1/runs", "/v1/audit", "/v1/audit/verify", "/v1/replicas",
         "/metrics")
CHANGES = (("POST", "/v1/models", {"schema": SCHEMA}), ("PUT", "/v1/models/shop/policy", {}),
           ("POST", "/v1/models/shop/labels", {"labels": []}), ("POST", "/v1/models/shop/import", {"rows": []}),
           ("POST", "/v1/models/shop/retrain", {"reason": "no"}), ("POST", "/v1/models/shop/rollback", {"reason": "no"}),
           ("POST", "/v1/runs/r-none/abort", {}))


def roles(s, url, ca=None):
    viewer, operator = TOKENS["vic"][1], TOKENS["ann"][1]
    for path in READS:
        got = [ask(url, path, token=t, ca=ca)[0] for t in (None, "wrong-0123456789abcdef", viewer, operator)]
        assert got == [401, 401, 200, 200], (path, got)
    for method, path, body in CHANGES:
        got = [ask(url, path, method, body, t, ca)[0] for t in (None, viewer)]
        assert got == [401, 403], (method, path, got)
    for path in ("/health/live", "/health/ready"):
        assert ask(url, path, ca=ca)[0] == 200, path
    print(f"{len(READS)} reads and {len(CHANGES)} changes: 401 without a token, 403 for a viewer's change", flush=True)


def actors(s, url, ca=None):
    """What was changed says who changed it, under the name of the token."""
    operator = TOKENS["ann"][1]
    status, run = ask(url, "/v1/models/shop/retrain", "POST", {"reason": "ann asks"}, operator, ca)
    assert status == 201, (status, run)
    status, run = ask(url, f"/v1/runs/{run['id']}/abort", "POST", {"reason": "and thinks again"}, operator, ca)
    assert status == 200, (status, run)
    status, audit = ask(url, "/v1/audit?limit=100", token=operator, ca=ca)
    found = [r["actor"] for r in audit["records"] if r["subject"].startswith(("model/", "run/")) and r["actor"] == "ann"]
    assert len(found) >= 3, audit["records"][:10]  # the model, the run, its end
    status, shown = ask(url, f"/v1/runs/{run['id']}", token=operator, ca=ca)
    assert shown["trigger"]["actor"] == "ann" and "ann" in {line["actor"] for line in shown["timeline"]}, shown
    print(f"{len(found)} audit records name their actor ann", flush=True)


# ---- the whole, with tokens, then with TLS ----

def write_fleet(s):
    with open(s.path("fleet.json.new"), "w") as f:
        json.dump([{"targets": [r.url for r in s.replicas]}], f)
    os.replace(s.path("fleet.json.new"), s.path("fleet.json"))


def start_all(s, peer_args, daemon_args):
    s.start_trainer(*peer_args)
    s.start_replicas(2, *peer_args)
    write_fleet(s)
    s.start_daemon(*daemon_args)


def first_version(s, ca=None):
    """The closed loop works with locks on every door."""
    operator, url = TOKENS["ann"][1], s.daemon.url
    status, document = ask(url, "/v1/models", "POST", {"schema": SCHEMA, "policy": POLICY}, operator, ca)
    assert status == 201, (status, document)
    rows = [{"id": f"h{i}", "x": [float(i % 97), 18 + i % 70, ("web", "app", "store")[i % 3]],
             "label": "yes" if i % 97 > 50 else "no"} for i in range(1000)]
    status, document = ask(url, "/v1/models/shop/import", "POST", {"rows": rows}, operator, ca)
    assert status == 200, (status, document)
    status, run = ask(url, "/v1/models/shop/retrain", "POST", {"reason": "first"}, operator, ca)
    assert status == 201, (status, run)

    def ended():
        shown = ask(url, f"/v1/runs/{run['id']}", token=operator, ca=ca)[1]
        return shown if shown["done"] else None
    run = s.wait("the first version", ended)
    assert run["state"] == "promoted", (run["state"], run["reason"])
    for r in s.replicas:
        s.wait("a replica to be ready", lambda: ask(r.url, "/v2/models/shop/ready", token=PEER, ca=ca)[0] == 200)
    return run


def wrong_peer_token(bin_dir):
    """A peer's refusal is a clear problem, not a silence."""
    with Stack(bin_dir) as s:
        peers = write(s, "peer-tokens", f"leewayd operator {PEER}\n")
        start_all(s, ["--token-file", peers], ["--peer-token-file", write(s, "peer-token", "other-0123456789abcdef\n")])
        told = s.wait("the refusal in /v1/status", lambda: [
            p for p in s.api_ok("/v1/status")["problems"] if "token" in p])
        print(f"wrong peer token: \"{told[0]}\"", flush=True)


def with_tokens(bin_dir):
    with Stack(bin_dir) as s:
        refuse_to_be_public(bin_dir, s)
        listen_with_token(s)
        peers = write(s, "peer-tokens", f"leewayd operator {PEER}\n")
        start_all(s, ["--token-file", peers],
                  ["--token-file", token_file(s), "--peer-token-file", write(s, "peer-token", PEER + "\n")])
        for p in (s.trainer, *s.replicas):
            assert ask(p.url, "/metrics")[0] == 401 and ask(p.url, "/metrics", token=PEER)[0] == 200, p.name
        first_version(s)
        roles(s, s.daemon.url)
        actors(s, s.daemon.url)
        print("tokens between the programs: the loop closes", flush=True)


def make_certificate(s):
    """Self-signed for 127.0.0.1."""
    cert, key = s.path("cert.pem"), s.path("key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days",
                    "2", "-subj", "/CN=leeway-test", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True, timeout=60)
    return cert, key


def with_tls(bin_dir):
    with Stack(bin_dir) as s:
        cert, key = make_certificate(s)
        tls = ["--cert", cert, "--key", key]
        peers = write(s, "peer-tokens", f"leewayd operator {PEER}\n")
        start_all(s, [*tls, "--token-file", peers],
                  [*tls, "--token-file", token_file(s), "--peer-ca", cert, "--peer-token-file",
                   write(s, "peer-token", PEER + "\n")])
        assert all(p.url.startswith("https://") for p in (s.daemon, s.trainer, *s.replicas))
        first_version(s, cert)
        actors(s, s.daemon.url, cert)
        status, document = call(s.daemon.url.replace("https", "http") + "/health/live")
        assert status != 200, (status, document)
        print("TLS between the programs: the loop closes; without TLS nobody answers", flush=True)


def untrusted_peer(bin_dir):
    """Without --peer-ca a self-signed peer is not believed, and that is said."""
    with Stack(bin_dir) as s:
        cert, key = make_certificate(s)
        start_all(s, ["--cert", cert, "--key", key], [])
        told = s.wait("the doubt in /v1/status", lambda: [
            p for p in s.api_ok("/v1/status")["problems"] if "certificate" in p.lower()])
        print(f"self-signed peer without --peer-ca: \"{told[0]}\"", flush=True)


def main():
    with_tokens(sys.argv[1])
    wrong_peer_token(sys.argv[1])
    if not shutil.which("openssl"):
        print("skipped: TLS, as there is no openssl to make a certificate; the rest has passed")
        sys.exit(SKIPPED)
    with_tls(sys.argv[1])
    untrusted_peer(sys.argv[1])


main()
