/** Up to the last `@`, as passwords may hold one. The user name of ssh is no secret, and mostly `git`. */
const credentials = /^(ssh:\/\/[^\s/:@]*:|(?!ssh:)[a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/i;

/** For everybody but its creator: how the repository is read is none of their business. */
export function hideCredentials(url: string): string {
  return url.replace(credentials, '$1***@');
}
