import { dlopen, FFIType } from "bun:ffi";

/** The largest file that a process may write (setrlimit(2)), by the same number on Linux and macOS. */
const RLIMIT_FSIZE = 1;
const UNLIMITED = 2n ** 64n - 1n;

const libc = dlopen(process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {
  getrlimit: { args: [FFIType.int, FFIType.ptr], returns: FFIType.int },
  setrlimit: { args: [FFIType.int, FFIType.ptr], returns: FFIType.int },
});
// Whoever does not listen is killed by it.
process.on("SIGXFSZ", () => {});

/**
 * Runs `meanwhile` in a process for which the kernel refuses every write to a file, as a disk that is full
 * or broken does.
 */
export async function withoutDisk<T>(meanwhile: () => Promise<T>): Promise<T> {
  const before = new BigUint64Array([0n, UNLIMITED]);
  if (libc.symbols.getrlimit(RLIMIT_FSIZE, before) !== 0) throw new Error("no limits can be read");
  const limit = (bytes: bigint): void => {
    const [, hard = UNLIMITED] = before;
    if (libc.symbols.setrlimit(RLIMIT_FSIZE, new BigUint64Array([bytes, hard])) !== 0)
      throw new Error("no limit can be set");
  };
  limit(0n);
  try {
    return await meanwhile();
  } finally {
    limit(before[0] ?? UNLIMITED);
  }
}
