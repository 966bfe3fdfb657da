import type { TestFile } from '../support/git-repository.ts';

const megabyte = 1024 * 1024;
const fill = (text: string, bytes = megabyte - 200) =>
  text.repeat(Math.floor(bytes / Buffer.byteLength(text)));
const bytes = (...parts: readonly (string | readonly number[])[]): TestFile => ({
  text: Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  ),
  mode: 0o644,
});

export const plainDocument = 'deployAs:\n  - name: shop\n    applicationType: assets\n';

/** A `connect.yaml` that somebody could tag, and what the answer must say about it. */
export type HostileDocument = readonly [name: string, file: TestFile, says: RegExp];

const bombs: readonly HostileDocument[] = [
  [
    'anchors in anchors',
    `a0: &a0 [x, x]\n${Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`).join('')}`,
    /Excessive alias count/,
  ],
  [
    'maps in maps by aliases',
    `a0: &a0 {x: 1}\n${Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} {b: *a${n}, c: *a${n}}\n`).join('')}`,
    /Excessive alias count/,
  ],
  [
    'a list of aliases to a long list',
    `a: &a [${'x, '.repeat(3000)}]\ndeployAs: [${'*a, '.repeat(90)}]`,
    /More than 100000 values/,
  ],
  ['a list that holds itself', 'deployAs: &a [*a]\n', /Nested too deeply/],
  ['a map that holds itself', 'deployAs: &a {b: *a}\n', /Nested too deeply/],
  ['an alias of nothing', 'deployAs: *nobody\n', /Unresolved alias .*nobody/],
  ['a megabyte of brackets', fill('['), /more than 20000 YAML tokens/],
  ['a megabyte of maps', fill('{a: '), /more than 20000 YAML tokens/],
  ['a megabyte of keys', fill('key: 1\n'), /more than 20000 YAML tokens/],
  [
    'a megabyte of text',
    `deployAs: ${fill('a ')}`,
    /\[deployAs\]: Expected array, received string/,
  ],
  ['a megabyte of escapes', `deployAs: "${fill('\\u0041')}"`, /\[deployAs\]: Expected array/],
  ['sixty levels', `deployAs: ${'['.repeat(60)}${']'.repeat(60)}`, /Nested too deeply/],
  [
    'four hundred levels by indentation',
    Array.from({ length: 400 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''),
    /Nested too deeply/,
  ],
];

const otherFormats: readonly HostileDocument[] = [
  [
    'ten megabytes',
    fill(`#${'x'.repeat(1000)}\n`, 10 * megabyte),
    /bytes; at most 1048576 are read/,
  ],
  [
    'ten megabytes of 0xff',
    { text: Buffer.alloc(10 * megabyte, 0xff), mode: 0o644 },
    /at most 1048576 are read/,
  ],
  ['a picture', bytes([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2]), /not UTF-8 text/],
  ['NUL characters', bytes('deployAs: [', [0], ']'), /not text: it holds a NUL character/],
  ['UTF-16', bytes([...Buffer.from(`\ufeff${plainDocument}`, 'utf16le')]), /NUL character/],
  ['Latin-1 in a name', bytes('deployAs: [{name: sh', [0xfc], 'p}]'), /not UTF-8 text/],
  ['nothing', '', /Expected object, received null/],
  ['a comment', '# later\n', /Expected object, received null/],
  ['a number', '42', /Expected object, received number/],
  ['a text', 'hello', /Expected object, received string/],
  ['a list', '- a\n- b\n', /Expected object, received array/],
  ['carriage returns alone', plainDocument.replaceAll('\n', '\r'), /at line 1, column 10/],
];

const strangeYaml: readonly HostileDocument[] = [
  [
    'tabs',
    'deployAs:\n\t- name: shop\n\t  applicationType: assets\n',
    /Tabs are not allowed as indentation at line 2[\s\S]*Tabs are not allowed as indentation at line 3/,
  ],
  ['a key twice', plainDocument + plainDocument, /Map keys must be unique at line 4/],
  [
    'a key twice in an application',
    'deployAs: [{name: a1, name: a2, applicationType: assets}]\n',
    /Map keys must be unique at line 1/,
  ],
  ['two documents', `${plainDocument}---\n${plainDocument}`, /several YAML documents/],
  [
    'a merge key',
    'deployAs: [&a {name: a1, applicationType: assets}, {<<: *a, name: a2}]\n',
    /\[deployAs.1.applicationType\][\s\S]*Merge keys \(<<\) are not part of YAML 1.2/,
  ],
  ['a tag of PHP', 'deployAs: !php/object "O:8"\n', /Unresolved tag: !php\/object/],
  ['a tag of JavaScript', 'deployAs: !!js/function "f()"\n', /Unresolved tag: .*js\/function/],
  ['binary by a tag', 'deployAs: !!binary aGVsbG8=\n', /\[deployAs\]: Must be plain YAML/],
  ['a set', 'deployAs: !!set {a, b}\n', /\[deployAs\]: Must be plain YAML/],
  [
    'a list as a key',
    '? [a, b]\n: 1\ndeployAs: []\n',
    /Unrecognized key\(s\) in object: '\[ a, b \]'/,
  ],
  [
    'names that every object has',
    '__proto__: {x: 1}\nconstructor: 1\ndeployAs: [{__proto__: {name: a1}, applicationType: assets}]\n',
    /\[deployAs.0.name\]: Required[\s\S]*'__proto__', 'constructor'/,
  ],
  [
    'control characters',
    'deployAs: [{name: "a\u0001\u001b[2J", applicationType: assets}]',
    /name\]: Invalid/,
  ],
  ['a path as a name', 'deployAs: [{name: ../../etc, applicationType: assets}]', /name\]: Invalid/],
];

/** All of them are refused. */
export const hostileDocuments = [...bombs, ...otherFormats, ...strangeYaml];
