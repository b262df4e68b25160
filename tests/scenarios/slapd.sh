# SPDX-License-Identifier: ISC
#
# For scenarios that compare the LDAP service to a real slapd. To be sourced; sets `here`, and `work`, a folder that is
# removed at the end together with what was started. slapd runs as Debian's does, with libsasl2-modules, Debian's
# indexes and access rules but for two of the latter: the schema and one unit are for known users. All names at SCRAM
# lead to an account there. The service is behind tests/sensor/door.

slapd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v slapd) || slapd=
if [ -z "$slapd" ] || ! command -v /usr/bin/python3 >/dev/null || [ ! -e /etc/ldap/schema/inetorgperson.schema ] ||
    ! ls /usr/lib/*/sasl2/libscram.so >/dev/null 2>&1; then
    echo "1..0 # SKIP slapd, its schemas, libsasl2-modules or python3 are not installed"
    exit 0
fi

here=${SUNDEW_SRC:-.}/tests/scenarios
build=${SUNDEW_BIN:-.}
work=$(mktemp -d) || exit 99
servers= doors= referrals=

pair_end()
{
    [ -n "$doors" ] && exec 3>&-
    for process in $servers; do kill "$process" 2>/dev/null; done
    for process in $servers $doors; do wait "$process" 2>/dev/null; done
    servers= doors=
}

finish()
{
    pair_end
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

give_up()
{
    sed 's/^/# /' "$work/log"
    echo "Bail out! $1"
    exit 1
}

secret()
{
    od -An -N8 -tx8 /dev/urandom | tr -d ' '
}

free_port()
{
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# read_face FACE: its LDIF; suffix and hidden, and name, the decoy's.
read_face()
{
    /usr/bin/python3 -c 'import json, sys
face = json.load(open(sys.argv[1]))
print("suffix=%r hidden=%r" % (face["directory"][4:].split("\n")[0], face["hidden"]))
open(sys.argv[2], "w").write(face["directory"])' "$1" "$work/base.ldif" >"$work/names" || exit 1
    . "$work/names"
    name=ldap.$(echo "${suffix#dc=}" | sed 's/,dc=/./g')
}

# What the decoy refers to below its suffix, as it shows it to who manages referrals.
add_referrals()
{
    ldapsearch -x -LLL -o ldif-wrap=no -M -H "ldap://127.0.0.1:$door" -b "$suffix" '(objectClass=referral)' '*' '+' \
        >"$work/referrals" || give_up "the service does not show its referrals"
    grep -Ev '^(entryDN|subschemaSubentry|hasSubordinates):' "$work/referrals" >>"$work/base.ldif"
}

# slapd's configuration and data, as the face has it, and behind it what the decoy does not know.
configure()
{
    rm -rf "$work/data"
    mkdir -p "$work/data"
    cat >"$work/slapd.conf" <<END
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile $work/pid
modulepath /usr/lib/ldap
moduleload back_mdb
$tls_lines
sasl-host $name
$(for url in $referrals; do case $url in *://*/*) ;; *) echo "referral $url" ;; esac; done)
authz-regexp uid=[^,]+,cn=scram-[^,]*,cn=auth uid=svc-x,$hidden
access to dn.exact="" by * read
access to dn.base="cn=Subschema" by users read
database mdb
suffix "$suffix"
rootdn "cn=admin,$suffix"
rootpw $(secret)
directory $work/data
index objectClass eq
index cn,uid eq
index uidNumber,gidNumber eq
index member,memberUid eq
access to attrs=userPassword by self write by anonymous auth by * none
access to attrs=shadowLastChange by self write by * read
access to dn.subtree="$hidden" by users read by anonymous =x by * none
access to * by * read
END
    case $referrals in *=*) add_referrals ;; esac
    unit=${hidden%%,*}
    cat >>"$work/base.ldif" <<END
dn: $hidden
objectClass: organizationalUnit
ou: ${unit#ou=}

dn: uid=svc-x,$hidden
objectClass: account
objectClass: simpleSecurityObject
uid: svc-x
userPassword: $(secret)
END
    "$(dirname "$slapd")/slapadd" -f "$work/slapd.conf" -l "$work/base.ldif" 2>"$work/log" ||
        give_up "slapd takes the directory or its configuration not"
}

# A port that is free now; slapd says so if it no longer is.
start_slapd()
{
    for try in 1 2 3 4 5; do
        port=$(free_port)
        tls_port=$(free_port)
        "$slapd" -f "$work/slapd.conf" -d 0 \
            -h "ldap://127.0.0.1:$port${tls_lines:+ ldaps://127.0.0.1:$tls_port}" >"$work/log" 2>&1 &
        servers=$!
        n=0
        while [ $n -lt 50 ] && kill -0 "$servers" 2>/dev/null; do
            /usr/bin/python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)" 2>/dev/null && return
            n=$((n + 1))
            sleep 0.1
        done
        kill "$servers" 2>/dev/null
        servers=
    done
    give_up "slapd does not start"
}

# start_door NAME FACE MODE FILE: another service; its port stands in FILE.
start_door()
{
    "$build/tests/sensor/door" ldap "$1" "$3" "$2" $referrals <"$work/hold" >"$4" &
    doors="$doors $!"
}

# pair FACE [tls]: both with the same directory. Sets port and door (their ports), tls_port and tls_door, suffix and
# hidden. `referrals`, if set, are URLs.
pair()
{
    pair_end
    tls_lines=
    [ "${2:-}" = tls ] && tls_lines="TLSCertificateFile $work/certificate.pem
TLSCertificateKeyFile $work/key.pem"
    read_face "$1"
    rm -f "$work/hold" "$work/port" "$work/tls_port"
    mkfifo "$work/hold"
    start_door "$name" "$1" "$([ -n "$tls_lines" ] && echo starttls || echo none)" "$work/port"
    [ -n "$tls_lines" ] && start_door "$name" "$1" tls "$work/tls_port"
    exec 3>"$work/hold"
    n=0
    while [ $n -lt 100 ] && { [ ! -s "$work/port" ] || { [ -n "$tls_lines" ] && [ ! -s "$work/tls_port" ]; }; }; do
        n=$((n + 1))
        sleep 0.1
    done
    door=$(cat "$work/port")
    [ -n "$tls_lines" ] && tls_door=$(cat "$work/tls_port")
    [ -n "$door" ] || give_up "the service does not start"
    configure
    start_slapd
}
