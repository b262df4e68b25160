# SPDX-License-Identifier: ISC
"""Exchange Web Services, as far as mails are put, found and taken out with them. What is sent is read by a real XML
parser, and what the schema does not allow in that order is refused."""
import base64
import email
import email.policy
import re
import secrets
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape, quoteattr

from api import Double

S = "{http://schemas.xmlsoap.org/soap/envelope/}"
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
ENVELOPE = ('<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            '<m:{name}Response xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
            'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><m:ResponseMessages>'
            '<m:{name}ResponseMessage ResponseClass="{kind}">{body}</m:{name}ResponseMessage></m:ResponseMessages>'
            '</m:{name}Response></s:Body></s:Envelope>')
ORDER = ["MimeContent", "ExtendedProperty", "IsRead"]


class Ews(Double):
    def __init__(self, root, boxes, login, password):
        super().__init__(root)
        self.login, self.password, self.mute = login, password, False
        names = {"inbox": "Inbox", "sentitems": "Sent Items", "deleteditems": "Deleted Items", None: "Größe & Maß"}
        self.boxes = {box: {"items": {}, "folders": {f"F{i}=": (known, name) for i, (known, name) in
                                                     enumerate(names.items())}} for box in boxes}

    def fault_of(self, name, code, text):
        body = f"<m:MessageText>{escape(text)}</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>"
        return 200, ENVELOPE.format(name=name, kind="Error", body=body).encode(), {"Content_Type": "text/xml; charset=utf-8"}

    def good(self, name, body):
        body = "<m:ResponseCode>NoError</m:ResponseCode>" + body
        return 200, ENVELOPE.format(name=name, kind="Success", body=body).encode(), {"Content_Type": "text/xml; charset=utf-8"}

    def exchange(self, request):
        wanted = base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != "Basic " + wanted:
            return 401, b"", {"WWW_Authenticate": "Basic"}
        if request.headers.get("Content-Type") != "text/xml; charset=utf-8":
            return 415, b""
        envelope = ElementTree.fromstring(request.body)
        who = envelope.find(f"{S}Header/{T}ExchangeImpersonation/{T}ConnectingSID/{T}PrimarySmtpAddress")
        call = envelope.find(f"{S}Body")[0]
        name = call.tag.removeprefix(M)
        if envelope.find(f"{S}Header/{T}RequestServerVersion") is None:
            return self.fault_of(name, "ErrorInvalidServerVersion", "no version")
        box = self.boxes.get(who.text if who is not None else self.login)
        if box is None:
            return self.fault_of(name, "ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        return getattr(self, name)(box, call)

    # ---- calls ----

    def folder_xml(self, key, name):
        return (f"<t:Folder><t:FolderId Id={quoteattr(key)} ChangeKey=\"AQ\"/><t:DisplayName>{escape(name)}</t:DisplayName>"
                "<t:TotalCount>0</t:TotalCount></t:Folder>")

    def FindFolder(self, box, call):
        assert call.get("Traversal") == "Deep" and call.find(f"{M}ParentFolderIds/{T}DistinguishedFolderId") is not None
        folders = "".join(self.folder_xml(key, name) for key, (_, name) in box["folders"].items())
        return self.good("FindFolder", f'<m:RootFolder TotalItemsInView="{len(box["folders"])}"><t:Folders>{folders}'
                                       "</t:Folders></m:RootFolder>")

    def GetFolder(self, box, call):
        wanted = call.find(f"{M}FolderIds/{T}DistinguishedFolderId").get("Id")
        for key, (known, name) in box["folders"].items():
            if known == wanted:
                return self.good("GetFolder", f"<m:Folders>{self.folder_xml(key, name)}</m:Folders>")
        return self.fault_of("GetFolder", "ErrorFolderNotFound", "The specified folder could not be found in the store.")

    def CreateItem(self, box, call):
        folder = call.find(f"{M}SavedItemFolderId/{T}FolderId").get("Id")
        message = call.find(f"{M}Items/{T}Message")
        order = [ORDER.index(child.tag.removeprefix(T)) for child in message]
        if call.get("MessageDisposition") != "SaveOnly" or order != sorted(order):
            return self.fault_of("CreateItem", "ErrorSchemaValidation", "The request failed schema validation.")
        if folder not in box["folders"]:
            return self.fault_of("CreateItem", "ErrorFolderNotFound", "The specified folder could not be found.")
        raw = base64.b64decode(message.find(f"{T}MimeContent").text)
        properties = {p.find(f"{T}ExtendedFieldURI").get("PropertyTag"): p.find(f"{T}Value").text
                      for p in message.findall(f"{T}ExtendedProperty")}
        key = secrets.token_urlsafe(12) + "&="
        box["items"][key] = {"id": key, "folder": folder, "raw": raw, "properties": properties,
                             "seen": message.find(f"{T}IsRead").text == "true",
                             "mail": email.message_from_bytes(raw, policy=email.policy.default)}
        if self.mute:
            self.mute = False
            return self.good("CreateItem", "<m:Items/>")
        return self.good("CreateItem", f"<m:Items><t:Message><t:ItemId Id={quoteattr(key)} ChangeKey=\"CQ\"/></t:Message>"
                                       "</m:Items>")

    def FindItem(self, box, call):
        folders = {f.get("Id") for f in call.findall(f"{M}ParentFolderIds/{T}FolderId")}
        constant = call.find(f".//{T}Constant")
        query = call.find(f"{M}QueryString")
        if constant is not None:
            found = [i for i in box["items"].values() if str(i["mail"]["Message-ID"]) == constant.get("Value")]
        else:
            found = [i for i in box["items"].values() if query.text.removeprefix("from:") in str(i["mail"]["From"])]
        found = [i for i in found if i["folder"] in folders]
        items = "".join(f"<t:Message><t:ItemId Id={quoteattr(i['id'])} ChangeKey=\"CQ\"/></t:Message>" for i in found)
        return self.good("FindItem", f'<m:RootFolder TotalItemsInView="{len(found)}" IncludesLastItemInRange="true">'
                                     f"<t:Items>{items}</t:Items></m:RootFolder>")

    def GetItem(self, box, call):
        item = box["items"].get(call.find(f"{M}ItemIds/{T}ItemId").get("Id"))
        if item is None:
            return self.fault_of("GetItem", "ErrorItemNotFound", "The specified object was not found in the store.")
        return self.good("GetItem", f"<m:Items><t:Message><t:MimeContent CharacterSet=\"UTF-8\">"
                                    f"{base64.b64encode(item['raw']).decode()}</t:MimeContent><t:ItemId "
                                    f"Id={quoteattr(item['id'])}/><t:ParentFolderId Id={quoteattr(item['folder'])}/>"
                                    f"<t:IsRead>{str(item['seen']).lower()}</t:IsRead></t:Message></m:Items>")

    def DeleteItem(self, box, call):
        key = call.find(f"{M}ItemIds/{T}ItemId").get("Id")
        if call.get("DeleteType") != "HardDelete" or box["items"].pop(key, None) is None:
            return self.fault_of("DeleteItem", "ErrorItemNotFound", "The specified object was not found in the store.")
        return self.good("DeleteItem", "")

    routes = [("exchange", "POST", "/EWS/Exchange.asmx", exchange)]

    def serve(self, request):
        """Calls are counted and fail by their name."""
        match = re.search(rb"<m:(CreateItem|FindItem|FindFolder|GetFolder|GetItem|DeleteItem)\b", request.body)
        name = match.group(1).decode() if match else "?"
        self.calls.append((name, __import__("time").monotonic()))
        return self.act(name, Ews.exchange, request, []) if request.path == "/EWS/Exchange.asmx" else super().serve(request)
