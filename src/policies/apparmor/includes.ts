/**
 * Files that a profile may include. What they say stands on the node, not in the profile, so it is not known here:
 * a question that no rule of the profile itself answers stays open. Of most it is known that they deny nothing.
 */

/** Debian's apparmor 3.0: every abstraction that has no deny rule (tested against /etc/apparmor.d where it is there). */
const denyNothing =
  /^abstractions\/(base|nameservice|nis|openssl|ssl_certs|ssl_keys|python|perl|ruby|bash|consoles|user-tmp|php|mysql|dbus|kerberosclient|authentication|fonts|crypto)$/;

export function hidesDenials(include: string): boolean {
  return !denyNothing.test(include);
}
