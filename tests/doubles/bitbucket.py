# SPDX-License-Identifier: ISC
"""The REST API of Bitbucket Data Center, as far as lures are put into repositories with it."""
import email
import email.policy
import time

from api import Refused
from forge import LEVEL, Forge, only

REPOSITORY = "/rest/api/latest/projects/([^/]+)/repos/([^/]+)"


class Bitbucket(Forge):
    project = "WEB/shop"

    def enter(self, request, key, slug, least="reader"):
        self.asks(request, least)
        if f"{key}/{slug}" != self.project:
            raise Refused(404, {"errors": [{"context": None, "message": "Repository does not exist."}]})

    def asks(self, request, least="reader"):
        try:
            super().asks(request, least)
        except Refused as refused:
            raise Refused(refused.status, {"errors": [{"context": None, "message": refused.body["message"]}]})

    def page(self, values):
        return 200, {"size": len(values), "isLastPage": True, "values": values}

    def shown_branch(self, name):
        return {"id": f"refs/heads/{name}", "displayId": name, "latestCommit": self.branch(name)}

    def standard(self, request, *where):
        self.enter(request, *where)
        return 200, self.shown_branch("main")

    def list_branches(self, request, *where):
        self.enter(request, *where)
        return self.page([self.shown_branch(b) for b in self.branches() if request.query["filterText"] in b])

    def delete_branch(self, request, *where):
        self.enter(request, *where, "writer")
        body = only(request.json(), "name", "dryRun", "endPoint")
        name = body["name"].removeprefix("refs/heads/")
        if not self.branch(name) or body.get("endPoint", self.branch(name)) != self.branch(name):
            raise Refused(400, {"errors": [{"context": None, "message": "no such branch, or it moved"}]})
        self.git("update-ref", "-d", f"refs/heads/{name}")
        return 204, None

    def read_raw(self, request, key, slug, path):
        self.enter(request, key, slug)
        data = self.show(request.query["at"], path)
        if data is None:
            raise Refused(404, {"errors": [{"context": None, "message": "The path does not exist at this revision"}]})
        return 200, data, {"Content_Type": "text/plain"}

    def log(self, request, *where):
        self.enter(request, *where)
        stamp = lambda text: int(time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000)
        return self.page([{"id": e["id"], "message": e["message"], "author": {"name": e["an"], "emailAddress": e["ae"]},
                           "authorTimestamp": stamp(e["ad"]), "committer": {"name": e["cn"], "emailAddress": e["ce"]},
                           "committerTimestamp": stamp(e["cd"]), "parents": [{"id": p} for p in e["parents"].split()]}
                          for e in self.entries(request.query["until"], request.query.get("path"),
                                                int(request.query["limit"]))])

    def compare(self, request, *where):
        self.enter(request, *where)
        return self.page([{"id": c} for c in self.beyond(request.query["to"], request.query["from"])])

    def read_change(self, request, key, slug, sha):
        self.enter(request, key, slug)
        sorts = {"A": "ADD", "M": "MODIFY", "D": "DELETE", "R": "MOVE"}
        return self.page([{"type": sorts[letter], "path": {"toString": new}, **({"srcPath": {"toString": old}}
                           if letter == "R" else {})} for letter, old, new in self.touched(sha)])

    def make_commit(self, request, key, slug, path):
        self.enter(request, key, slug, "writer")
        form = email.message_from_bytes(b"Content-Type: " + request.headers["Content-Type"].encode() + b"\r\n\r\n" + request.body,
                                        policy=email.policy.HTTP)
        fields = {p.get_param("name", header="content-disposition"): p.get_payload(decode=True) for p in form.iter_parts()}
        if set(fields) - {"content", "message", "branch", "sourceBranch", "sourceCommitId"}:
            raise Refused(400, {"errors": [{"context": None, "message": "unknown field"}]})
        text = lambda name: fields[name].decode() if name in fields else None
        branch, last = text("branch"), None
        if LEVEL[self.role] < LEVEL["writer"] or branch in self.protected:
            raise Refused(403, {"errors": [{"context": None, "message": f"Branch {branch} is restricted by permissions"}]})
        start = self.branch(text("sourceBranch") or branch)
        if not start or (text("sourceBranch") and self.branch(branch)):
            raise Refused(409, {"errors": [{"context": None, "message": "The branch does not fit"}]})
        if self.show(start, path) is not None:
            last = self.entries(start, path, 1)[0]["id"]
        if text("sourceCommitId") != last or self.show(start, path) == fields["content"]:
            raise Refused(409, {"errors": [{"context": None, "message": "The file has been changed since, or not at all"}]})
        self.point(branch, self.commit(start, self.tree(start, {path: fields["content"]}), text("message")))
        return 200, {"id": self.branch(branch)}

    # ---- pull requests ----

    def shown(self, number):
        r = self.requests[number]
        return {"id": int(number), "version": r["version"], "state": r["state"].upper(), "title": r["title"],
                "fromRef": {"id": "refs/heads/" + r["source"], "displayId": r["source"]},
                "links": {"self": [{"href": f"{self.url}/projects/WEB/repos/shop/pull-requests/{number}"}]}}

    def make_request(self, request, *where):
        self.enter(request, *where)
        body = only(request.json(), "title", "description", "fromRef", "toRef")
        source = body["fromRef"]["id"].removeprefix("refs/heads/")
        if not self.branch(source) or any(r["source"] == source and r["state"] == "open" for r in self.requests.values()):
            raise Refused(409, {"errors": [{"context": None, "message": "Only one pull request may be open"}]})
        number = str(self.next_number())
        self.requests[number] = {"source": source, "target": body["toRef"]["id"].removeprefix("refs/heads/"),
                                 "title": body["title"], "state": "open", "version": 3}
        return 201, self.shown(number)

    def list_requests(self, request, *where):
        self.enter(request, *where)
        state, at = request.query.get("state", "OPEN"), request.query.get("at")
        return self.page([self.shown(n) for n, r in sorted(self.requests.items(), reverse=True)
                          if state in ("ALL", r["state"].upper()) and at in (None, "refs/heads/" + r["source"])])

    def read_request(self, request, key, slug, number):
        self.enter(request, key, slug)
        if number not in self.requests:
            raise Refused(404, {"errors": [{"context": None, "message": "no such pull request"}]})
        return 200, self.shown(number)

    def decline(self, request, key, slug, number):
        self.enter(request, key, slug)
        if request.query["version"] != str(self.requests[number]["version"]):
            raise Refused(409, {"errors": [{"context": None, "message": "out of date"}]})
        self.requests[number]["state"] = "declined"
        return 200, self.shown(number)

    def merge_request(self, request, key, slug, number):
        self.enter(request, key, slug, "writer")
        if request.query["version"] != str(self.requests[number]["version"]):
            raise Refused(409, {"errors": [{"context": None, "message": "out of date"}]})
        try:
            self.merge_asked(number, True)
        except Refused as refused:
            raise Refused(409, {"errors": [{"context": None, "message": refused.body["message"]}]}) from refused
        return 200, self.shown(number)

    # ---- comments ----

    def make_comment(self, request, key, slug, number):
        self.enter(request, key, slug)
        self.read_request(request, key, slug, number)
        name = str(self.next_number())
        return 201, self.keep("comment", name, {"id": int(name), "version": 0, "on": number,
                                                "text": only(request.json(), "text")["text"]})

    def activities(self, request, key, slug, number):
        self.enter(request, key, slug)
        return self.page([{"action": "COMMENTED", "comment": c} for c in reversed(self.things.get("comment", {}).values())
                          if c["on"] == number])

    def read_comment(self, request, key, slug, number, name):
        self.enter(request, key, slug)
        return 200, self.thing("comment", name)

    def remove_comment(self, request, key, slug, number, name):
        self.enter(request, key, slug)
        if str(self.thing("comment", name)["version"]) != request.query.get("version"):
            raise Refused(409, {"errors": [{"context": None, "message": "out of date"}]})
        del self.things["comment"][name]
        return 204, None

    routes = [
        ("project", "GET", REPOSITORY + "/default-branch", standard),
        ("branch", "GET", REPOSITORY + "/branches", list_branches),
        ("leave", "DELETE", "/rest/branch-utils/latest/projects/([^/]+)/repos/([^/]+)/branches", delete_branch),
        ("file", "GET", REPOSITORY + "/raw/(.+)", read_raw),
        ("log", "GET", REPOSITORY + "/commits", log),
        ("compare", "GET", REPOSITORY + "/compare/commits", compare),
        ("change", "GET", REPOSITORY + "/commits/([0-9a-f]+)/changes", read_change),
        ("commit", "PUT", REPOSITORY + "/browse/(.+)", make_commit),
        ("request", "POST", REPOSITORY + "/pull-requests", make_request),
        ("requests", "GET", REPOSITORY + "/pull-requests", list_requests),
        ("read-request", "GET", REPOSITORY + "/pull-requests/([0-9]+)", read_request),
        ("close", "POST", REPOSITORY + "/pull-requests/([0-9]+)/decline", decline),
        ("merge", "POST", REPOSITORY + "/pull-requests/([0-9]+)/merge", merge_request),
        ("comment", "POST", REPOSITORY + "/pull-requests/([0-9]+)/comments", make_comment),
        ("comments", "GET", REPOSITORY + "/pull-requests/([0-9]+)/activities", activities),
        ("read-comment", "GET", REPOSITORY + "/pull-requests/([0-9]+)/comments/([0-9]+)", read_comment),
        ("remove-comment", "DELETE", REPOSITORY + "/pull-requests/([0-9]+)/comments/([0-9]+)", remove_comment),
    ]
