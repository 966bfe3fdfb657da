// `berth serve --plane NAME` with faults: what tests start instead of Berth's own program.
import { keepCompiled } from '../../src/cli/keep-compiled.ts';

keepCompiled();
await import('./faulty-program.ts');
