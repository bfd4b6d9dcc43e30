import type { SemelOptions } from "@semel/core";
import type { Backend } from "@semel/core/adapter";

/** What `semel.config.ts` says. */
export interface SemelConfig extends Pick<SemelOptions, "namespace" | "deadline"> {
  /** `redis://…`, `rediss://…`, or `embedded:<folder>`, relative to the file. */
  readonly url?: string | undefined;
  /** Anything else, as `createSemel` takes it: `() => redis({ cluster: … })`, a store on PostgreSQL. Made when it is needed. */
  readonly backend?: (() => Backend | Promise<Backend>) | undefined;
}

/** For the types: answers what it is given. */
export const defineConfig = (config: SemelConfig): SemelConfig => config;
