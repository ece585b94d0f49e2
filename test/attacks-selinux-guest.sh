# vm-run -m selinux -d FOLDER -e LABELS=mount|paths -e DOMAIN=… SCRIPT POLICY POLICY.fc: tries the list of attacks, first
# where SELinux has nothing against them (unconfined_t), then in the domain. By mount in a container, by path on the guest itself.
se-load policy permissive
mkdir -p /srv/program
cp /run/dir/attacks /srv/program/
chmod 755 /srv/program/attacks
chcon -t container_file_t -l s0 /srv/program
chcon -t attacks_exec_t -l s0 /srv/program/attacks
if [ "$LABELS" = paths ]; then
  chcon -t usr_t /srv /srv/program
  chcon -t var_run_t /run # a tmpfs that nobody labelled here
  cp policy.fc /run/
  mapfile -t own < <(grep -E ":${DOMAIN%%.*}\.[a-z_]+:" policy.fc | sed -E 's/\(\/\.\*\)\?//; s/[[:space:]].*//; s/\\//g' | sort -u)
  for path in "${own[@]}"; do [ ! -e "$path" ] || setfiles -F /run/policy.fc "$path"; done
  cd / && PATH=/usr/sbin:/usr/bin:/sbin:/bin
fi
setenforce 1
tried() {
  if [ "$LABELS" = paths ]; then
    [ -e /var/log/dpkg.log ] || echo log >/var/log/dpkg.log
    unshare -m runcon "$1:s0" /srv/program/attacks
  else
    oci-run --bind /srv/program:/srv:ro --nnp --selinux "$1:s0:c1,c2" -- /srv/attacks
  fi
}
tried unconfined_u:unconfined_r:unconfined_t
echo ==
tried "system_u:system_r:$DOMAIN"
