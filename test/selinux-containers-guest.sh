# vm-run -m selinux -d FOLDER -e MODE=enforcing|permissive -e NAMES='…' SCRIPT POLICY: programs of test/workloads.ts, one
# after another, each in its own type. Says `NAME works` or `NAME fails`, the same of other work, and what answered for files that are not its own.
se-load policy "$MODE"
mkdir -p /srv/bin /srv/site
cp /run/dir/go-server /run/dir/static /srv/bin/
cp /var/www/html/index.html /srv/site/
echo 'of another container' >/srv/site/secret.txt
cp /etc/shadow /srv/site/shadow.txt
chmod 644 /srv/site/*
# As a runtime labels volumes: the image's type, with the categories of the container.
chcon -R -t container_file_t -l s0:c1,c2 /srv/bin /srv/site
chcon -l s0:c3,c4 /srv/site/secret.txt
chcon -t shadow_t -l s0 /srv/site/shadow.txt

# The command of each program lies in NAME.argv, its words ended by NUL.
start() {
  name=$1 && shift
  mapfile -d '' -t argv <"/run/dir/$name.argv"
  out=$(oci-run -d --name "$name" --selinux "system_u:system_r:$name.process:s0:c1,c2" "$@" -- "${argv[@]}")
  ip=$(jq -r .ip <<<"$out")
  pid=$(jq -r .pid <<<"$out")
}
# Other work of its kind, in NAME.second; then its end.
stop() {
  if eval "$(cat "/run/dir/$1.second")" >/dev/shm/said 2>&1; then echo "$1 does other work"; else echo "$1 fails in other work: $(head -c 300 /dev/shm/said)"; fi
  oci-run rm "$1"
}
finish() {
  name=$1 && shift
  mapfile -d '' -t argv <"/run/dir/$name.argv"
  oci-run --name "$name" --selinux "system_u:system_r:$name.process:s0:c1,c2" "$@" -- "${argv[@]}" >/dev/shm/said 2>&1
}
soon() {
  for _ in $(seq 150); do "$@" >/dev/shm/said 2>&1 && return 0; sleep 1; done
  return 1
}
# verdict WORD: whether what was said holds the word
verdict() {
  if grep -q -- "$1" /dev/shm/said; then echo "$name works"; else echo "$name fails: $(head -c 300 /dev/shm/said | tr '\n' ' ')"; fi
}
web() {
  soon curl -sf -m 10 "http://$ip:$1$2" && soon curl -sf -m 10 "http://$ip:$1$2"
  verdict "$3"
}
nginx() {
  start nginx --bind /srv/site:/var/www/html:ro
  web 80 / 'hello from the lab'
  for page in secret.txt shadow.txt; do
    echo "nginx $page $(curl -s -o /dev/null -m 10 -w '%{http_code}' "http://$ip/$page")"
  done
  stop nginx
}
redis() {
  start redis --cwd /tmp
  soon redis-cli -h "$ip" set k 42 && redis-cli -h "$ip" save >/dev/null && soon redis-cli -h "$ip" get k
  verdict 42
  stop redis
}
python3() {
  start python3
  web 8000 /index.html 'hello from the lab'
  stop python3
}
node() {
  start node
  web 8001 / 'from node'
  stop node
}
go() {
  start go --bind /srv/bin:/srv:ro
  web 8002 / 'from go'
  stop go
}
static() {
  finish static --bind /srv/bin:/srv:ro
  verdict 'pipe says 42'
}
shell() {
  finish shell
  verdict 'usr etc 1970'
}
postgres() {
  start postgres --user 101:103
  soon psql -h "$ip" -U postgres -Atqc 'create temp table t as select generate_series(1, 1000) n; select sum(n) from t; checkpoint;'
  verdict 500500
  stop postgres
}
for each in $NAMES; do "$each"; done
