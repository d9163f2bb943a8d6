"""cli_testing.py - runs leeway and checks what it said; a fake leewayd and fake replicas on loopback."""
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time

LEEWAY = sys.argv[1]
SOURCE = sys.argv[2]


def run(*args, server=None, env=None, stdin=None, timeout=30):
    """(exit code, stdout, stderr); nothing of the caller's settings leaks in."""
    clean = {"PATH": os.environ["PATH"], "USER": "ada", "HOME": "/nonexistent"}
    clean.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    clean.update(env or {})
    if server:
        clean["LEEWAY_SERVER"] = server
    done = subprocess.run([LEEWAY, *args], env=clean, input=stdin, text=True, capture_output=True, timeout=timeout)
    if "Sanitizer" in done.stderr or "runtime error:" in done.stderr:
        sys.exit(f"{args}: {done.stderr}")
    return done.returncode, done.stdout, done.stderr


def expect(what, got, want):
    if got != want:
        sys.exit(f"{what}: expected {want!r}, got {got!r}")


def expect_in(what, part, text):
    if part not in text:
        sys.exit(f"{what}: expected {part!r} in:\n{text}")


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Fake(http.server.ThreadingHTTPServer):
    """Answers by a function (method, path, body, headers) -> (status, JSON or text)."""
    daemon_threads = True

    def __init__(self, answer):
        self.answer = answer
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that went away


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one piece: else each answer waits for a delayed acknowledgement

    def reply(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer = self.server.answer(self.command, self.path, body, self.headers)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        kind = "application/yaml" if isinstance(answer, str) else "application/json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = do_PUT = reply

    def log_message(self, *args):
        pass


def run_tests(tests):
    for test in tests:
        began = time.monotonic()
        test()
        print(f"ok {test.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
