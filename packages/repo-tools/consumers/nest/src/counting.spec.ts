import { Test } from "@nestjs/testing";
import { createTestKit } from "@semel/testing";
import { AppModule, Counting } from "./app.module";
import { CountProcessor, count, type WordsService } from "./count.processor";

describe("counting", () => {
  it("runs in the module, with its service injected", async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await module.init();
    expect(await module.get(Counting).words("arma virumque")).toBe(2);
    await module.close();
  });

  it("runs in the test kit, with a service of the test's", async () => {
    const words: WordsService = { of: jest.fn(() => 41) };
    const kit = createTestKit({ processors: [new CountProcessor(words)] });
    const { id } = await kit.semel.enqueue(count, { text: "x" });
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    expect(await kit.semel.status(count, id)).toMatchObject({ result: { words: 41 } });
    await kit.close();
  });
});
