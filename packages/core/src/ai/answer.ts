import type { Usage } from "./usage.ts";

/** What every answer says beside what was asked for. Plain data: a step may keep it. */
export interface Answer {
  readonly provider: string;
  /** The model that answered, as the provider names it: often more exact than the name that was asked for. */
  readonly model: string;
  /** Made up by a mock. */
  readonly isMock: boolean;
  readonly usage: Usage;
  /** The provider's id of the request, where it gives one: what its support asks for. */
  readonly requestId?: string | undefined;
}
