# SPDX-License-Identifier: ISC
"""What the doubles share: an HTTPS server on loopback, tokens that expire, and faults on demand."""
import base64
import hashlib
import http.server
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse


class Cut(Exception):
    """The connection breaks off instead of an answer."""


class Refused(Exception):
    """An answer with that status."""

    def __init__(self, status, body=None, **headers):
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers


class Request:
    def __init__(self, handler, body):
        self.method, self.target = handler.command, handler.path
        parsed = urllib.parse.urlsplit(handler.path)
        self.path, self.query = parsed.path, dict(urllib.parse.parse_qsl(parsed.query, keep_blank_values=True))
        self.headers, self.body = handler.headers, body

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise Refused(400, {"error": {"message": "the body is no JSON"}})

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode()))


def certificates(root):
    """ca.pem, and server.pem with server.key for 127.0.0.1."""
    def run(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=root)

    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run("req", "-x509", *ec, "-days", "30", "-subj", "/CN=An authority", "-keyout", "ca.key", "-out", "ca.pem")
    run("req", *ec, "-subj", "/CN=api", "-keyout", "server.key", "-out", "server.csr")
    with open(os.path.join(root, "ext"), "w") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
        "-extfile", "ext", "-out", "server.pem")


def rsa_key(root, name):
    """NAME.key, NAME.pem (a certificate of it), and the public key's numbers."""
    key, pem = os.path.join(root, name + ".key"), os.path.join(root, name + ".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=client",
                    "-keyout", key, "-out", pem], check=True, capture_output=True)
    said = subprocess.run(["openssl", "rsa", "-in", key, "-noout", "-modulus"], check=True, capture_output=True, text=True)
    return int(said.stdout.strip().split("=")[1], 16), 65537


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jwt_claims(text, modulus, exponent):
    """The head and the claims of a JWT whose RS256 signature is good (RFC 8017, 8.2.2), computed by hand."""
    head, claims, signature = text.split(".")
    number = pow(int.from_bytes(unpadded(signature), "big"), exponent, modulus)
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + \
        hashlib.sha256(f"{head}.{claims}".encode()).digest()
    size = (modulus.bit_length() + 7) // 8
    wanted = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    if number.to_bytes(size, "big") != wanted or json.loads(unpadded(head))["alg"] != "RS256":
        raise Refused(401, {"error": "invalid_client", "error_description": "the assertion's signature is wrong"})
    return json.loads(unpadded(head)), json.loads(unpadded(claims))


class Double:
    """Subclasses give `routes`: (name, method, regular expression, function). A fault is one of: an HTTP status (with
    Retry-After: 1 for 429 and 503), "cut" (nothing was done), "done-cut" (all was done, and then the line broke),
    "done-502" and "done-503" (that status, without Retry-After), "spent" (403 with GitHub's x-ratelimit- fields alone, for
    some seconds), "late" (by an index that knows no mails yet), "echo" (an error that repeats the login)."""

    def __init__(self, root):
        self.root = root
        certificates(root)
        self.faults = {}
        self.tokens = {}
        self.calls = []
        self.lock = threading.RLock()
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def chunks(self):
                body, size = b"", 1
                while size:
                    size = int(self.rfile.readline(), 16)
                    body += self.rfile.read(size)
                    self.rfile.readline()
                return body

            def answer(self):
                body = self.chunks() if self.headers.get("Transfer-Encoding") == "chunked" else \
                    self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with double.lock:
                    try:
                        status, said, headers = double.serve(Request(self, body))
                    except Cut:
                        self.close_connection = True
                        self.connection.shutdown(socket.SHUT_RDWR)
                        return
                data = b"" if said is None else said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                if "Content_Type" not in headers:
                    self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = answer

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(root, "server.pem"), os.path.join(root, "server.key"))
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.url = f"https://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def fault(self, name, *faults):
        self.faults.setdefault(name, []).extend(faults)

    def serve(self, request):
        for name, method, pattern, act in self.routes:
            match = re.fullmatch(pattern, request.path)
            if match and method == request.method:
                self.calls.append((name, time.monotonic()))
                return self.act(name, act, request, [urllib.parse.unquote(g) for g in match.groups()])
        return 404, {"error": {"code": "NotFound", "message": f"no {request.method} {request.path}"}}, {}

    def act(self, name, act, request, groups):
        fault = self.faults[name].pop(0) if self.faults.get(name) else None
        if fault == "cut":
            raise Cut()
        if fault == "echo":
            return 400, {"error": {"message": f"cannot read '{request.headers.get('Authorization')}'"}}, {}
        if fault == "spent":
            return 403, {"message": "API rate limit exceeded for user ID 1."}, {
                "x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(time.time()) + 1)}
        if isinstance(fault, int):
            return fault, {"error": {"message": f"fault {fault}"}}, {"Retry_After": "1"} if fault in (429, 503) else {}
        try:
            answer = self.late(act, request, groups) if fault == "late" else act(self, request, *groups)
        except Refused as refused:
            return refused.status, refused.body, refused.headers
        if fault == "done-cut":
            raise Cut()
        if fault in ("done-502", "done-503"):
            return int(fault[-3:]), None, {}
        status, said = answer[0], answer[1]
        return status, said, answer[2] if len(answer) > 2 else {}

    def late(self, act, request, groups):
        """As before the first mail came."""
        stores = [box[key] for box in (getattr(self, "accounts", None) or self.boxes).values()
                  for key in ("messages", "items", "mails") if key in box]
        kept = [dict(store) for store in stores]
        try:
            for store in stores:
                store.clear()
            return act(self, request, *groups)
        finally:
            for store, mails in zip(stores, kept):
                store.update(mails)

    # ---- tokens ----

    def issue(self, holder, seconds=3600):
        token = secrets.token_urlsafe(24)
        self.tokens[token] = (holder, time.monotonic() + seconds)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": seconds}

    def expire(self):
        """All tokens end before their time, as a change of keys does it."""
        self.tokens.clear()

    def holder(self, request):
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        holder, until = self.tokens.get(token, (None, 0))
        if kind != "Bearer" or holder is None or time.monotonic() > until:
            raise Refused(401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "invalid credentials"}})
        return holder
