import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../core/failure.ts';
import { type Deployment, pathOf } from './deploy-example.ts';
import type { Context } from './preview-example.ts';

export interface ExampleUrls {
  readonly service: string;
  readonly assets: string;
  readonly topic: string;
}

const answerTimeoutMs = 10_000;
const arrivalTimeoutMs = 10_000;
const pollMs = 25;

/** Shows that what was deployed works: every URL answers, and an event reaches its application. */
export async function prove(context: Context, deployment: Deployment): Promise<ExampleUrls> {
  const urls = exampleUrls(deployment);
  context.show.underWay([{ title: 'Calling the service' }]);
  const service = await answerOf(urls.service, context.signal);
  context.show.step({
    application: 'hello-service',
    title: `Answered after ${service.ms} ms`,
    message: service.text,
  });
  const assets = await answerOf(urls.assets, context.signal);
  context.show.step({
    application: 'hello-assets',
    title: `Answered after ${assets.ms} ms`,
    message: `${assets.text.length} characters of HTML.`,
  });
  context.show.underWay([{ title: 'Publishing an event' }]);
  const arrivalMs = await publishAndFind(context, urls.topic);
  context.show.step({
    application: 'hello-event',
    title: `Published event was in the logs after ${arrivalMs} ms`,
  });
  return urls;
}

function exampleUrls({ applications }: Deployment): ExampleUrls {
  const find = (name: string, field: 'url' | 'topic'): string => {
    const value = applications.find((one) => one.applicationName === name)?.[field];
    if (value !== undefined) return value;
    throw new Failure(`The example has no application "${name}" with a ${field}.`, {
      nextStep: 'Undo what was changed in examples/hello-connector/connect.yaml.',
    });
  };
  return {
    service: find('hello-service', 'url'),
    assets: `${find('hello-assets', 'url')}/index.html`,
    topic: find('hello-event', 'topic'),
  };
}

async function answerOf(
  url: string,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly ms: number }> {
  const startedAt = performance.now();
  const timed = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]);
  const response = await fetch(url, { signal: timed }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new Failure(`${url} does not answer.`, { cause });
  });
  const text = await response.text();
  if (!response.ok) throw new Failure(`${url} answered ${response.status}: ${text.slice(0, 1000)}`);
  return { text, ms: Math.round(performance.now() - startedAt) };
}

/** @returns how long it took from the publish request to the application's own log line */
async function publishAndFind(
  { api, projectKey, signal }: Context,
  topic: string,
): Promise<number> {
  const id = randomUUID();
  const startedAt = Date.now();
  await api.call('POST', publishPath(projectKey, topic), {
    messages: [{ data: encodeEvent({ hello: 'from the quickstart', id }) }],
  });
  const logs = `${pathOf(projectKey)}/logs?${new URLSearchParams({
    applicationName: 'hello-event',
    startDate: new Date(startedAt).toISOString(),
  })}`;
  while (Date.now() - startedAt < arrivalTimeoutMs) {
    const { data } = await api.call<{ readonly data: readonly unknown[] }>('GET', logs);
    if (data.some((entry) => JSON.stringify(entry).includes(id))) return Date.now() - startedAt;
    await wait(pollMs, undefined, { signal });
  }
  throw new Failure(
    `The event that was published has not reached hello-event within ${arrivalTimeoutMs / 1000} s.`,
  );
}

export function publishPath(projectKey: string, topic: string): string {
  return `/v1/projects/${projectKey}/topics/${topic}:publish`;
}

export function encodeEvent(event: object): string {
  return Buffer.from(JSON.stringify(event)).toString('base64');
}
