# SPDX-License-Identifier: ISC
"""Microsoft Graph, as far as mails are put, found and taken out with it; client credentials by secret and by
certificate (learn.microsoft.com/entra/identity-platform)."""
import base64
import hashlib
import re
import secrets
import subprocess

from api import Double, Refused, jwt_claims, rsa_key

MEMBERS = {"subject", "body", "from", "sender", "toRecipients", "ccRecipients", "isRead", "internetMessageId",
           "singleValueExtendedProperties", "attachments"}
WELL_KNOWN = {"inbox": "Posteingang", "sentitems": "Gesendete Elemente", "archive": "Archiv",
              "deleteditems": "Gelöschte Elemente"}


class Graph(Double):
    def __init__(self, root, tenant, users):
        super().__init__(root)
        self.tenant = tenant
        self.client, self.client_secret = "6731de76-14a6-49ae-97bc-6eba6914391e", "qWgdYAmab0YSkuL1qKv5bPX~"
        self.numbers = rsa_key(root, "app")
        der = subprocess.run(["openssl", "x509", "-in", root + "/app.pem", "-outform", "DER"], check=True,
                             capture_output=True).stdout
        self.print = base64.urlsafe_b64encode(hashlib.sha1(der).digest()).decode().rstrip("=")
        self.boxes = {user: {"messages": {}, "folders": {f"AQ{i}=": (known, name) for i, (known, name) in
                                                         enumerate({**WELL_KNOWN, None: "Projekt 'Größe'"}.items())}}
                      for user in users}

    def box(self, request, user):
        self.holder(request)
        if user not in self.boxes:
            raise Refused(404, {"error": {"code": "ErrorInvalidUser", "message": f"The requested user '{user}' is invalid."}})
        return self.boxes[user]

    # ---- calls ----

    def token(self, request, tenant):
        form = request.form()
        if tenant != self.tenant or form.get("grant_type") != "client_credentials" or \
                form.get("scope") != "https://graph.microsoft.com/.default" or form.get("client_id") != self.client:
            raise Refused(400, {"error": "invalid_request", "error_description": "AADSTS900144"})
        if "client_assertion" in form:
            head, claims = jwt_claims(form["client_assertion"], *self.numbers)
            if head.get("x5t") != self.print or claims["aud"] != self.url + f"/{tenant}/oauth2/v2.0/token" or \
                    claims["iss"] != self.client or claims["sub"] != self.client or form.get("client_assertion_type") != \
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
                raise Refused(401, {"error": "invalid_client", "error_description": "AADSTS700027"})
        elif form.get("client_secret") != self.client_secret:
            raise Refused(401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"})
        return self.issue("app")

    def folders(self, request, user):
        box = self.box(request, user)
        return 200, {"value": [{"id": key, "displayName": name} for key, (_, name) in box["folders"].items()]}

    def folder(self, request, user, key):
        box = self.box(request, user)
        for other, (known, name) in box["folders"].items():
            if key in (other, known):
                return 200, {"id": other, "displayName": name}
        raise Refused(404, {"error": {"code": "ErrorItemNotFound", "message": "The specified folder could not be found."}})

    def create(self, request, user, folder):
        box, body = self.box(request, user), request.json()
        if folder not in box["folders"] or set(body) - MEMBERS or body["body"]["contentType"] not in ("text", "html"):
            raise Refused(400, {"error": {"code": "RequestBodyRead", "message": "The property does not exist."}})
        properties = {p["id"]: p["value"] for p in body["singleValueExtendedProperties"]}
        if not all(re.fullmatch(r"(Integer|String|SystemTime) 0x[0-9A-F]{4}", name) for name in properties):
            raise Refused(400, {"error": {"code": "ErrorInvalidExtendedProperty", "message": "invalid property id"}})
        key = secrets.token_urlsafe(16) + "="
        box["messages"][key] = dict(body, id=key, parentFolderId=folder, properties=properties)
        return 201, {"id": key, "parentFolderId": folder, "isDraft": properties.get("Integer 0x0E07") != "1"}

    def listing(self, request, user):
        box = self.box(request, user)
        match = re.fullmatch(r"(internetMessageId|from/emailAddress/address) eq '((?:[^']|'')*)'",
                             request.query.get("$filter", ""))
        if not match:
            raise Refused(400, {"error": {"code": "BadRequest", "message": "Invalid filter clause"}})
        field, value = match.group(1), match.group(2).replace("''", "'")
        found = [m for m in box["messages"].values() if
                 (m["internetMessageId"] if field == "internetMessageId" else m["from"]["emailAddress"]["address"]) == value]
        names = request.query["$select"].split(",")
        return 200, {"value": [{name: m[name] for name in names} for m in found[:int(request.query["$top"])]]}

    def remove(self, request, user, key):
        if self.box(request, user)["messages"].pop(key, None) is None:
            raise Refused(404, {"error": {"code": "ErrorItemNotFound", "message": "not found"}})
        return 204, None

    routes = [
        ("token", "POST", "/([^/]+)/oauth2/v2.0/token", token),
        ("folders", "GET", "/v1.0/users/([^/]+)/mailFolders", folders),
        ("folder", "GET", "/v1.0/users/([^/]+)/mailFolders/([^/]+)", folder),
        ("create", "POST", "/v1.0/users/([^/]+)/mailFolders/([^/]+)/messages", create),
        ("list", "GET", "/v1.0/users/([^/]+)/messages", listing),
        ("remove", "POST", "/v1.0/users/([^/]+)/messages/([^/]+)/permanentDelete", remove),
    ]
