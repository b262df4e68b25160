# SPDX-License-Identifier: ISC
"""A registry as npm speaks to it (github.com/npm/registry: docs/REGISTRY-API.md, and what libnpmpublish sends), and
GitHub's REST API for what lies in it (docs.github.com/rest/packages), on a server without subdomain isolation."""
import base64
import hashlib
import io
import json
import re
import tarfile

from api import Refused
from forge import only

NPM = "/_registry/npm"
PACKAGES = "/api/v3/(orgs|users)/([^/]+)/packages"
PACKAGE = PACKAGES + "/npm/([^/]+)"


def integrity(data):
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


class Npm:
    """Beside a Hub. What the token may: self.scopes; it sees no package itself where self.unseen. Packages are things: name → {"versions": …, "files": …}."""

    unseen = False

    def scope(self, request, *scopes):
        self.asks(request)
        if not set(scopes) <= self.scopes:
            raise Refused(403, {"error": "Permission permission_denied: The token provided does not match expected scopes."})

    def package(self, name):
        if self.unseen or name not in self.things.setdefault("package", {}):
            raise Refused(404, {"error": "not_found"})
        return self.things["package"][name]

    def publish(self, request, owner, bare):
        self.scope(request, "read:packages", "write:packages")
        body, name = request.json(), f"@{owner}/{bare}"
        only(body, "_id", "name", "description", "dist-tags", "versions", "access", "_attachments")
        (version, manifest), = body["versions"].items()
        (file, attached), = body["_attachments"].items()
        data = base64.b64decode(attached["data"], validate=True)
        if re.fullmatch("@[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9._-]*", name) is None or owner != self.project.split("/")[0] or \
                body["_id"] != name or body["name"] != name or manifest["_id"] != f"{name}@{version}" or \
                body["dist-tags"] != {"latest": version} or file != f"{name}-{version}.tgz" or \
                attached["length"] != len(data) or attached["content_type"] != "application/octet-stream" or \
                manifest["dist"]["shasum"] != hashlib.sha1(data).hexdigest() or manifest["dist"]["integrity"] != integrity(data):
            raise Refused(400, {"error": "invalid package"})
        self.add_version(name, version, manifest, data)
        return 200, {"ok": "package published"}

    def add_version(self, name, version, manifest, data):
        if version in self.things.setdefault("package", {}).get(name, {"versions": {}})["versions"]:
            raise Refused(409, {"error": f"Cannot publish over existing version {version}"})
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
            files = {m.name: tar.extractfile(m).read().decode() for m in tar.getmembers()}
        packed = json.loads(files["package/package.json"])
        if (packed["name"], packed["version"]) != (name, version) or any(manifest[key] != packed[key] for key in packed):
            raise Refused(400, {"error": "package.json says another thing"})
        kept = self.things["package"].setdefault(name, {"versions": {}, "ids": {}, "files": {}})
        where = f"{self.url}{NPM}/download/{name}/{version}/{hashlib.sha1(data).hexdigest()}"
        kept["versions"][version] = {**manifest, "dist": {**manifest["dist"], "tarball": where}}
        kept["ids"][version] = self.next_number()
        kept["files"][version] = files
        kept["latest"] = version
        self.archives[name, version] = data

    def read_package(self, request, owner, bare):
        self.scope(request, "read:packages")
        name = f"@{owner}/{bare}"
        kept = self.package(name)
        return 200, {"_id": name, "name": name, "dist-tags": {"latest": kept["latest"]}, "versions": kept["versions"]}

    def download(self, request, owner, bare, version, sha):
        self.scope(request, "read:packages")
        return 200, self.archives[f"@{owner}/{bare}", version], {"Content_Type": "application/octet-stream"}

    # ---- REST ----

    def rest(self, request, whose, owner, bare, *scopes):
        self.scope(request, "read:packages", *scopes)
        if (whose, owner) != ("orgs", self.project.split("/")[0]):
            raise Refused(404, {"message": "Not Found"})
        return f"@{owner}/{bare}", self.package(f"@{owner}/{bare}")

    def list_packages(self, request, whose, owner):
        self.scope(request, "read:packages")
        if (whose, owner) != ("orgs", self.project.split("/")[0]) or request.query.get("package_type") != "npm":
            raise Refused(404, {"message": "Not Found"})
        return 200, [{"name": name.split("/")[1], "package_type": "npm"} for name in self.things.get("package", {})]

    def show_package(self, request, whose, owner, bare):
        name, kept = self.rest(request, whose, owner, bare)
        return 200, {"id": 1, "name": bare, "package_type": "npm", "version_count": len(kept["versions"]),
                     "visibility": self.visibility, "html_url": f"{self.url}/orgs/{owner}/packages/npm/package/{bare}"}

    def list_versions(self, request, whose, owner, bare):
        _, kept = self.rest(request, whose, owner, bare)
        return 200, [{"id": n, "name": v} for v, n in reversed(kept["ids"].items())][:int(request.query.get("per_page", 30))]

    def remove_package(self, request, whose, owner, bare):
        name, _ = self.rest(request, whose, owner, bare, "delete:packages")
        del self.things["package"][name]
        return 204, None

    def remove_version(self, request, whose, owner, bare, number):
        _, kept = self.rest(request, whose, owner, bare, "delete:packages")
        if len(kept["ids"]) == 1:
            raise Refused(400, {"message": "You cannot delete the last version of a package. You must delete the package "
                                           "instead."})
        version = next((v for v, n in kept["ids"].items() if str(n) == number), None)
        if version is None:
            raise Refused(404, {"message": "Package not found."})
        for part in ("versions", "ids", "files"):
            del kept[part][version]
        kept["latest"] = list(kept["versions"])[-1]
        return 204, None

    npm_routes = [
        ("package", "PUT", NPM + "/@([^/]+)%2[fF]([^/]+)", publish),
        ("read-package", "GET", NPM + "/@([^/]+)%2[fF]([^/]+)", read_package),
        ("download", "GET", NPM + "/download/@([^/]+)/([^/]+)/([^/]+)/([0-9a-f]+)", download),
        ("list-packages", "GET", PACKAGES, list_packages),
        ("show-package", "GET", PACKAGE, show_package),
        ("package-versions", "GET", PACKAGE + "/versions", list_versions),
        ("remove-package", "DELETE", PACKAGE, remove_package),
        ("remove-version", "DELETE", PACKAGE + "/versions/([0-9]+)", remove_version),
    ]
