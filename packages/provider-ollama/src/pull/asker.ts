import type { Exchange, ModelOptions } from "@semel/ai/provider";
import type { Clock } from "@semel/core";
import type { PullSettings } from "./pull-options.ts";

/** Who wants a model, and how it is got. */
export interface Asker {
  /** The provider that asks. A pull that no provider wants any more is ended. */
  readonly owner: object;
  readonly model: string;
  readonly host: string;
  readonly clock: Clock;
  readonly settings: PullSettings;
  /** For the exchange that the pull is. */
  readonly options: ModelOptions;
  /** What the server says of the pull, line by line. */
  readonly lines: (exchange: Exchange) => Promise<AsyncIterable<unknown>>;
}
