import { ModelError, OptionInvalidError } from "@semel/core";

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
  /** Where the key is looked for, to say it: `OPENAI_API_KEY`. */
  readonly variable?: string | undefined;
  readonly apiKey: string | undefined;
  readonly policy?: MockPolicy | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

const policies: readonly MockPolicy[] = ["without-key", "never", "always", "allow-in-production"];
const warned = new Set<string>();

/** Whether a provider is to be a mock. Warns of it, once for each reason. @throws `MODEL_MOCK_REFUSED` in production; `OPTION_INVALID` */
export function isToBeMock(question: MockQuestion): boolean {
  const { provider, apiKey, policy = "without-key", env = process.env } = question;
  if (!policies.includes(policy)) throw new OptionInvalidError(`${provider}.mock`, policies.join(", "), policy);
  const isKeyless = apiKey === undefined || apiKey.trim() === "" || placeholder.test(apiKey);
  if (policy === "never" || (!isKeyless && policy !== "always")) return false;
  const why = reasonOf(question, isKeyless);
  if (env.NODE_ENV === "production" && policy !== "allow-in-production") {
    throw new ModelError(
      "MODEL_MOCK_REFUSED",
      `${provider}: ${why}, and NODE_ENV is production: nothing is made up here; set a key, or say mock: "allow-in-production"`,
      { provider, model: "" },
    );
  }
  const warning = `${provider} answers with a mock: ${why}`;
  if (!warned.has(warning))
    process.emitWarning(warning, { type: "SemelMockWarning", code: `SEMEL_MOCK_${provider.toUpperCase()}` });
  warned.add(warning);
  return true;
}

function reasonOf({ apiKey = "", variable }: MockQuestion, isKeyless: boolean): string {
  if (!isKeyless) return 'mock is "always"';
  const where = variable === undefined ? "" : ` (apiKey, or ${variable})`;
  return apiKey.trim() === ""
    ? `there is no API key${where}`
    : `its API key is only the placeholder of an example${where}`;
}
