# SPDX-License-Identifier: ISC
"""That credentials for planting are told nowhere: on no command line and in no environment of our processes while they
run, in no ledger, journal, log, output or other file of an installation; neither as they are nor as base64 or %XX."""
import base64
import glob
import os
import threading
import urllib.parse

LEAST = 8  # bytes of what is looked for: less may stand anywhere
OURS = {"sundew", "sundewd", "keeper", "minter", "planter", "sensor", "courier", "finder"}


def parts(text):
    """What is secret in a credential's file: of a private key its lines but for the first, which may be that of any other;
    of other texts each line."""
    public, before = False, ""
    for line in map(str.strip, text.decode(errors="replace").replace("\\n", "\n").splitlines()):
        public = (public or "BEGIN CERTIFICATE" in line) and "END CERTIFICATE" not in line
        if not public and len(line) >= LEAST and "-----" not in before + line and not line.startswith("{"):
            yield line.encode()
        before = line


def forms(secret):
    """As it is, within a longer text in base64 (of both alphabets), and as %XX in both ways."""
    yield secret
    for quoted in (urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret)):
        yield quoted.encode()
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + secret)
        inner = whole[(0, 2, 3)[shift]:len(whole) // 4 * 4 - (4 if (len(secret) + shift) % 3 else 0)]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


class Hush:
    """From now on, until check(). `also`: gives more secrets whenever it is asked, such as tokens that a server issued;
    files: credentials that lie outside of "secrets"; spared: folders that others keep below the installation's."""

    def __init__(self, sundew, also=lambda: (), files=(), spared=()):
        self.sundew, self.also, self.spared = sundew, also, {os.path.join(sundew.dir, "secrets"), *spared}
        self.files = files
        self.secrets, self.outputs, self.seen, self.known = set(), [], {}, {}
        self.call, sundew.call = sundew.call, self.listen
        self.ended = threading.Event()
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()

    def listen(self, *arguments, check=True, **more):
        self.gather()
        result = self.call(*arguments, check=False, **more)
        self.gather()
        self.outputs.append((" ".join(arguments), result.stdout + result.stderr))
        if check and result.returncode != 0:
            raise RuntimeError(f"sundew {' '.join(arguments)}: {result.returncode} {result.stdout}{result.stderr}")
        return result

    def gather(self):
        """The secrets as they are at this moment."""
        for path in (*glob.glob(os.path.join(self.sundew.dir, "secrets", "*")), *self.files):
            with open(path, "rb") as file:
                self.secrets.update(parts(file.read()))
        self.secrets.update(text.encode() for text in list(self.also()) if len(text) >= LEAST)

    def look(self, process):
        """What ps shows of it, if it is ours."""
        with open(f"/proc/{process}/comm", errors="replace") as file:
            program = file.read().strip()
        for name in ("cmdline", "environ") if program in OURS else ():
            with open(f"/proc/{process}/{name}", "rb") as file:
                self.seen.setdefault(file.read(), f"{name} of {program}")

    def sweep(self):
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                self.look(process)
            except OSError:
                pass

    def watch(self):
        while not self.ended.wait(0.05):
            self.sweep()

    def places(self):
        """(name, bytes) of all that must not hold them."""
        yield from ((name, data) for data, name in list(self.seen.items()))
        yield from ((name, text.encode()) for name, text in self.outputs)
        for folder, below, names in os.walk(self.sundew.root):
            below[:] = [name for name in below if os.path.join(folder, name) not in self.spared]
            for path in (os.path.join(folder, name) for name in names):
                try:
                    if os.path.isfile(path):
                        with open(path, "rb") as file:
                            yield os.path.relpath(path, self.sundew.root), file.read()
                except FileNotFoundError:  # the daemon goes on
                    pass

    def check(self, tap):
        self.ended.set()
        self.watcher.join()
        self.sweep()  # on a busy machine the watcher may not have had its turn
        self.gather()
        wanted = {form: secret for secret in self.secrets for form in forms(secret) if len(form) >= LEAST}
        told = sorted({name for name, data in self.places() for form in wanted if form in data})
        programs = {name for name in self.seen.values()}
        tap.ok(self.secrets and "cmdline of sundewd" in programs and not told,
               "no credential is told: by no process, file, log or output", sorted(programs), len(self.secrets), told)
        self.sundew.call = self.call
