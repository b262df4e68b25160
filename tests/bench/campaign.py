#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A whole campaign by one plan: mailboxes of a Dovecot, opened by a master user, and bare repositories, while it is killed
again and again, at times with the daemon. At the end everything that lies there is counted by others, and held against
the ledger: exactly what the plan says, nothing twice, nothing missing, nothing that the ledger does not know.

    SUNDEW_CAMPAIGN_MAILBOXES, SUNDEW_CAMPAIGN_REPOSITORIES, SUNDEW_CAMPAIGN_KILLS    how many (100, 50, 5)
    SUNDEW_CAMPAIGN_AT_ONCE                                                           places side by side (4)

Prints "WHAT | FIGURE | UNIT" a line; exits 1 with what was wrong."""
import collections
import email.parser
import glob
import imaplib
import os
import random
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios"))
from dovecot import MASTER, Dovecot
from sundew import SUNDEW, Installation

MAILBOXES = int(os.environ.get("SUNDEW_CAMPAIGN_MAILBOXES", "100"))
REPOSITORIES = int(os.environ.get("SUNDEW_CAMPAIGN_REPOSITORIES", "50"))
KILLS = int(os.environ.get("SUNDEW_CAMPAIGN_KILLS", "5"))
AT_ONCE = int(os.environ.get("SUNDEW_CAMPAIGN_AT_ONCE", "4"))
DENSITY = 3
WANTED = MAILBOXES * DENSITY + REPOSITORIES
SAMPLE = 50  # mailboxes and repositories that are looked at by their own clients, too
ACCOUNT = """
accounts:
  mail:
    places: ["imaps://127.0.0.1"]
    user: "%u*gardener"
    password: secrets/mail
    ca: mail-ca.pem
"""
PLAN = """plan: everywhere
at-once: {at_once}
entries:
  mailboxes:
    list: [mailboxes.txt]
    density: {density}
    kinds: {{password: 2, gitlab-token: 1}}
    at: {{from: 2026-01-05, until: 2026-09-30}}
  repositories:
    glob: ["git:srv/*.git"]
    kinds: [gitlab-token]
"""
GIT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "Bo",
       "GIT_AUTHOR_EMAIL": "bo@corp.example", "GIT_COMMITTER_NAME": "Bo", "GIT_COMMITTER_EMAIL": "bo@corp.example",
       "GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z"}


def git(folder, *arguments):
    return subprocess.run(["git", "-C", folder, *arguments], env=GIT, capture_output=True, text=True, check=True).stdout


# ---- what is there before ----

def make_repositories(root):
    first = os.path.join(root, "first")
    os.makedirs(os.path.join(root, "srv"))
    git(root, "init", "-q", "-b", "main", "--template=", first)
    with open(os.path.join(first, "README"), "w") as file:
        file.write("A project\n")
    git(first, "add", ".")
    git(first, "commit", "-q", "-m", "Begin")
    git(root, "clone", "-q", "--bare", "--template=", first, "bare")
    for i in range(REPOSITORIES):
        shutil.copytree(os.path.join(root, "bare"), os.path.join(root, "srv", f"r{i}.git"))


def prepare(sundew, dovecot):
    shutil.copy(os.path.join(dovecot.root, "ca.pem"), os.path.join(sundew.dir, "mail-ca.pem"))
    os.makedirs(os.path.join(sundew.dir, "secrets"), exist_ok=True)
    with open(os.open(os.path.join(sundew.dir, "secrets", "mail"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(MASTER + "\n")
    with open(sundew.config, "a") as config:
        config.write(ACCOUNT)
    with open(os.path.join(sundew.root, "mailboxes.txt"), "w") as names:
        names.writelines(f"imaps://m{i}@127.0.0.1:{dovecot.imaps}\tm{i}@corp.example\n" for i in range(MAILBOXES))
    make_repositories(sundew.root)
    plan = os.path.join(sundew.root, "plan.yaml")
    with open(plan, "w") as file:
        file.write(PLAN.format(at_once=AT_ONCE, density=DENSITY))
    return plan


# ---- carrying it out ----

class Watch(threading.Thread):
    """The most memory that the process and its children had, by their names, in MiB."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.ended = pid, collections.Counter(), threading.Event()
        self.start()

    def look(self):
        pids = [str(self.pid)]
        for path in glob.glob(f"/proc/{self.pid}/task/*/children"):
            with open(path) as file:
                pids += file.read().split()
        for pid in pids:
            with open(f"/proc/{pid}/status") as file:
                fields = dict(line.split(":", 1) for line in file)
            if "VmHWM" in fields:
                name, peak = fields["Name"].strip(), int(fields["VmHWM"].split()[0]) / 1024
                self.most[name] = max(self.most[name], peak)

    def run(self):
        while not self.ended.wait(0.2):
            try:
                self.look()
            except OSError:  # it ended meanwhile
                pass


def apply(sundew, plan, lines=None):
    """Until it ends, or has planted so many; then it is killed. (exit status or None, seconds, memory)"""
    begun = time.monotonic()
    with open(os.path.join(sundew.root, "said"), "w") as said:
        run = subprocess.Popen([SUNDEW, "-c", sundew.config, "plan", plan, "--apply", "--json"], stdout=subprocess.PIPE,
                               stderr=said, start_new_session=True)
    watch = Watch(run.pid)
    for number, _ in enumerate(run.stdout, 1):
        if number == lines:
            time.sleep(random.random() * 0.1)
            break
    return run, watch, begun


def kill(sundew, run, turn):
    """`sundew` alone, or its planters as well, or the daemon, too."""
    if run.poll() is not None:
        return False
    if turn % 5 == 4:
        sundew.kill_all()
    try:
        (os.kill if turn % 2 else os.killpg)(run.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    if turn % 5 == 4:
        sundew.start()
    return True


def carry_out(sundew, plan):
    most, took, killed, left = collections.Counter(), 0, 0, WANTED
    for turn in range(KILLS + 1):
        lines = random.randrange(1, max(2, 2 * left // (KILLS + 2 - turn))) if turn < KILLS else None  # some stay left
        left -= lines or 0
        run, watch, begun = apply(sundew, plan, lines)
        killed += lines is not None and kill(sundew, run, turn)
        run.wait()
        run.stdout.close()
        took += time.monotonic() - begun
        watch.ended.set()
        watch.join()
        most |= watch.most
    return run.returncode, took, killed, most


# ---- counting ----

def ids_in_storage(dovecot):
    """Message-IDs of all files of all mailboxes, by user; what is on its way into a folder counts as well."""
    found, parser = collections.defaultdict(list), email.parser.BytesHeaderParser()
    for folder, _, names in os.walk(os.path.join(dovecot.root, "mail")):
        if os.path.basename(folder) in ("cur", "new", "tmp"):
            user = os.path.relpath(folder, os.path.join(dovecot.root, "mail")).split(os.sep)[0]
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found[user].append(str(parser.parse(file)["Message-ID"]).strip())
    return found


def count_by_client(dovecot, user):
    context = ssl.create_default_context(cafile=os.path.join(dovecot.root, "ca.pem"))
    client = imaplib.IMAP4_SSL("127.0.0.1", dovecot.imaps, ssl_context=context, timeout=30)
    client.login(f"{user}*gardener", MASTER)
    count = 0
    for line in client.list()[1]:
        count += int(client.select(line.decode().rsplit(" ", 1)[1], readonly=True)[1][0])
    client.logout()
    return count


def wrong_mailboxes(dovecot, placements):
    known, each, lies, wrong = collections.defaultdict(list), collections.Counter(), ids_in_storage(dovecot), []
    for placement in placements:
        if placement["place"].startswith("imaps:"):
            user, where = placement["where"]["mailbox"], placement["where"]
            known[user] += [where["message_id"]] + [mail["message_id"] for mail in where.get("thread", [])]
            each[user] += 1
    for user in {f"m{i}" for i in range(MAILBOXES)} | set(lies):
        if sorted(known[user]) != sorted(lies[user]) or len(set(lies[user])) != len(lies[user]) or each[user] != DENSITY:
            wrong.append(f"{user}: {each[user]} placements; known {sorted(known[user])}, lies {sorted(lies[user])}")
    for user in random.sample(sorted(known), min(SAMPLE, len(known))):
        if count_by_client(dovecot, user) != len(known[user]):
            wrong.append(f"{user}: a client counts {count_by_client(dovecot, user)}, not {len(known[user])}")
    return sum(map(len, lies.values())), wrong


def wrong_repositories(root, placements):
    known, wrong = collections.defaultdict(list), []
    for placement in placements:
        if placement["place"].startswith("git:"):
            known[placement["place"].removeprefix("git:")].append(placement["where"]["commit"])
    for i in range(REPOSITORIES):
        folder = os.path.join(os.path.realpath(root), "srv", f"r{i}.git")
        checked = subprocess.run(["git", "-C", folder, "fsck", "--strict", "--unreachable"], env=GIT, capture_output=True,
                                 text=True)
        commits = git(folder, "rev-list", "--all").split()
        said = [line for line in (checked.stdout + checked.stderr).splitlines() if "unreachable" not in line]
        if checked.returncode != 0 or said or len(commits) != 2 or known[folder] != commits[:1]:
            wrong.append(f"{folder}: {commits}, known {known[folder]}, fsck says {said}")
    return wrong


def main():
    print("#", f"{MAILBOXES} mailboxes x {DENSITY}, {REPOSITORIES} repositories, {AT_ONCE} at once", flush=True)
    with Dovecot(quota="100M") as dovecot, Installation() as sundew:
        plan = prepare(sundew, dovecot)
        sundew.start()
        code, took, killed, most = carry_out(sundew, plan)
        print(f"placements a second, {WANTED:,} by one plan, killed {killed} times | {WANTED / took:.1f} | /s")
        for name in ("planter", "sundew"):
            print(f"memory at most, {name} | {most[name]:.1f} | MiB", flush=True)
        wrong = [] if code == 0 else [f"the last run: exit {code}", *open(os.path.join(sundew.root, "said"))]
        placements = [p for p in sundew.json("placements", timeout=600) if p["state"] != "gone"]
        if len(placements) != WANTED or any(p["state"] != "there" for p in placements):
            wrong.append(f"{len(placements)} placements in the ledger: {collections.Counter(p['state'] for p in placements)}")
        differs = sundew.call("plan", plan, check=False, timeout=600)
        wrong += [] if differs.returncode == 0 else [f"the plan differs: {differs.stderr}"]
        mails, more = wrong_mailboxes(dovecot, placements)
        wrong += more + wrong_repositories(sundew.root, placements)
    print(f"mails that lie there, each in the ledger and once | {mails} |")
    print(f"repositories clean, with one commit more | {REPOSITORIES} |" if not wrong else "", flush=True)
    for line in wrong[:20]:
        print("not ok", line.rstrip())
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
