# SPDX-License-Identifier: ISC
"""What scenario tests in Python share: an installation with its daemon, a receiver of alerts, and TAP.

Everything is on loopback, on ports found free, in a folder of its own, and only what was started here is stopped."""
import base64
import faulthandler
import fcntl
import hashlib
import hmac
import http.server
import json
import os
import queue
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

BIN = os.environ.get("SUNDEW_BIN", ".")
SUNDEW = os.path.join(BIN, "sundew")
SUNDEWD = os.path.join(BIN, "sundewd")

# What is ended for its time (tests/bounded) says where it was, and ends what it started.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(124))
faulthandler.register(signal.SIGTERM, chain=True)


class Tap:
    """ok() numbers and prints results; done() prints the plan and exits."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def ok(self, good, what, *notes):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {what}", flush=True)
        for note in notes if not good else ():
            for line in str(note).splitlines()[-40:]:
                print(f"#   {line}")
        return good

    def skip(self, what, why):
        self.number += 1
        print(f"ok {self.number} - {what} # SKIP {why}", flush=True)

    def done(self):
        print(f"1..{self.number}", flush=True)
        sys.exit(1 if self.failed else 0)


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


# Tests run side by side: who picks ports locks their numbers in this file, until the process ends.
PORTS = open(os.path.join(tempfile.gettempdir(), f"sundew-test-ports-{os.getuid()}"), "a")
picked = set()


def port_base(count=8):
    """The first of `count` consecutive free ports, below those that clients get by themselves. No other test gets one of
    them before this process ends."""
    for _ in range(200):
        base = random.randrange(20000, 32000)
        if not picked.isdisjoint(range(base, base + count)):
            continue
        taken = []
        try:
            fcntl.lockf(PORTS, fcntl.LOCK_EX | fcntl.LOCK_NB, count, base)
        except OSError:
            continue
        try:
            for port in range(base, base + count):
                for family, address in ((socket.AF_INET, "127.0.0.1"),):
                    s = socket.socket(family, socket.SOCK_STREAM)
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    taken.append(s)
                    s.bind((address, port))
            picked.update(range(base, base + count))
            return base
        except OSError:
            fcntl.lockf(PORTS, fcntl.LOCK_UN, count, base)
            continue
        finally:
            for s in taken:
                s.close()
    raise RuntimeError("no free ports")


def drip(file, answer):
    """A byte at a time."""
    for byte in answer:
        file.write(bytes([byte]))
        file.flush()
        time.sleep(0.02)


class Receiver:
    """A SOC's webhook. `behave` is called with the number of the request and says what to do: an HTTP status, or
    "hang", "close", "half", "redirect", "slow". What was answered 2xx stands in `events` (and `bodies`)."""

    def __init__(self, behave=lambda n: 204):
        outer = self
        self.behave = behave
        self.events, self.bodies, self.headers = [], [], []
        self.requests = 0
        self.arrived = queue.Queue()
        self.lock = threading.Lock()
        self.release, self.closed = threading.Event(), threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with outer.lock:
                    outer.requests += 1
                    what = outer.behave(outer.requests)
                if outer.closed.is_set():  # a connection that was kept, to a receiver that is gone
                    self.close_connection = True
                    return
                if what == "hang":
                    outer.release.wait(60)
                    self.close_connection = True
                    return
                if what == "close":
                    self.close_connection = True
                    return
                if what == "half":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
                    self.close_connection = True
                    return
                if what == "redirect":
                    self.send_response(302)
                    self.send_header("Location", "http://127.0.0.1:9/")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                slow, what = what == "slow", 204 if what == "slow" else what
                if 200 <= what < 300:
                    with outer.lock:
                        outer.events.append(json.loads(body))
                        outer.bodies.append(body)
                        outer.headers.append(dict(self.headers.items()))
                if slow:
                    drip(self.wfile, b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
                else:
                    self.send_response(what)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                outer.arrived.put(what)

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, client_address):
                """A sender that was killed in the middle is part of the game."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.closed.set()
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def wait(self, enough, seconds=20):
        """Until enough(events) holds; False when it does not in time."""
        end = time.monotonic() + seconds
        while True:
            with self.lock:
                if enough(self.events):
                    return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            try:
                self.arrived.get(timeout=min(left, 1))
            except queue.Empty:
                pass


def sundew_part(event):
    """Our own ids in an alert: token, placement, sighting, incident, grade …"""
    return event["data"]["unmapped"]["sundew"]


known_tokens = {}


def tokens_of(events):
    """Every token id that the events name, also in updates that list several. Each event is read once: the receiver
    waits meanwhile."""
    found = set()
    for event in events:
        if id(event) not in known_tokens:
            known_tokens[id(event)] = (event, set(re.findall(r'"(t-[a-z2-7]{26})"', json.dumps(event))))
        found |= known_tokens[id(event)][1]
    return found


def secretlint(folder):
    """The command of npm's secretlint, told in the folder to look by its rules for canaries; None where it is not there."""
    for path in os.environ.get("NODE_PATH", "").split(":"):
        program, rules = f"{path}/secretlint/bin/secretlint.js", "@secretlint/secretlint-rule-preset-canary"
        if shutil.which("node") and os.path.exists(program) and os.path.exists(f"{path}/{rules}"):
            with open(f"{folder}/.secretlintrc.json", "w") as file:
                json.dump({"rules": [{"id": rules}]}, file)
            return ["node", program]
    return None


def signature_good(headers, body, secret):
    """Standard Webhooks v1, computed here independently."""
    lower = {k.lower(): v for k, v in headers.items()}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{lower['webhook-id']}.{lower['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(s == "v1," + wanted for s in lower["webhook-signature"].split(" "))


def end(*processes):
    """SIGTERM to all of them, and SIGKILL to those that it does not end."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Installation:
    """plain: the decoy gitlab has no listener for TLS, so that its plain one is no mere redirect."""

    def __init__(self, *init, route=None, plain=False):
        self.root = tempfile.mkdtemp(prefix="sundew-test-")
        self.dir = os.path.join(self.root, "inst")
        self.config = os.path.join(self.dir, "sundew.yaml")
        self.base = port_base()
        self.daemon = None
        self.log = os.path.join(self.root, "log")
        arguments = ["init", self.dir, "--organisation", "Example Rail", "--domain", "corp.example", "--address",
                     "127.0.0.1", "--port-base", str(self.base), *init]
        if route:
            arguments += ["--route", route]
        self.initialised = subprocess.run([SUNDEW, *arguments], capture_output=True, text=True, timeout=60)
        if self.initialised.returncode != 0:
            raise RuntimeError("init: " + self.initialised.stdout + self.initialised.stderr)
        if plain:
            with open(self.config) as config:
                text = config.read()
            with open(self.config, "w") as config:
                config.write(re.sub(r"(?s)(\n  gitlab:.*?listen: \[)\{[^{}]*tls: tls\}, ", r"\1", text, count=1))
        self.decoys = {d["decoy"]: d for d in self.json("decoys")}

    def port(self, decoy, tls):
        for listener in self.decoys[decoy]["listeners"]:
            if (listener["tls"] == "tls") == tls:
                return listener["port"]
        raise KeyError(decoy)

    def call(self, *arguments, check=True, timeout=60):
        result = subprocess.run([SUNDEW, "-c", self.config, *arguments], capture_output=True, text=True,
                                timeout=timeout, cwd=self.root)
        if check and result.returncode != 0:
            raise RuntimeError(f"sundew {' '.join(arguments)}: {result.returncode} {result.stdout}{result.stderr}")
        return result

    def json(self, *arguments, **options):
        return [json.loads(line) for line in self.call(*arguments, "--json", **options).stdout.splitlines()]

    def start(self, seconds=30):
        log = open(self.log, "ab")
        self.daemon = subprocess.Popen([SUNDEWD, "-c", self.config], stdout=subprocess.PIPE, stderr=log,
                                       start_new_session=True)
        log.close()
        line = []
        reader = threading.Thread(target=lambda: line.append(self.daemon.stdout.readline()), daemon=True)
        reader.start()
        reader.join(seconds)
        if line != [b"ready\n"]:
            raise RuntimeError(f"sundewd said {line} instead of ready:\n" + self.log_text())
        return self

    def log_text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def processes(self):
        """pid → program name of the daemon's tree."""
        found = {}
        if self.daemon is None or self.daemon.poll() is not None:
            return found
        group = self.daemon.pid
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if os.getpgid(int(entry)) == group:
                        with open(f"/proc/{entry}/comm") as comm:
                            found[int(entry)] = comm.read().strip()
                except (OSError, ProcessLookupError):
                    pass
        return found

    def kill_all(self):
        """SIGKILL of everything at once, as power loss would."""
        if self.daemon is not None:
            try:
                os.killpg(self.daemon.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.daemon.wait()
            self.daemon.stdout.close()
            self.daemon = None

    def stop(self):
        if self.daemon is None:
            return 0
        self.daemon.send_signal(signal.SIGTERM)
        try:
            code = self.daemon.wait(20)
        except subprocess.TimeoutExpired:
            self.kill_all()
            return -1
        self.daemon.stdout.close()
        self.daemon = None
        return code

    def close(self):
        self.stop()
        if not os.environ.get("SUNDEW_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)
        else:
            print("# kept", self.root)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if what[0] is not None and self.daemon is not None:
            print("# log:", *self.log_text().splitlines()[-30:], sep="\n#   ")
        self.kill_all() if what[0] is not None else None
        self.close()

    def secret_of_route(self):
        with open(os.path.join(self.dir, "secrets", "soc")) as file:
            return file.read().strip()


def form(identity, secret):
    from urllib.parse import urlencode
    return urlencode({"grant_type": "password", "username": identity, "password": secret}).encode()


class Kept:
    """A kept plain HTTP connection that posts logins to /oauth/token and gives back the raw answers."""

    def __init__(self, port, host="127.0.0.1", source="127.0.0.1"):
        self.port, self.host, self.source = port, host, source
        self.socket = None

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(self.source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def post(self, identity, secret, path="/oauth/token"):
        body = form(identity, secret)
        request = (f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
                   f"Content-Length: {len(body)}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n").encode()
        if self.socket is None:
            self.connect()
        self.socket.sendall(request + body)
        return self.answer()

    def answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("closed")
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        length = 0
        chunked = False
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            if name.lower() == b"transfer-encoding":
                chunked = True
        while (not rest.endswith(b"0\r\n\r\n")) if chunked else len(rest) < length:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("closed")
            rest += more
        if b"\r\nConnection: close" in head:
            self.close()
        return head, rest


def ber(tag, content):
    n = len(content)
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x82, n >> 8, n & 255])) + content


class Directory:
    """A kept LDAP connection that binds and gives back the raw answer."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def bind(self, dn, password, number=1):
        request = ber(0x30, ber(2, bytes([number])) +
                      ber(0x60, ber(2, b"\x03") + ber(4, dn.encode()) + ber(0x80, password.encode())))
        self.socket.sendall(request)
        data = self.socket.recv(4096)
        if not data:
            raise ConnectionError("closed")
        while len(data) < 2 + data[1]:
            data += self.socket.recv(4096)
        return data

    def close(self):
        self.socket.close()
