/** For a POSIX shell: nothing inside is read as anything but itself. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
