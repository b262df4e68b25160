# SPDX-License-Identifier: ISC
"""Samba's Active Directory domain controller, in a network of its own: its ports are fixed."""
import base64
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

from slapd import certificates
from sundew import end, skip_all

SUFFIX = "DC=corp,DC=example"
SERVICES = "OU=services," + SUFFIX
PYTHON = "/usr/bin/python3"  # Debian's, for which python3-samba is made
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def alone():
    """Runs this test anew where no port is taken, or skips it."""
    if os.environ.get("SUNDEW_ALONE") != "yes":
        unshare = shutil.which("unshare")
        if not unshare or subprocess.run([unshare, "-n", "true"], capture_output=True, timeout=30).returncode != 0:
            skip_all("no network namespace is to be had here, and Samba's ports are fixed")
        os.environ["SUNDEW_ALONE"] = "yes"
        os.execv(unshare, [unshare, "-n", sys.executable, *sys.argv])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))


class Samba:
    plain, tls = 389, 636

    def __init__(self):
        os.environ["PATH"] += ":/usr/sbin"
        self.samba = shutil.which("samba")
        modules = subprocess.run([PYTHON, "-c", "import samba.provision"], capture_output=True, timeout=60)
        if not (self.samba and shutil.which("ldapsearch") and modules.returncode == 0 and
                os.path.exists("/usr/share/samba/setup/provision.ldif")):
            skip_all("samba, samba-ad-provision, samba-dsdb-modules, python3-samba or ldap-utils is not installed")
        self.root = tempfile.mkdtemp(prefix="sundew-samba-")
        self.password = "Gardening-" + os.urandom(6).hex()
        certificates(self.root)
        made = subprocess.run([PYTHON, os.path.join(os.path.dirname(os.path.abspath(__file__)), "samba_domain.py"), self.root,
                               self.password], capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL)
        if made.returncode != 0:
            raise RuntimeError("samba_domain.py: " + made.stdout + made.stderr)
        self.process = subprocess.Popen([self.samba, "-i", "-M", "single", "--debug-stdout",
                                         "--configfile=" + os.path.join(self.root, "smb.conf")], stdin=subprocess.PIPE,
                                        stdout=open(os.path.join(self.root, "said"), "ab"), stderr=subprocess.STDOUT)
        self.await_start()

    def await_start(self):
        until = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < until:
            try:
                for port in (self.plain, self.tls):
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)
        self.close()
        raise RuntimeError("samba does not start")

    def client(self, tool, *arguments, who="Administrator@corp.example", text=None, password=None):
        """ldapsearch and its like, over TLS."""
        environment = dict(os.environ, LDAPTLS_CACERT=os.path.join(self.root, "ca.pem"))
        environment.pop("LDAPNOINIT", None)
        return subprocess.run([tool, "-x", "-H", f"ldaps://127.0.0.1:{self.tls}", "-D", who, "-w",
                               password or self.password, *arguments], capture_output=True, text=True, input=text,
                              timeout=60, env=environment)

    def search(self, base, *wanted, scope="sub", filter="(objectClass=*)", who="reader@corp.example"):
        """dn → {name: [value…]}; what is no text as base64, behind ":"."""
        result = self.client("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-E", "pr=500/noprompt", "-b", base, "-s", scope,
                             filter, *wanted, who=who)
        found = {}
        for block in result.stdout.split("\n\n"):
            pairs = [line.split(":", 1) for line in block.splitlines() if ":" in line and line[0] not in "#"]
            if pairs and pairs[0][0] == "dn":
                values = found.setdefault(pairs[0][1].strip(), {})
                for name, value in pairs[1:]:
                    values.setdefault(name, []).append(self.decoded(value))
        return found

    @staticmethod
    def decoded(value):
        try:
            return base64.b64decode(value[1:]).decode() if value.startswith(":") else value.strip()
        except UnicodeDecodeError:
            return value.strip()

    def change(self, ldif):
        result = self.client("ldapmodify", text=ldif)
        if result.returncode != 0:
            raise RuntimeError(f"ldapmodify: {result.stdout}{result.stderr}")

    def said(self):
        with open(os.path.join(self.root, "said"), errors="replace") as file:
            return file.read()

    def close(self):
        end(self.process)
        if not os.environ.get("SUNDEW_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if what[0] is not None:
            print("# samba:", *self.said().splitlines()[-20:], sep="\n#   ")
        self.close()
