#!/usr/bin/env node
// npm run build: every package into its dist folder.
import { command, prepare } from "../src/prepare.mjs";

await command(() => prepare(process.stdout));
