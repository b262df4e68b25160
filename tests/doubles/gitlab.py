# SPDX-License-Identifier: ISC
"""GitLab's REST API v4, as far as lures are put into projects with it."""
import base64
import re

from api import Refused
from forge import LEVEL, Forge, only, reader, remover

PROJECT = "/api/v4/projects/([^/]+)"


class GitLab(Forge):
    project = "web/shop"

    def enter(self, request, project, least="reader"):
        self.asks(request, least)
        if project != self.project:
            raise Refused(404, {"message": "404 Project Not Found"})

    def can_push(self, branch):
        return LEVEL[self.role] >= LEVEL["writer"] and branch not in self.protected

    # ---- repository ----

    def about(self, request, project):
        self.enter(request, project)
        return 200, {"id": 7, "path_with_namespace": self.project, "default_branch": "main"}

    def read_branch(self, request, project, name):
        self.enter(request, project)
        if not self.branch(name):
            raise Refused(404, {"message": "404 Branch Not Found"})
        return 200, {"name": name, "protected": name in self.protected, "can_push": self.can_push(name),
                     "commit": {"id": self.branch(name)}}

    def delete_branch(self, request, project, name):
        self.enter(request, project, "writer")
        if not self.branch(name):
            raise Refused(404, {"message": "404 Branch Not Found"})
        if name in self.protected:
            raise Refused(403, {"message": "Protected branch can't be removed"})
        self.git("update-ref", "-d", f"refs/heads/{name}")
        return 204, None

    def read_file(self, request, project, path):
        self.enter(request, project)
        data = self.show(request.query["ref"], path)
        if data is None:
            raise Refused(404, {"message": "404 File Not Found"})
        return 200, data, {"Content_Type": "text/plain"}

    def log(self, request, project):
        self.enter(request, project)
        found = self.entries(request.query["ref_name"], request.query.get("path"), int(request.query["per_page"]))
        return 200, [{"id": e["id"], "message": e["message"], "author_name": e["an"], "author_email": e["ae"],
                      "authored_date": e["ad"], "committer_name": e["cn"], "committer_email": e["ce"],
                      "committed_date": e["cd"], "parent_ids": e["parents"].split()} for e in found]

    def compare(self, request, project):
        self.enter(request, project)
        beyond = self.beyond(request.query["from"], request.query["to"])
        return 200, {"commits": [{"id": c} for c in beyond], "diffs": [], "compare_same_ref": False}

    def read_change(self, request, project, sha):
        self.enter(request, project)
        return 200, [{"old_path": old, "new_path": new, "new_file": letter == "A", "renamed_file": letter == "R",
                      "deleted_file": letter == "D"} for letter, old, new in self.touched(sha)][:int(request.query["per_page"])]

    def make_commit(self, request, project):
        self.enter(request, project, "writer")
        body = only(request.json(), "branch", "commit_message", "start_branch", "author_name", "author_email", "actions")
        branch, files = body["branch"], {}
        start = self.branch(body.get("start_branch", branch))
        if not start or ("start_branch" in body and self.branch(branch)):
            raise Refused(400, {"message": f"A branch called '{branch}' already exists or the start is missing"})
        if not self.can_push(branch):
            raise Refused(400, {"message": "You are not allowed to push into this branch"})
        for action in body["actions"]:
            only(action, "action", "file_path", "content", "encoding", "execute_filemode", "last_commit_id")
            path, there = action["file_path"], self.show(start, action["file_path"]) is not None
            if there != (action["action"] != "create"):
                raise Refused(400, {"message": f"A file with this name {'already exists' if there else 'does not exist'}"})
            if action.get("last_commit_id") not in (None, there and self.entries(start, path, 1)[0]["id"]):
                raise Refused(400, {"message": f"The file has changed since you started editing it: {path}"})
            mode = self.git("ls-tree", start, "--", path).decode()[:6] if there else "100644"
            files[path] = None if action["action"] == "delete" else base64.b64decode(action["content"], validate=True)
            if files[path] is not None and (action.get("execute_filemode") or mode == "100755"):
                files[path] = ("100755", self.blob(files[path]))
        author = (body["author_name"], body["author_email"], None) if "author_name" in body else None
        made = self.commit(start, self.tree(start, files), body["commit_message"], author,
                           (self.login, self.login + "@gitlab.example", None) if author is None else author)
        self.point(branch, made)
        return 201, {"id": made, "short_id": made[:8]}

    # ---- merge requests ----

    def shown(self, number):
        r = self.requests[number]
        return {"iid": int(number), "source_branch": r["source"], "target_branch": r["target"], "title": r["title"],
                "state": r["state"], "web_url": f"{self.url}/{self.project}/-/merge_requests/{number}"}

    def make_request(self, request, project):
        self.enter(request, project, "writer")
        body = only(request.json(), "source_branch", "target_branch", "title", "description", "remove_source_branch")
        if not self.branch(body["source_branch"]) or any(
                r["source"] == body["source_branch"] and r["state"] == "opened" for r in self.requests.values()):
            raise Refused(409, {"message": ["Another open merge request already exists for this source branch: !1"]})
        number = str(self.next_number())
        self.requests[number] = {"source": body["source_branch"], "target": body["target_branch"], "title": body["title"],
                                 "state": "opened"}
        return 201, self.shown(number)

    def list_requests(self, request, project):
        self.enter(request, project)
        state, source = request.query.get("state", "all"), request.query.get("source_branch")
        return 200, [self.shown(n) for n, r in sorted(self.requests.items(), reverse=True)
                     if state in ("all", r["state"]) and source in (None, r["source"])]

    def read_request(self, request, project, number):
        self.enter(request, project)
        if number not in self.requests:
            raise Refused(404, {"message": "404 Not found"})
        return 200, self.shown(number)

    def change_request(self, request, project, number):
        self.enter(request, project, "writer")
        if only(request.json(), "state_event")["state_event"] != "close" or self.requests[number]["state"] != "opened":
            raise Refused(422, {"message": "Cannot transition"})
        self.requests[number]["state"] = "closed"
        return 200, self.shown(number)

    def accept_request(self, request, project, number):
        self.enter(request, project)
        body = only(request.json(), "should_remove_source_branch")
        self.merge_asked(number, not body.get("should_remove_source_branch"))
        return 200, self.shown(number)

    # ---- beside the repository ----

    def make_variable(self, request, project):
        self.enter(request, project, "owner")
        body = only(request.json(), "key", "value", "variable_type")
        if not re.fullmatch(r"\w{1,255}", body["key"]) or body["variable_type"] not in ("env_var", "file"):
            raise Refused(400, {"message": {"key": ["is invalid"]}})
        return 201, self.keep("variable", body["key"], {**body, "protected": False, "masked": False})

    def make_issue(self, request, project):
        self.enter(request, project)
        body = only(request.json(), "title", "description", "created_at")
        number, when = str(self.next_number()), "2026-11-26T12:00:00.000Z"
        if self.role == "owner":
            when = body.get("created_at", when)
        return 201, self.keep("issue", number, {"iid": int(number), "title": body["title"], "state": "opened", "created_at": when,
                                                "description": body["description"],
                                                "web_url": f"{self.url}/{self.project}/-/issues/{number}"})

    def list_issues(self, request, project):
        self.enter(request, project)
        return 200, [i for i in reversed(self.things.get("issue", {}).values()) if request.query["search"] in i["title"]]

    def change_issue(self, request, project, number):
        self.enter(request, project)
        body, issue = only(request.json(), "description", "state_event"), self.thing("issue", number)
        issue.update(description=body["description"], state="closed")
        return 200, issue

    def make_note(self, request, project, number):
        self.enter(request, project)
        self.read_request(request, project, number)
        body, key = only(request.json(), "body", "created_at"), str(self.next_number())
        return 201, self.keep("comment", key, {"id": int(key), "body": body["body"], "on": number,
                                               "created_at": body.get("created_at", "2026-11-26T12:00:00.000Z")})

    def list_notes(self, request, project, number):
        self.enter(request, project)
        return 200, [n for n in reversed(self.things.get("comment", {}).values()) if n["on"] == number]

    def make_page(self, request, project):
        self.enter(request, project, "writer")
        body = only(request.json(), "title", "content", "format")
        slug = body["title"].replace(" ", "-")
        return 201, self.keep("wiki", slug, {"slug": slug, **body})

    def list_pages(self, request, project):
        self.enter(request, project)
        return 200, list(self.things.get("wiki", {}).values())

    def make_snippet(self, request, project):
        self.enter(request, project)
        body, key = only(request.json(), "title", "visibility", "files"), str(self.next_number())
        file = only(body["files"][0], "file_path", "content")
        return 201, self.keep("snippet", key, {"id": int(key), "title": body["title"], "content": file["content"],
                                               "web_url": f"{self.url}/{self.project}/-/snippets/{key}"})

    def read_snippet(self, request, project, key):
        self.enter(request, project)
        return 200, self.thing("snippet", key)["content"].encode(), {"Content_Type": "text/plain"}

    def list_snippets(self, request, project):
        self.enter(request, project)
        return 200, list(reversed(self.things.get("snippet", {}).values()))

    def package_files(self, name, version):
        return [(p, f) for p in self.things.get("package", {}).values() for f in reversed(p["files"])
                if (p["name"], p["version"]) == (name, version)]

    def make_package(self, request, project, name, version, file):
        self.enter(request, project, "writer")
        return 201, self.add_package(name, version, file, request.body.decode()) \
            if request.query.get("select") == "package_file" else {"message": "201 Created"}

    def add_package(self, name, version, file, content):
        """Files of one name and version are one package."""
        there = next((p for p, _ in self.package_files(name, version)), None)
        key = str(there["id"] if there else self.next_number())
        if not there:
            there = self.keep("package", key, {"id": int(key), "name": name, "version": version, "files": []})
        there["files"].append({"id": self.next_number() + 1000, "file_name": file, "content": content})
        return {"id": there["files"][-1]["id"], "package_id": int(key), "file_name": file}

    def read_package(self, request, project, name, version, file):
        self.enter(request, project)
        for _, f in self.package_files(name, version):
            if f["file_name"] == file:
                return 200, f["content"].encode(), {"Content_Type": "application/octet-stream"}
        raise Refused(404, {"message": "404 Package Not Found"})

    def list_packages(self, request, project):
        """The name is looked for anywhere in a package's."""
        self.enter(request, project)
        return 200, [{"id": p["id"], "name": p["name"], "version": p["version"], "package_type": "generic"}
                     for p in reversed(self.things.get("package", {}).values()) if request.query["package_name"] in p["name"]
                     and p["version"] == request.query.get("package_version", p["version"])]

    def list_package(self, request, project, key):
        self.enter(request, project)
        return 200, [{"id": f["id"], "package_id": int(key), "file_name": f["file_name"]}
                     for f in self.thing("package", key)["files"]]

    def remove_package_file(self, request, project, key, file):
        self.enter(request, project, "writer")
        files = self.thing("package", key)["files"]
        if all(str(f["id"]) != file for f in files):
            raise Refused(404, {"message": "404 Not Found"})
        files[:] = [f for f in files if str(f["id"]) != file]
        return 204, None

    routes = [
        ("project", "GET", PROJECT, about),
        ("branch", "GET", PROJECT + "/repository/branches/([^/]+)", read_branch),
        ("leave", "DELETE", PROJECT + "/repository/branches/([^/]+)", delete_branch),
        ("file", "GET", PROJECT + "/repository/files/([^/]+)/raw", read_file),
        ("log", "GET", PROJECT + "/repository/commits", log),
        ("compare", "GET", PROJECT + "/repository/compare", compare),
        ("change", "GET", PROJECT + "/repository/commits/([0-9a-f]+)/diff", read_change),
        ("commit", "POST", PROJECT + "/repository/commits", make_commit),
        ("request", "POST", PROJECT + "/merge_requests", make_request),
        ("requests", "GET", PROJECT + "/merge_requests", list_requests),
        ("read-request", "GET", PROJECT + "/merge_requests/([0-9]+)", read_request),
        ("close", "PUT", PROJECT + "/merge_requests/([0-9]+)", change_request),
        ("merge", "PUT", PROJECT + "/merge_requests/([0-9]+)/merge", accept_request),
        ("variable", "POST", PROJECT + "/variables", make_variable),
        ("read-variable", "GET", PROJECT + "/variables/([^/]+)", reader("variable")),
        ("remove-variable", "DELETE", PROJECT + "/variables/([^/]+)", remover("variable", "owner")),
        ("issue", "POST", PROJECT + "/issues", make_issue),
        ("issues", "GET", PROJECT + "/issues", list_issues),
        ("read-issue", "GET", PROJECT + "/issues/([0-9]+)", reader("issue")),
        ("change-issue", "PUT", PROJECT + "/issues/([0-9]+)", change_issue),
        ("remove-issue", "DELETE", PROJECT + "/issues/([0-9]+)", remover("issue", "owner")),
        ("comment", "POST", PROJECT + "/merge_requests/([0-9]+)/notes", make_note),
        ("comments", "GET", PROJECT + "/merge_requests/([0-9]+)/notes", list_notes),
        ("read-comment", "GET", PROJECT + "/merge_requests/([0-9]+)/notes/([0-9]+)", reader("comment")),
        ("remove-comment", "DELETE", PROJECT + "/merge_requests/([0-9]+)/notes/([0-9]+)", remover("comment", "reader")),
        ("wiki", "POST", PROJECT + "/wikis", make_page),
        ("wikis", "GET", PROJECT + "/wikis", list_pages),
        ("read-wiki", "GET", PROJECT + "/wikis/([^/]+)", reader("wiki")),
        ("remove-wiki", "DELETE", PROJECT + "/wikis/([^/]+)", remover("wiki", "writer")),
        ("snippet", "POST", PROJECT + "/snippets", make_snippet),
        ("snippets", "GET", PROJECT + "/snippets", list_snippets),
        ("read-snippet", "GET", PROJECT + "/snippets/([0-9]+)/raw", read_snippet),
        ("remove-snippet", "DELETE", PROJECT + "/snippets/([0-9]+)", remover("snippet", "reader")),
        ("package", "PUT", PROJECT + "/packages/generic/([^/]+)/([^/]+)/([^/]+)", make_package),
        ("read-package", "GET", PROJECT + "/packages/generic/([^/]+)/([^/]+)/([^/]+)", read_package),
        ("packages", "GET", PROJECT + "/packages", list_packages),
        ("package-files", "GET", PROJECT + "/packages/([0-9]+)/package_files", list_package),
        ("remove-package-file", "DELETE", PROJECT + "/packages/([0-9]+)/package_files/([0-9]+)", remove_package_file),
        ("remove-package", "DELETE", PROJECT + "/packages/([0-9]+)", remover("package", "writer")),
    ]
