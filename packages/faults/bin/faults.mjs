#!/usr/bin/env node
// What `npm run test:faults` runs, once everything is installed and built.
import { main } from "../src/main.ts";

process.exitCode = await main(process.argv.slice(2));
