import { expect, test } from "bun:test";
import fc from "fast-check";
import { createImages, imageType } from "../../server/outbound/images.ts";
import { createOutbound } from "../../server/outbound/outbound.ts";
import { startRawServer } from "./outbound-raw-server.ts";

test("a server that dribbles is given up when its time is over", async () => {
  const timers: ReturnType<typeof setInterval>[] = [];
  const raw = await startRawServer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    timers.push(setInterval(() => socket.write("x"), 5));
  });
  const images = createImages(createOutbound({ allowLoopback: true }), { deadlineMs: 100 });
  const startedAt = performance.now();
  await expect(images.get(raw.url.replace("ws", "http"), "203.0.113.7")).rejects.toMatchObject({
    ...{ name: "Unavailable", code: "image_unavailable" },
  });
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  for (const timer of timers) clearInterval(timer);
  await raw.stop();
});

test("whatever the bytes, a type is said only of what begins as one does, and nothing throws", () => {
  const starts = [
    "\x89PNG\r\n\x1a\n",
    "\xff\xd8\xff",
    "GIF89a",
    "RIFF",
    "<svg",
    "\x00\x00\x00\xffftyp",
  ];
  const bytes = fc
    .tuple(fc.constantFrom("", ...starts), fc.uint8Array({ maxLength: 300 }))
    .map(([start, rest]) => Uint8Array.from([...Buffer.from(start, "latin1"), ...rest]));
  fc.assert(
    fc.property(bytes, (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      const begins = [...starts.slice(0, 3), "GIF87a"].some((start) => text.startsWith(start));
      const isOne = begins || text.slice(8, 12) === "WEBP" || text.slice(4, 8) === "ftyp";
      if (imageType(bytes) !== null) expect(isOne).toBe(true);
    }),
    { numRuns: 1_000 },
  );
  for (const length of [0, 1, 3, 7, 8, 11, 12])
    for (const start of starts)
      expect(() => imageType(Buffer.from(start.slice(0, length), "latin1"))).not.toThrow();
});

test("a type of ISO file is one by its brands, wherever in its head they stand", () => {
  const box = (size: number, brands: string) =>
    imageType(Buffer.from(`\x00\x00\x00${String.fromCharCode(size)}ftyp${brands}`, "latin1"));
  expect(box(20, "mif1\x00\x00\x00\x00avif")).toBe("image/avif");
  // The version is no brand.
  expect(box(20, "mif1avifmiaf")).toBeNull();
  expect(box(16, "mif1\x00\x00\x00\x00avif")).toBeNull();
  expect(box(0, "avif\x00\x00\x00\x00avif")).toBeNull();
});
