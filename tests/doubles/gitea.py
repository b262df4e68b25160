# SPDX-License-Identifier: ISC
"""Gitea's API v1, as far as lures are put into repositories with it."""
from api import Refused
from forge import only, reader, remover
from hub import Hub

REPOSITORY = "/api/v1/repos/([^/]+/[^/]+)"


class Gitea(Hub):
    def read_branch(self, request, project, name):
        self.enter(request, project)
        if not self.branch(name):
            raise Refused(404, {"message": "The target couldn't be found."})
        return 200, {"name": name, "commit": {"id": self.branch(name)}, "protected": name in self.protected,
                     "user_can_push": self.can_push(name)}

    def delete_branch(self, request, project, name):
        self.enter(request, project, "writer")
        if not self.branch(name):
            raise Refused(404, {"message": "The target couldn't be found."})
        self.git("update-ref", "-d", f"refs/heads/{name}")
        return 204, None

    def read_raw(self, request, project, path):
        self.enter(request, project)
        data = self.show(request.query["ref"], path)
        if data is None:
            raise Refused(404, {"message": "The target couldn't be found."})
        return 200, data, {"Content_Type": "text/plain"}

    def read_contents(self, request, project, path):
        self.enter(request, project)
        return 200, {"path": path, "sha": self.git("rev-parse", f"{request.query['ref']}:{path}").decode().strip()}

    def make_commit(self, request, project):
        self.enter(request, project, "writer")
        body = only(request.json(), "branch", "new_branch", "message", "author", "committer", "dates", "files")
        branch, files = body.get("new_branch", body["branch"]), {}
        start = self.branch(body["branch"])
        if "new_branch" in body and self.branch(branch):
            raise Refused(422, {"message": "branch already exists"})
        if not self.can_push(branch):
            raise Refused(403, {"message": "branch is protected"})
        for file in body["files"]:
            only(file, "operation", "path", "content", "sha")
            there = self.git("rev-parse", "--verify", "--quiet", f"{start}:{file['path']}", check=False)
            if (file["operation"] != "create") != (there is not None) or (there and there.decode().strip() != file["sha"]):
                raise Refused(422, {"message": "sha does not match or the file exists"})
            files[file["path"]] = None if file["operation"] == "delete" else self.content_of(file["content"])
        who = [(body[p]["name"], body[p]["email"], body["dates"][p]) if p in body else
               (self.login, self.login + "@gitea.example", body["dates"][p]) for p in ("author", "committer")]
        made = self.commit(start, self.tree(start, files), body["message"], *who)
        self.point(branch, made)
        return 201, {"commit": {"sha": made}}

    def merge_request(self, request, project, number):
        self.enter(request, project, "writer")
        body = only(request.json(), "Do", "delete_branch_after_merge")
        if body["Do"] != "merge":
            raise Refused(422, {"message": "not a merge style of this repository"})
        self.merge_asked(number, not body.get("delete_branch_after_merge"))
        return 200, None

    def make_variable(self, request, project, key):
        self.enter(request, project, "owner")
        value = only(request.json(), "value")["value"]
        if key in self.things.get("variable", {}):
            raise Refused(409, {"message": f"variable already exists: {key}"})
        self.keep("variable", key, {"name": key, "data": value})
        return 201, None

    def make_page(self, request, project):
        self.enter(request, project, "writer")
        body = only(request.json(), "title", "content_base64", "message")
        key = body["title"].replace(" ", "-")
        page = {"title": body["title"], "sub_url": key, "content_base64": body["content_base64"],
                "content": self.content_of(body["content_base64"]).decode()}
        return 201, self.keep("wiki", key, page)

    def list_pages(self, request, project):
        self.enter(request, project)
        return 200, [{"title": p["title"], "sub_url": p["sub_url"]} for p in self.things.get("wiki", {}).values()]

    def make_package(self, request, owner, name, version, file):
        self.asks(request, "writer")
        if f"{name}/{version}/{file}" in self.things.get("package", {}):
            raise Refused(409, {"message": "file already exists"})
        self.keep("package", f"{name}/{version}/{file}", {"content": request.body.decode()})
        return 201, None

    def read_package(self, request, owner, name, version, file):
        self.asks(request)
        return 200, self.thing("package", f"{name}/{version}/{file}")["content"].encode(), {"Content_Type": "text/plain"}

    def remove_package(self, request, owner, name, version, file):
        self.asks(request, "writer")
        self.thing("package", f"{name}/{version}/{file}")
        del self.things["package"][f"{name}/{version}/{file}"]
        return 204, None

    PACKAGE = "/api/packages/([^/]+)/generic/([^/]+)/([^/]+)/([^/]+)"
    routes = Hub.common(REPOSITORY) + [
        ("branch", "GET", REPOSITORY + "/branches/(.+)", read_branch),
        ("leave", "DELETE", REPOSITORY + "/branches/(.+)", delete_branch),
        ("change", "GET", REPOSITORY + "/git/commits/([0-9a-f]+)", Hub.read_change),
        ("file", "GET", REPOSITORY + "/raw/(.+)", read_raw),
        ("contents", "GET", REPOSITORY + "/contents/(.+)", read_contents),
        ("commit", "POST", REPOSITORY + "/contents", make_commit),
        ("merge", "POST", REPOSITORY + "/pulls/([0-9]+)/merge", merge_request),
        ("variable", "POST", REPOSITORY + "/actions/variables/([^/]+)", make_variable),
        ("remove-issue", "DELETE", REPOSITORY + "/issues/([0-9]+)", remover("issue", "owner")),
        ("wiki", "POST", REPOSITORY + "/wiki/new", make_page),
        ("wikis", "GET", REPOSITORY + "/wiki/pages", list_pages),
        ("read-wiki", "GET", REPOSITORY + "/wiki/page/([^/]+)", reader("wiki")),
        ("remove-wiki", "DELETE", REPOSITORY + "/wiki/page/([^/]+)", remover("wiki", "writer")),
        ("package", "PUT", PACKAGE, make_package),
        ("read-package", "GET", PACKAGE, read_package),
        ("remove-package", "DELETE", PACKAGE, remove_package),
    ]
