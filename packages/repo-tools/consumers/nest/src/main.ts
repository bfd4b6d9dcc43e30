import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import { AppModule, Counting, MailsProcessor } from "./app.module";

async function bootstrap() {
  const app = await NestFactory.create(AppModule, { logger: ["error", "warn"] });
  await app.listen(0, "127.0.0.1");
  console.log(await app.get(Counting).words("arma virumque cano"), "words,", MailsProcessor.name, "beside");
  await app.close();
}
void bootstrap();
