# vm-run -m apparmor -d FOLDER -o OUT SCRIPT: under one capture by Falco's engine of 2022, which leaves OUT/events.scap, a
# container of nginx, one of the worker and one that nobody knows; then the attacks in the first two.
# FOLDER has scap.ko, sysdig with its libraries, the programs, and ids.sh: how the containers are called.
. /run/dir/ids.sh
insmod /run/dir/scap.ko
mkdir -p /run/kit /srv
cp /run/dir/attacks /run/dir/*.py /srv/
chmod -R a+rX /srv
# Engines know containers by their cgroup: where Docker would put them.
sed "s#'cgroupsPath': f'/kguardian-lab/{a.name}'#'cgroupsPath': '/docker/' + os.environ['CONTAINER_ID']#" "$(command -v oci-run)" >/run/kit/oci-run
chmod 755 /run/kit/oci-run
oci() { CONTAINER_ID=$1 /run/kit/oci-run "${@:2}"; }
python3 /srv/falco-events-docker.py /run/docker.sock /run/dir/containers.json >/dev/null 2>&1 &
docker=$!
/run/dir/lib/ld-linux-x86-64.so.2 --library-path /run/dir/lib /run/dir/sysdig -v -w "$VM_OUT/events.scap" >"$VM_OUT/capture" 2>&1 &
capture=$!
until [ -s "$VM_OUT/events.scap" ]; do sleep .1; done
sleep 1
address() { python3 -c 'import json, sys; print(json.load(sys.stdin)["ip"])'; }
web=$(oci "$WEB" -d --name web --bind /srv:/srv:ro -- nginx -g 'daemon off;' | address)
until curl -s -m 5 -o /dev/null "http://$web/"; do sleep .2; done
worker=$(oci "$WORKER" -d --name worker --runtime crun --bind /srv:/srv:ro -- /usr/bin/python3.11 -I -S /srv/falco-events-worker.py | address)
until (: <>"/dev/tcp/$worker/8001") 2>/dev/null; do sleep .1; done
oci "$STRANGER" --name stranger -- /usr/bin/dash -c 'echo x >/etc/stranger; cat /etc/shadow >/dev/null'
oci "$WEB" exec web /srv/attacks >"$VM_OUT/outcomes"
oci "$WORKER" exec worker /usr/bin/python3.11 -I -S /srv/falco-events-attacker.py /dev/null
kill -INT $capture
wait $capture
kill $docker
