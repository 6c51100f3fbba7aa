# Keeps one Redis server. Arguments: the program, a folder of its own, `tls` or `plain`, more for the program.
# Orders come on standard input, one a line; each is answered `done` or `failed`. At the end of the input, which
# comes also when the process that holds the pipe is killed, the server is ended and the folder removed.
program=$1 folder=$2 mode=$3
shift 3
server=

# Only the end of the pipe ends this script. PIPE: an answer that nobody reads any more must not.
trap '' HUP INT TERM PIPE
umask 077

start() {
    : >"$folder/log"
    set -- --bind 127.0.0.1 --dir "$folder" --save '' --appendonly no "$@"
    if [ "$mode" = tls ]; then
        [ -f "$folder/server.key" ] ||
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                -subj /CN=localhost -addext 'subjectAltName = DNS:localhost' \
                -keyout "$folder/server.key" -out "$folder/server.crt" || return
        set -- --port 0 --tls-port "$port" --tls-auth-clients no --tls-cert-file "$folder/server.crt" \
            --tls-key-file "$folder/server.key" --tls-ca-cert-file "$folder/server.crt" "$@"
    else
        set -- --port "$port" "$@"
    fi
    "$program" "$@" >>"$folder/log" 2>&1 </dev/null &
    server=$!
    until grep -qi 'ready to accept connections' "$folder/log"; do
        kill -0 "$server" || return
        sleep 0.02
    done
}

# KILL also ends one that is paused.
stop() {
    kill -KILL "$server"
    wait "$server"
    server=
}

while read -r order port; do
    case $order in
        start) start "$@" ;;
        stop) stop || true ;;
        pause) kill -STOP "$server" ;;
        resume) kill -CONT "$server" ;;
        *) false ;;
    esac </dev/null 2>>"$folder/log" && echo 'done' || echo 'failed'
done

[ -z "$server" ] || stop 2>/dev/null
rm -rf "$folder"
