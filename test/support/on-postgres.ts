import { inject } from 'vitest';
import { serverSetting } from './records-place.ts';

process.env[serverSetting] = inject('postgresUrl');
