import { expect } from "vitest";
import { ack } from "./hands.ts";
import type { Promised } from "./stage.ts";

/** Envelopes are JSON text as core writes it; what is in it is nobody's business but its reader's. */
const envelopes: Readonly<Record<string, string>> = {
  "an escaped NUL": JSON.stringify({ text: "a\u0000b" }),
  "emoji and combining marks": JSON.stringify({ text: "👩‍👩‍👧‍👦 e\u0301 ﷽ 日本語" }),
  "a lone surrogate": JSON.stringify({ text: "\ud800 and \udfff" }),
  "line separators and quotes": JSON.stringify({ text: "\u2028\u2029\r\n\t\\\"'`{x}%s:?$1" }),
  "keys that mean something to JavaScript": '{"__proto__":{"a":1},"constructor":1,"toString":null,"length":-1}',
  "an order of keys, odd spaces and numbers": '{ "b":1.0,"a":1e400,  "10":2, "9":12345678901234567890, "b":2 }',
  "something that looks like a number": "0123",
  "one megabyte": JSON.stringify({ text: "0123456789abcdeé".repeat(61_000) }),
};

/** A lane is a type or a queue's name: 1 to 100 of `A–Z a–z 0–9 . _ : / -`. */
export const laneNames: readonly string[] = [
  "a.b",
  "a:b",
  "a/b",
  "a_b",
  "a-b",
  "A.B",
  "ab",
  "a",
  ".",
  "..",
  "0",
  "__proto__",
  "constructor",
  "l".repeat(100),
];

export function payloads(promised: Promised): void {
  for (const [what, envelope] of Object.entries(envelopes)) {
    promised(`an envelope with ${what} arrives as it was added, byte for byte, also the second time`, async (stage) => {
      await stage.add(stage.job({ envelope }));
      let given = 0;
      const hands = await stage.hands({ answer: () => (++given === 1 ? { do: "return", delayMs: 0 } : ack) });
      await stage.given(hands, 2);
      // Not toBe on the texts: a difference in a megabyte is no reading.
      expect(hands.taken.map(({ delivery }) => delivery.envelope === envelope)).toEqual([true, true]);
    });
  }

  promised("ids of every allowed shape are told apart", async (stage) => {
    const suffixes = ["-", "_", "__proto__", "constructor", "0", "00", "A", "a", "x".repeat(64), `${"x".repeat(63)}-`];
    const jobs = suffixes.map((suffix) => stage.job({ id: stage.idOf(suffix) }));
    await stage.add(...jobs);
    const hands = await stage.hands({ answer: () => ack });
    await stage.given(hands, jobs.length);
    expect([...hands.ids].sort()).toEqual(jobs.map(({ id }) => id).sort());
  });

  promised("lanes of every allowed name are told apart", async (stage) => {
    const all = await Promise.all(
      laneNames.map(async (lane) => ({ lane, hands: await stage.hands({ lane, answer: () => ack }) })),
    );
    await stage.add(...laneNames.map((lane) => stage.job({ lane, type: lane, envelope: JSON.stringify(lane) })));
    for (const { lane, hands } of all) {
      await stage.given(hands, 1);
      expect(hands.at(0).delivery).toMatchObject({ lane, envelope: JSON.stringify(lane) });
    }
  });
}
