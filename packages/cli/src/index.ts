// What a config file may import: `import { defineConfig } from "@semel/cli"`.
export { defineConfig, type SemelConfig } from "./target/config.ts";
