# SPDX-License-Identifier: ISC
"""What servers of mailboxes on loopback share: a folder and an authority of their own, a look at whether they are up, and
a client."""
import imaplib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from sundew import end


class MailServer:
    """name: of the program. ports: all that it is to listen on. process: once it was started. prefix: of the names of all
    folders but INBOX. opens: the account by which Sundew enters all mailboxes."""
    prefix, opens = "", {}

    def __init__(self, name):
        self.name, self.ports, self.process = name, [], None
        self.root = tempfile.mkdtemp(prefix=f"sundew-{name}-")
        os.chmod(self.root, 0o755)
        self.certificates()

    def certificates(self):
        def run(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.root)

        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            "/CN=An authority", "-keyout", "ca.key", "-out", "ca.pem")
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=mail", "-keyout",
            "server.key", "-out", "server.csr")
        with open(os.path.join(self.root, "ext"), "w") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
            "-extfile", "ext", "-out", "server.pem")

    def client_certificate(self, name):
        """NAME.pem and NAME.key in its folder, for somebody of that name, by its authority."""
        def run(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.root)

        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout",
            f"{name}.key", "-out", f"{name}.csr")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
            "-out", f"{name}.pem")

    def await_ports(self):
        end = time.monotonic() + 30
        while True:
            try:
                for port in self.ports:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError(f"{self.name} does not start:\n" + self.said())
                time.sleep(0.05)

    def said(self):
        text = ""
        for name in ("err", "log"):
            path = os.path.join(self.root, name)
            text += open(path, errors="replace").read() if os.path.exists(path) else ""
        return text

    def folder(self, name):
        return self.prefix + name

    def connect(self):
        """Python's own IMAP client."""
        context = ssl.create_default_context(cafile=os.path.join(self.root, "ca.pem"))
        return imaplib.IMAP4_SSL("127.0.0.1", self.imaps, ssl_context=context, timeout=30)

    def close(self):
        end(self.process)
        if not os.environ.get("SUNDEW_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if what[0] is not None:
            print(f"# {self.name}:", *self.said().splitlines()[-20:], sep="\n#   ")
        self.close()
