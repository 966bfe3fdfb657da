/** The text's bytes in UTF-8. Half a character becomes U+FFFD, as wherever text becomes bytes. */
export function bytesOf(text: string): readonly number[] {
  const bytes: number[] = [];
  const percent = percentOf(text);
  for (let at = 0; at < percent.length; at++) {
    if (percent[at] === '%') {
      bytes.push(Number.parseInt(percent.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(percent.charCodeAt(at));
  }
  return bytes;
}

/** Encoded for a URL. */
export function percentOf(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

export function hexOf(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Without padding. */
export function base64Of(bytes: readonly number[]): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [one = 0, two = 0, three = 0] = bytes.slice(at, at + 3);
    const group = (one << 16) | (two << 8) | three;
    const length = Math.min(3, bytes.length - at) + 1;
    for (let place = 0; place < length; place++)
      text += alphabet[(group >> (18 - 6 * place)) & 63] ?? '';
  }
  return text;
}
