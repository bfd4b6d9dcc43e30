import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const words = (
  "lease fence worker queue broker letter chunk vector record ledger effect attempt backoff jitter tenant payload schema " +
  "provider river harbour lantern orchard winter copper violin meadow granite compass thunder saddle feather marble"
).split(" ");

/** Text without end and without chance: the same for the same seed. */
export function prose(seed: number, length: number): string {
  let state = seed * 2_654_435_761 + 1;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const word = words[(state >>> 8) % words.length] ?? "";
    text += word + (state % 97 === 0 ? ".\n\n" : state % 13 === 0 ? ". " : " ");
  }
  return text;
}

/** What a folder of text may look like out there. Answers how many documents and which reasons to skip to expect. */
export function makeOddFolder(root: string): { readonly documents: number; readonly skipped: Record<string, number> } {
  let documents = 0;
  const skipped: Record<string, number> = {};
  const write = (name: string, content: string | Uint8Array, why?: string) => {
    writeFileSync(join(root, name), content);
    if (why === undefined) documents++;
    else skipped[why] = (skipped[why] ?? 0) + 1;
  };
  const ifPossible = (attempt: () => void) => {
    try {
      attempt();
    } catch {
      // This system has no such names or files.
    }
  };

  for (let folder = 0; folder < 4; folder++) {
    mkdirSync(join(root, `part-${folder}`));
    for (let number = 0; number < 9; number++)
      write(`part-${folder}/note-${number}.md`, `# Note ${number}\n\n${prose(folder * 10 + number, 300)}`);
  }
  const deep = join(...Array.from({ length: 30 }, (_, level) => `level-${level}`));
  mkdirSync(join(root, deep), { recursive: true });
  write(join(deep, "down here.txt"), prose(50, 500));
  write("one-megabyte.txt", prose(51, 1_000_000));
  write("one-line.txt", "x".repeat(5_000));
  write("nul.txt", `before\0after\0${prose(52, 200)}`);
  write("crlf.txt", prose(53, 2_500).replaceAll("\n", "\r\n"));
  write("emoji.txt", "🦊👩‍👩‍👧".repeat(400));
  write("mark.txt", "~f32:AAAA is no vector, {{this}} no template, ' and \" no ends");
  write("latin-1.txt", Buffer.from("café, naïve, Ærø", "latin1"));
  write("utf-16.txt", Buffer.from("\ufeffArma virumque cano", "utf16le"));
  write("blank.txt", " \n\t\n");
  write("twin-1.txt", prose(54, 400));
  write("twin-2.txt", prose(54, 400));
  write("🦊 notes.md", prose(55, 300));
  write("'quotes\" $HOME `id`.md", prose(56, 300));
  write(`${"long".repeat(60)}.md`, prose(57, 300));
  write("empty.txt", "", "empty");
  write(
    "noise.bin",
    Uint8Array.from({ length: 4_000 }, (_, at) => (at * 197) % 256),
    "binary",
  );
  write(".env", "SECRET=1", "hidden or node_modules");
  ifPossible(() => write("two\nlines.md", prose(58, 300)));
  ifPossible(() => write("\x1b[31mred.md", prose(59, 300)));
  ifPossible(() => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/not-utf-8-`), Buffer.of(0xff, 0xfe)]), prose(60, 300));
    documents++;
  });
  ifPossible(() => {
    symlinkSync(root, join(root, "circle"));
    symlinkSync(join(root, "nul.txt"), join(root, "link.txt"));
    symlinkSync("nowhere", join(root, "broken-link.txt"));
    skipped["symbolic link"] = 3;
  });
  ifPossible(() => {
    execFileSync("sh", ["-c", 'mkfifo "$0"', join(root, "pipe")], { stdio: "ignore" });
    skipped["no regular file"] = 1;
  });
  // The superuser reads everything, so there is nothing to expect.
  if (process.getuid?.() !== 0 && process.platform !== "win32") {
    write("forbidden.txt", "secret", "unreadable (EACCES)");
    chmodSync(join(root, "forbidden.txt"), 0);
  }
  return { documents, skipped };
}
