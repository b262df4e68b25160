# SPDX-License-Identifier: ISC
"""A Cyrus IMAP of our own on loopback: IMAP with STARTTLS and with TLS, JMAP, LMTP, mailboxes made at the first login,
somebody who may enter them all, an authority of its own. It runs as whoever runs the test; as root as nobody.

Debian lets cyrus-imapd not stand beside dovecot-imapd, so it is also looked for where its packages were unpacked and not
installed: SUNDEW_CYRUS=DIR, which holds cyrus-common, cyrus-imapd, cyrus-caldav, sasl2-bin and the libraries they need."""
import getpass
import grp
import os
import shutil
import subprocess

from mail_server import MailServer
from sundew import port_base, skip_all

PASSWORD, MASTER, ADMIN = "ordinary-7", "gardener-9", "keeper-5"
HOST = "mail.corp.example"
IMAPD = """
configdirectory: {root}/conf
proc_path: {root}/run/proc
mboxname_lockpath: {root}/run/lock
defaultpartition: default
partition-default: {root}/mail
lmtpsocket: {root}/run/lmtp
idlesocket: {root}/run/idle
notifysocket: {root}/run/notify
cyrus_user: {user}
cyrus_group: {group}
servername: """ + HOST + """
admins: admin
proxyservers: gardener
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {root}/sasldb2
sasl_mech_list: PLAIN LOGIN EXTERNAL
tls_server_cert: {root}/server.pem
tls_server_key: {root}/server.key
tls_client_ca_file: {root}/ca.pem
failedloginpause: 0
altnamespace: {alternative}
unixhierarchysep: {slashes}
conversations: 1
conversations_db: twoskip
httpmodules: jmap
autocreate_post: 1
autocreate_quota: 1024
autocreate_inbox_folders: Sent|Archive|Trash|Kunden-Gr&APYA3w-en
xlist-sent: Sent
xlist-archive: Archive
xlist-trash: Trash
"""
MASTER_CONF = """
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {root}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {root}/imapd.conf" listen="127.0.0.1:{imap}" prefork=0
  imaps cmd="{bin}/imapd -C {root}/imapd.conf -s" listen="127.0.0.1:{imaps}" prefork=0
  https cmd="{bin}/httpd -C {root}/imapd.conf -s" listen="127.0.0.1:{https}" prefork=0
  lmtp cmd="{bin}/lmtpd -C {root}/imapd.conf -a" listen="127.0.0.1:{lmtp}" prefork=0
}}
EVENTS {{
}}
"""


class Cyrus(MailServer):
    """alternative: folders lie beside INBOX, else below it. slashes: separate names, else dots do. last: further lines of
    imapd.conf, with {root} for the folder."""
    opens = {"user": "gardener"}

    def __init__(self, alternative=True, slashes=True, last=""):
        unpacked = os.environ.get("SUNDEW_CYRUS", "")
        self.programs = os.path.join(unpacked or "/", "usr/lib/cyrus/bin")
        adds = shutil.which("saslpasswd2", path=os.path.join(unpacked, "usr/sbin") if unpacked else None)
        if not os.path.exists(os.path.join(self.programs, "imapd")) or not adds:
            skip_all("cyrus-imapd and sasl2-bin are neither installed nor unpacked (SUNDEW_CYRUS)")
        super().__init__("cyrus")
        self.prefix = "" if alternative else "INBOX/" if slashes else "INBOX."
        self.environment = dict(os.environ)
        if unpacked:
            self.environment["LD_LIBRARY_PATH"] = ":".join(
                os.path.join(unpacked, "usr/lib", name) for name in (os.uname().machine + "-linux-gnu", "cyrus"))
        base = port_base(4)
        self.imap, self.imaps, self.https, self.lmtp = self.ports = [base + n for n in range(4)]
        self.root_runs = os.geteuid() == 0
        self.configure(alternative, slashes, last)
        for user, password in (("gardener", MASTER), ("admin", ADMIN), ("u3", PASSWORD)):
            subprocess.run([adds, "-c", "-p", "-f", os.path.join(self.root, "sasldb2"), "-u", HOST, user], check=True,
                           input=password.encode(), env=self.environment, capture_output=True)
        if self.root_runs:
            subprocess.run(["chown", "-R", f"{self.user}:{self.group}", self.root], check=True)
        with open(os.path.join(self.root, "err"), "wb") as err:
            self.process = subprocess.Popen(
                [os.path.join(self.programs, "master"), "-D", "-C", os.path.join(self.root, "imapd.conf"), "-M",
                 os.path.join(self.root, "cyrus.conf"), "-p", os.path.join(self.root, "pid"), "-L",
                 os.path.join(self.root, "log")], env=self.environment, stdout=err, stderr=err)
        self.await_ports()

    def configure(self, alternative, slashes, last):
        self.user, self.group = (("nobody", "nogroup") if self.root_runs else
                                 (getpass.getuser(), grp.getgrgid(os.getegid()).gr_name))
        for name in ("conf", "run/proc", "run/lock", "mail"):
            os.makedirs(os.path.join(self.root, name))
        with open(os.path.join(self.root, "imapd.conf"), "w") as file:
            file.write(IMAPD.format(root=self.root, user=self.user, group=self.group, alternative=int(alternative),
                                    slashes=int(slashes)) + last.replace("{root}", self.root))
        with open(os.path.join(self.root, "cyrus.conf"), "w") as file:
            file.write(MASTER_CONF.format(root=self.root, bin=self.programs, imap=self.imap, imaps=self.imaps,
                                          https=self.https, lmtp=self.lmtp))

    def client(self, user, login="gardener", password=MASTER):
        """In the mailbox of that user."""
        client = self.connect()
        client.authenticate("PLAIN", lambda _: f"{user}\0{login}\0{password}".encode())
        return client

    def admin(self):
        return self.client("", "admin", ADMIN)
