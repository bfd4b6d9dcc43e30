import { shortName } from "../model-name.ts";
import type { Asker } from "./asker.ts";
import { HostedModel } from "./hosted-model.ts";

const all = new Map<string, HostedModel>();

/** The same for every provider of the process: a host that is asked twice for a model downloads it once. */
export function hostedModel(url: string, { model }: Pick<Asker, "model">): HostedModel {
  const key = `${url} ${shortName(model)}`;
  const found = all.get(key) ?? new HostedModel();
  all.set(key, found);
  return found;
}

/** A provider that closes wants none of its pulls any more. */
export function leaveAll(owner: object): void {
  for (const model of all.values()) model.leave(owner);
}
