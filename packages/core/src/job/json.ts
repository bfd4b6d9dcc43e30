/** Anything JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * What a value looks like after a trip through JSON: a `Date` becomes its ISO string, functions vanish.
 * `Float32Array` survives (Semel stores vectors as base64 float32).
 */
export type Jsonify<T> = T extends Float32Array | null | undefined | boolean | number | string
  ? T
  : T extends { toJSON(): infer J }
    ? J
    : T extends (...args: never[]) => unknown
      ? never
      : T extends object
        ? { [K in keyof T]: Jsonify<T[K]> }
        : never;

// biome-ignore-start lint/suspicious/noExplicitAny: `any` is let through on purpose, so that schemas of unknown output stay usable
/** The path to the first kind of value inside `T` that JSON cannot carry, `never` if there is none. Looks six levels deep. */
type LossyPath<T, Depth extends 0[] = []> = 0 extends 1 & T
  ? never
  : Depth["length"] extends 6
    ? never
    : T extends Date | Map<any, any> | Set<any> | bigint | symbol | ((...args: any[]) => any)
      ? ""
      : T extends Float32Array | null | undefined | boolean | number | string
        ? never
        : T extends readonly (infer E)[]
          ? Joined<"[]", LossyPath<E, [...Depth, 0]>>
          : T extends object
            ? { [K in keyof T & string]: Joined<K, LossyPath<T[K], [...Depth, 0]>> }[keyof T & string]
            : never;
// biome-ignore-end lint/suspicious/noExplicitAny: see above

type Joined<Head extends string, Tail> = Tail extends string
  ? `${Head}${Tail extends "" | `[${string}` ? Tail : `.${Tail}`}`
  : never;

/** Accepts `T` only if it survives JSON; otherwise the compiler names the path that does not. */
export type JsonOnly<T> = [LossyPath<T>] extends [never] ? unknown : { readonly "does not survive JSON": LossyPath<T> };

/**
 * Accepts a schema only if it accepts its own output. The parsed payload is what is stored, and the worker parses it
 * again, so a one-way transform could never be read back.
 */
export type Reparses<Input, Output> = [Output] extends [Input]
  ? unknown
  : { readonly "schema must accept its own output": Output };
