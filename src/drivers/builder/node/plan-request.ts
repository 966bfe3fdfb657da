import type { BuildRequest } from '../../../ports/builder.ts';
import type { BuildInputs, InputReader } from './inputs.ts';
import { artifactKey } from './key.ts';
import { type BuildPlan, planBuild } from './plan.ts';
import type { Tools, Toolset } from './tools.ts';

/** What a build of a request would be made of, and the key of what it would leave. */
export interface PlannedRequest {
  readonly request: BuildRequest;
  readonly inputs: BuildInputs;
  readonly plan: BuildPlan;
  readonly tools: Toolset;
  readonly key: string;
}

/** @throws BuildFailure where the folder can be no application */
export async function planRequest(
  { reader, toolset }: { readonly reader: InputReader; readonly toolset: Tools['toolset'] },
  request: BuildRequest,
  checkout: () => Promise<string>,
): Promise<PlannedRequest> {
  const inputs = await reader.read(request, checkout);
  const { application, type, environment } = request;
  const plan = planBuild({ name: application, type }, inputs.application.facts);
  const tools = await toolset(plan.node, plan.manager);
  const { trees } = inputs;
  const key = artifactKey({ application, type, environment, trees, tools: tools.versions });
  return { request, inputs, plan, tools, key };
}
