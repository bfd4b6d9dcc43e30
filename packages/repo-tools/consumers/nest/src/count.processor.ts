import { Injectable } from "@nestjs/common";
import { defineJob, type JobContext, Processor } from "@semel/core";
import { z } from "zod";

export const count = defineJob({
  type: "count-words",
  payload: z.object({ text: z.string() }),
  result: z.object({ words: z.number() }),
  correlation: ["text"],
});

@Injectable()
export class WordsService {
  of(text: string): number {
    return text.split(/\s+/).filter(Boolean).length;
  }
}

@Injectable()
export class CountProcessor extends Processor.of(count) {
  constructor(private readonly words: WordsService) {
    super();
  }

  async process({ payload, once }: JobContext<typeof count>) {
    // Under noImplicitAny: false a type that got lost would pass in silence. This line is an error exactly then.
    const lost: 0 extends 1 & typeof payload ? "payload is any" : string = payload.text;
    return { words: await once("count", () => this.words.of(lost)) };
  }
}
