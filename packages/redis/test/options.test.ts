import { redisStore } from "@semel/state-redis";
import { expect, test } from "vitest";
import { redis } from "../src/index.ts";

test.each(["prefx", "keepFinshed", "allowNoPersistance"])(
  "the option %s, which there is none of, is refused",
  (name) => {
    const options = { [name]: 1 } as never;
    const refused = {
      code: "OPTION_INVALID",
      message: expect.stringMatching(new RegExp(`${name}: expected one of .*prefix`)),
    };
    expect(() => redis("redis://127.0.0.1:1", options)).toThrow(expect.objectContaining(refused));
    expect(() => redisStore({ redis: "redis://127.0.0.1:1", [name]: 1 } as never)).toThrow(
      expect.objectContaining(refused),
    );
  },
);
