import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The repository's root folder, with a slash at its end. */
export const root: string = fileURLToPath(new URL("../../../../", import.meta.url));

const configPath = join(root, "tsconfig.json");
const parsed = ts.parseJsonConfigFileContent(ts.readConfigFile(configPath, ts.sys.readFile).config, ts.sys, root);

/** What the repository's own code is compiled with, which is stricter than what most users have. */
const options: ts.CompilerOptions = { ...parsed.options, configFilePath: configPath };

/** Parsed once: libraries, zod and our own sources are the same for every program of a test run. */
const sources = new Map<string, ts.SourceFile | undefined>();

/** A program over texts that need not be on disk, keyed by their paths below the root. */
export function programOf(texts: Readonly<Record<string, string>>): ts.Program {
  const virtual = new Map(Object.entries(texts).map(([path, text]) => [join(root, path), text]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile, directoryExists } = host;
  const folders = new Set([...virtual.keys()].map((path) => dirname(path)));
  host.directoryExists = (path) => folders.has(path) || directoryExists?.(path) !== false;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path) ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const text = virtual.get(path);
    if (text !== undefined) return ts.createSourceFile(path, text, target, true);
    if (!sources.has(path)) sources.set(path, getSourceFile(path, target, ...rest));
    return sources.get(path);
  };
  return ts.createProgram({ rootNames: [...virtual.keys()], options, host });
}

/** What is wrong with one file, each as `line: message`, with the chain of explanations on one line. */
export function problemsOf(program: ts.Program, path: string): string[] {
  const file = program.getSourceFile(join(root, path));
  if (!file) throw new Error(`${path} is not part of the program`);
  const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  return diagnostics.map((diagnostic) => {
    const { line } = file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
    const related = (diagnostic.relatedInformation ?? []).map(({ messageText }) => flat(messageText));
    return `${line + 1}: ${[flat(diagnostic.messageText), ...related].join(" · ")}`;
  });
}

const flat = (text: string | ts.DiagnosticMessageChain): string =>
  ts.flattenDiagnosticMessageText(text, " ").replace(/\s+/g, " ");

/** Where virtual files of this package stand, so that they resolve what this package resolves. */
export const here: string = dirname(fileURLToPath(import.meta.url)).slice(root.length);
