# SPDX-License-Identifier: ISC
"""What the differs share: a private nginx with nginx.conf, the upstream behind it, and a client that notes every byte
that comes back and how the connection ends."""
import collections
import concurrent.futures
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "scenarios"))
from sundew import port_base  # noqa: E402

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else None)
SITES = os.path.join(os.environ.get("SUNDEW_DATADIR", "templates"), "site")
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
PORTS = ("plain", "tls", "redirect", "files", "proxied", "proxied_tls")
Ending = collections.namedtuple("Ending", "data end")  # end: open, closed, reset, ragged (TLS without its goodbye)


def certificate(folder):
    """One that the decoy and nginx share."""
    key, chain = os.path.join(folder, "privkey.pem"), os.path.join(folder, "fullchain.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", chain, "-subj", "/CN=git.corp.example", "-addext",
                    "subjectAltName=DNS:git.corp.example,DNS:*.corp.example"], check=True, capture_output=True)
    return chain, key


def front_lines(site):
    """The lines that a site has its web server add, for nginx to add them."""
    with open(os.path.join(SITES, site, "site.yaml")) as text:
        block = re.search(r"(?ms)^front:\n.*?^  headers: \|\n((?:    [^\n]*\n)+)", text.read())
    return [line.strip() for line in block.group(1).splitlines()] if block else []


class Nginx:
    def __init__(self, folder, upstream, decoy, chain, key, root, front=()):
        self.base = port_base(len(PORTS))
        self.port = {name: self.base + i for i, name in enumerate(PORTS)}
        self.root = root
        self.folder = os.path.join(folder, "nginx")
        os.mkdir(self.folder)
        values = {"folder": self.folder, "address": "127.0.0.1", "upstream": f"127.0.0.1:{upstream}", "decoy": decoy,
                  "certificate": chain, "key": key, "root": root, **self.port,
                  "front": " ".join("add_header {} \"{}\";".format(*line.split(": ", 1)) for line in front)}
        with open(os.path.join(HERE, "nginx.conf")) as template:
            text = re.sub(r"@(\w+)@", lambda m: str(values[m.group(1)]), template.read())
        self.conf = os.path.join(self.folder, "nginx.conf")
        with open(self.conf, "w") as conf:
            conf.write(text)
        self.process = subprocess.Popen([NGINX, "-p", self.folder, "-c", self.conf], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.base)).close()
                return
            except OSError:
                time.sleep(0.05)
        with open(os.path.join(self.folder, "error.log")) as log:
            raise RuntimeError("nginx does not start: " + log.read())

    def close(self):
        self.process.terminate()
        self.process.wait()


class Behind:
    """What stands behind nginx. It gives each client, known by its port, the answers that were laid out for it."""

    def __init__(self):
        self.answers = {}
        self.server = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client = self.server.accept()[0]
            threading.Thread(target=self.answer, args=(client,), daemon=True).start()

    def answer(self, client):
        with client:
            data = b""
            while b"\r\n\r\n" not in data:
                part = client.recv(65536)
                if not part:
                    return
                data += part
            head, _, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            while length and len(body) < int(length.group(1)):
                part = client.recv(65536)
                if not part:
                    return
                body += part
            port = re.search(rb"\r\nX-Client-Port: (\d+)", head)
            laid = self.answers.get(port and int(port.group(1))) or [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
            client.sendall(laid.pop(0))


def split(data):
    """The answers in what came back: heads with their bodies. What comes without a head (HTTP/0.9) is one."""
    answers = []
    while data:
        end = data.find(b"\r\n\r\n") + 4
        if not data.startswith(b"HTTP/1.1 ") or end < 4:
            return answers + [data]
        length = re.search(rb"\r\nContent-Length: (\d+)\r\n", data[:end])
        length = int(length.group(1)) if length else 0
        if data[end:end + 5] == b"HTTP/" or data.startswith(GO_ON):  # of a HEAD
            length = 0
        answers.append(data[:end + length])
        data = data[end + length:]
    return answers


def through_nginx(data, front=()):
    """The decoy's answers as the product behind nginx would have said them."""
    laid = []
    own = (b"Server:", b"Connection:", b"Date:") + tuple(line.encode() for line in front)
    for answer in split(data):
        if answer == GO_ON:
            continue
        if not answer.startswith(b"HTTP/1.1 "):
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer)
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.startswith(own)]
        laid.append(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    return laid


class Pieces(tuple):
    """A request that is sent piece by piece."""


def careless():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


CONTEXT = careless()


def receive(s, wait, pause=0.07):
    """All that comes until nothing comes for a while, and how it ends."""
    out, end = b"", None
    while end is None:
        s.settimeout(pause if out else wait)
        try:
            part = s.recv(65536)
            end = None if part else "closed"
            out += part
        except TimeoutError:
            end = "open"
        except ConnectionResetError:
            end = "reset"
        except ssl.SSLError as error:
            end = "ragged" if isinstance(error, ssl.SSLEOFError) else f"TLS {error.reason}"
    return Ending(re.sub(rb"\r\nDate: [^\r]*", b"", out), end)


def send(s, data):
    try:
        if not isinstance(data, Pieces):
            s.sendall(data)
        else:
            for piece in data:
                s.sendall(piece)
                time.sleep(0.004)
    except OSError:
        pass


def ask(port, data, tls=False, wait=0.3, before=None, shut=False):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if before:
            before(plain.getsockname()[1])
        s = plain
        if tls:
            s = CONTEXT.wrap_socket(plain, server_hostname="git.corp.example", suppress_ragged_eofs=False)
        try:
            send(s, data)
            if shut:
                plain.shutdown(socket.SHUT_WR)
            return receive(s, wait)
        finally:
            if tls:
                s.close()


def ask_both(decoy, nginx, behind, data, front=(), tls=False, wait=0.3, **options):
    ours = ask(decoy, data, tls, wait, **options)

    def lay(port):
        behind.answers[port] = through_nginx(ours.data, front)
    return ours, ask(nginx, data, tls, wait, before=lay, **options)


def compare(cases, function, workers=32):
    """function(data) → (ours, theirs) for each; where they differ, once more with time. name → (ours, theirs)."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        results = dict(zip(cases, pool.map(lambda name: function(cases[name], 0.3), cases)))
    for name, (ours, theirs) in results.items():
        for wait in (1, 3):
            if ours == theirs:
                break
            ours, theirs = results[name] = function(cases[name], wait)
    return results
