/** Up to the last `@`, as passwords may hold one. The user name of ssh is no secret, and mostly `git`. */
const parts = /^(ssh:\/\/[^\s/:@]*:|(?!ssh:)[a-z][a-z0-9+.-]*:\/\/)([^\s/]*)@/i;

/** Around the credentials, where there are some; the `@` belongs to none of the parts. */
export function splitCredentials(url: string) {
  const [all, start, credentials] = parts.exec(url) ?? [];
  if (all === undefined || start === undefined || credentials === undefined) return undefined;
  return { start, credentials, rest: url.slice(all.length) };
}

/** How a repository is read is shown to nobody. */
export function hideCredentials(url: string): string {
  const found = splitCredentials(url);
  return found === undefined ? url : `${found.start}***@${found.rest}`;
}

/** The URL that is kept where a client sends back what it has read. */
export function keepCredentials(sent: string, kept: string): string | undefined {
  return sent === hideCredentials(kept) ? kept : undefined;
}
