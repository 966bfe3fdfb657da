import type { z } from 'zod';

/** JSON knows no `readonly`; the SDK's types have none in lists, and ours have. */
type Plain<T> = T extends readonly unknown[] | object
  ? { -readonly [K in keyof T]: Plain<T[K]> }
  : T;

/** A body as JSON, before a schema reads or after it has typed it. */
export type Body<Schema extends z.ZodType> = Plain<z.input<Schema>>;

type IsAny<T> = 0 extends 1 & T ? true : false;

/** Paths of all fields, however deep, optional ones too: `repository.url`. A record of anything has none. */
export type Fields<T> =
  IsAny<T> extends true
    ? never
    : T extends readonly (infer Item)[]
      ? Fields<Item>
      : T extends object
        ? { [K in Names<T>]: K | Below<K, NonNullable<T[K]>> }[Names<T>]
        : never;

/** Those that are spelt out: beside `[key: string]`, too. */
type Names<T> = keyof { [K in keyof T as string extends K ? never : K]: T[K] } & keyof T & string;

type Below<K extends string, T> = [Fields<T>] extends [never] ? never : `${K}.${Fields<T>}`;

/** Compiles where `Given` can stand for `Wanted`; is the fields of `Wanted` that `Given` has under no or another name. */
export type Fits<Wanted, Given extends Wanted> = Exclude<Fields<Wanted>, Fields<Given>>;

/** Compiles where `Schema` reads what a client sends; is the fields that it would ignore. */
export type Sends<Schema extends z.ZodType, Given extends Body<Schema>> = Exclude<
  Fields<Given>,
  Fields<Body<Schema>>
>;

/** Compiles where nothing is missing. Optional fields are found so: one of another name would be assignable. */
export type Complete<Missing extends readonly never[]> = Missing;

/** `Type` with some of its fields as `Others` has them. */
export type With<Type, Others> = Omit<Type, keyof Others> & Others;
