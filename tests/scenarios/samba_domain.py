#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Makes Samba's domain controller (samba_dc.py) in an empty folder, with units, services, people and groups, by its own
modules, which Debian's Python alone has: samba_domain.py FOLDER PASSWORD."""
import logging
import os
import sys

from ldb import MessageElement, Message, Dn, FLAG_MOD_REPLACE
from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.param import LoadParm
from samba.provision import provision
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

ROOT, PASSWORD = sys.argv[1:]
SUFFIX = "DC=corp,DC=example"
USER, GROUP = "bf967aba-0de6-11d0-a285-00aa003049e2", "bf967a9c-0de6-11d0-a285-00aa003049e2"
MANY = 1100  # more than a server shows at once (MaxPageSize)
FOLDERS = ("private", "state", "cache", "lock", "run", "ncalrpc", "bind-dns")
CONFIG = """[global]
workgroup = CORP
realm = CORP.EXAMPLE
netbios name = DC1
server role = active directory domain controller
server services = ldap
dcerpc endpoint servers =
interfaces = lo
bind interfaces only = yes
private dir = {root}/private
state directory = {root}/state
cache directory = {root}/cache
lock directory = {root}/lock
pid directory = {root}/run
ncalrpc dir = {root}/ncalrpc
binddns dir = {root}/bind-dns
log file = {root}/log
tls certfile = {root}/server.pem
tls keyfile = {root}/server.key
tls cafile = {root}/ca.pem
[sysvol]
path = {root}/state/sysvol
[netlogon]
path = {root}/state/sysvol/corp.example/scripts
"""
PERSONS = {  # name: department, manager, language
    "bo": ("Bo Lind", "Finance", "gil", "de"),
    "cy": ("Cy Söder", "Finance", "gil", "en"),
    "di": ("Di O'Neil (Audit)", "Audit", None, None),
    "ed": ("Ed Moss", "Works", "fay", None),
    "fay": ("Fay Mold", "Works", None, None),
    "gil": ("Gil Vane", "Finance", None, None),
    "kim": ("Kim Out", "Finance", None, None),
}


def domain():
    os.umask(0o077)
    for name in FOLDERS:
        os.mkdir(os.path.join(ROOT, name))
    path = os.path.join(ROOT, "smb.conf")
    with open(path, "w") as file:
        file.write(CONFIG.format(root=ROOT))
    lp = LoadParm()
    lp.load(path)
    provision(logging.getLogger(), system_session(), smbconf=path, realm="CORP.EXAMPLE", domain="CORP", adminpass=PASSWORD,
              dns_backend="NONE", serverrole="active directory domain controller", hostname="dc1", hostip="127.0.0.1",
              use_rfc2307=True, dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2, lp=lp, batch_mode=True)
    return SamDB(url=lp.samdb_url(), session_info=system_session(), lp=lp)


def change(samdb, dn, **values):
    message = Message(Dn(samdb, dn))
    for name, value in values.items():
        message[name] = MessageElement(value, FLAG_MOD_REPLACE, name)
    samdb.modify(message)


def services(samdb):
    unit = "OU=services," + SUFFIX
    samdb.create_ou(unit, description="Accounts of services")
    for n, name in enumerate(("svc-backup", "svc-scan", "svc-wiki", "svc-print")):
        samdb.newuser(name, PASSWORD, userou="OU=services", description=("Nightly backup", "Scanners", "Wiki", "Printers")[n],
                      surname=None, givenname=None)
        change(samdb, f"CN={name}," + unit, userPrincipalName=f"{name}@corp.com", company="Example Rail",
               department=("IT", "Works")[n % 2])
    change(samdb, "CN=svc-wiki," + unit, servicePrincipalName="HTTP/wiki.corp.example")
    for name in ("gardener", "reader"):
        samdb.newuser(name, PASSWORD)
    sid = samdb.search("CN=gardener,CN=Users," + SUFFIX, attrs=["objectSid"])[0]["objectSid"][0]
    sid = samdb.schema_format_value("objectSid", sid).decode()
    for kind in (USER, GROUP):  # to create and to delete, and no more
        SDUtils(samdb).dacl_add_ace(unit, f"(OA;CI;CCDC;{kind};;{sid})")


def people(samdb):
    samdb.create_ou("OU=people," + SUFFIX)
    for name, (full, department, _, language) in PERSONS.items():
        samdb.newuser(name, PASSWORD, userou="OU=people", givenname=full.split()[0], surname=full.split(" ", 1)[1],
                      useusernameascn=True, mailaddress=f"{name}@corp.example", department=department, jobtitle="Clerk")
        dn = f"CN={name},OU=people,{SUFFIX}"
        if language:
            change(samdb, dn, preferredLanguage=language)
    for name, (_, _, manager, _) in PERSONS.items():
        if manager:
            change(samdb, f"CN={name},OU=people,{SUFFIX}", manager=f"CN={manager},OU=people,{SUFFIX}")
    samdb.disable_account("(sAMAccountName=kim)")
    for name, members in (("Audit", ["di"]), ("Finance (all)", ["bo", "cy", "kim", "Audit"]), ("Works", ["ed", "fay"])):
        samdb.newgroup(name)
        samdb.add_remove_group_members(name, members, add_members_operation=True)
    samdb.add_remove_group_members("Audit", ["Finance (all)"], add_members_operation=True)
    group = samdb.search(SUFFIX, expression="(sAMAccountName=Works)", attrs=["objectSid"])[0]["objectSid"][0]
    change(samdb, f"CN=ed,OU=people,{SUFFIX}",
           primaryGroupID=samdb.schema_format_value("objectSid", group).decode().rsplit("-", 1)[1])
    for n in range(MANY):
        samdb.add({"dn": f"CN=m{n},OU=people,{SUFFIX}", "objectClass": "user", "sAMAccountName": f"m{n}",
                   "mail": f"m{n}@corp.example", "department": "Many (all) *", "userAccountControl": "544"})


samdb = domain()
samdb.transaction_start()
services(samdb)
people(samdb)
samdb.transaction_commit()
