import { ModelError } from "@semel/core";

/**
 * When answers are made up.
 * - `"without-key"`: where there is no key, or the placeholder of an example.
 * - `"never"`, `"always"`.
 * - `"allow-in-production"`: as `"without-key"`, in production too. Whoever writes it down means it; every other mock is
 *   refused where `NODE_ENV` is `production`.
 */
export type MockPolicy = "without-key" | "never" | "always" | "allow-in-production";

const placeholder = /^your_[a-z]+_api_key_here$/;

export interface MockQuestion {
  readonly provider: string;
  readonly apiKey: string | undefined;
  readonly policy?: MockPolicy | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Whether a provider is to be a mock. Warns of it. @throws `MODEL_MOCK_REFUSED` in production */
export function isToBeMock({ provider, apiKey, policy = "without-key", env = process.env }: MockQuestion): boolean {
  const isKeyless = apiKey === undefined || apiKey === "" || placeholder.test(apiKey);
  if (policy === "never" || (!isKeyless && policy !== "always")) return false;
  if (env.NODE_ENV === "production" && policy !== "allow-in-production") {
    throw new ModelError(
      "MODEL_MOCK_REFUSED",
      `${provider}: ${isKeyless ? "there is no API key" : 'mock is "always"'}, and NODE_ENV is production: nothing is made up here; set a key, or say mock: "allow-in-production"`,
      { provider, model: "" },
    );
  }
  process.emitWarning(`${provider} answers with a mock: ${isKeyless ? "there is no API key" : 'mock is "always"'}`, {
    type: "SemelMockWarning",
    code: `SEMEL_MOCK_${provider.toUpperCase()}`,
  });
  return true;
}
