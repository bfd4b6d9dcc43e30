import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

const timeoutMs = 2_000;

/**
 * Sends commands over a connection of its own and closes it: enough to see whether a server is well, without a client
 * library. Rejects when the server cannot be reached, does not answer within two seconds, or answers with an error.
 *
 * @param {string} url `redis:` or `rediss:`, with the password if there is one
 * @param {string[][]} commands none whose answer is an array
 * @returns {Promise<string[]>} one answer each
 */
export function askRedis(url, commands) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const login = username === "" ? [password] : [username, password];
  const all = password === "" ? commands : [["AUTH", ...login.map(decodeURIComponent)], ...commands];
  // An address of version 6 stands in brackets in a URL, and without them everywhere else.
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 6379) };
  return new Promise((resolve, reject) => {
    const socket =
      protocol === "rediss:" ? connectTls({ ...place, servername: place.host }) : connect({ ...place, noDelay: true });
    /** @param {Error} error */
    const fail = (error) => {
      socket.destroy();
      reject(new Error(`Redis at ${place.host}:${place.port}: ${error.message}`, { cause: error }));
    };
    socket.setTimeout(timeoutMs, () => fail(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once("error", fail).once("end", () => fail(new Error("connection closed")));
    let received = "";
    // Latin 1 keeps one character a byte, so that lengths in bytes are lengths in characters.
    socket.setEncoding("latin1").on("data", (chunk) => {
      received += chunk;
      try {
        const answers = parse(received, all.length);
        if (answers === undefined) return;
        socket.destroy();
        resolve(answers.slice(all.length - commands.length));
      } catch (error) {
        fail(/** @type {Error} */ (error));
      }
    });
    for (const command of all) socket.write(serialise(command));
  });
}

/** @param {string[]} command */
function serialise(command) {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${parts.length}\r\n${parts.join("")}`;
}

/**
 * @param {string} text
 * @param {number} count
 * @returns {string[] | undefined} nothing as long as they are not all there
 */
function parse(text, count) {
  const answers = [];
  for (let at = 0; answers.length < count; ) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const kind = text[at];
    const head = text.slice(at + 1, line);
    if (kind === "-") throw new Error(head);
    if (kind !== "+" && kind !== ":" && kind !== "$") throw new Error(`an answer of a kind not expected: ${kind}`);
    at = line + 2;
    if (kind !== "$") {
      answers.push(head);
      continue;
    }
    const length = Math.max(Number(head), 0);
    const end = Number(head) < 0 ? at : at + length + 2;
    if (text.length < end) return undefined;
    answers.push(text.slice(at, at + length));
    at = end;
  }
  return answers;
}
