/** A client may send the whole URL, as to a proxy; an instance gets the path of it, byte for byte. */
export function originForm(url: string | undefined): string | undefined {
  if (url === undefined || url.startsWith('/')) return url;
  const [, rest] = /^https?:\/\/[^/?#]*(.*)$/i.exec(url) ?? [];
  if (rest === undefined) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
