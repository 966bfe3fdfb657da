import { openGitSource } from '../../../src/drivers/source/git/git-source.ts';
import { describeSource } from '../../contract/source.suite.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

describeSource('git', async () =>
  openGitSource({ directory: await makeTempFolder(), allowLocal: true }),
);
