import { describe, expect, it } from "vitest";
import { parseArguments } from "../src/arguments.ts";

describe("the demo's arguments", () => {
  it("run on this repository when there are none", () => {
    expect(parseArguments([])).toEqual({
      mode: "run",
      folder: undefined,
      question: "",
      data: undefined,
      redis: undefined,
      model: undefined,
      concurrency: 20,
      reset: false,
    });
  });

  it.each([
    [["notes", "--reset", "--concurrency", "3"], { mode: "run", folder: "notes", reset: true, concurrency: 3 }],
    [["--query", "leases and fences"], { mode: "query", question: "leases and fences" }],
    [["notes", "--query=-x", "--data", "state"], { mode: "query", folder: "notes", question: "-x", data: "state" }],
    [["--kill"], { mode: "kill" }],
    [["--redis", "redis://127.0.0.1:6379"], { mode: "run", redis: "redis://127.0.0.1:6379" }],
    [["--kill", "--redis=redis://127.0.0.1:6379"], { mode: "kill", redis: "redis://127.0.0.1:6379" }],
    [["-h"], { mode: "help" }],
    [["--", "--odd-name"], { mode: "run", folder: "--odd-name" }],
  ])("%j are understood", (args, expected) => {
    expect(parseArguments(args)).toMatchObject(expected);
  });

  it.each([
    [["--verbose"], "Unknown option '--verbose'"],
    [["one", "two"], "expected one folder, got 2"],
    [[""], "the folder's name is empty"],
    [["--query", " "], "--query: expected a text"],
    [["--query"], "argument missing"],
    [["--data", ""], "--data: expected a folder"],
    [["--redis"], "--redis: expected the URL of a Redis that is running, such as redis://"],
    [["--redis", ""], "--redis: expected the URL of a Redis that is running"],
    [["--redis", "--kill"], "--redis: expected the URL of a Redis that is running"],
    [["--rediss", "x"], "Unknown option '--rediss'"],
    [["--model", "gpt"], '--model: expected lexical, openai, ollama, got "gpt"'],
    [["--concurrency", "0"], "--concurrency: expected a whole number from 1 to 100"],
    [["--concurrency", "many"], "--concurrency: expected a whole number from 1 to 100"],
    [["--concurrency", ""], "--concurrency: expected a whole number from 1 to 100"],
    [["--kill", "--reset"], "--kill and --reset do not go together"],
    [["--kill", "notes"], "takes no folder"],
  ])("%j are refused on one line", (args, message) => {
    const refused = expect.objectContaining({
      code: "ARGUMENT_INVALID",
      message: expect.stringMatching(/^[^\n]*--help shows what there is$/),
    });
    expect(() => parseArguments(args)).toThrow(message);
    expect(() => parseArguments(args)).toThrow(refused);
  });
});
