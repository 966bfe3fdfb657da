import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { exportPKCS8, generateKeyPair, jwtVerify } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BridgeFailure, describeFailure, Failure } from '../../../src/core/failure.ts';
import {
  type GooglePubsubOptions,
  openGooglePubsub,
} from '../../../src/drivers/event-bridge/google-pubsub/open-google-pubsub.ts';
import { describeEventBridge } from '../../contract/event-bridge.suite.ts';
import { failure, type PubsubStandIn, startPubsubStandIn } from '../../support/pubsub-stand-in.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const noStop = new AbortController().signal;
const publisher = 'publisher@example.iam.gserviceaccount.com';
const member = `serviceAccount:${publisher}`;

describeEventBridge('Google Pub/Sub, by a stand-in,', async () => {
  const google = await startPubsubStandIn();
  const bridge = await openGooglePubsub({
    projectId: 'berth-test',
    endpoint: google.url,
    credentials: { kind: 'none' },
  });
  return {
    bridge,
    endpoint: google.url,
    [Symbol.asyncDispose]: () => google[Symbol.asyncDispose](),
  };
});

async function openGoogle(): Promise<PubsubStandIn> {
  const google = await startPubsubStandIn();
  onTestFinished(() => google[Symbol.asyncDispose]());
  return google;
}

function openBridge(google: PubsubStandIn, more: Partial<GooglePubsubOptions> = {}) {
  return openGooglePubsub({
    projectId: 'berth-test',
    endpoint: google.url,
    credentials: { kind: 'none' },
    ...more,
  });
}

describe('credentials', () => {
  test('of a key file sign a token for this API, for an hour at most, and it is used again', async () => {
    const google = await openGoogle();
    const { file, publicKey } = await makeKeyFile();
    const bridge = await openBridge(google, { credentials: { kind: 'file', file } });
    await bridge.ensureTopic('event-1', noStop);

    const tokens = new Set(google.requests.map(({ authorization }) => authorization));
    expect(tokens.size).toBe(1);
    const token = [...tokens][0]?.replace('Bearer ', '') ?? '';
    const { payload, protectedHeader } = await jwtVerify(token, publicKey, {
      audience: 'https://pubsub.googleapis.com/',
      issuer: 'berth@example.iam.gserviceaccount.com',
      subject: 'berth@example.iam.gserviceaccount.com',
    });
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: 'key-1' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
  });

  test('that are refused once are made anew, and twice is a failure that names whose they are', async () => {
    const google = await openGoogle();
    const { file, secret } = await makeKeyFile();
    const bridge = await openBridge(google, { credentials: { kind: 'file', file } });
    let refusals = 0;
    const refuse = (times: number) => {
      refusals = 0;
      google.answerWith(() => {
        refusals += 1;
        return refusals <= times ? failure(401, 'UNAUTHENTICATED', 'Invalid token') : undefined;
      });
    };
    refuse(1);
    await bridge.ensureTopic('event-1', noStop);
    refuse(9);
    const error: unknown = await bridge.ensureTopic('event-1', noStop).catch((e: unknown) => e);
    expect(refusals).toBe(2);
    expect(describeFailure(error)).toContain('berth@example.iam.gserviceaccount.com');
    expect(describeFailure(error)).not.toContain(secret.slice(40, 80));
  });

  test.for([
    ['missing', undefined, 'ENOENT'],
    ['no JSON', '{"private_key": "SECRET', 'it is not JSON'],
    ['of another kind', '{"type":"authorized_user","refresh_token":"SECRET"}', 'not the key of a'],
    [
      'without a usable key',
      '{"type":"service_account","client_email":"a@b","private_key":"SECRET"}',
      'its private key is none',
    ],
  ] as const)(
    'in a file that is %s are a failure at once, which repeats none of it',
    async ([, text, reason]) => {
      const file = join(await makeTempFolder(), 'key.json');
      if (text !== undefined) await writeFile(file, text);
      const opened = openGooglePubsub({
        projectId: 'berth-test',
        credentials: { kind: 'file', file },
      });
      await expect(opened).rejects.toThrow(Failure);
      await expect(opened).rejects.toThrow(reason);
      await expect(opened).rejects.not.toThrow('SECRET');
    },
  );

  test('are those of the machine where there is no file', async () => {
    const google = await openGoogle();
    google.answerWith(({ path }) =>
      path === '/computeMetadata/v1/instance/service-accounts/default/token'
        ? { status: 200, body: { access_token: 'of-the-machine', expires_in: 3599 } }
        : undefined,
    );
    const bridge = await openBridge(google, { credentials: { kind: 'metadata', url: google.url } });
    await bridge.ensureTopic('event-1', noStop);
    const [asked, ...used] = google.requests;
    expect(asked?.path).toContain('/computeMetadata/');
    expect(new Set(used.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer of-the-machine']),
    );
  });

  test('are said to be missing where the machine is none of Google’s', async () => {
    const google = await openGoogle();
    google.answerWith(() => ({ status: 404, body: {} }));
    const bridge = await openBridge(google, { credentials: { kind: 'metadata', url: google.url } });
    await expect(bridge.ensureTopic('event-1', noStop)).rejects.toMatchObject({
      nextStep: expect.stringContaining('BERTH_PUBSUB_CREDENTIALS_FILE'),
    });
  });
});

describe('the right to publish', () => {
  const topicName = 'projects/berth-test/topics/event-1';

  test('is given to who publishes, once', async () => {
    const google = await openGoogle();
    const bridge = await openBridge(google, { publisher });
    await bridge.ensureTopic('event-1', noStop);
    await bridge.ensureTopic('event-1', noStop);
    expect(google.topics.get(topicName)?.policy.bindings).toEqual([
      { role: 'roles/pubsub.publisher', members: [member] },
    ]);
    const written = google.requests.filter(({ path }) => path.endsWith(':setIamPolicy'));
    expect(written).toHaveLength(1);
  });

  test('leaves the rights of others as they are', async () => {
    const google = await openGoogle();
    const bridge = await openBridge(google, { publisher });
    const others = [
      { role: 'roles/pubsub.viewer', members: ['user:a@example.com'] },
      { role: 'roles/pubsub.publisher', members: [member], condition: { expression: 'false' } },
    ];
    google.topics.set(topicName, {
      policy: {
        etag: 'e7',
        bindings: [...others, { role: 'roles/pubsub.publisher', members: ['user:b@example.com'] }],
      },
    });
    await bridge.ensureTopic('event-1', noStop);
    expect(google.topics.get(topicName)?.policy.bindings).toEqual([
      ...others,
      { role: 'roles/pubsub.publisher', members: ['user:b@example.com', member] },
    ]);
  });

  test('is asked for again where somebody else has changed the policy meanwhile', async () => {
    const google = await openGoogle();
    const bridge = await openBridge(google, { publisher });
    let conflicts = 0;
    google.answerWith(({ path }) =>
      path.endsWith(':setIamPolicy') && conflicts++ < 2
        ? failure(409, 'ABORTED', 'There were concurrent policy changes.')
        : undefined,
    );
    await bridge.ensureTopic('event-1', noStop);
    expect(google.topics.get(topicName)?.policy.bindings).toHaveLength(1);
  });

  test('that an organization forbids is a failure that says what can be done', async () => {
    const google = await openGoogle();
    const bridge = await openBridge(google, { publisher });
    google.answerWith(({ path }) =>
      path.endsWith(':setIamPolicy')
        ? failure(
            400,
            'FAILED_PRECONDITION',
            'One or more users named in the policy do not belong to a permitted customer.',
          )
        : undefined,
    );
    await expect(bridge.ensureTopic('event-1', noStop)).rejects.toMatchObject({
      message: expect.stringContaining('do not belong to a permitted customer'),
      nextStep: expect.stringContaining('BERTH_PUBSUB_PUBLISHER=none'),
    });
  });
});

describe('what goes wrong', () => {
  test.for([
    [
      403,
      'PERMISSION_DENIED',
      'User not authorized to perform this action.',
      'refused',
      'roles/pubsub.admin',
    ],
    [404, 'NOT_FOUND', 'Requested project not found', 'unknown', 'BERTH_PUBSUB_PROJECT_ID'],
    [400, 'INVALID_ARGUMENT', 'Invalid resource name', 'refused', 'BERTH_PUBSUB_ENDPOINT'],
  ] as const)(
    '%i is a failure with what Google says and the next step',
    async ([code, status, text, reason, step]) => {
      const google = await openGoogle();
      google.answerWith(() => failure(code, status, text));
      const bridge = await openBridge(google);
      const error: unknown = await bridge.ensureTopic('event-1', noStop).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(BridgeFailure);
      expect(error).toMatchObject({
        reason,
        message: `Topic projects/berth-test/topics/event-1 could not be made: ${text} (HTTP ${code})`,
        nextStep: expect.stringContaining(step),
      });
      expect(google.requests).toHaveLength(1);
    },
  );

  test('a hiccup of Google’s is waited out', async () => {
    const google = await openGoogle();
    const bridge = await openBridge(google);
    google.answerWith(() =>
      google.requests.length === 1 ? failure(503, 'UNAVAILABLE', 'Try again') : undefined,
    );
    await bridge.ensureTopic('event-1', noStop);
    expect([...google.subscriptions.keys()]).toEqual(['projects/berth-test/subscriptions/event-1']);
  });

  test('an address where nobody is makes a failure after a few attempts', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const bridge = await openGooglePubsub({
      projectId: 'berth-test',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { kind: 'none' },
    });
    await expect(bridge.ensureTopic('event-1', noStop)).rejects.toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
      nextStep: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  test('silence ends with the one who waits', async () => {
    const google = await openGoogle();
    google.answerWith(() => 'hang');
    const bridge = await openBridge(google);
    const stop = new AbortController();
    const made = bridge.ensureTopic('event-1', stop.signal);
    await expect.poll(() => google.requests.length).toBe(1);
    stop.abort(new Error('too long'));
    await expect(made).rejects.toThrow('too long');
  });

  test.for([
    ['no object', '"text"'],
    ['something else', { receivedMessages: 'none' }],
    [
      'messages that are none',
      { receivedMessages: [null, 1, {}, { ackId: 'a' }, { message: {} }] },
    ],
  ] as const)('a pull that is answered with %s has no messages', async ([, body]) => {
    const google = await openGoogle();
    google.answerWith(() => ({ status: 200, body }));
    const bridge = await openBridge(google);
    expect(await bridge.pull('event-1', { limit: 1, signal: noStop })).toEqual([]);
  });

  test('an answer without end is given up', async () => {
    const google = await openGoogle();
    google.answerWith(() => ({ status: 200, body: { filler: 'x'.repeat(1001) } }));
    const bridge = await openBridge(google, { maxAnswerBytes: 1000 });
    await expect(bridge.pull('event-1', { limit: 9, signal: noStop })).rejects.toMatchObject({
      reason: 'too-large',
    });
  });

  test('a topic and a subscription that cannot be deleted are both named', async () => {
    const google = await openGoogle();
    const bridge = await openBridge(google);
    google.answerWith(() => failure(403, 'PERMISSION_DENIED', 'No.'));
    const error: unknown = await bridge.removeTopic('event-1', noStop).catch((e: unknown) => e);
    expect(describeFailure(error)).toContain('projects/berth-test/subscriptions/event-1');
    expect(describeFailure(error)).toContain('projects/berth-test/topics/event-1');
  });
});

async function makeKeyFile() {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const secret = await exportPKCS8(privateKey);
  const file = join(await makeTempFolder(), 'key.json');
  await writeFile(
    file,
    JSON.stringify({
      type: 'service_account',
      client_email: 'berth@example.iam.gserviceaccount.com',
      private_key_id: 'key-1',
      private_key: secret,
    }),
  );
  return { file, publicKey, secret };
}
