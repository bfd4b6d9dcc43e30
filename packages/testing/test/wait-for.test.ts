import { expect, test } from "vitest";
import { waitFor } from "../src/wait-for.ts";

test("a condition that holds is answered at once, with its value", async () => {
  expect(await waitFor(() => "value", { what: "a value", deadlineMs: 0 })).toBe("value");
});

test("a condition is looked at until it holds, and one that throws does not hold yet", async () => {
  let looks = 0;
  const condition = async () => {
    if (++looks < 3) throw new Error("not yet");
    return looks >= 5 && looks;
  };
  expect(await waitFor(condition, { what: "five looks" })).toBe(5);
});

test("a condition that never holds is named, with what it threw last", async () => {
  const cause = new Error("refused");
  const waiting = waitFor(() => Promise.reject(cause), { what: "a connection", deadlineMs: 20 });
  await expect(waiting).rejects.toThrow(
    expect.objectContaining({ message: "waited 20 ms in vain for a connection", cause }),
  );
  await expect(waitFor(() => false, { what: "the impossible", deadlineMs: 1 })).rejects.toThrow("the impossible");
});
