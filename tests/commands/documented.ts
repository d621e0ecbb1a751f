import { join } from "node:path";

export const root = join(import.meta.dir, "../..");
const DOCUMENTS = ["README.md", "docs/operations.md"];

const FENCE = /^```sh\n(.*?)^```$/gms;
/** A word in lower case and something after it: a program with arguments, not a name or a route. */
const COMMAND = /^[a-z][a-z0-9-]* \S/;

/** Every command that a document names, in a block or within a line; a long line may be broken anywhere. */
export async function documentedCommands(): Promise<string[]> {
  const found = new Set<string>();
  for (const document of DOCUMENTS) {
    const text = await Bun.file(join(root, document)).text();
    for (const [, block = ""] of text.matchAll(FENCE))
      for (const line of block.trim().split("\n")) found.add(line);
    const prose = text.replaceAll(/^```.*?^```$/gms, "").replaceAll(/\s+/g, " ");
    for (const [, code = ""] of prose.matchAll(/`([^`]+)`/g))
      if (COMMAND.test(code)) found.add(code);
  }
  return [...found].sort();
}
