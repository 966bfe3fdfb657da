import { fileURLToPath } from 'node:url';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Failure } from '../../core/failure.ts';
import type { Logger } from '../../ports/logger.ts';
import { publishLimitBytes } from '../api/publish-events.ts';
import type { ApiDependencies } from '../api/route.ts';
import { getTopic, type PublisherRequest, publish } from './publisher.ts';
import { statusOf } from './status.ts';

export interface GrpcPublisher extends AsyncDisposable {
  readonly port: number;
}

/** Beside the messages a request has names and attributes. Whether it is too large is told in words up to here. */
const overheadBytes = 1024 * 1024;
const streamsPerConnection = 32;
const defaultDrainMs = 5_000;

/** Google Pub/Sub's gRPC form of publishing, as clients use it with `PUBSUB_EMULATOR_HOST`: without TLS. */
export async function openGrpcPublisher(
  deps: Pick<ApiDependencies, 'store' | 'events' | 'clock' | 'tokens' | 'openPublishing'>,
  options: {
    readonly host: string;
    readonly port: number;
    readonly logger: Logger;
    /** How long closing waits for requests under way. */
    readonly drainMs?: number;
  },
): Promise<GrpcPublisher> {
  const server = new Server({
    'grpc.max_receive_message_length': publishLimitBytes + overheadBytes,
    'grpc.max_concurrent_streams': streamsPerConnection,
  });
  const answer =
    <Request, Reply>(work: (request: PublisherRequest<Request>) => Promise<Reply>) =>
    (call: ServerUnaryCall<Request, Reply>, reply: sendUnaryData<Reply>): void => {
      const [authorization] = call.metadata.get('authorization');
      work({ body: call.request, authorization: authorization?.toString() }).then(
        (body) => reply(null, body),
        (error: unknown) => reply(statusOf(error, options.logger)),
      );
    };
  server.addService(readService(), {
    Publish: answer(publish.bind(undefined, deps)),
    GetTopic: answer(getTopic.bind(undefined, deps)),
  });
  const port = await bind(server, options);
  return {
    port,
    async [Symbol.asyncDispose]() {
      const force = setTimeout(() => server.forceShutdown(), options.drainMs ?? defaultDrainMs);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(force);
    },
  };
}

function readService(): ServiceDefinition {
  const file = fileURLToPath(new URL('publisher.proto', import.meta.url));
  const definition = loadSync(file, { defaults: true });
  // What is loaded from the file beside this one is known: a service of this name.
  return definition['google.pubsub.v1.Publisher'] as ServiceDefinition;
}

function bind(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(at, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(refused(at, error));
    });
  });
}

function refused(at: string, error: Error): Failure {
  return new Failure(`Publishing over gRPC could not listen on ${at}: ${error.message}`, {
    nextStep:
      'End what listens there, or set BERTH_PUBSUB_PORT to another port (0 takes a free one).',
    cause: error,
  });
}
