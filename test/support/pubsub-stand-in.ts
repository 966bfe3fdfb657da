import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Stands in for Google Pub/Sub, which is outside of Berth: topics, pull subscriptions and policies as its REST reference says.
 * The bridge's contract suite runs against this and against Google's own emulator, which has no policies and takes any token.
 */
export interface PubsubStandIn extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly StandInRequest[];
  readonly topics: Map<string, StandInTopic>;
  readonly subscriptions: ReadonlyMap<string, StandInSubscription>;
  /** Decides about every request first: an answer, nothing (`hang`), or undefined for what Google would do. */
  answerWith(
    decide: ((request: StandInRequest) => StandInAnswer | 'hang' | undefined) | undefined,
  ): void;
}

export interface StandInRequest {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly authorization: string | undefined;
  // Requests of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: a body is whatever was sent
  readonly body: any;
}

export interface StandInAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface StandInTopic {
  policy: { etag: string; bindings?: unknown[] };
}

export interface StandInSubscription {
  topic: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly messages: Held[];
}

interface Held {
  readonly message: object & { readonly messageId: string };
  dueAt: number;
  ackId: string;
}

const longPollMs = 400;
const deletedTopic = '_deleted-topic_';

export async function startPubsubStandIn(): Promise<PubsubStandIn> {
  const requests: StandInRequest[] = [];
  const topics = new Map<string, StandInTopic>();
  const subscriptions = new Map<string, StandInSubscription>();
  let decide: Parameters<PubsubStandIn['answerWith']>[0];
  let counter = 0;

  const publish = (topic: string, messages: readonly object[]): string[] =>
    messages.map((message) => {
      const messageId = String(1e15 + ++counter);
      const complete = { ...message, messageId, publishTime: new Date().toISOString() };
      for (const subscription of subscriptions.values()) {
        if (subscription.topic === topic)
          subscription.messages.push({ message: complete, dueAt: 0, ackId: '' });
      }
      return messageId;
    });
  const take = (subscription: StandInSubscription, max: number) => {
    const seconds = Number(subscription.fields['ackDeadlineSeconds'] ?? 10);
    const due = subscription.messages.filter(({ dueAt }) => dueAt <= Date.now()).slice(0, max);
    for (const held of due) {
      held.dueAt = Date.now() + seconds * 1000;
      held.ackId = `ack-${++counter}`;
    }
    return due.map(({ ackId, message }) => ({ ackId, message }));
  };
  const pull = async (subscription: StandInSubscription, max: number): Promise<StandInAnswer> => {
    const until = Date.now() + longPollMs;
    for (;;) {
      const receivedMessages = take(subscription, max);
      if (receivedMessages.length > 0) return { status: 200, body: { receivedMessages } };
      if (Date.now() >= until) return { status: 200, body: {} };
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  const answerTopic = ({ method, body }: StandInRequest, name: string, verb: string) => {
    const topic = topics.get(name);
    if (method === 'PUT') {
      if (topic !== undefined)
        return failure(409, 'ALREADY_EXISTS', `Resource already exists: ${name}`);
      topics.set(name, { policy: { etag: 'e0' } });
      return { status: 200, body: { name } };
    }
    if (topic === undefined)
      return failure(404, 'NOT_FOUND', `Resource not found (resource=${name}).`);
    if (verb === 'publish')
      return { status: 200, body: { messageIds: publish(name, body.messages) } };
    if (verb === 'getIamPolicy') return { status: 200, body: topic.policy };
    if (verb === 'setIamPolicy') {
      if (body.policy.etag !== topic.policy.etag)
        return failure(409, 'ABORTED', 'There were concurrent policy changes.');
      topic.policy = { ...body.policy, etag: `e${++counter}` };
      return { status: 200, body: topic.policy };
    }
    if (method === 'DELETE') {
      topics.delete(name);
      for (const one of subscriptions.values()) if (one.topic === name) one.topic = deletedTopic;
      return { status: 200, body: {} };
    }
    return { status: 200, body: { name } };
  };
  const answerSubscription = async (
    { method, body }: StandInRequest,
    name: string,
    verb: string,
  ) => {
    const subscription = subscriptions.get(name);
    if (method === 'PUT') {
      if (subscription !== undefined)
        return failure(409, 'ALREADY_EXISTS', `Resource already exists: ${name}`);
      if (!topics.has(body.topic)) return failure(404, 'NOT_FOUND', 'Resource not found.');
      subscriptions.set(name, { topic: body.topic, fields: body, messages: [] });
      return { status: 200, body: { name, ...body } };
    }
    if (subscription === undefined)
      return failure(404, 'NOT_FOUND', `Resource not found (resource=${name}).`);
    const { messages } = subscription;
    if (verb === 'pull') return pull(subscription, body.maxMessages);
    if (verb === 'acknowledge') {
      const valid = messages.filter(({ dueAt }) => dueAt > Date.now());
      for (const held of valid.filter(({ ackId }) => body.ackIds.includes(ackId)))
        messages.splice(messages.indexOf(held), 1);
      return { status: 200, body: {} };
    }
    if (verb === 'modifyAckDeadline') {
      for (const held of messages.filter(({ ackId }) => body.ackIds.includes(ackId)))
        held.dueAt = Date.now() + body.ackDeadlineSeconds * 1000;
      return { status: 200, body: {} };
    }
    if (method === 'DELETE') {
      subscriptions.delete(name);
      return { status: 200, body: {} };
    }
    return { status: 200, body: { name, ...subscription.fields, topic: subscription.topic } };
  };

  const server = createServer(async (req, res) => {
    const request = await readRequest(req);
    requests.push(request);
    const decided = decide?.(request);
    if (decided === 'hang') return;
    if (decided !== undefined) return send(res, decided);
    const [, name = '', kind, verb = ''] =
      /^\/v1\/(projects\/[^/]+\/(topics|subscriptions)\/[^/:]+)(?::(\w+))?$/.exec(request.path) ??
      [];
    const [, project] = /^\/v1\/(projects\/[^/]+)\/topics$/.exec(request.path) ?? [];
    if (project !== undefined) {
      const names = [...topics.keys()].filter((one) => one.startsWith(`${project}/`));
      return send(res, { status: 200, body: { topics: names.map((one) => ({ name: one })) } });
    }
    if (kind === 'topics') return send(res, answerTopic(request, name, verb));
    if (kind === 'subscriptions') return send(res, await answerSubscription(request, name, verb));
    send(res, failure(404, 'NOT_FOUND', 'There is nothing.'));
  });
  // Nobody's connection is closed because the machine is busy.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    topics,
    subscriptions,
    answerWith(next) {
      decide = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An error as Google's APIs answer it. */
export function failure(code: number, status: string, message: string): StandInAnswer {
  return { status: code, body: { error: { code, message, status } } };
}

async function readRequest(req: IncomingMessage): Promise<StandInRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return {
    method: req.method ?? '',
    path: (req.url ?? '').split('?')[0] ?? '',
    authorization: req.headers.authorization,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

function send(res: ServerResponse, { status, body }: StandInAnswer): void {
  if (res.destroyed) return;
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
