import { redeliveredSchema, redeliverSchema } from '../../../wire/dead-letter.ts';
import { aliveSchema, notReadySchema, readySchema } from '../../../wire/health.ts';
import {
  introspectionRequestSchema,
  introspectionSchema,
  oauthErrorSchema,
  tokenRequestSchema,
  tokenSchema,
} from '../../../wire/oauth.ts';
import { documentSchema, noBody, nothing, oneTopicToPublish } from '../../../wire/parameters.ts';
import { publishedSchema, publishSchema } from '../../../wire/publish.ts';
import type { Endpoint } from './endpoint.ts';

const read = { method: 'GET', params: nothing, query: nothing, body: noBody } as const;
const oauth = {
  method: 'POST',
  tag: 'OAuth',
  access: 'client',
  params: nothing,
  query: nothing,
  bodyType: 'application/x-www-form-urlencoded',
  refusals: { 400: oauthErrorSchema, 401: oauthErrorSchema, 429: oauthErrorSchema },
} as const;

/** What Berth answers beside the route table. */
export const otherEndpoints: readonly Endpoint[] = [
  {
    ...oauth,
    name: 'createToken',
    summary: 'Get an access token with client credentials',
    path: '/oauth/token',
    body: tokenRequestSchema,
    answers: { 200: tokenSchema },
  },
  {
    ...oauth,
    name: 'introspectToken',
    summary: 'Ask what an access token of the same project is good for',
    path: '/oauth/introspect',
    body: introspectionRequestSchema,
    answers: { 200: introspectionSchema },
  },
  {
    name: 'publishMessages',
    summary: 'Hand events to an event application, as with the REST API of Google Pub/Sub',
    method: 'POST',
    path: '/v1/projects/{project}/topics/{topic}:publish',
    tag: 'Events',
    access: { anyOf: ['manage_project', 'manage_connectors_deployments'] },
    params: oneTopicToPublish,
    query: nothing,
    body: publishSchema,
    bodyType: 'application/json',
    answers: { 200: publishedSchema },
    refusals: 'envelope',
  },
  {
    name: 'redeliverMessages',
    summary: 'Deliver dead events once more, as if they had just been published',
    method: 'POST',
    path: '/v1/projects/{project}/topics/{topic}:redeliver',
    tag: 'Events',
    access: { anyOf: ['manage_project', 'manage_connectors_deployments'] },
    params: oneTopicToPublish,
    query: nothing,
    body: redeliverSchema,
    bodyType: 'application/json',
    answers: { 200: redeliveredSchema },
    refusals: 'envelope',
  },
  {
    ...read,
    name: 'getHealth',
    summary: 'Whether the process answers',
    path: '/healthz',
    tag: 'Health',
    access: 'anybody',
    bodyType: 'application/json',
    answers: { 200: aliveSchema },
    refusals: {},
  },
  {
    ...read,
    name: 'getReadiness',
    summary: 'Whether it can read its store',
    path: '/readyz',
    tag: 'Health',
    access: 'anybody',
    bodyType: 'application/json',
    answers: { 200: readySchema },
    refusals: { 503: notReadySchema },
  },
  {
    ...read,
    name: 'getDescription',
    summary: 'This description, as OpenAPI 3.1',
    path: '/openapi.json',
    tag: 'Description',
    access: 'anybody',
    bodyType: 'application/json',
    answers: { 200: documentSchema },
    refusals: {},
  },
];
