/** Hides user names and passwords in every URL of a text. */
export function redact(text: string): string {
  return text.replaceAll(
    // The user name of ssh is no secret, and mostly `git`.
    /\b(ssh:\/\/[^\s/:@]*:|(?!ssh:)[a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi,
    '$1***@',
  );
}
