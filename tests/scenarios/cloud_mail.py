# SPDX-License-Identifier: ISC
"""What the scenarios of mailboxes behind APIs share: the same story against each double."""
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "doubles"))
from hush import Hush
from sundew import Installation, Tap

tap = Tap()


class Story:
    """One account on one double. `there(user)` gives the double's mails of a user: Message-ID → mail."""

    def __init__(self, sundew, double, place):
        self.sundew, self.double, self.place = sundew, double, place
        shutil.copy(os.path.join(double.root, "ca.pem"), os.path.join(sundew.dir, "api-ca.pem"))

    def account(self, **settings):
        with open(self.sundew.config) as file:
            text = file.read().split("\naccounts:")[0]
        lines = ["", "accounts:", "  api:", "    ca: api-ca.pem"] + [f"    {k}: {v}" for k, v in settings.items()]
        with open(self.sundew.config, "w") as file:
            file.write(text + "\n".join(lines) + "\n")

    def secret(self, name, text):
        path = os.path.join(self.sundew.dir, "secrets", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o600)

    def plant(self, place=None, *more, check=True):
        result = self.sundew.call("plant", "password", place or self.place, "--lure", "handover", "--json", *more,
                                  check=check)
        return json.loads(result.stdout) if result.returncode == 0 else result

    def inspect(self, row):
        result = self.sundew.call("inspect", row["placement"], "--json", check=False)
        return (json.loads(result.stdout)["state"] if result.stdout else None), result

    def calls(self, name):
        return [at for what, at in self.double.calls if what == name]

    def count(self):
        return len(self.sundew.json("placements"))

    def check_throttled(self, create, look):
        """429 and 503 with Retry-After are waited for; a token that ended is asked for anew."""
        before = len(self.calls(create))
        self.double.fault(create, 429, 503)
        row = self.plant()
        times = self.calls(create)[before:]
        tap.ok(row["state"] == "there" and times[1] - times[0] >= 1 and times[2] - times[1] >= 1,
               "where the API asks for patience it is given, and nothing is put twice", times)
        self.double.expire()
        tap.ok(self.inspect(row)[0] == "there", "a token that has ended is asked for anew")
        self.double.fault(look, 500, "cut")
        tap.ok(self.inspect(row)[0] == "there", "a look that fails is taken again")
        return row

    def check_partial(self, create, mails, remove, look, in_order=False):
        """What breaks off: done all the same, not done, half done."""
        before, placements = len(mails()), self.count()
        for fault in ("done-cut", "done-503"):
            self.double.fault(create, fault)
            row = self.plant()
            tap.ok(row["state"] == "there" and len(mails()) - before == 1 + len(row["where"].get("thread", [])),
                   f"a call that broke off after it was done is not done again ({fault})", row, list(mails()))
            tap.ok(in_order or list(mails())[-1] == row["where"]["message_id"], "the secret comes last", row, list(mails()))
            self.sundew.call("uproot", row["placement"])
            tap.ok(len(mails()) == before, "and its thread comes out whole", list(mails()))
        placements += 1
        self.double.fault(create, "done-cut")
        self.double.fault(look, "late")
        result = self.plant(self.place + "/INBOX", check=False)
        rows = self.sundew.json("placements")
        tap.ok(result.returncode == 3 and "inspect" in result.stderr and rows[-1]["state"] == "planned" and
               len(mails()) == before + 1, "what an index does not show yet may be there all the same", result, rows[-1])
        before, placements = before + 1, placements + 1
        self.double.fault(create, 400)
        result = self.plant(check=False)
        tap.ok(result.returncode == 3 and self.count() == placements + 1 and len(mails()) == before,
               "a refusal leaves nothing in mailbox and ledger", result)
        self.double.faults[create] = [None, 400]
        result = self.plant(check=False)
        tap.ok(result.returncode == 3 and self.count() == placements + 1 and len(mails()) == before,
               "half a thread is taken out again", result, list(mails()))
        self.double.faults[create] = [None, 400]
        self.double.fault(remove, 403, 403, 403)
        result = self.plant(check=False)
        rows = self.sundew.json("placements")
        self.double.faults.clear()
        tap.ok(result.returncode == 3 and "inspect" in result.stderr and rows[-1]["state"] == "planned",
               "what could not be taken out again stays in the ledger", result, rows[-1])


def run(make, tell):
    """make(root) → double; tell(sundew, double) → None, in an installation with its daemon."""
    root = tempfile.mkdtemp(prefix="sundew-double-")
    try:
        double = make(root)
        try:
            with Installation() as sundew:
                sundew.start()
                hush = Hush(sundew, lambda: double.tokens)
                tell(sundew, double)
                hush.check(tap)
        finally:
            double.close()
    finally:
        shutil.rmtree(root, ignore_errors=True)
    tap.done()
