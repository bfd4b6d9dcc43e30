/** Where the author of an adapter has to look, by what a test has seen. */
export const hints = {
  clock: "nothing had come when the deadline was over: hand the clock that create is given on to the model",
  signal: "the request goes on after its end: hand the exchange's signal on to the client",
  request: "no request has come: the url that create is given has to be the provider's",
  hasBegun: "the answer had begun, and might have been paid for: say hasBegun in the facts that failure reads",
  secrets: "the key that create is given is seen: name it in the secrets of the model",
  hasDimensions:
    "hand the dimensions that create is given on to the model, or say hasDimensions: false where the provider takes none",
  unclassified:
    "the table of failures does not know these: let failure say more in its facts, a status, a code, a cause or an answer",
} as const;

/** Until Vitest would end the test, and say only that it took too long. */
const mostOfATest = 0.8;

/** What comes; or an error that says what to look at, while there still is time to say it. */
export async function soon<T>(coming: Promise<T>, task: { readonly timeout?: number }, hint: string): Promise<T> {
  const never = Promise.withResolvers<never>();
  const ms = (task.timeout || 5_000) * mostOfATest;
  // Of the machine, not of the test's clock: it is for what the test's clock does not move.
  const timer = setTimeout(() => never.reject(new Error(hint)), Math.min(ms, 60_000));
  try {
    return await Promise.race([coming, never.promise]);
  } finally {
    clearTimeout(timer);
  }
}
