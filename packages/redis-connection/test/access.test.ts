import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test, vi } from "vitest";
import { opened, privateServer, rejection } from "./support/server.ts";

test("a user whose password has every sign that means something in a URL", async () => {
  const password = "p@ss:/%?#[x]";
  const server = await privateServer("--user", "app:1", "on", `>${password}`, "~*", "&*", "+@all");
  const address = `127.0.0.1:${server.port}`;
  const url = `redis://${encodeURIComponent("app:1")}:${encodeURIComponent(password)}@${address}/3`;
  const client = await opened(url).connection.commands();
  expect(await client.call("acl", "whoami")).toBe("app:1");
  expect(await client.call("client", "info")).toMatch(/ db=3 /);
  const beside = await opened({ url: `redis://${address}`, username: "app:1", password }).connection.commands();
  expect(await beside.call("acl", "whoami")).toBe("app:1");
});

test("a wrong password is refused at once, and shown to nobody", async () => {
  const server = await privateServer("--requirepass", "right");
  const { connection } = opened(`redis://:wrong@127.0.0.1:${server.port}`);
  const { error, ms } = await rejection(connection.commands());
  expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("WRONGPASS") });
  expect(ms).toBeLessThan(2_000);
  const without = await rejection(opened(`redis://127.0.0.1:${server.port}`).connection.commands());
  expect(without.error.message).toContain("NOAUTH");

  // Nobody waits for this one; what is reported must be safe to print, with all its properties.
  const reported = await new Promise<unknown[]>((resolve) => {
    const options = { onProblem: (...problem: unknown[]) => resolve(problem) };
    void opened(`redis://:wrong@127.0.0.1:${server.port}`, options).connection.patient();
  });
  expect(reported[0]).toContain("WRONGPASS");
  for (const thrown of [error, error.cause, reported[1]] as Error[]) {
    const texts = Object.getOwnPropertyNames(thrown).map((name) => JSON.stringify(thrown[name as keyof Error]));
    expect(texts.join()).not.toContain('wrong"');
  }
});

test("a database there is none of, or that the user may not select, is refused: database 0 is somebody else's", async () => {
  const server = await privateServer("--user", "app", "on", ">secret", "~*", "&*", "+@all", "-select");
  for (const [url, reason] of [
    [`redis://127.0.0.1:${server.port}/99`, "out of range"],
    [`redis://app:secret@127.0.0.1:${server.port}/3`, "NOPERM"],
  ] as const) {
    const { connection } = opened(url);
    for (const asked of [connection.judge(), connection.commands()]) {
      expect((await rejection(asked)).error).toMatchObject({
        code: "BACKEND_UNSAFE",
        message: expect.stringMatching(new RegExp(`database \\d+ cannot be selected .*${reason}.*\\+select`)),
      });
    }
  }
  // Database 0 needs no selecting.
  const { connection } = opened(`redis://app:secret@127.0.0.1:${server.port}`);
  expect(await (await connection.commands()).call("ping")).toBe("PONG");
});

test("a connection that comes back to another database is cut, until it is let into its own", async () => {
  const server = await privateServer("--user", "app", "on", ">secret", "~*", "&*", "+@all");
  const operator = await opened(server.url).connection.commands();
  const { connection, problems } = opened(`redis://app:secret@127.0.0.1:${server.port}/3`);
  const client = await connection.commands();
  const patient = await connection.patient();
  await client.call("set", "a", 1);
  await patient.call("set", "b", 1);
  await operator.call("acl", "setuser", "app", "-select");
  await operator.call("client", "kill", "user", "app");
  await vi.waitFor(() => expect(problems.join()).toContain("NOPERM"), { timeout: 5_000 });
  const written = patient.call("set", "c", 1);
  await operator.call("acl", "setuser", "app", "+select");
  await written;
  expect(await patient.call("get", "c")).toBe("1");
  // In database 0 there is nothing of ours.
  expect(await operator.call("dbsize")).toBe(0);
});

test("a server that knows no TLS and is addressed by it: the error names both", async () => {
  const server = await privateServer();
  const { error } = await rejection(opened(`rediss://127.0.0.1:${server.port}`).connection.commands());
  expect(error).toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringMatching(/rediss:\/\/.*try redis:\/\//),
  });
}, 15_000);

/** A certificate for `localhost` that nobody else has signed. */
function certificate(): { key: string; cert: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "semel-tls-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  try {
    execFileSync("openssl", ["req", "-x509", "-nodes", "-days", "2", ...ec, "-keyout", key, "-out", cert, ...subject], {
      stdio: "ignore",
    });
  } catch {
    return undefined;
  }
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

test("TLS: the server is asked for by its name, and its certificate is checked", async ({ skip }) => {
  const pair = certificate();
  if (pair === undefined) return skip("there is no openssl to make a certificate with");
  const server = await privateServer();
  const names: string[] = [];
  // Ends TLS before the server, as many a provider does, and finds the server by the name it is asked for.
  const front = createServer(pair, (outside: TLSSocket) => {
    names.push(String(outside.servername));
    const inside = connect(server.port, "127.0.0.1");
    for (const socket of [outside, inside]) socket.on("error", () => undefined);
    outside.pipe(inside).pipe(outside);
  });
  front.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => {
    front.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => void front.close());
  const url = `rediss://localhost:${(front.address() as AddressInfo).port}?family=4`;

  const trusting = opened({ url, tls: { ca: pair.cert } });
  expect(await (await trusting.connection.commands()).call("ping")).toBe("PONG");
  expect(names).toEqual(["localhost"]);
  const { error } = await rejection(opened(url).connection.commands());
  expect(error.message).toMatch(/self-signed certificate/);
  await trusting.connection.close();
});
