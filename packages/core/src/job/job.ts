/** `required`: only `semel.forTenant(id)` can enqueue it. */
export type Tenancy = "none" | "required";

/**
 * A job as data: what API, worker and front end share without sharing worker code. Made by {@link defineJob}.
 * The phantom `"~types"` carries the inferred types and does not exist at run time.
 */
// biome-ignore-start lint/suspicious/noExplicitAny: the widest job must accept every payload and every result
export interface Job<
  Type extends string = string,
  Input = any,
  Payload = any,
  Result = any,
  Tenant extends Tenancy = Tenancy,
> {
  readonly type: Type;
  readonly version: number;
  readonly tenant: Tenant;
  readonly "~types"?: { readonly input: Input; readonly payload: Payload; readonly result: Result } | undefined;
}
export type AnyJob = Job<string, any, any, any, Tenancy>;
export type UntenantedJob = Job<string, any, any, any, "none">;
// biome-ignore-end lint/suspicious/noExplicitAny: see above

type TypesOf<J extends AnyJob> = NonNullable<J["~types"]>;
/** What `enqueue` takes: the schema's input. */
export type InputOf<J extends AnyJob> = TypesOf<J>["input"];
/** What the processor gets: the schema's output. */
export type PayloadOf<J extends AnyJob> = TypesOf<J>["payload"];
/** What the processor returns, and what `handle.result()` answers. */
export type ResultOf<J extends AnyJob> = TypesOf<J>["result"];

/** A value that may be part of a correlation. */
export type Key = string | number | boolean;
