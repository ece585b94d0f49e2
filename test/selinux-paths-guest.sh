# vm-run -m selinux -e MODE=enforcing|permissive SCRIPT POLICY POLICY.fc: programs of the guest itself, whose files have
# labels by path; ours are put on by the contexts of the policy. Says `NAME works` or `NAME fails`.
# setfiles has a domain of its own, which an enforcing kernel would keep from our contexts.
se-load policy permissive
chcon -t var_run_t /run # a tmpfs that nobody labelled here
cp policy.fc /run/
mapfile -t own < <(grep -E ':(nginx|shell)\.[a-z_]+:' policy.fc | sed -E 's/\(\/\.\*\)\?//; s/[[:space:]].*//; s/\\//g' | sort -u)
for path in "${own[@]}"; do [ ! -e "$path" ] || setfiles -F /run/policy.fc "$path"; done
cp /etc/shadow /var/www/html/shadow.txt
chmod 644 /var/www/html/shadow.txt
chcon -t shadow_t /var/www/html/shadow.txt
mkdir -p /data && echo unlabelled >/data/x
mapfile -d '' -t argv </run/dir/shell.argv
# Neither here nor on the way to programs lies what the host shares: it has a label of its own.
cd / && PATH=/usr/sbin:/usr/bin:/sbin:/bin
setenforce $([ "$MODE" = enforcing ] && echo 1 || echo 0)

runcon system_u:system_r:nginx.process:s0 nginx -g 'daemon off;' 2>&1 &
for _ in $(seq 60); do curl -sf -m 5 http://127.0.0.1/ >/dev/shm/said && break; sleep 0.5; done
grep -q 'hello from the lab' /dev/shm/said && echo 'nginx works' || echo 'nginx fails'
echo "nginx shadow.txt $(curl -s -o /dev/null -m 5 -w '%{http_code}' http://127.0.0.1/shadow.txt)"
tr -d '\0' <"/proc/$(pgrep -o nginx)/attr/current"; echo
kill "$(pgrep -o nginx)"

said=$(runcon system_u:system_r:shell.process:s0 "${argv[@]}" 2>&1)
[ "$said" = 'usr etc 1970' ] && echo 'shell works' || echo "shell fails: $said"
for file in /etc/shadow /data/x; do
  runcon system_u:system_r:shell.process:s0 sh -c "read -r _ <$file" 2>/dev/null && echo "shell read $file" || echo "shell was refused $file"
done
