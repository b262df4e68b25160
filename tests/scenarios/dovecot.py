# SPDX-License-Identifier: ISC
"""A Dovecot of our own on loopback: IMAP with STARTTLS and with TLS, LMTP where it is installed, mailboxes made on first
use, a master user, quotas, an authority of its own. It runs as whoever runs the test; as root its mails belong to
nobody."""
import getpass
import os
import pwd
import shutil
import subprocess

from mail_server import MailServer
from sundew import port_base, skip_all

PASSWORD, MASTER = "ordinary-7", "gardener-9"
CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = {protocols}
listen = 127.0.0.1
ssl = required
ssl_cert = <{root}/server.pem
ssl_key = <{root}/server.key
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_master_user_separator = *
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{root}/mail/%u
mail_max_userip_connections = 100
mail_plugins = $mail_plugins quota
passdb {{
  driver = passwd-file
  args = {root}/masters
  master = yes
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
  mailbox Archive {{
    auto = subscribe
    special_use = \\Archive
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
  mailbox Kunden-Größen {{
    auto = create
  }}
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage={quota}
{plugin}
}}
protocol imap {{
  mail_plugins = $mail_plugins imap_quota {plugins}
  {imap}
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap {{
  process_limit = 64
}}
service stats {{
  chroot =
}}
{lmtp}
"""
LMTP = """
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
"""


class Dovecot(MailServer):
    """plugin, plugins, imap: lines for the plugin and imap sections; separator: of folders' names; last: lines at the end,
    which undo those before, with {root} for the folder."""
    opens = {"user": '"%u*gardener"'}

    def __init__(self, quota="1M", plugin="", plugins="", imap="", separator=".", last=""):
        if not shutil.which("dovecot") or not os.path.exists("/usr/lib/dovecot/imap"):
            skip_all("dovecot-imapd is not installed")
        super().__init__("dovecot")
        base = port_base(3)
        self.imap, self.imaps, self.lmtp = base, base + 1, base + 2
        self.ports = [self.imap, self.imaps]
        self.has_lmtp = os.path.exists("/usr/lib/dovecot/lmtp")
        root = os.geteuid() == 0
        me = getpass.getuser() if not root else "root"
        owner = pwd.getpwnam("nobody" if root else me)
        self.owner = owner
        for name in ("mail", "home"):
            os.mkdir(os.path.join(self.root, name))
            os.chown(os.path.join(self.root, name), owner.pw_uid, owner.pw_gid) if root else None
        with open(os.path.join(self.root, "masters"), "w") as file:
            file.write("gardener:{PLAIN}" + MASTER + "\n")
        values = dict(root=self.root, protocols="imap lmtp" if self.has_lmtp else "imap", quota=quota, plugin=plugin,
                      plugins=plugins, imap=imap, separator=separator, password=PASSWORD, imap_port=self.imap,
                      imaps_port=self.imaps, uid=owner.pw_uid, gid=owner.pw_gid,
                      internal="dovecot" if root else me,
                      internal_group="dovecot" if root else __import__("grp").getgrgid(os.getegid()).gr_name,
                      login="dovenull" if root else me,
                      lmtp=LMTP.format(lmtp_port=self.lmtp) if self.has_lmtp else "")
        self.config = os.path.join(self.root, "dovecot.conf")
        with open(self.config, "w") as file:
            file.write(CONFIG.format(**values) + last.replace("{root}", self.root))
        self.process = subprocess.Popen(["dovecot", "-F", "-c", self.config], stdout=subprocess.DEVNULL,
                                        stderr=open(os.path.join(self.root, "err"), "wb"))
        self.await_ports()

    def adm(self, *arguments):
        result = subprocess.run(["doveadm", "-c", self.config, *arguments], capture_output=True, text=True, timeout=60)
        if result.returncode != 0:
            raise RuntimeError(f"doveadm {arguments}: {result.stdout}{result.stderr}{self.said()}")
        return result.stdout

    def client(self, user, password=PASSWORD):
        client = self.connect()
        client.login(user, password)
        return client
