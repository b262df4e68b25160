# SPDX-License-Identifier: ISC
"""What the doubles of forges share: a real bare repository behind the API, branches that are protected, and objects
beside it. Roles are those of the forges: reader, writer, owner."""
import base64
import binascii
import os
import secrets
import subprocess

from api import Cut, Double, Refused

LEVEL = {"reader": 1, "writer": 2, "owner": 3}


def only(body, *names):
    """The body's members; any other is refused."""
    if not isinstance(body, dict) or set(body) - set(names):
        raise Refused(400, {"message": f"{sorted(set(body) - set(names))} is not allowed"})
    return body


def reader(sort, least="reader"):
    def read(self, request, project, *keys):
        self.enter(request, project, least)
        return 200, self.thing(sort, keys[-1])
    return read


def remover(sort, least):
    def remove(self, request, project, *keys):
        self.enter(request, project, least)
        self.thing(sort, keys[-1])
        del self.things[sort][keys[-1]]
        return 204, None
    return remove


class Forge(Double):
    def __init__(self, root, people):
        super().__init__(root)
        self.bare = os.path.join(root, "project.git")
        self.people, self.token, self.login, self.role = people, "pat-" + secrets.token_hex(12), "deploy-bot", "owner"
        self.protected, self.things, self.requests, self.number, self.strike = set(), {}, {}, 100, None
        self.looks, self.conflict = 0, None  # at requests that it refuses to merge yet; why it merges none
        git = lambda *words, **more: subprocess.run(["git", *words], check=True, capture_output=True, env={
            **os.environ, "GIT_CONFIG_NOSYSTEM": "1", "HOME": root, **more})
        work = os.path.join(root, "work")
        git("init", "-q", "-b", "main", work)
        for i in range(9):
            (name, mail), date = people[i % len(people)], f"2026-0{1 + i % 9}-1{i}T1{i % 6}:0{i}:00+0200"
            git("-C", work, "-c", f"user.name={name}", "-c", f"user.email={mail}", "commit", "-q", "--allow-empty", "-m",
                f"{('api', 'deploy')[i % 2]}: change {i}", "--date", date, GIT_COMMITTER_DATE=date)
        git("clone", "-q", "--bare", work, self.bare)

    # ---- who asks ----

    def asks(self, request, least="reader"):
        """The caller may do that."""
        way, _, token = request.headers.get("Authorization", "").partition(" ")
        if way.lower() not in ("bearer", "token") or token != self.token:
            raise Refused(401, {"message": "401 Unauthorized"})
        if LEVEL[self.role] < LEVEL[least]:
            raise Refused(403, {"message": "403 Forbidden"})

    def act(self, name, act, request, groups):
        """Two faults more: "strike" does what is asked, calls self.strike, and says nothing any more; a function is called
        before what is asked is done."""
        if callable((self.faults.get(name) or [None])[0]):
            self.faults[name].pop(0)()
        if (self.faults.get(name) or [None])[0] == "strike":
            self.faults[name].pop(0)
            act(self, request, *groups)
            self.strike()
            raise Cut()
        return super().act(name, act, request, groups)

    # ---- over git's own protocol ----

    def serve_git(self, request, bare, path):
        """Git's http-backend for that bare repository, where the password is the token, whoever the user is."""
        way, _, given = request.headers.get("Authorization", "").partition(" ")
        try:
            token = base64.b64decode(given if way == "Basic" else "").decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            token = None
        if token != self.token:
            raise Refused(401, b"", WWW_Authenticate='Basic realm="git"', Content_Type="text/plain")
        if not os.path.isdir(bare):
            raise Refused(404, b"Not Found", Content_Type="text/plain")
        if "git-receive-pack" in request.target and LEVEL[self.role] < LEVEL["writer"]:
            raise Refused(403, b"Write access not granted.", Content_Type="text/plain")
        said = subprocess.run(["git", "http-backend"], input=request.body, capture_output=True, check=True, env={
            "PATH": os.environ["PATH"], "HOME": self.root, "GIT_CONFIG_NOSYSTEM": "1", "GIT_PROJECT_ROOT": bare,
            "GIT_HTTP_EXPORT_ALL": "", "PATH_INFO": path, "REMOTE_USER": self.login, "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.target.partition("?")[2], "CONTENT_LENGTH": str(len(request.body)),
            "CONTENT_TYPE": request.headers.get("Content-Type", "")}).stdout
        head, _, body = said.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        return status, body, {name.replace("-", "_"): value for name, value in headers.items()}

    # ---- beside the repository ----

    def thing(self, sort, key):
        if key not in self.things.setdefault(sort, {}):
            raise Refused(404, {"message": f"404 {sort} Not Found"})
        return self.things[sort][key]

    def keep(self, sort, key, value):
        if key in self.things.setdefault(sort, {}):
            raise Refused(400, {"message": {"key": [f"({key}) has already been taken"]}})
        self.things[sort][key] = value
        return value

    # ---- the repository ----

    def git(self, *words, data=None, check=True, **more):
        done = subprocess.run(["git", "-C", self.bare, *words], input=data, capture_output=True,
                              env={"PATH": os.environ["PATH"], "HOME": self.root, "GIT_CONFIG_NOSYSTEM": "1", **more})
        if check and done.returncode:
            raise Refused(500, {"message": done.stderr.decode()})
        return done.stdout if done.returncode == 0 else None

    def tip(self, name):
        found = self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
        return found.decode().strip() if found else None

    def branch(self, name):
        return self.tip(f"refs/heads/{name}")

    def branches(self):
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").decode().split()

    def show(self, ref, path):
        """A file's bytes at a branch or commit; None."""
        return self.git("cat-file", "blob", f"{ref}:{path}", check=False)

    def entries(self, ref, path=None, most=60):
        """Commits, the newest first."""
        if not self.tip(ref):
            raise Refused(404, {"message": "404 not found"})
        form = "%H%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%P%x00%B%x01"
        text = self.git("log", f"-{most}", f"--format={form}", ref, *(["--", path] if path else [])).decode()
        names = ("id", "an", "ae", "ad", "cn", "ce", "cd", "parents", "message")
        return [dict(zip(names, item.strip("\n").split("\0"))) for item in text.split("\x01") if item.strip("\n")]

    def blob(self, data):
        return self.git("hash-object", "-w", "--stdin", data=data).decode().strip()

    def tree(self, start, files):
        """A tree like start's, with path → bytes or (mode, id) or None."""
        index = {"GIT_INDEX_FILE": os.path.join(self.root, "index-" + secrets.token_hex(4))}
        self.git("read-tree", start or "--empty", **index)
        for path, data in files.items():
            if data is None:
                self.git("update-index", "--index-info", data=f"0 {'0' * 40}\t{path}\n".encode(), **index)
                continue
            mode, blob = data if isinstance(data, tuple) else \
                ("100644", self.blob(data))
            self.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", **index)
        return self.git("write-tree", **index).decode().strip()

    def commit(self, parent, tree, message, author=None, committer=None):
        """author, committer: (name, mail, date or None)."""
        author = author or (self.login, self.login + "@forge.example", None)
        committer = committer or author
        who = {}
        for part, (name, mail, date) in (("AUTHOR", author), ("COMMITTER", committer)):
            who.update({f"GIT_{part}_NAME": name, f"GIT_{part}_EMAIL": mail}, **({f"GIT_{part}_DATE": date} if date else {}))
        return self.git("commit-tree", tree, *(["-p", parent] if parent else []), data=message.encode(), **who).decode().strip()

    def point(self, branch, commit):
        self.git("update-ref", f"refs/heads/{branch}", commit)

    def change(self, branch, files, message, author=None):
        """As a colleague does it."""
        tip = self.branch(branch)
        self.point(branch, self.commit(tip, self.tree(tip, files), message, author or (*self.people[0], None)))

    def merge_asked(self, number, keep):
        """By the API: not before the forge has looked whether it can, and not into what is protected."""
        request = self.requests[str(number)]
        self.looks -= 1
        if LEVEL[self.role] < LEVEL["writer"] or request["state"] not in ("open", "opened") or self.looks >= 0 or \
                request["target"] in self.protected or self.conflict:
            raise Refused(405, {"message": self.conflict or "405 Method Not Allowed"})
        self.merge(number, (self.login, self.login + "@forge.example"), keep)

    def touched(self, commit):
        """[(status letter, path before, path)] of a commit against its first parent."""
        said = self.git("diff-tree", "-r", "-M", "--no-commit-id", "--name-status", "--root", f"{commit}^1", commit)
        rows = [line.split("\t") for line in said.decode().splitlines()]
        return [(row[0][0], row[1], row[-1]) for row in rows]

    def beyond(self, base, head):
        """The commits up to head that base has not; as git log base..head."""
        if not self.tip(base) or not self.tip(head):
            raise Refused(404, {"message": "404 Not Found"})
        return self.git("rev-list", f"{self.tip(base)}..{self.tip(head)}").decode().split()

    def merge(self, number, who=None, keep=False, way="merge"):
        """As a colleague merges the request: with a merge, as one commit ("squash"), or each commit anew ("rebase")."""
        request, who = self.requests[str(number)], who or self.people[0]
        source, target = self.branch(request["source"]), self.branch(request["target"])
        tree = lambda commit: self.git("rev-parse", f"{commit}^{{tree}}").decode().strip()
        if way == "squash":
            merged = self.commit(target, tree(source), f"{request['title']} (#{number})\n", (*who, None))
        elif way == "rebase":
            merged = target
            for commit in self.git("rev-list", "--reverse", f"{target}..{source}").decode().split():
                said = self.git("show", "-s", "--format=%an%n%ae%n%aI%n%B", commit).decode().split("\n", 3)
                merged = self.commit(merged, tree(commit), said[3], tuple(said[:3]), (*who, None))
        else:
            merged = self.git("commit-tree", tree(source), "-p", target, "-p", source, "-m",
                              f"Merge branch '{request['source']}'", **{f"GIT_{p}_{k}": v for p in ("AUTHOR", "COMMITTER")
                                                                       for k, v in zip(("NAME", "EMAIL"), who)}).decode().strip()
        self.point(request["target"], merged)
        if not keep:
            self.git("update-ref", "-d", f"refs/heads/{request['source']}")
        request["state"] = "merged"

    def next_number(self):
        self.number += 1
        return self.number
