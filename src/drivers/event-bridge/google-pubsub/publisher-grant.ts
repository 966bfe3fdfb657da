import { BridgeFailure } from '../../../core/failure.ts';
import { callPatiently, explain, type Google } from './call.ts';
import { fieldOf, isSuccess, listOf, textOf } from './send.ts';

const role = 'roles/pubsub.publisher';
/** Somebody else may change the policy at the same time. */
const attempts = 4;

/** Lets this service account publish to the topic, and leaves everything else of its policy as it is. */
export async function grantPublishing(
  google: Google,
  { topic, publisher, signal }: { topic: string; publisher: string; signal: AbortSignal },
): Promise<void> {
  const purpose = `${publisher} was not allowed to publish to topic ${topic}`;
  const member = `serviceAccount:${publisher}`;
  for (let attempt = 1; ; attempt += 1) {
    const read = await callPatiently(google, {
      ...{ purpose, signal, method: 'GET' },
      path: `topics/${topic}:getIamPolicy?options.requestedPolicyVersion=3`,
    });
    if (!isSuccess(read)) throw explain(google, purpose, read);
    const policy = withMember(read.body, member);
    if (policy === undefined) return;
    const written = await callPatiently(google, {
      ...{ purpose, signal, method: 'POST' },
      path: `topics/${topic}:setIamPolicy`,
      json: { policy },
    });
    if (isSuccess(written)) return;
    if (written.status === 409 && attempt < attempts) continue;
    const failure = explain(google, purpose, written);
    if (written.status !== 400) throw failure;
    throw new BridgeFailure(failure.reason, failure.message, { nextStep: organizationPolicy });
  }
}

const organizationPolicy =
  'Where a policy of your organization allows members of its own domain only (iam.allowedPolicyMemberDomains), make an exception for this project. Or let somebody else grant the role, and set BERTH_PUBSUB_PUBLISHER=none.';

/** Undefined where nothing has to be changed. */
function withMember(policy: unknown, member: string): object | undefined {
  const bindings = listOf(policy, 'bindings');
  const ours = bindings.find(
    (binding) => textOf(binding, 'role') === role && fieldOf(binding, 'condition') === undefined,
  );
  const members = listOf(ours, 'members');
  if (members.includes(member)) return undefined;
  const others = bindings.filter((binding) => binding !== ours);
  return {
    ...(typeof policy === 'object' ? policy : {}),
    bindings: [...others, { role, members: [...members, member] }],
  };
}
