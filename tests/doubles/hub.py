# SPDX-License-Identifier: ISC
"""What GitHub's REST API and Gitea's, which follows it, have in common; each double adds its own."""
import base64

from api import Refused
from forge import LEVEL, Forge, only, reader, remover


class Hub(Forge):
    project = "web/shop"
    prefix = ""

    def enter(self, request, project, least="reader"):
        self.asks(request, least)
        if project != self.project:
            raise Refused(404, {"message": "Not Found"})

    def can_push(self, branch):
        return LEVEL[self.role] >= LEVEL["writer"] and branch not in self.protected

    def about(self, request, project):
        self.enter(request, project)
        return 200, {"full_name": self.project, "default_branch": "main"}

    def log(self, request, project):
        self.enter(request, project)
        most = int(request.query.get("per_page", request.query.get("limit", 30)))
        found = self.entries(request.query["sha"], request.query.get("path"), most)
        return 200, [{"sha": e["id"], "parents": [{"sha": p} for p in e["parents"].split()],
                      "commit": {"message": e["message"], "verification": {"verified": False},
                                 "author": {"name": e["an"], "email": e["ae"], "date": e["ad"]},
                                 "committer": {"name": e["cn"], "email": e["ce"], "date": e["cd"]}}} for e in found]

    def compare(self, request, project, base, head):
        self.enter(request, project)
        beyond = self.beyond(base, head)
        return 200, {"total_commits": len(beyond), "commits": [{"sha": c} for c in beyond]}

    STATUS = {"A": "added", "M": "modified", "D": "removed", "R": "renamed"}

    def read_change(self, request, project, sha):
        self.enter(request, project)
        return 200, {"sha": sha, "files": [{"filename": new, "status": self.STATUS[letter]}
                                           for letter, old, new in self.touched(sha)]}

    # ---- pull requests ----

    def shown(self, number):
        r = self.requests[number]
        return {"number": int(number), "head": {"ref": r["source"]}, "base": {"ref": r["target"]}, "title": r["title"],
                "state": "closed" if r["state"] == "merged" else r["state"], "merged": r["state"] == "merged",
                "html_url": f"{self.url}/{self.project}/pull/{number}"}

    def make_request(self, request, project):
        self.enter(request, project, "writer")
        body = only(request.json(), "head", "base", "title", "body")
        if not self.branch(body["head"]) or any(r["source"] == body["head"] and r["state"] == "open"
                                                for r in self.requests.values()):
            raise Refused(422, {"message": "Validation Failed"})
        number = str(self.next_number())
        self.requests[number] = {"source": body["head"], "target": body["base"], "title": body["title"], "state": "open"}
        return 201, self.shown(number)

    def list_requests(self, request, project):
        self.enter(request, project)
        state, head = request.query.get("state", "open"), request.query.get("head")
        return 200, [self.shown(n) for n, r in sorted(self.requests.items(), reverse=True)
                     if state in ("all", self.shown(n)["state"]) and head in (None, "web:" + r["source"])]

    def read_request(self, request, project, number):
        self.enter(request, project)
        if number not in self.requests:
            raise Refused(404, {"message": "Not Found"})
        return 200, self.shown(number)

    def change_request(self, request, project, number):
        self.enter(request, project, "writer")
        self.requests[number]["state"] = only(request.json(), "state")["state"]
        return 200, self.shown(number)

    # ---- issues, comments ----

    def make_issue(self, request, project):
        self.enter(request, project)
        body, number = only(request.json(), "title", "body"), str(self.next_number())
        return 201, self.keep("issue", number, {"number": int(number), "title": body["title"], "body": body["body"],
                                                "state": "open", "html_url": f"{self.url}/{self.project}/issues/{number}"})

    def list_issues(self, request, project):
        self.enter(request, project)
        return 200, list(reversed(self.things.get("issue", {}).values()))

    def change_issue(self, request, project, number):
        self.enter(request, project)
        self.thing("issue", number).update(only(request.json(), "body", "state"))
        return 200, self.thing("issue", number)

    def make_comment(self, request, project, number):
        self.enter(request, project)
        self.read_request(request, project, number)
        key = str(self.next_number())
        return 201, self.keep("comment", key, {"id": int(key), "on": number, "body": only(request.json(), "body")["body"]})

    def list_comments(self, request, project, number):
        self.enter(request, project)
        return 200, [c for c in self.things.get("comment", {}).values() if c["on"] == number]

    def content_of(self, text):
        return base64.b64decode(text, validate=True)

    @staticmethod
    def common(repository):
        return [
            ("project", "GET", repository, Hub.about),
            ("log", "GET", repository + "/commits", Hub.log),
            ("compare", "GET", repository + "/compare/(.+)\\.\\.\\.(.+)", Hub.compare),
            ("request", "POST", repository + "/pulls", Hub.make_request),
            ("requests", "GET", repository + "/pulls", Hub.list_requests),
            ("read-request", "GET", repository + "/pulls/([0-9]+)", Hub.read_request),
            ("close", "PATCH", repository + "/pulls/([0-9]+)", Hub.change_request),
            ("issue", "POST", repository + "/issues", Hub.make_issue),
            ("issues", "GET", repository + "/issues", Hub.list_issues),
            ("read-issue", "GET", repository + "/issues/([0-9]+)", reader("issue")),
            ("change-issue", "PATCH", repository + "/issues/([0-9]+)", Hub.change_issue),
            ("comment", "POST", repository + "/issues/([0-9]+)/comments", Hub.make_comment),
            ("comments", "GET", repository + "/issues/([0-9]+)/comments", Hub.list_comments),
            ("read-comment", "GET", repository + "/issues/comments/([0-9]+)", reader("comment")),
            ("remove-comment", "DELETE", repository + "/issues/comments/([0-9]+)", remover("comment", "reader")),
            ("read-variable", "GET", repository + "/actions/variables/([^/]+)", reader("variable", "writer")),
            ("remove-variable", "DELETE", repository + "/actions/variables/([^/]+)", remover("variable", "owner")),
        ]
