import type { Claim, Introduction, Operation, Settle } from "@semel/core/adapter";
import { Packer } from "./packer.ts";
import type { Verb } from "./scripts/layout.ts";
import { shortId } from "./stored-id.ts";
import { toText } from "./text.ts";

/** The arguments of one call: the operations, and what is opaque behind them. */
export class Call {
  readonly #packer = new Packer();
  readonly #blobs: string[] = [];

  /** What is asked for in it. */
  get verbs(): ReadonlySet<Verb> {
    return this.#packer.verbs;
  }

  get args(): readonly (string | Buffer)[] {
    return [this.#packer.bytes, ...this.#blobs];
  }

  /** @param introduces whether a claim says whose record it would be; only where that was asked for. */
  add(op: Operation, introduces: boolean): void {
    const packer = this.#packer;
    switch (op.op) {
      case "reserve":
        return packer.pack("reserve", {
          ...introduction(op),
          id: shortId(op.key, op.id),
          fingerprint: op.fingerprint ?? "",
          version: op.version,
          onDead: flag(op.onDead === "rerun"),
          onCompleted: flag(op.onCompleted === "rerun"),
          force: flag(op.force),
        });
      case "unreserve":
        return packer.pack("unreserve", { id: shortId(op.key, op.id) });
      case "claim":
        return this.#claim(op, introduces);
      case "renew":
        return packer.pack("renew", {
          owner: op.owner,
          fence: op.fence,
          lease: whole(op.leaseMs),
          progress: op.progress ? JSON.stringify(op.progress) : "",
        });
      case "settle":
        return this.#settle(op);
      case "cancel":
        return packer.pack("cancel", { id: shortId(op.key, op.id), by: op.by, keep: whole(op.keepMs) });
      case "redrive":
        return packer.pack("redrive", {
          id: shortId(op.key, op.id),
          newId: shortId(op.key, op.newId),
          fresh: flag(op.steps === "fresh"),
          deadline: whole(op.deadlineMs),
        });
      case "step-begin":
        return packer.pack("stepBegin", {
          owner: op.owner,
          fence: op.fence,
          name: op.step,
          // An empty text is an input too.
          input: op.input === undefined ? "" : `=${op.input}`,
          ask: flag(op.onUncertain === "ask"),
          lease: whole(op.leaseMs),
        });
      case "step-end": {
        const { owner, fence, step: name, as } = op;
        return packer.pack("stepEnd", {
          owner,
          fence,
          name,
          value: this.#blob(as.is === "done" ? as.value : undefined),
        });
      }
      case "follow-ups-sent":
        return packer.pack("followUpsSent", { id: shortId(op.key, op.id) });
      case "step-decide": {
        const { key, id, step: name, as } = op;
        const value = this.#blob(as.is === "done" ? as.value : undefined);
        return packer.pack("stepDecide", { id: shortId(key, id), name, value });
      }
    }
  }

  /** The letter of this job is in the index. */
  noteListed(key: string, id: string): void {
    this.#packer.pack("listed", { id: shortId(key, id) });
  }

  #claim(op: Claim, introduces: boolean): void {
    const { key, id, owner, leaseMs, maxCrashes, fingerprint = "", version } = op;
    const whose = introduces ? introduction(op) : nobody;
    this.#packer.pack("claim", {
      ...whose,
      id: shortId(key, id),
      owner,
      fingerprint,
      version,
      maxCrashes: Math.min(maxCrashes, 2 ** 32 - 1),
      lease: whole(leaseMs),
    });
  }

  #settle({ owner, fence, as }: Settle): void {
    const packer = this.#packer;
    switch (as.state) {
      case "completed":
        return packer.pack("complete", {
          owner,
          fence,
          keep: whole(as.keepMs),
          why: as.kind.kind === "omitted" ? `=${as.kind.why}` : "",
          result: this.#blob(as.result),
          envelope: this.#blob(as.envelope),
          followUps: this.#blob(as.followUps),
        });
      case "retrying": {
        const { counts, delayMs, error, waiting } = as;
        return packer.pack("retry", {
          owner,
          fence,
          counts,
          delay: whole(delayMs),
          ...told(error),
          waiting: waiting ? JSON.stringify(waiting) : "",
        });
      }
      case "dead": {
        const { reason, error, letter, keepMs, followUps } = as;
        return packer.pack("die", {
          owner,
          fence,
          reason,
          ...told(error),
          group: letter.group,
          body: this.#blob(letter.body),
          keepLetter: whole(letter.keepMs),
          keep: whole(keepMs),
          followUps: this.#blob(followUps),
        });
      }
      case "cancelled": {
        const { by, keepMs, followUps } = as;
        return packer.pack("giveUp", { owner, fence, by, keep: whole(keepMs), followUps: this.#blob(followUps) });
      }
    }
  }

  /** Its place in ARGV, which begins with the operations and counts from 1. */
  #blob(text: string | undefined): number {
    return text === undefined ? 0 : 1 + this.#blobs.push(toText(text));
  }
}

const introduction = (of: Introduction): { kind: string; delay: number; deadline: number } => ({
  kind: kindOf(of),
  delay: whole(of.delayMs),
  deadline: whole(of.deadlineMs),
});
const nobody = { kind: "", delay: 0, deadline: 0 };

/** As JSON: type, and where they differ from it or are there, lane and tenant. */
function kindOf({ type, lane, tenant }: Introduction): string {
  if (tenant !== undefined) return JSON.stringify([toText(type), toText(lane), toText(tenant)]);
  return JSON.stringify(lane === type ? [toText(type)] : [toText(type), toText(lane)]);
}

const told = (error: { code: string; message: string } | undefined): { code: string; message: string } =>
  error ? { code: error.code, message: error.message } : { code: "", message: "" };

const flag = (fact: boolean): number => (fact ? 1 : 0);

/** Instants are whole milliseconds in Redis; nothing may end too early. */
const whole = (ms: number): number => Math.min(Math.ceil(ms), 2 ** 51);
