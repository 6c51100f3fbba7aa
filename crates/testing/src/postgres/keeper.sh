# Keeps one PostgreSQL cluster. Arguments: the folder of the programs, the cluster's folder, `tls` or `plain`.
# Orders come on standard input, one a line; each is answered `done` or `failed`. At the end of the input, which
# comes also when the process that holds the pipe is killed, the server is stopped and the folder removed.
programs=$1 folder=$2 mode=$3
port=

# Only the end of the pipe ends this script. PIPE: an answer that nobody reads any more must not.
trap '' HUP INT TERM PIPE
umask 077

certificates() {
    key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
    # shellcheck disable=SC2086 # several arguments
    openssl req -x509 $key -days 2 -subj '/CN=test authority' \
        -keyout "$folder/authority.key" -out "$folder/authority.crt" &&
    openssl req $key -subj /CN=localhost -keyout "$folder/server.key" -out "$folder/server.csr" &&
    echo 'subjectAltName = DNS:localhost' >"$folder/server.ext" &&
    openssl x509 -req -in "$folder/server.csr" -days 2 -extfile "$folder/server.ext" -CAcreateserial \
        -CA "$folder/authority.crt" -CAkey "$folder/authority.key" -out "$folder/server.crt"
}

make() {
    set -- -D "$folder/data" -U postgres -A trust -E UTF8 --no-sync
    # A natural language's order, where the server has one, shows a query that should have asked for another.
    if "$programs/initdb" --help | grep -q -e --icu-locale; then
        "$programs/initdb" "$@" --locale=C --locale-provider=icu --icu-locale=en-US || {
            rm -rf "$folder/data"
            "$programs/initdb" "$@" --locale=C
        }
    else
        "$programs/initdb" "$@" --locale=C
    fi || return
    cat >>"$folder/data/postgresql.conf" <<'CONF'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 1000 # some for each test, of which a machine with many cores runs many at once
shared_buffers = 64MB
dynamic_shared_memory_type = mmap # in the folder, so that nothing stays behind
fsync = off
full_page_writes = off
synchronous_commit = off
jit = off
CONF
    if [ "$mode" = tls ]; then
        certificates || return
        cat >>"$folder/data/postgresql.conf" <<CONF
ssl = on
ssl_cert_file = '$folder/server.crt'
ssl_key_file = '$folder/server.key'
CONF
        echo 'hostssl all all 127.0.0.1/32 trust' >"$folder/data/pg_hba.conf"
    fi
}

control() {
    "$programs/pg_ctl" -D "$folder/data" -s -w -t 60 "$@"
}

while read -r order value; do
    # shellcheck disable=SC2094 # both only append to the log
    case $order in
        make) make ;;
        port) port=$value ;;
        start) control -l "$folder/log" -o "-p $port" start ;;
        stop) control -m fast stop ;;
        *) false ;;
    esac </dev/null >>"$folder/log" 2>&1 && echo 'done' || echo 'failed'
done

if [ -f "$folder/data/postmaster.pid" ]; then
    control -m immediate stop </dev/null >/dev/null 2>&1
fi
rm -rf "$folder"
