import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** PEM */
  readonly key: string;
  /** PEM. Whoever trusts it trusts https://127.0.0.1, https://localhost and https://auth.localhost of its owner. */
  readonly certificate: string;
}

/** A certificate for this machine, made on the spot: Node can sign, but has no word for X.509, whose DER is written here. */
export function makeCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = sequence(set(sequence(oid(commonName), tlv(0x0c, Buffer.from('Berth test')))));
  const signed = sequence(
    tlv(0xa0, integer(2)),
    integer(1, ...randomBytes(8)),
    sequence(oid(ecdsaWithSha256)),
    name,
    sequence(utcTime('200101000000Z'), utcTime('491231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(extension(basicConstraints, sequence(tlv(0x01, [0xff]))), alternativeNames)),
  );
  const signature = sign('sha256', signed, privateKey);
  const der = sequence(signed, sequence(oid(ecdsaWithSha256)), tlv(0x03, [0, ...signature]));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

const commonName = [0x55, 0x04, 0x03];
const ecdsaWithSha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const basicConstraints = [0x55, 0x1d, 0x13];
const subjectAlternativeName = [0x55, 0x1d, 0x11];
const alternativeNames = extension(
  subjectAlternativeName,
  sequence(
    ...['localhost', 'auth.localhost'].map((name) => tlv(0x82, Buffer.from(name))),
    tlv(0x87, [127, 0, 0, 1]),
  ),
);

function extension(id: readonly number[], value: Buffer): Buffer {
  return sequence(oid(id), tlv(0x04, value));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function set(part: Buffer): Buffer {
  return tlv(0x31, part);
}

function oid(bytes: readonly number[]): Buffer {
  return tlv(0x06, bytes);
}

function integer(...bytes: readonly number[]): Buffer {
  return tlv(0x02, bytes);
}

function utcTime(text: string): Buffer {
  return tlv(0x17, Buffer.from(text));
}

function tlv(tag: number, value: Uint8Array | readonly number[]): Buffer {
  const content = Buffer.from(value);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
