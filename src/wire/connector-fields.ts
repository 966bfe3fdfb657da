import { z } from 'zod';
import { integrationTypeSchema, regionSchema } from './connector.ts';
import { line, lines } from './text.ts';

/** One line that is not empty. */
export const text = (max: number) => line(max).min(1);

/** What a client may write into a connector, whether in a new draft or by an update action. */
export const fields = {
  name: text(256),
  description: lines(10_000),
  email: text(320).regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'Must be an email address'),
  noOfContributors: z.int().min(1),
  integrationTypes: z.array(integrationTypeSchema).max(50),
  supportedRegions: z.array(regionSchema).max(50),
  /** Whether a repository is one that Berth takes is the source's decision; this is only the shape. */
  repositoryUrl: text(2048).regex(/^[^\s-][^\s]*$/, 'Must be a repository URL without spaces'),
  /** Contract §7. */
  tag: z.string().regex(/^(?!.*\.{2})[A-Za-z0-9][\w.@/-]{0,254}$/, 'Must be a tag name'),
  privateProject: z
    .string()
    .max(256, { abort: true })
    .regex(/^[a-zA-Z0-9_.-]+:[a-zA-Z0-9_-]{2,36}$/, 'Must be "region:projectKey"'),
  /** A draft keeps them all, so they are short. */
  certificationComment: lines(2000).min(1),
};
