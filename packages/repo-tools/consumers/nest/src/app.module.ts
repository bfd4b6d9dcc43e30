import { Processor as BullProcessor, WorkerHost } from "@nestjs/bullmq";
import { Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from "@nestjs/common";
import { createSemel, Semel } from "@semel/core";
import { memory } from "@semel/core/memory";
import type { Job } from "bullmq";
import { CountProcessor, count, WordsService } from "./count.processor";

/** What the application ran before, and goes on running. No queue of its is opened here. */
@BullProcessor("mails")
export class MailsProcessor extends WorkerHost {
  async process(job: Job<{ to: string }>): Promise<string> {
    return job.data.to;
  }
}

@Injectable()
export class Counting implements OnModuleInit, OnApplicationShutdown {
  // Semel is a class, so its type is all that injection needs.
  constructor(
    private readonly semel: Semel,
    private readonly processor: CountProcessor,
  ) {}

  onModuleInit(): void {
    this.semel.worker({ processors: [this.processor] });
  }

  async words(text: string): Promise<number> {
    const handle = await this.semel.enqueue(count, { text });
    return (await handle.result()).words;
  }

  onApplicationShutdown(): Promise<void> {
    return this.semel.close();
  }
}

@Module({
  providers: [
    { provide: Semel, useFactory: () => createSemel({ ...memory(), logger: false }) },
    WordsService,
    CountProcessor,
    Counting,
  ],
})
export class AppModule {}
