import type { Clock, Duration } from "@semel/core";
import { toMs } from "@semel/core/adapter";
import type { Check, Finding, Subject, Verdict } from "./check.ts";

const defaultTimeout: Duration = "2s";

/** The text as the checks leave it, and what they found. */
export interface Checked {
  readonly text: string;
  readonly findings: readonly Finding[];
  /** The one that said `block`; those after it were not asked. */
  readonly blocked: Finding | undefined;
}

export interface Round {
  readonly clock: Clock;
  readonly on: Finding["on"];
  readonly role: Subject["role"];
  readonly tenant: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** One after the other, in their order: each sees what those before it have made of the text. Never rejects for a check's sake. */
export async function runChecks(checks: readonly Check[], text: string, round: Round): Promise<Checked> {
  const findings: Finding[] = [];
  let current = text;
  for (const check of checks) {
    round.signal?.throwIfAborted();
    const verdict = await look(check, current, round);
    if (verdict.is === "allow") continue;
    const { on, role } = round;
    const finding: Finding = { check: check.name, on, role, is: verdict.is, rules: verdict.rules };
    findings.push(finding);
    if (verdict.is === "block") return { text: current, findings, blocked: finding };
    if (verdict.is === "transform") current = verdict.text;
  }
  return { text: current, findings, blocked: undefined };
}

async function look(check: Check, text: string, { clock, role, tenant, signal }: Round): Promise<Verdict> {
  const { timeout = defaultTimeout, onError = "flag" } = check;
  const over = new AbortController();
  const stop = (): void => over.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const failed = (rule: string): Verdict => ({ is: onError, rules: [`${check.name}/${rule}`] });
  const timer = { cancel: (): void => {} };
  try {
    const late = new Promise<Verdict>((resolve) => {
      const { cancel } = clock.timer(toMs(timeout, "check.timeout"), () => resolve(failed("timeout")));
      timer.cancel = cancel;
    });
    const looked = (async () => check.look({ text, role, tenant, signal: over.signal }))();
    const verdict = await Promise.race([looked, late]);
    return isVerdict(verdict) ? verdict : failed("no-verdict");
  } catch {
    return failed("error");
  } finally {
    timer.cancel();
    over.abort();
    signal?.removeEventListener("abort", stop);
  }
}

function isVerdict(verdict: unknown): verdict is Verdict {
  const { is, rules, text } = (verdict ?? {}) as { is?: unknown; rules?: unknown; text?: unknown };
  if (is === "allow") return true;
  const hasRules = Array.isArray(rules) && rules.every((rule) => typeof rule === "string");
  return hasRules && (is === "flag" || is === "block" || (is === "transform" && typeof text === "string"));
}
