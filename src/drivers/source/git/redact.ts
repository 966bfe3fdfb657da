/** Hides user names and passwords in every URL of a text. */
export function redact(text: string): string {
  return text.replaceAll(/\b(https?:\/\/|ssh:\/\/[^\s/:@]*:)[^\s/]*@/gi, '$1***@');
}
