# SPDX-License-Identifier: ISC
"""GitHub's REST API, as an Enterprise server has it, as far as lures are put into repositories with it; the wiki,
which is a git repository that its first page makes; and the npm registry (npm.py)."""
import os

from api import Refused
from forge import only
from hub import Hub
from npm import Npm

REPOSITORY = "/api/v3/repos/([^/]+/[^/]+)"


class GitHub(Npm, Hub):
    has_wiki, visibility = True, "private"
    scopes = {"repo", "read:packages", "write:packages", "delete:packages"}

    def __init__(self, root, people):
        super().__init__(root, people)
        self.archives = {}

    def enter(self, request, project, least="reader"):
        if not request.headers.get("User-Agent"):
            raise Refused(403, {"message": "Request forbidden by administrative rules."})
        super().enter(request, project, least)

    def about(self, request, project):
        status, said = super().about(request, project)
        return status, {**said, "has_wiki": self.has_wiki, "description": "Orders and invoices",
                        "owner": {"login": "web", "type": "Organization"}, "license": {"spdx_id": "NOASSERTION"}}

    @property
    def wiki(self):
        return os.path.join(self.root, "project.wiki.git")

    def make_wiki(self):
        """As the first page in the browser does it."""
        tree = self.tree(None, {"Home.md": b"Welcome to the wiki!\n"})
        page = self.commit(None, tree, "Initial Home page", (*self.people[0], "2026-05-04T10:00:00+02:00"))
        for who in (1, 0, 1):
            page = self.commit(page, tree, "Updated Home (markdown)", (*self.people[who], "2026-06-04T10:00:00+02:00"))
        self.git("init", "-q", "--bare", "-b", "master", self.wiki)
        self.git("push", "-q", self.wiki, f"{page}:refs/heads/master")

    def edit_wiki(self, files, message):
        """As a colleague does it in the browser."""
        self.git("fetch", "-q", self.wiki, "+refs/heads/master:refs/wiki/master")
        tip = self.tip("refs/wiki/master")
        page = self.commit(tip, self.tree(tip, files), message, (*self.people[0], None))
        self.git("push", "-q", self.wiki, f"{page}:refs/heads/master")

    def git_wiki(self, request, path):
        return self.serve_git(request, self.wiki, path)

    def read_branch(self, request, project, name):
        self.enter(request, project)
        if not self.branch(name):
            raise Refused(404, {"message": "Branch not found"})
        return 200, {"name": name, "commit": {"sha": self.branch(name)}, "protected": name in self.protected}

    def read_ref(self, request, project, name):
        self.enter(request, project)
        if not self.branch(name):
            raise Refused(404, {"message": "Not Found"})
        return 200, {"ref": f"refs/heads/{name}", "object": {"type": "commit", "sha": self.branch(name)}}

    def read_commit(self, request, project, sha):
        self.enter(request, project)
        return 200, {"sha": sha, "tree": {"sha": self.git("rev-parse", f"{sha}^{{tree}}").decode().strip()}}

    def read_file(self, request, project, path):
        self.enter(request, project)
        data = self.show(request.query["ref"], path)
        if data is None:
            raise Refused(404, {"message": "Not Found"})
        if request.headers.get_all("Accept") != ["application/vnd.github.raw+json"]:
            raise Refused(415, {"message": "the double shows files as they are only"})
        return 200, data, {"Content_Type": "application/vnd.github.raw+json"}

    def write_file(self, request, project, path):
        """Of what is there the mode stays."""
        self.enter(request, project, "writer")
        body = only(request.json(), "message", "content", "sha", "branch", "author", "committer")
        tip = self.branch(body["branch"])
        there = self.git("ls-tree", tip, "--", path).decode().split() if tip else []
        if body["branch"] in self.protected:
            raise Refused(409, {"message": "Repository rule violations found"})
        if not tip or body.get("sha") != (there[2] if there else None):
            raise Refused(409, {"message": f"{path} does not match {body.get('sha')}"})
        who = [tuple(body[part][k] for k in ("name", "email", "date")) if part in body else None
               for part in ("author", "committer")]
        entry = (there[0] if there else "100644", self.blob(self.content_of(body["content"])))
        self.point(body["branch"], self.commit(tip, self.tree(tip, {path: entry}), body["message"], *who))
        return 200, {"content": {"path": path, "sha": entry[1]}, "commit": {"sha": self.branch(body["branch"])}}

    def make_blob(self, request, project):
        self.enter(request, project, "writer")
        return 201, {"sha": self.blob(self.content_of(only(request.json(), "content", "encoding")["content"]))}

    def make_tree(self, request, project):
        self.enter(request, project, "writer")
        body, files = only(request.json(), "base_tree", "tree"), {}
        for entry in body["tree"]:
            only(entry, "path", "mode", "type", "sha")
            files[entry["path"]] = (entry["mode"], entry["sha"]) if entry["sha"] else None
        return 201, {"sha": self.tree(body["base_tree"], files)}

    def make_commit(self, request, project):
        self.enter(request, project, "writer")
        body = only(request.json(), "message", "tree", "parents", "author", "committer")
        who = [tuple(body[part][k] for k in ("name", "email", "date")) if part in body else None
               for part in ("author", "committer")]
        return 201, {"sha": self.commit(body["parents"][0], body["tree"], body["message"], *who)}

    def make_ref(self, request, project):
        self.enter(request, project, "writer")
        body = only(request.json(), "ref", "sha")
        name = body["ref"].removeprefix("refs/heads/")
        if self.branch(name):
            raise Refused(422, {"message": "Reference already exists"})
        self.point(name, body["sha"])
        return 201, {"ref": body["ref"]}

    def move_ref(self, request, project, name):
        self.enter(request, project, "writer")
        body = only(request.json(), "sha", "force")
        if name in self.protected:
            raise Refused(422, {"message": "Repository rule violations found"})
        if body["force"] or self.git("merge-base", "--is-ancestor", self.branch(name), body["sha"], check=False) is None:
            raise Refused(422, {"message": "Update is not a fast forward"})
        self.point(name, body["sha"])
        return 200, {"ref": f"refs/heads/{name}"}

    def delete_ref(self, request, project, name):
        self.enter(request, project, "writer")
        if not self.branch(name):
            raise Refused(422, {"message": "Reference does not exist"})
        self.git("update-ref", "-d", f"refs/heads/{name}")
        return 204, None

    def merge_request(self, request, project, number):
        self.enter(request, project, "writer")
        if only(request.json(), "merge_method")["merge_method"] != "merge":
            raise Refused(422, {"message": "Validation Failed"})
        self.merge_asked(number, True)
        return 200, {"sha": self.branch("main"), "merged": True, "message": "Pull Request successfully merged"}

    def make_variable(self, request, project):
        self.enter(request, project, "owner")
        body = only(request.json(), "name", "value")
        if body["name"] in self.things.get("variable", {}):
            raise Refused(409, {"message": "Already exists - Variable already exists"})
        self.keep("variable", body["name"], body)
        return 201, None

    def make_gist(self, request):
        self.asks(request)
        body, key = only(request.json(), "description", "public", "files"), "g" + str(self.next_number())
        return 201, self.keep("snippet", key, {"id": key, **body, "html_url": f"{self.url}/gist/{key}"})

    def list_gists(self, request):
        self.asks(request)
        return 200, [{**g, "files": {}} for g in reversed(self.things.get("snippet", {}).values())]

    def read_gist(self, request, key):
        self.asks(request)
        return 200, self.thing("snippet", key)

    def remove_gist(self, request, key):
        self.asks(request)
        self.thing("snippet", key)
        del self.things["snippet"][key]
        return 204, None

    routes = [("project", "GET", REPOSITORY, about)] + Hub.common(REPOSITORY) + [
        ("branch", "GET", REPOSITORY + "/branches/(.+)", read_branch),
        ("read-ref", "GET", REPOSITORY + "/git/ref/heads/(.+)", read_ref),
        ("read-commit", "GET", REPOSITORY + "/git/commits/([0-9a-f]+)", read_commit),
        ("change", "GET", REPOSITORY + "/commits/([0-9a-f]+)", Hub.read_change),
        ("file", "GET", REPOSITORY + "/contents/(.+)", read_file),
        ("write", "PUT", REPOSITORY + "/contents/(.+)", write_file),
        ("blob", "POST", REPOSITORY + "/git/blobs", make_blob),
        ("tree", "POST", REPOSITORY + "/git/trees", make_tree),
        ("commit", "POST", REPOSITORY + "/git/commits", make_commit),
        ("new-ref", "POST", REPOSITORY + "/git/refs", make_ref),
        ("ref", "PATCH", REPOSITORY + "/git/refs/heads/(.+)", move_ref),
        ("leave", "DELETE", REPOSITORY + "/git/refs/heads/(.+)", delete_ref),
        ("merge", "PUT", REPOSITORY + "/pulls/([0-9]+)/merge", merge_request),
        ("variable", "POST", REPOSITORY + "/actions/variables", make_variable),
        ("wiki", "GET", "/web/shop.wiki.git(/info/refs)", git_wiki),
        ("wiki", "POST", "/web/shop.wiki.git(/git-(?:upload|receive)-pack)", git_wiki),
        ("snippet", "POST", "/api/v3/gists", make_gist),
        ("snippets", "GET", "/api/v3/gists", list_gists),
        ("read-snippet", "GET", "/api/v3/gists/([^/]+)", read_gist),
        ("remove-snippet", "DELETE", "/api/v3/gists/([^/]+)", remove_gist),
    ] + Npm.npm_routes
