# SPDX-License-Identifier: ISC
"""The same story against the double of each forge: what is planted lies there as a colleague would have left it, is
found again, is taken out again; protected branches are respected; nothing is done twice."""
import json
import os
import signal
import subprocess

from cloud_mail import Story, tap
from sundew import SUNDEW

PEOPLE = [("Ines Hollis", "ines@corp.example"), ("Rory Vance", "rory@corp.example")]


class ForgeStory(Story):
    def __init__(self, sundew, double, scheme, authors=True, dates=True, deletes=True, request="merge request"):
        super().__init__(sundew, double, f"{scheme}://127.0.0.1:{double.port}/{double.project}")
        self.scheme, self.authors, self.dates, self.deletes, self.request = scheme, authors, dates, deletes, request
        self.tokens = sundew.json("mint", "gitlab-token", "--count", "80")
        self.login(double.token)

    def login(self, token):
        self.secret("forge", token)
        self.account(places=f'["{self.scheme}://127.0.0.1:{self.double.port}"]', token="secrets/forge")

    def plant(self, *more, place=None, lure="fetch-script", check=True):
        """One that was minted before, so that its secret is known; at a path where nothing is."""
        token = self.tokens.pop()
        lures = ("--lure", lure) if lure else ()
        if lure == "fetch-script" and "--path" not in more:
            more = (*more, "--path", f"tools/fetch-{len(self.tokens)}.sh")
        result = self.sundew.call("plant", token["token"], place or self.place, *lures, "--json", *more, check=False)
        if check and result.returncode:
            tap.ok(False, f"planting with {more}", result.stderr)
            raise SystemExit(1)
        self.said = result.stderr
        return (json.loads(result.stdout), token["secret"]) if result.returncode == 0 else (result, token["secret"])

    def uproot(self, row):
        result = self.sundew.call("uproot", row["placement"], "--json", check=False)
        return (json.loads(result.stdout)["state"] if result.stdout else None), result

    def holds(self, ref, row, secret):
        data = self.double.show(ref, row["where"]["path"])
        return data is not None and secret in data.decode()

    def sound(self):
        done = subprocess.run(["git", "-C", self.double.bare, "fsck", "--strict"], capture_output=True, text=True)
        return done.returncode == 0

    # ---- chapters ----

    def commits(self):
        before = len(self.double.entries("main"))
        row, secret = self.plant("--at", "2026-11-20T10:30:00Z")
        where, head = row["where"], self.double.entries("main")[0]
        tap.ok(row["state"] == "there" and where["commit"] == head["id"] and self.holds("main", row, secret) and
               len(self.double.entries("main")) == before + 1, "one commit on the default branch holds the secret", row, head)
        tap.ok(self.sound(), "git fsck finds no fault")
        if self.authors:
            tap.ok((head["an"], head["ae"]) in PEOPLE and head["message"].startswith("scripts: "),
                   "by one of the project's people, written as they write", head)
        else:
            tap.ok("account's own user" in self.said, "that the account is its author is told", self.said)
        if self.dates:
            tap.ok("2026-09" < head["ad"][:10] <= "2026-11-20", "dated as was asked", head)
        else:
            tap.ok("whatever --at says" in self.said, "that it is dated now is told", self.said)
        tap.ok("name the account" in self.said, "that the forge knows the account is told", self.said)
        tap.ok(self.inspect(row)[0] == "there", "it is seen to be there")
        result, _ = self.plant("--path", where["path"], check=False)
        tap.ok(result.returncode == 3 and "stays as it is" in result.stderr, "a file that is there is not touched", result)

        self.double.change("main", {where["path"]: b"echo nothing\n"}, "scripts: tidy up")
        state, result = self.inspect(row)
        tap.ok(state == "changed" and "history keeps it" in result.stderr, "that it was changed is seen", result)
        state, result = self.uproot(row)
        tap.ok(result.returncode == 3 and "by hand" in result.stderr, "and then it is not taken out", result)
        self.double.point("main", head["id"])
        state, result = self.uproot(row)
        if self.deletes:
            tap.ok(state == "gone" and self.double.show("main", where["path"]) is None, "a new commit takes it out", result)
        else:
            tap.ok(state == "gone" and self.double.show("main", where["path"]) == b"\n", "a new commit empties it", result)
        self.double.point("main", head["parents"])
        state, result = self.inspect(row)
        tap.ok(state in ("gone", "moved"), "that the history was rewritten is seen", state, result)

    def buried(self):
        row, secret = self.plant("--buried")
        two = self.double.entries("main")[:2]
        tap.ok(not self.holds("main", row, secret) and self.holds(two[1]["id"], row, secret) and
               row["where"]["commit"] == two[1]["id"] and row["where"]["removed_in"] == two[0]["id"],
               "buried: the second commit takes it out again", row, two)
        tap.ok(self.inspect(row)[0] == "there", "and it is seen to be there")
        state, result = self.uproot(row)
        tap.ok(result.returncode == 3 and "only in history" in result.stderr, "history is not rewritten", result)

    def branches(self):
        row, secret = self.plant("--as", "branch", "--name", "old-deploy")
        tap.ok(row["where"]["branch"] == "old-deploy" and self.holds("old-deploy", row, secret) and
               self.double.show("main", row["where"]["path"]) is None, "on a branch of its own", row)
        mine = self.double.branch("old-deploy")
        self.double.change("old-deploy", {"notes.txt": b"mine\n"}, "api: go on here")
        theirs = self.double.branch("old-deploy")
        state, result = self.uproot(row)
        tap.ok(result.returncode == 3 and "others have committed" in result.stderr and
               self.double.branch("old-deploy") == theirs, "with what others have committed there since it stays", result)
        self.double.point("old-deploy", mine)
        tap.ok(self.inspect(row)[0] == "there" and self.uproot(row)[0] == "gone" and not self.double.branch("old-deploy"),
               "else it goes with the lure")

    def requests(self):
        """A protected default branch: it asks to be merged, and what becomes of it is seen."""
        self.double.protected.add("main")
        tip = self.double.branch("main")
        row, secret = self.plant()
        where = row["where"]
        tap.ok(row["state"] == "there" and self.double.branch("main") == tip and self.holds(where["source"], row, secret) and
               where["request"] in self.double.requests and "asks to merge it" in self.said and "may not write" in self.said,
               f"a protected branch is left alone: a {self.request} is opened", row, self.said)
        tap.ok(where["url"].startswith("https://"), "and its page is known", row)
        state, result = self.inspect(row)
        tap.ok(state == "there" and "is open" in result.stderr, "it is told as open", state, result)
        self.double.merge(where["request"])
        state, result = self.inspect(row)
        tap.ok(state == "there" and "is merged" in result.stderr, "merged, it is there, on the branch", state, result)
        state, result = self.uproot(row)
        tap.ok(result.returncode == 3 and "protected" in result.stderr and self.holds("main", row, secret),
               "and is not forced out of a protected branch", result)
        row, secret = self.plant()
        source = row["where"]["source"]
        mine, asked = self.double.branch(source), dict(self.double.requests[row["where"]["request"]])
        self.double.change(source, {"notes.txt": b"mine\n"}, "api: go on here")
        theirs = self.double.branch(source)
        state, result = self.uproot(row)
        tap.ok(result.returncode == 3 and "others have committed" in result.stderr and
               self.double.branch(source) == theirs and self.double.requests[row["where"]["request"]] == asked,
               f"a {self.request} on whose branch others have committed stays", result)
        self.double.point(source, mine)
        state, result = self.uproot(row)
        tap.ok(state == "gone" and self.double.requests[row["where"]["request"]]["state"] not in ("opened", "open", "OPEN") and
               not self.double.branch(row["where"]["source"]), "taken out: closed, and its branch deleted", result)
        state, result = self.inspect(row)
        tap.ok("is closed" in result.stderr and state in ("moved", "gone"), "it is told as closed", state, result)
        before = len(self.double.requests)
        self.double.fault("request", "done-cut")
        row, secret = self.plant()
        tap.ok(row["state"] == "there" and len(self.double.requests) == before + 1,
               f"a {self.request} that broke off after it was made is not made again", row)
        self.double.fault("request", 400)
        branches = self.double.branches()
        result, _ = self.plant(check=False)
        tap.ok(result.returncode == 3 and self.double.branches() == branches,
               "one that is refused leaves no branch", result, self.double.branches())
        self.double.protected.clear()
        row, secret = self.plant("--as", "merge-request")
        tap.ok("As was asked for" in self.said and "may not write" not in self.said,
               f"a {self.request} that was asked for is told as such", self.said)

    def merges(self):
        """Merged by the account, where the forge lets it."""
        tip, branches = self.double.branch("main"), self.double.branches()
        self.double.looks = 1
        row, secret = self.plant("--as", "merge", "--path", "tools/merged-1.sh")
        where, parents = row["where"], self.double.git("rev-list", "--parents", "-1", "main").decode().split()[1:]
        tap.ok(row["state"] == "there" and self.holds("main", row, secret) and len(parents) == 2 and parents[0] == tip and
               where["commit"] == parents[1] and "was merged into main" in self.said,
               "merged: one commit beside the branch and a merge of it hold the secret", row, parents, self.said)
        tap.ok(self.double.branches() == branches, "merged: the branch that was merged is gone", self.double.branches())
        state, result = self.inspect(row)
        tap.ok(state == "there" and "is merged" in result.stderr, "merged: is seen to be there", state, result)
        state, result = self.uproot(row)
        tap.ok(state == "gone" and not self.holds("main", row, secret), "merged: a new commit takes it out", state, result)
        merges = len(self.calls("merge"))
        self.double.fault("merge", "done-cut")
        row, secret = self.plant("--as", "merge", "--path", "tools/merged-2.sh")
        tap.ok("was merged into main" in self.said and self.holds("main", row, secret) and
               len(self.calls("merge")) == merges + 1, "merged: broken off when done, it is not done again", self.said)
        self.uproot(row)
        tip, self.double.conflict = self.double.branch("main"), "merge commits are not wanted here"
        row, secret = self.plant("--as", "merge", "--path", "tools/merged-3.sh")
        tap.ok(row["state"] == "there" and self.double.branch("main") == tip and
               self.holds(row["where"]["source"], row, secret) and "not wanted here" in self.said and "stays open" in self.said,
               f"a {self.request} that the forge does not merge stays open, with the forge's words", row, self.said)
        self.double.conflict = None
        tap.ok(self.uproot(row)[0] == "gone" and self.double.branches() == branches, "and is taken out as such")
        requests, merges = len(self.double.requests), len(self.calls("merge"))
        row, _ = self.plant("--as", "merge", "--path", "tools/merged-4.sh", "--dry-run")
        tap.ok(row["state"] == "planned" and len(self.double.requests) == requests,
               "merged: a dry run does nothing", row)
        result, _ = self.plant("--as", "merge", "--path", "tools/merged-5.sh", "--buried", check=False)
        tap.ok(result.returncode == 3 and "--buried" in result.stderr and len(self.double.requests) == requests and
               len(self.calls("merge")) == merges, "what is buried is not merged, as is told", result)

    def where(self, row):
        """As the ledger has it now."""
        return next(r for r in self.sundew.json("placements") if r["placement"] == row["placement"])["where"]

    def colleagues(self):
        """What others do with the request, its branch and the file."""
        self.double.protected.add("main")
        row, secret = self.plant("--buried", "--path", "tools/colleague-1.sh")
        self.double.merge(row["where"]["request"])
        state, result = self.inspect(row)
        tap.ok(state == "there" and "is merged" in result.stderr and not self.double.branch(row["where"]["source"]),
               "buried, and merged by a colleague: history of the branch has it", state, result)
        row, secret = self.plant("--buried", "--path", "tools/colleague-2.sh")
        self.double.merge(row["where"]["request"], way="rebase")
        state, result = self.inspect(row)
        tap.ok(state == "there" and self.where(row)["commit"] in [e["id"] for e in self.double.entries("main")],
               "buried, and each commit put on the branch anew: it is found again", state, result, self.where(row))
        row, secret = self.plant("--buried", "--path", "tools/colleague-3.sh")
        self.double.merge(row["where"]["request"], way="squash")
        state, result = self.inspect(row)
        tap.ok(state == "moved" and "forge still shows its commit" in result.stderr,
               "buried, and all put into one commit, which has nothing of it: only the forge keeps it", state, result)
        row, secret = self.plant("--path", "tools/colleague-4.sh")
        self.double.protected.clear()
        self.double.merge(row["where"]["request"], way="squash", keep=True)
        state, result = self.inspect(row)
        tap.ok(state == "there" and self.where(row)["commit"] == self.double.branch("main"),
               "all put into one commit: that is where it is now", state, result, self.where(row))
        state, result = self.uproot(row)
        tap.ok(state == "gone" and not self.holds("main", row, secret) and not self.double.branch(row["where"]["source"]),
               "merged, its branch kept: both are rid of it", state, result, self.double.branches())
        row, secret = self.plant("--as", "merge-request", "--path", "tools/colleague-5.sh")
        self.double.merge(row["where"]["request"], keep=True)
        self.double.change(row["where"]["source"], {"notes.txt": b"mine\n"}, "api: go on here")
        theirs = self.double.branch(row["where"]["source"])
        state, result = self.uproot(row)
        tap.ok(state == "gone" and not self.holds("main", row, secret) and self.double.branch(row["where"]["source"]) == theirs
               and "stays as it is" in result.stderr, "merged, and others commit on its branch: that stays, as is told", result)
        self.double.git("update-ref", "-d", f"refs/heads/{row['where']['source']}")
        row, secret = self.plant("--as", "merge-request", "--path", "tools/colleague-6.sh")
        self.double.requests[row["where"]["request"]]["state"] = "declined" if self.scheme == "bitbucket" else "closed"
        self.double.git("update-ref", "-d", f"refs/heads/{row['where']['source']}")
        state, result = self.inspect(row)
        tap.ok(state == "moved" and "is closed" in result.stderr, "closed, its branch deleted: only the forge keeps it", result)
        state, result = self.uproot(row)
        tap.ok(state == "gone" and "gone already" in result.stderr, "and there is nothing left to take out", result)
        self.earlier()
        self.lost()
        self.renamed()

    def earlier(self):
        """A branch of that name asked to be merged before, which says nothing of this one."""
        options = ("--as", "merge-request", "--path", "tools/earlier.sh", "--name", "same-name")
        old, _ = self.plant(*options)
        self.uproot(old)
        branches, placements = self.double.branches(), self.count()
        self.double.fault("request", "cut")
        result, _ = self.plant(*options, check=False)
        tap.ok(result.returncode == 3 and self.count() == placements and self.double.branches() == branches,
               f"a {self.request} that broke off is not taken for an earlier one", result)
        self.double.fault("request", "done-cut")
        row, _ = self.plant(*options)
        tap.ok(row["where"]["request"] in self.double.requests and row["where"]["request"] != old["where"]["request"] and
               self.inspect(row)[0] == "there", "nor the one that was done", row, old)
        self.uproot(row)
        self.double.fault("request", "done-cut")
        self.double.fault("requests", None, 400)
        result, _ = self.plant(*options, check=False)
        self.double.faults.clear()
        rows = self.sundew.json("placements")
        tap.ok(result.returncode == 3 and rows[-1]["state"] == "planned" and "inspect" in result.stderr,
               f"a {self.request} that may be open all the same stays in the ledger", result, rows[-1])

    def lost(self):
        """A branch of its own that holds the lure no more is somebody else's."""
        row, secret = self.plant("--as", "branch", "--name", "old-tools", "--path", "tools/lost.sh")
        self.double.point("old-tools", self.double.branch("main"))
        self.double.change("old-tools", {"notes.txt": b"mine\n"}, "api: begin again")
        theirs = self.double.branch("old-tools")
        state, result = self.uproot(row)
        tap.ok(result.returncode == 3 and self.double.branch("old-tools") == theirs,
               "a branch on which others began again stays", result)

    def rotated(self, write="commit"):
        """One commit writes the new secret over the old one, where the branch may be written to and nobody was quicker."""
        row, secret = self.plant("--path", "tools/rotated.sh")
        path, old = row["where"]["path"], self.double.entries("main")[0]
        self.double.change("main", {"notes.txt": b"more\n", path: self.double.show("main", path) + b"# more\n"}, "api: go on")
        before = self.double.show("main", path).decode().splitlines()
        self.double.fault(write, "done-cut")
        result = self.sundew.call("rotate", row["placement"], "--json", check=False)
        rows, head = [json.loads(line) for line in result.stdout.splitlines()], self.double.entries("main")[0]
        now = self.double.show("main", path).decode()
        other = [(a, b) for a, b in zip(before, now.splitlines()) if a != b]
        tap.ok(result.returncode == 0 and [r["state"] for r in rows] == ["gone", "there"] and secret not in now and
               len(before) == len(now.splitlines()) and len(other) == 1 and secret in other[0][0] and
               head["parents"] == self.double.entries("main")[1]["id"] and rows[1]["where"]["commit"] == head["id"] and
               rows[0]["where"]["taken_out_in"] == head["id"] and rows[1]["where"]["replaces"] == old["id"],
               "rotated: one commit writes one line anew, once, though its answer was lost", result, other, head)
        tap.ok(not self.authors or (head["an"], head["ae"]) == (old["an"], old["ae"]), "rotated: by whoever put the old one there",
               head, old)
        modes = {self.double.git("ls-tree", ref, "--", path).split()[0] for ref in (head["id"], head["parents"])}
        tap.ok(len(modes) == 1 and self.sound(), "rotated: the file's mode stays", modes)
        state, result = self.inspect(rows[1])
        gone, said = self.inspect(row)
        tap.ok(state == "there" and gone == "gone" and "history keeps it" in said.stderr, "rotated: inspect sees both", result, said)
        self.double.fault(write, 400)
        tip = self.double.branch("main")
        result = self.sundew.call("rotate", rows[1]["placement"], "--json", check=False)
        new = json.loads(result.stdout.splitlines()[-1])
        tap.ok(result.returncode == 0 and self.double.entries("main")[0]["parents"] == tip and
               new["where"]["path"] == path and self.inspect(new)[0] == "there", "rotated: what is refused is tried again", result)
        tip, run = self.double.branch("main"), [SUNDEW, "-c", self.sundew.config, "rotate", new["placement"], "--json"]
        first = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                 start_new_session=True)
        self.double.strike = lambda: os.killpg(first.pid, signal.SIGKILL)
        self.double.fault(write, "strike")
        first.wait(60)
        self.double.faults.clear()
        result = self.sundew.call("rotate", new["placement"], "--json", check=False)
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        tap.ok(first.returncode == -signal.SIGKILL and result.returncode == 0 and [r["state"] for r in rows] == ["gone", "there"]
               and self.double.entries("main")[0]["parents"] == tip and "stays where" not in result.stderr,
               "rotated: ended by kill -9 once it was written over, the next run finds that, and does nothing more", result)
        new = rows[1]
        self.double.protected.add("main")
        tip = self.double.branch("main")
        result = self.sundew.call("rotate", new["placement"], "--json", check=False)
        tap.ok(result.returncode == 3 and self.double.branch("main") == tip and "was not touched" in result.stderr and
               self.inspect(new)[0] == "there", "rotated: on a protected branch the old one stays, as is told", result)
        self.double.protected.clear()

    def companions(self):
        """What the lure brought beside its secret goes with it, by one commit, but for what others changed."""
        def lure():
            result = self.sundew.call("plant", "password", self.place, "--decoy", "gitlab", "--lure", "vault-file", "--json")
            row = json.loads(result.stdout)
            return row, set(self.double.git("ls-tree", "-r", "--name-only", "main").decode().split())

        before = set(self.double.git("ls-tree", "-r", "--name-only", "main").decode().split())
        row, there = lure()
        state, result = self.uproot(row)
        left = set(self.double.git("ls-tree", "-r", "--name-only", "main").decode().split())
        tap.ok(len(there - before) == 3 and state == "gone" and left == before, "what came with the secret's file goes, too",
               there - before, left - before, result)
        row, there = lure()
        aside = next(name for name in there - before if name.endswith("ansible.cfg"))
        self.double.change("main", {aside: b"[defaults]\n"}, "api: settings of our own")
        state, result = self.uproot(row)
        left = set(self.double.git("ls-tree", "-r", "--name-only", "main").decode().split())
        tap.ok(state == "gone" and left == before | {aside}, "but for what a colleague changed", left - before, result)
        self.double.change("main", {aside: None}, "api: tidy up")

    def renamed(self):
        row, secret = self.plant("--path", "tools/renamed.sh")
        old, new = row["where"]["path"], "scripts/other-name.sh"
        self.double.change("main", {old: None, new: self.double.show("main", old), "notes.txt": b"x\n"}, "scripts: tidy up")
        state, result = self.inspect(row)
        tap.ok(state == "moved" and f"renamed to {new}" in result.stderr and self.where(row)["path"] == new,
               "that it was renamed is seen", state, result)
        tap.ok(self.inspect(row)[0] == "there", "and from then on it is found there")
        newer = "scripts/third-name.sh"
        self.double.change("main", {new: None, newer: self.double.show("main", new)}, "scripts: tidy up again")
        state, result = self.uproot(row)
        left = self.double.show("main", newer)
        tap.ok(state == "gone" and left == (None if self.deletes else b"\n"), "renamed again, it is taken out", result, left)
        row, secret = self.plant("--path", "tools/removed.sh")
        self.double.change("main", {row["where"]["path"]: None}, "scripts: not needed")
        state, result = self.inspect(row)
        tap.ok(state == "changed" and "removed since" in result.stderr, "that it was removed is seen", state, result)

    def thing(self, sort, change=None, lure="fetch-script"):
        """change(thing) makes it another; without, the story is the shorter one."""
        row, secret = self.plant("--as", sort, lure=lure)
        where, there = row["where"], self.double.things[sort]
        tap.ok(row["state"] == "there" and any(secret in json.dumps(t) for t in there.values()) and where["object"] == sort,
               f"{sort}: holds the secret", row, there)
        tap.ok(self.inspect(row)[0] == "there", f"{sort}: is seen to be there")
        if change:
            was = json.dumps(there)
            change(list(there.values())[-1])
            tap.ok(self.inspect(row)[0] == "changed", f"{sort}: that it was changed is seen")
            changed = json.dumps(there)
            state, result = self.uproot(row)
            tap.ok(result.returncode == 3 and "by hand" in result.stderr and json.dumps(there) == changed,
                   f"{sort}: and then it is not taken out", result, there)
            there.clear()
            there.update(json.loads(was))
        state, result = self.uproot(row)
        tap.ok(state == "gone" and secret not in json.dumps(there), f"{sort}: is taken out", result, there)
        before = len(there)
        self.double.fault(sort, "done-cut")
        row, secret = self.plant("--as", sort, lure=lure)
        tap.ok(row["state"] == "there" and sum(secret in json.dumps(t) for t in there.values()) == 1,
               f"{sort}: broken off when done, it is there once", row)
        if change:
            self.double.fault(sort, 400)
            result, secret = self.plant("--as", sort, lure=lure, check=False)
            tap.ok(result.returncode == 3 and secret not in json.dumps(there), f"{sort}: a refusal leaves nothing", result)
        return row

    def variables(self, value="value", **kept):
        self.double.things["variable"] = {}
        row = self.thing("variable", lambda v: [t.update({value: "other"}) for t in self.double.things["variable"].values()],
                         lure=None)
        there = self.double.things["variable"]
        tap.ok("GITLAB_TOKEN" in there and "GITLAB_URL" in there and row["where"]["name"] == "GITLAB_TOKEN" and
               set(row["where"]["beside"]) == set(there) - {"GITLAB_TOKEN"}, "each setting is a variable of its own", row, there)
        result, _ = self.plant("--as", "variable", lure=None, check=False)
        tap.ok(result.returncode == 3 and "stays as it is" in result.stderr, "those that are there are not touched", result)
        kept = there["GITLAB_URL"]
        there["GITLAB_URL"] = {**kept, value: "https://elsewhere.example"}
        state, result = self.uproot(row)
        tap.ok(set(there) == {"GITLAB_URL"} and "so it stays" in result.stderr,
               "all of them go again, but for one that others have changed", there, result)
        there.clear()
        self.double.fault("variable", None, 400)
        placements = self.count()
        result, _ = self.plant("--as", "variable", lure=None, check=False)
        tap.ok(result.returncode == 3 and not there and self.count() == placements, "half of them go again, too", result, there)
        self.double.faults.clear()
        row, secret = self.plant("--as", "variable", lure=None)
        self.double.fault("variable", 400, 400, 400)
        result = self.sundew.call("rotate", row["placement"], check=False)
        tap.ok(result.returncode == 3 and "planted again" in result.stderr and secret in str(there) and
               self.inspect(row)[0] == "there", "where others are refused, the old ones are there again", result, there)
        result = self.sundew.call("rotate", row["placement"], check=False)
        tap.ok(result.returncode == 0 and secret not in str(there) and "GITLAB_TOKEN" in there, "and else others are", result)

    def faults(self, create="commit", look="file"):
        """429, 503, tokens that end, connections that break."""
        before, commits = len(self.calls(create)), len(self.double.entries("main"))
        self.double.fault(create, 429, 503)
        row, _ = self.plant()
        times = self.calls(create)[before:]
        tap.ok(times[1] - times[0] >= 1 and times[2] - times[1] >= 1 and len(self.double.entries("main")) == commits + 1,
               "where the forge asks for patience it is given, and nothing is put twice", times)
        self.double.fault(look, 500, "cut")
        tap.ok(self.inspect(row)[0] == "there", "a look that fails is taken again")
        commits += 1
        for what in ("done-cut", "done-502"):
            self.double.fault(create, what)
            row, _ = self.plant()
            commits += 1
            tap.ok(row["state"] == "there" and len(self.double.entries("main")) == commits, f"{what}: it is there once", row)
        placements = self.count()
        self.double.fault(create, 400)
        result, _ = self.plant(check=False)
        tap.ok(result.returncode == 3 and self.count() == placements and len(self.double.entries("main")) == commits,
               "a refusal leaves nothing in project and ledger", result)
        self.double.fault(create, "echo")
        result, _ = self.plant(check=False)
        tap.ok(result.returncode == 3 and "cannot read '" in result.stderr and self.double.token not in result.stderr,
               "a server's words are told, but for a token that it repeats", result)
        old, self.double.token = self.double.token, "another-token"
        result, _ = self.plant(check=False)
        tap.ok(result.returncode == 3 and "credentials of the account api" in result.stderr and self.count() == placements,
               "a token that ended is told, with its account", result)
        self.login(self.double.token)
        tap.ok(self.inspect(row)[0] == "there", "the file's next token is taken up")
        self.double.role = "reader"
        result, _ = self.plant(check=False)
        tap.ok(result.returncode == 3 and self.count() == placements, "an account that may only read is told", result)
        self.double.role = "owner"
        kept = self.sundew.log_text() + open(os.path.join(self.sundew.dir, "state", "ledger.db"), "rb").read().decode("latin-1")
        tap.ok(old not in kept and self.double.token not in kept, "no token is kept anywhere")
        result = self.sundew.call("plant", "gitlab-token", self.place + "#nowhere", check=False)
        tap.ok(result.returncode == 3 and "nowhere" in result.stderr, "a branch that is not there is told", result)
        result = self.sundew.call("plant", "gitlab-token", self.place, "--as", "stash", check=False)
        tap.ok(result.returncode == 2 and "--as takes" in result.stderr, "what it cannot be is told before all else", result)
        tip = self.double.branch("main")
        row, _ = self.plant("--dry-run")
        tap.ok(self.double.branch("main") == tip and row["state"] == "planned", "a dry run does nothing", row)

    def killed(self, create="commit", nth=0, buried=True):
        """Ended in the middle of a campaign, right after that call was done; the next run plants nothing twice."""
        plan = os.path.join(self.sundew.dir, "forge.yaml")
        with open(plan, "w") as file:
            file.write(f"plan: {create}{nth}{buried}\nentries:\n  shop:\n    places: [\"{self.place}\"]\n"
                       "    kinds: {gitlab-token: 1}\n    lures: {fetch-script: 1}\n"
                       f"    path: tools/killed-{create}{nth}{buried}.sh\n" +
                       ("    buried: yes\n" if buried else ""))
        before, placements = len(self.double.entries("main")), self.count()
        run = [SUNDEW, "-c", self.sundew.config, "plan", plan, "--apply", "--json"]
        first = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                 start_new_session=True)
        self.double.strike = lambda: os.killpg(first.pid, signal.SIGKILL)
        self.double.fault(create, *[None] * nth, "strike")
        first.wait(60)
        self.double.faults.clear()
        again = subprocess.run(run, capture_output=True, text=True, timeout=120)
        added = len(self.double.entries("main")) - before
        rows = self.sundew.json("placements")
        wanted = (1 + (nth > 0)) if buried else 1
        tap.ok(first.returncode == -signal.SIGKILL and added == wanted and self.count() == placements + 1 and
               rows[-1]["state"] == "there" and rows[-1]["where"].get("commit"),
               f"ended by kill -9 after call {nth + 1}: what was done is found again, and not done twice", first.returncode,
               added, rows[-1], again.stdout, again.stderr)
