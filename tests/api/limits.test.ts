import { afterAll, beforeAll, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { connect } from "node:net";
import { productionLimits } from "../../server/http/limits.ts";
import { signHttpAuth } from "../../server/nostr/keys.ts";
import { tinySecp256k1 } from "../../server/nostr/tiny-secp256k1.ts";
import { newKey } from "../sandbox/zooid-client.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import type { Problem } from "./orders.ts";

setDefaultTimeout(30_000);

let checked = 0;
let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture({
    limits: productionLimits,
    tuning: {
      verifier: {
        verify(...signed) {
          checked++;
          return tinySecp256k1.verify(...signed);
        },
      },
    },
  });
});
afterAll(() => fixture.stop());

/** A right token for GET `path`; a forged one bears another event's signature. */
function tokenOf(key = newKey(), isForged = false, path = "/tenant/relays"): string {
  const header = (by: typeof key) =>
    signHttpAuth(by.secret, { url: `${fixture.url}${path}`, method: "GET" });
  if (!isForged) return header(key);
  const [event, another] = [header(key), header(newKey())].map((token) =>
    JSON.parse(Buffer.from(token.slice("Nostr ".length), "base64").toString()),
  );
  const forged = JSON.stringify({ ...event, sig: another.sig });
  return `Nostr ${Buffer.from(forged).toString("base64")}`;
}

/** As a proxy on this machine passes it on for `address`. */
async function ask(address: string, authorization: string, path = "/tenant/relays") {
  const headers = { authorization, "x-forwarded-for": address };
  const response = await fetch(`${fixture.url}${path}`, { headers });
  return { status: response.status, code: ((await response.json()) as Problem).code };
}

const { failedAuthPerMinute } = productionLimits;

test("an address that has failed too often is refused before a signature is checked", async () => {
  const known = newKey();
  expect((await ask("2001:db8::1", tokenOf(known))).status).toBe(200);
  for (let used = 0; used < failedAuthPerMinute; used++)
    expect(await ask(`2001:db8::${used}`, tokenOf(newKey(), true))).toEqual({
      ...{ status: 401, code: "auth_signature" },
    });
  checked = 0;
  for (let more = 0; more < 10; more++)
    expect(await ask(`2001:db8::${more}`, tokenOf(newKey(), true))).toEqual({
      ...{ status: 429, code: "rate_limited" },
    });
  expect((await ask("2001:db8::1", tokenOf())).status).toBe(429);
  expect(checked).toBe(0);
  // Whoever signed rightly there before is not locked out by others, nor is another address.
  expect((await ask("2001:db8::2", tokenOf(known))).status).toBe(200);
  expect((await ask("2001:db8:0:1::1", tokenOf())).status).toBe(200);
});

test("a key that is known at an address has no more failures than others", async () => {
  const known = newKey();
  expect((await ask("203.0.113.1", tokenOf(known))).status).toBe(200);
  checked = 0;
  for (let used = 0; used < 3 * failedAuthPerMinute; used++)
    await ask("203.0.113.1", tokenOf(known, true));
  expect(checked).toBe(failedAuthPerMinute);
  expect((await ask("203.0.113.1", tokenOf())).status).toBe(200);
});

/** What comes back on a connection that the client keeps open, and whether the server closed it. */
function converse(request: string): Promise<{ answer: string; isClosed: boolean }> {
  const { port } = new URL(fixture.url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const end = (isClosed: boolean): void => {
      socket.destroy();
      resolve({ answer, isClosed });
    };
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(request));
    socket.setTimeout(1_000, () => end(false));
    socket.on("data", (data) => {
      answer += data.toString();
    });
    socket.on("end", () => end(true));
    socket.on("error", reject);
  });
}

test("after 401 or 413 the connection is closed, after other answers it is not", async () => {
  const head = (line: string, ...more: string[]) =>
    [`${line} HTTP/1.1`, "Host: berth.test", "X-Forwarded-For: 203.0.113.2", ...more, "", ""].join(
      "\r\n",
    );
  const unsigned = await converse(`${head("POST /tenant/relays", "Content-Length: 9000000")}{`);
  expect(unsigned.answer).toStartWith("HTTP/1.1 401 ");
  expect(unsigned.isClosed).toBe(true);
  const tooLarge = await converse(`${head("POST /plans", "Content-Length: 9000000")}{`);
  expect(tooLarge.answer).toStartWith("HTTP/1.1 413 ");
  expect(tooLarge.isClosed).toBe(true);
  const well = await converse(head("GET /plans"));
  expect(well.answer).toStartWith("HTTP/1.1 200 ");
  expect(well.isClosed).toBe(false);
});

test("an upload that breaks off is no failure of ours: nothing is written to the log", async () => {
  const written = spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    const authorization = tokenOf(newKey());
    const { port } = new URL(fixture.url);
    for (const length of ["Content-Length: 5000", "Transfer-Encoding: chunked"]) {
      const socket = connect(Number(port), "127.0.0.1");
      const head = `POST /plans HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n${length}\r\n\r\n`;
      await new Promise<void>((resolve) => socket.write(`${head}5\r\n{"a":`, () => resolve()));
      // The server has begun to read once it answers somebody who came later.
      await fetch(`${fixture.url}/plans`);
      socket.resetAndDestroy();
      await new Promise((resolve) => socket.once("close", resolve));
      await fetch(`${fixture.url}/plans`);
      await fetch(`${fixture.url}/plans`);
    }
    expect(written.mock.calls).toEqual([]);
  } finally {
    written.mockRestore();
  }
});

test("what is meant for one reader is kept nowhere, and taken for what it is called", async () => {
  const key = newKey();
  const signed = await fetch(`${fixture.url}/tenant/relays`, {
    headers: { authorization: tokenOf(key) },
  });
  const refused = await fetch(`${fixture.url}/tenant/relays`);
  const stream = await fetch(`${fixture.url}/tenant/events`, {
    headers: { authorization: tokenOf(key, false, "/tenant/events") },
  });
  await stream.body?.cancel();
  for (const { headers } of [signed, refused, stream]) {
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
  const { headers } = await fetch(`${fixture.url}/plans`);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("a problem's title is the phrase that HTTP has for its status", async () => {
  const titleOf = async (path: string, init?: RequestInit) =>
    ((await (await fetch(`${fixture.url}${path}`, init)).json()) as { title: string }).title;
  expect(await titleOf("/tenant")).toBe("Unauthorized");
  expect(await titleOf("/nothing")).toBe("Not Found");
  expect(await titleOf("/images")).toBe("Unprocessable Content");
});
