# SPDX-License-Identifier: ISC
# What scenario tests in shell share: TAP, a folder of its own, free ports, an installation with its daemon and a
# receiver of alerts. Everything that was started here is stopped at exit. To be sourced by bash.
set -u

SUNDEW_BIN=${SUNDEW_BIN:-.}
export SUNDEW_LIBEXECDIR=${SUNDEW_LIBEXECDIR:-$SUNDEW_BIN}
export SUNDEW_DATADIR=${SUNDEW_DATADIR:-${SUNDEW_SRC:-.}/templates}

number=0
failures=0
base=0
daemon=
receiver=
work=$(mktemp -d "${TMPDIR:-/tmp}/sundew-test-XXXXXX")
installation=$work/inst

sundew() { "$SUNDEW_BIN/sundew" -c "$installation/sundew.yaml" "$@"; }

# ---- TAP ----

ok() { # WHAT
    number=$((number + 1))
    echo "ok $number - $1"
}

not_ok() { # WHAT [NOTE]
    number=$((number + 1))
    failures=$((failures + 1))
    echo "not ok $number - $1"
    [ -z "${2-}" ] || printf '%s\n' "$2" | tail -n 40 | sed 's/^/#   /'
}

skip() { # WHAT WHY
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

# is WHAT GOT WANTED
is() {
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got: $2
wanted: $3"; fi
}

# has WHAT TEXT PART: a fixed part
has() {
    case $2 in
        *"$3"*) ok "$1" ;;
        *) not_ok "$1" "$2
wanted in it: $3" ;;
    esac
}

# works WHAT COMMAND...
works() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then ok "$what"; else not_ok "$what" "$said"; fi
}

done_testing() {
    echo "1..$number"
    [ "$failures" = 0 ]
    exit
}

# ---- processes ----

end() {
    local pid
    for pid in $daemon $receiver; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    if [ "$failures" != 0 ] && [ -s "$work/sundewd.log" ]; then
        tail -n 40 "$work/sundewd.log" | sed 's/^/# log: /'
    fi
    if [ -n "${SUNDEW_KEEP-}" ]; then echo "# kept $work"; else rm -rf "$work"; fi
}
trap end EXIT
trap 'exit 130' INT TERM

# wait_for SECONDS COMMAND...
wait_for() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.05
    done
}

# Sets base to the first of eight ports that were free a moment ago.
find_ports() {
    local try port
    for try in $(seq 200); do
        base=$((12000 + (RANDOM * 32768 + RANDOM) % 7980)) # below those of sundew.py
        for port in $(seq $base $((base + 7))); do
            if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
                continue 2
            fi
        done
        return 0
    done
    echo "Bail out! no free ports"
    exit 1
}

# Ports of the installation, by what stands in its configuration.
port_gitlab_tls() { echo "$base"; }
port_gitlab() { echo $((base + 1)); }
port_portal_tls() { echo $((base + 2)); }
port_portal() { echo $((base + 3)); }
port_ldap() { echo $((base + 4)); }
port_ldaps() { echo $((base + 5)); }
port_receiver() { echo $((base + 7)); }

# init_installation [OPTION...]
init_installation() {
    find_ports
    "$SUNDEW_BIN/sundew" init "$installation" --organisation "Example Rail" --domain corp.example --address 127.0.0.1 \
        --port-base "$base" --route "http://127.0.0.1:$(port_receiver)/hook" "$@" >"$work/init.out" 2>&1 ||
        { sed 's/^/# /' "$work/init.out"; echo "Bail out! init failed"; exit 1; }
}

# start_sink [OPTION...]: alerts arrive in $work/alerts, a JSON object a line
start_sink() {
    "$SUNDEW_BIN/sundew" -c "$installation/sundew.yaml" sink --json "$@" >>"$work/alerts" 2>"$work/sink.log" &
    receiver=$!
    wait_for 10 grep -q listening "$work/alerts" || { cat "$work/sink.log"; echo "Bail out! no sink"; exit 1; }
}

is_ready() { grep -qx ready "$work/sundewd.out"; }

start_sundewd() {
    : >"$work/sundewd.out"
    "$SUNDEW_BIN/sundewd" -c "$installation/sundew.yaml" >"$work/sundewd.out" 2>>"$work/sundewd.log" &
    daemon=$!
    wait_for 60 is_ready || { sed 's/^/# /' "$work/sundewd.log"; echo "Bail out! sundewd is not ready"; exit 1; }
}

# Leaves the exit status.
stop_sundewd() {
    local pid=$daemon
    daemon=
    kill "$pid" && wait "$pid"
}

alerts() { grep '"specversion"' "$work/alerts"; }
alerts_are() { [ "$(alerts | wc -l)" -ge "$1" ]; }

# wait_for_alerts N
wait_for_alerts() { wait_for 20 alerts_are "$1"; }

# member NAME: of the JSON lines on standard input, each line's first text of that name
member() { sed -nE 's/^[^\n]*/&/; s/"'"$1"'":"(([^"\\]|\\.)*)".*/\n\1/; s/^.*\n//p'; }

# process_of NAME: pids of the daemon's roles of that name
process_of() {
    local stat pid name parent
    for stat in /proc/[0-9]*/stat; do
        read -r pid name _ parent _ <"$stat" || continue
        [ "$parent" = "$daemon" ] && [ "$name" = "($1)" ] && echo "$pid"
    done 2>/dev/null
}
