import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  emptyConfiguration,
  findMissingValues,
  findUnknownKeys,
  isMask,
  keepDeclared,
  maskValue,
  mergeConfiguration,
  type StoredConfiguration,
} from '../../src/core/configuration.ts';
import type { ConfigurationKey, ConfigurationKeys } from '../../src/core/connector-spec.ts';

const seal = (key: string, value: string) => `sealed(${key}=${value})`;
const sealed = (key: string, value: string) => ({
  key,
  sealed: seal(key, value),
  empty: value === '',
  length: value.length,
});
const stored: StoredConfiguration = {
  standard: [
    { key: 'A', value: '1' },
    { key: 'B', value: '2' },
  ],
  secured: [sealed('S', 'secret'), sealed('T', 'other')],
};
const nothing = { standard: [], secured: [] };

describe('values that come in', () => {
  test.for([
    { name: 'nothing changes nothing', sent: nothing, becomes: stored },
    {
      name: 'a value replaces its key and leaves the others',
      sent: { standard: [{ key: 'A', value: 'new' }], secured: [{ key: 'T', value: 'new' }] },
      becomes: {
        standard: [
          { key: 'A', value: 'new' },
          { key: 'B', value: '2' },
        ],
        secured: [sealed('S', 'secret'), sealed('T', 'new')],
      },
    },
    {
      name: 'a new key joins at the end',
      sent: { standard: [{ key: 'C', value: '3' }], secured: [{ key: 'U', value: '' }] },
      becomes: {
        standard: [...stored.standard, { key: 'C', value: '3' }],
        secured: [...stored.secured, sealed('U', '')],
      },
    },
    {
      name: 'a mask leaves the secret as it is',
      sent: { standard: [], secured: [{ key: 'S', value: '******' }] },
      becomes: stored,
    },
    {
      name: 'a mask where nothing is stored is no value',
      sent: { standard: [], secured: [{ key: 'NEW', value: '********' }] },
      becomes: stored,
    },
    {
      name: 'asterisks in a standard value are a value',
      sent: { standard: [{ key: 'A', value: '***' }], secured: [] },
      becomes: {
        ...stored,
        standard: [
          { key: 'A', value: '***' },
          { key: 'B', value: '2' },
        ],
      },
    },
    {
      name: 'an empty secret replaces one',
      sent: { standard: [], secured: [{ key: 'S', value: '' }] },
      becomes: { ...stored, secured: [sealed('S', ''), sealed('T', 'other')] },
    },
  ])('$name', ({ sent, becomes }) => {
    expect(mergeConfiguration(stored, sent, seal)).toEqual(becomes);
  });

  test.for([
    ['********', true],
    ['*', true],
    ['', false],
    ['* *', false],
    ['***a', false],
  ] as const)('"%s" is a mask: %s', ([value, mask]) => {
    expect(isMask(value)).toBe(mask);
  });

  test.for([
    ['secret', '********', '******'],
    ['', '********', ''],
    ['Müller 🔑', '********', '********'],
    ['a longer secret than the mask', '********', '*'.repeat(29)],
  ] as const)(
    '"%s" is shown as "%s", or "%s" where its length may be known',
    ([value, fixed, same]) => {
      const { secured } = mergeConfiguration(
        emptyConfiguration,
        { standard: [], secured: [{ key: 'S', value }] },
        seal,
      );
      const [kept = sealed('S', '')] = secured;
      expect(maskValue(kept, 'fixed')).toBe(fixed);
      expect(maskValue(kept, 'same-length')).toBe(same);
    },
  );

  test('a secret whose length nobody kept has the fixed mask', () => {
    const old = { key: 'S', sealed: 'sealed', empty: false };
    expect(maskValue(old, 'same-length')).toBe('********');
  });

  test('merging the same values again changes nothing, and each key is there once', () => {
    fc.assert(
      fc.property(storedValues, sentValues, (before, sent) => {
        const once = mergeConfiguration(before, sent, seal);
        expect(mergeConfiguration(once, sent, seal)).toEqual(once);
        for (const list of [once.standard, once.secured]) {
          const keys = list.map(({ key }) => key);
          expect(new Set(keys).size).toBe(keys.length);
        }
      }),
    );
  });

  test('what is not named stays, and what is named is there', () => {
    fc.assert(
      fc.property(storedValues, sentValues, (before, sent) => {
        const after = mergeConfiguration(before, sent, seal);
        const named = new Set<string>(sent.standard.map(({ key }) => key));
        expect(after.standard).toEqual(expect.arrayContaining([...sent.standard]));
        expect(after.standard.filter(({ key }) => !named.has(key))).toEqual(
          before.standard.filter(({ key }) => !named.has(key)),
        );
      }),
    );
  });
});

const value = fc.constantFrom('', 'a', 'b', '********');
const entries = fc.uniqueArray(fc.record({ key: fc.constantFrom('A', 'B', 'C', 'D'), value }), {
  selector: ({ key }) => key,
});
const sentValues = fc.record({ standard: entries, secured: entries });
const storedValues = sentValues.map((sent) => mergeConfiguration(emptyConfiguration, sent, seal));

function key(name: string, more: Partial<ConfigurationKey> = {}): ConfigurationKey {
  return { key: name, description: name, required: false, ...more };
}

describe('a new connector version', () => {
  const keys: ConfigurationKeys = { standard: [key('A'), key('C')], secured: [key('S'), key('B')] };

  test('lets go of what it does not declare, or declares as a secret now', () => {
    expect(keepDeclared(keys, stored)).toEqual({
      standard: [{ key: 'A', value: '1' }],
      secured: [sealed('S', 'secret')],
    });
  });
});

describe('keys', () => {
  const keys: ConfigurationKeys = { standard: [key('A')], secured: [key('S')] };
  const sent = {
    standard: [
      { key: 'A', value: '' },
      { key: 'S', value: '' },
    ],
    secured: [
      { key: 'A', value: '' },
      { key: 'S', value: '' },
      { key: 'X', value: '' },
    ],
  };

  test('that an application does not declare, or in the other list, are unknown', () => {
    expect(findUnknownKeys(keys, sent, 'app').map(({ code, message }) => [code, message])).toEqual([
      [
        'DeploymentUnknownApplicationConfigurationKey',
        'Deployment does not require standard configuration with key S for application named app.',
      ],
      [
        'DeploymentUnknownApplicationConfigurationKey',
        'Deployment does not require secret configuration with key A for application named app.',
      ],
      [
        'DeploymentUnknownApplicationConfigurationKey',
        'Deployment does not require secret configuration with key X for application named app.',
      ],
    ]);
  });

  test('that are unknown globally have a code of their own', () => {
    const global = findUnknownKeys(keys, sent, undefined);
    expect(global.map(({ code }) => code)).toEqual(
      Array(3).fill('DeploymentUnknownGlobalConfigurationKey'),
    );
  });
});

/** Contract §3.2 and §10, row 10. */
describe('a key', () => {
  test.for([
    { name: 'that is optional', declared: {}, given: undefined, fails: '' },
    { name: 'that is required', declared: { required: true }, given: undefined, fails: 'Missing' },
    {
      name: 'that is required and has a default',
      declared: { required: true, default: 'd' },
      given: undefined,
      fails: '',
    },
    {
      name: 'that is required and empty',
      declared: { required: true },
      given: '',
      fails: 'EmptyRequired',
    },
    {
      name: 'that is required and empty in spite of a default',
      declared: { required: true, default: 'd' },
      given: '',
      fails: 'EmptyRequired',
    },
    { name: 'that is optional and empty', declared: {}, given: '', fails: '' },
    { name: 'that is required and given', declared: { required: true }, given: 'x', fails: '' },
  ])('$name, given as $given, is refused as: "$fails"', ({ declared, given, fails }) => {
    const declaredKey = key('K', declared);
    const { default: _, ...securedKey } = declaredKey;
    const keys = { standard: [declaredKey], secured: [] };
    const values = given === undefined ? [] : [{ key: 'K', value: given }];
    const has = mergeConfiguration(emptyConfiguration, { standard: values, secured: [] }, seal);
    const code = (scope: string) => (fails === '' ? [] : [`Deployment${fails}${scope}Key`]);
    expect(codesOf(keys, has, 'app')).toEqual(code('ApplicationConfiguration'));
    expect(codesOf(keys, has, undefined)).toEqual(code('GlobalConfiguration'));
    if (declaredKey.default !== undefined) return;
    const secretKeys = { standard: [], secured: [securedKey] };
    const secret = mergeConfiguration(emptyConfiguration, { standard: [], secured: values }, seal);
    expect(codesOf(secretKeys, secret, 'app')).toEqual(code('ApplicationConfiguration'));
  });
});

function codesOf(keys: ConfigurationKeys, has: StoredConfiguration, application?: string) {
  return findMissingValues(keys, has, application).map(({ code }) => code);
}
