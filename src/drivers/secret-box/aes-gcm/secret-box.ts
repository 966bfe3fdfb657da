import { berthItself, type SealingKey } from '../../../core/sealing-key.ts';
import type {
  AnswerBox,
  Digester,
  Opener,
  RepositoryBox,
  SealedFor,
  Sealer,
} from '../../../ports/secret-box.ts';
import { answerBox } from './answers.ts';
import { keyIsGone } from './cipher.ts';
import { digestSecret } from './digest.ts';
import { parseKey, readKeys, readOrCreateKeys, stampOf } from './key.ts';
import { type MasterKeys, masterKeys } from './master-key.ts';
import { newOwnerKey, pairOf, publicKeyOf, rewrapOwnerKey, sealingNamesOf } from './owner-key.ts';
import { repositoryBox } from './repository-urls.ts';
import { openText, parseMarked, sealText } from './seal.ts';
import { isVersionOne, openVersionOne } from './version-one.ts';

export interface SecretBox extends Sealer, Opener {
  /** The names of its master keys, the one for new keys first. */
  readonly masterKeyIds: readonly string[];
  /** The same key, sealed with another of the master keys. */
  rewrap(key: SealingKey, masterKeyId: string): SealingKey;
  /** @param ownKey Berth's own */
  digesterOf(ownKey: SealingKey): Digester;
  answersOf(ownKey: SealingKey): AnswerBox;
  repositoriesOf(ownKey: SealingKey): RepositoryBox;
}

/** The box whose key lies in a file, made at the first start. It looks again where it meets a key that it does not know. */
export async function openSecretBox(options: {
  readonly keyFile: string;
  /** Base64. Opens what has not been sealed with the newer key yet. */
  readonly previousKey?: string;
}): Promise<SecretBox> {
  const { keyFile } = options;
  const previous =
    options.previousKey === undefined ? [] : [parseKey(options.previousKey, 'The previous key')];
  let stamp: string | undefined;
  const first = await readOrCreateKeys(keyFile);
  return boxOf(
    masterKeys([...first, ...previous], () => {
      const now = stampOf(keyFile);
      if (now === undefined || now === stamp) return undefined;
      const keys = readKeys(keyFile);
      if (keys === undefined) return undefined;
      stamp = now;
      return [...keys, ...previous];
    }),
  );
}

/** The box of a key that comes from elsewhere: 32 bytes, or their base64. The key that it replaces may follow. */
export function secretBoxFromKey(
  given: Buffer | string,
  previous: readonly (Buffer | string)[] = [],
): SecretBox {
  const keys = [given, ...previous].map((one) =>
    typeof one === 'string' ? parseKey(one, 'The key of the secret box') : Buffer.from(one),
  );
  return boxOf(masterKeys(keys, () => undefined));
}

function boxOf(masters: MasterKeys): SecretBox {
  return {
    get masterKeyId() {
      return masters.newest.kid;
    },
    get masterKeyIds() {
      return masters.all().map(({ kid }) => kid);
    },
    newKey: (owner, masterKeyId) => newOwnerKey(owner, masters.find(masterKeyId)),
    seal: (plain, context, key) =>
      sealText({ ...sealingNamesOf(key, masters), publicKey: publicKeyOf(key) }, plain, context),
    open: (sealed, context, key) => open(masters, { text: sealed, context, key }),
    rewrap: (key, masterKeyId) => rewrapOwnerKey(key, masters, masterKeyId),
    digesterOf(ownKey) {
      const { digesting } = sealingNamesOf(ownKey, masters);
      return {
        digest: (plain, place) => digestSecret(digesting, plain, place),
        digestSealed: (sealed, place) => digestSealed(masters, sealed, place),
      };
    },
    repositoriesOf: (ownKey) => repositoryBox(sealingNamesOf(ownKey, masters).digesting),
    answersOf: (ownKey) => answerBox(sealingNamesOf(ownKey, masters).digesting, masters),
  };
}

/** What answers requests gets of a box: objects of their own, behind which there is no way to open a secret. */
export function closedHalf(box: SecretBox, ownKey: SealingKey) {
  const sealer: Sealer = {
    get masterKeyId() {
      return box.masterKeyId;
    },
    newKey: box.newKey,
    seal: box.seal,
  };
  const { seal } = box.repositoriesOf(ownKey);
  return {
    sealer,
    digester: box.digesterOf(ownKey),
    answers: box.answersOf(ownKey),
    repositories: { seal },
  };
}

/** Berth's own key, for whoever has no store. */
export function newOwnKey(box: Sealer): SealingKey {
  return box.newKey(berthItself, box.masterKeyId);
}

function open(masters: MasterKeys, { text, context, key }: SealedFor): string {
  if (isVersionOne(text)) return openVersionOne(masters, text, context);
  if (isVersionTwo(text)) return openText(masterOf(masters, text), text, context);
  const names = sealingNamesOf(required(key), masters);
  return openText({ ...names, pair: pairOf(required(key), masters) }, text, context);
}

/** Of the first version only its text: it holds no digest, and is another text when the value is set again. */
function digestSealed(masters: MasterKeys, { text, context, key }: SealedFor, place: string) {
  if (isVersionOne(text)) return digestSecret(masterOf(masters, text).digesting, text, place);
  const names = isVersionTwo(text)
    ? masterOf(masters, text)
    : sealingNamesOf(required(key), masters);
  const { digest } = parseMarked(names, text, context);
  return digestSecret(names.digesting, digest.toString('base64url'), place);
}

function isVersionTwo(text: string): boolean {
  return text.startsWith('v2.');
}

function masterOf(masters: MasterKeys, text: string) {
  return masters.find(text.split('.', 2)[1] ?? '');
}

function required(key: SealingKey | undefined): SealingKey {
  if (key === undefined) throw keyIsGone();
  return key;
}
