import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { sorted } from "../src/job/sorted.ts";
import { Heap } from "../src/runtime/heap.ts";
import { Line } from "../src/runtime/line.ts";
import { type Link, LinkedList } from "../src/runtime/linked-list.ts";
import { remembered } from "../src/runtime/remembered.ts";

describe("a linked list", () => {
  it("is an array of which any may leave", () => {
    const steps = fc.array(fc.oneof(fc.constant("push"), fc.constant("shift"), fc.nat(20), fc.constant("take")));
    fc.assert(
      fc.property(steps, (all) => {
        const list = new LinkedList<number>();
        const links: Link<number>[] = [];
        let model: number[] = [];
        for (const step of all) {
          if (step === "push") model.push(links.push(list.push(links.length)) - 1);
          else if (step === "shift") expect(list.shift()).toBe(model.shift());
          else if (step === "take") expect(list.take(2)).toEqual(model.splice(0, 2));
          else if (typeof step === "number") {
            links[step]?.leave();
            model = model.filter((item) => item !== step);
          }
          expect([...list]).toEqual(model);
          expect([list.size, list.first]).toEqual([model.length, model[0]]);
        }
      }),
    );
  });

  it("lets nobody leave another list", () => {
    const [list, other] = [new LinkedList<number>(), new LinkedList<number>()];
    list.push(1);
    list.remove(other.push(2));
    expect([[...list], [...other]]).toEqual([[1], [2]]);
  });
});

describe("a heap", () => {
  it("gives back in order what came in any, also after some were dropped", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (before, after) => {
        const heap = new Heap<number>((one, other) => one < other);
        for (const entry of before) heap.push(entry);
        heap.keep((entry) => entry % 3 !== 0);
        for (const entry of after) heap.push(entry);
        const expected = [...before.filter((entry) => entry % 3 !== 0), ...after].sort((a, b) => a - b);
        expect([heap.size, heap.first]).toEqual([expected.length, expected[0]]);
        expect(expected.map(() => heap.shift())).toEqual(expected);
        expect(heap.shift()).toBeUndefined();
      }),
    );
  });
});

describe("a line", () => {
  it("lets so many in at a time, in the order they came", async () => {
    const line = new Line(2);
    expect([line.enter(), line.enter()]).toEqual([undefined, undefined]);
    const entered: string[] = [];
    void line.enter()?.then(() => entered.push("third"));
    void line.enter()?.then(() => entered.push("fourth"));
    line.leave();
    await vi.waitFor(() => expect(entered).toEqual(["third"]));
    line.leave();
    await vi.waitFor(() => expect(entered).toEqual(["third", "fourth"]));
    line.leave();
    line.leave();
    expect(line.enter()).toBeUndefined();
  });

  it("turns away those who wait, and lets in who comes then", async () => {
    const line = new Line(1);
    void line.enter();
    const waiting = [line.enter(), line.enter()];
    line.turnAway("no use");
    expect(await Promise.allSettled(waiting)).toEqual([
      { status: "rejected", reason: "no use" },
      { status: "rejected", reason: "no use" },
    ]);
    line.leave();
    expect(line.enter()).toBeUndefined();
  });
});

describe("what is remembered", () => {
  it("is what would have been computed, and is computed once", () => {
    const compute = vi.fn((text: string) => `<${text}>`);
    const answer = remembered(compute);
    expect([answer("a"), answer("b"), answer("a")]).toEqual(["<a>", "<b>", "<a>"]);
    expect(compute).toHaveBeenCalledTimes(2);
  });

  it("has a bound: neither long texts are kept, nor more than a thousand", () => {
    const compute = vi.fn((text: string) => text);
    const answer = remembered(compute);
    const long = "x".repeat(257);
    expect([answer(long), answer(long)]).toEqual([long, long]);
    expect(compute).toHaveBeenCalledTimes(2);
    for (let index = 0; index <= 1_000; index++) expect(answer(`${index}`)).toBe(`${index}`);
    compute.mockClear();
    answer("0");
    expect(compute).toHaveBeenCalledOnce();
  });
});

it("sorts names as `sort` does, few and many", () => {
  const name = fc.constantFrom("", "a", "ab", "b", "Z", "0", "10", "9", "é", "\uffee", "\u{1f600}", "\ud83d");
  fc.assert(
    fc.property(fc.array(name, { maxLength: 30 }), (names) => {
      expect(sorted([...names])).toEqual([...names].sort());
    }),
  );
});
